"""The work of one export in three steps that may each be done again: plan, shards, finish.

The ledger is the truth: a shard that it calls done is not rendered again, and only one process can complete an export.
"""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import msgspec
from sqlalchemy import Connection, func, insert, literal, select, update

from exeunt.access.audit import Action, Actor, write_down
from exeunt.archives.body import Body
from exeunt.archives.check import check_blobs, check_zip
from exeunt.archives.packs import PackIndex, PackWriter, index_key, read_index
from exeunt.blobs.store import made_prefix
from exeunt.delivery.links import form_of, mint_links
from exeunt.errors import Damaged, ExeuntError, Unavailable
from exeunt.exports.records import Archive, State
from exeunt.exports.service import UNFINISHED, finish
from exeunt.exports.stops import Ended, Interrupted
from exeunt.installation import Installation
from exeunt.lake.selection import Snapshot
from exeunt.lake.view import View
from exeunt.layouts.job import Job, Output, ShardPlan
from exeunt.layouts.options import parse_options
from exeunt.layouts.registry import load
from exeunt.ledger.database import Instant
from exeunt.ledger.schema import archives, export_pins, export_shards, exports

T = TypeVar("T")

_encode = msgspec.msgpack.encode

MOST_RUNS = 5
"""How often one shard may be begun; a shard that kills its process every time ends the export after that."""

PATIENCE_SECONDS = 300.0
"""How long a step waits for a database or a bucket that does not answer."""


SHOWN_SECONDS = 1.0
"""How often it is written down how far an assembly is."""


class TooManyAttempts(ExeuntError):
    """A shard was begun `MOST_RUNS` times and never finished."""


class Runner:
    """Plans, renders and completes exports in this process."""

    def __init__(self, installation: Installation) -> None:
        self._in = installation
        self._views = lru_cache(maxsize=4)(self._open_views)

    def plan(self, export_id: str) -> list[int]:
        """Cut the export into shards and write them down; returns their numbers. Done again it returns the same."""
        return self._guarded(export_id, lambda: self._plan(export_id))

    def shard(self, export_id: str, number: int, stop: threading.Event) -> int:
        """Render one shard into its pack, unless that is done already; returns its messages."""
        return self._guarded(export_id, lambda: self._shard(export_id, number, stop))

    def finish(self, export_id: str, stop: threading.Event) -> None:
        """Assemble what can be downloaded, check it, and complete the export in one transaction."""
        self._guarded(export_id, lambda: self._finish(export_id, stop))
        self._views.cache_clear()

    # --- planning ----------------------------------------------------------------------------------------------

    def _plan(self, export_id: str) -> list[int]:
        self._begin(export_id)
        if numbers := self._planned(export_id):
            return numbers
        job = self._job(export_id, lambda messages, size: None)
        plans = load(job.layout).plan(job)
        with self._in.ledger.write() as db:
            # one of two processes that plan at the same time waits here, and finds that it has been done
            db.execute(select(exports.c.id).where(exports.c.id == export_id).with_for_update())
            known = db.scalar(select(exports.c.shards_total).where(exports.c.id == export_id))
            if known is None:
                if plans:
                    rows = [{"export_id": export_id, "number": p.number, "plan": _encode(p)} for p in plans]
                    db.execute(insert(export_shards), rows)
                values = {"shards_total": len(plans), "messages_total": sum(p.rows for p in plans),
                          "updated_at": self._in.clock()}  # fmt: skip
                db.execute(update(exports).where(exports.c.id == export_id).values(values))
        return self._planned(export_id)

    def _begin(self, export_id: str) -> int:
        """Begin to plan or to assemble; returns how often that was begun. Whoever began later is right."""
        e, now = exports.c, self._in.clock()
        with self._in.ledger.write() as db:
            begun = db.execute(
                update(exports)
                .where(e.id == export_id, e.state.in_(UNFINISHED))
                .values(state=State.RUNNING.value, started_at=func.coalesce(e.started_at, literal(now, Instant())),
                        updated_at=now, attempts=e.attempts + 1)
            )  # fmt: skip
            if begun.rowcount != 1:
                raise Ended(export_id)
            return int(db.scalars(select(e.attempts).where(e.id == export_id)).one())

    def _planned(self, export_id: str) -> list[int]:
        s = export_shards.c
        with self._in.ledger.read() as db:
            return list(db.scalars(select(s.number).where(s.export_id == export_id).order_by(s.number)))

    # --- shards ------------------------------------------------------------------------------------------------

    def _shard(self, export_id: str, number: int, stop: threading.Event) -> int:
        s = export_shards.c
        with self._in.ledger.read() as db:
            row = db.execute(
                select(s.plan, s.done_at, s.pack_size, s.messages, s.runs)
                .where(s.export_id == export_id, s.number == number)
            ).one()  # fmt: skip
        if row.done_at is not None and self._in.blobs.size(_pack_key(export_id, number, row.runs)) == row.pack_size:
            return int(row.messages)
        run = self._begin_shard(export_id, number)
        with self._unless_overtaken(export_id, lambda: self._runs(export_id, number) == run):
            key = _pack_key(export_id, number, run)
            progress = self._progress(stop)
            job = self._job(export_id, progress)
            with PackWriter(self._in.blobs.path(key), key) as pack:
                load(job.layout).render(job, msgspec.msgpack.decode(row.plan, type=ShardPlan), pack)
                progress(0, 0)
                index = pack.seal()
            self._in.blobs.keep(key)
            self._in.blobs.keep(index_key(key))
        try:
            self._shard_done(export_id, number, run, index)
        except (Interrupted, Ended):
            # taken over while the bytes were put in place: nobody else knows of them
            self._in.blobs.remove(key, index_key(key))
            raise
        return index.counts.get("messages", 0)

    def _begin_shard(self, export_id: str, number: int) -> int:
        """Begin one more run, and remove what the earlier ones left. Only the newest run may finish."""
        s = export_shards.c
        mine = (s.export_id == export_id, s.number == number)
        with self._in.ledger.write() as db:
            self._require_unfinished(db, export_id)
            run = int(db.scalars(select(s.runs).where(*mine).with_for_update()).one()) + 1
            if run > MOST_RUNS:
                raise TooManyAttempts(f"shard {number} was begun {MOST_RUNS} times and never finished")
            db.execute(update(export_shards).where(*mine).values(runs=run))
        for earlier in range(1, run):
            pack = _pack_key(export_id, number, earlier)
            keys = (pack, index_key(pack))
            self._in.blobs.remove(*keys, *(f"{key}.partial" for key in keys))
        return run

    def _shard_done(self, export_id: str, number: int, run: int, index: PackIndex) -> None:
        s, now = export_shards.c, self._in.clock()
        mine = (s.export_id == export_id, s.number == number)
        messages = index.counts.get("messages", 0)
        with self._in.ledger.write() as db:
            self._require_unfinished(db, export_id)
            row = db.execute(select(s.runs, s.done_at).where(*mine).with_for_update()).one()
            if row.runs != run:
                raise Interrupted
            db.execute(
                update(export_shards)
                .where(*mine)
                .values(done_at=now, messages=messages, pack_sha256=index.blob.sha256, pack_size=index.blob.size)
            )
            if row.done_at is None:
                db.execute(
                    update(exports)
                    .where(exports.c.id == export_id)
                    .values(shards_done=exports.c.shards_done + 1, messages_done=exports.c.messages_done + messages,
                            bytes_done=exports.c.bytes_done + index.blob.size, updated_at=now)
                )  # fmt: skip

    def _runs(self, export_id: str, number: int) -> int | None:
        s = export_shards.c
        with self._in.ledger.read() as db:
            return db.scalar(select(s.runs).where(s.export_id == export_id, s.number == number))

    # --- assembling --------------------------------------------------------------------------------------------

    def _finish(self, export_id: str, stop: threading.Event) -> None:
        progress = self._progress(stop)
        progress(0, 0)
        attempt = self._begin(export_id)
        for earlier in range(1, attempt):
            self._in.blobs.remove_made(export_id, _assembly(earlier))
        with self._unless_overtaken(export_id, lambda: self._attempts(export_id) == attempt):
            job = self._job(export_id, progress, _assembly(attempt), self._shown(export_id, attempt))
            packs = self._packs(export_id)
            outputs = load(job.layout).assemble(job, packs)
            self._in.blobs.keep_below(job.place)
            self._check(outputs, progress)
            counts = {"messages": 0} | _sum_counts(packs) | job.counts
            self._in.blobs.sync()
        try:
            self._complete(export_id, attempt, outputs, counts)
        except (Interrupted, Ended):
            self._in.blobs.remove_made(export_id, _assembly(attempt))
            raise

    def _check(self, outputs: list[Output], progress: Callable[[int, int], None]) -> None:
        with ExitStack() as opened:
            bodies = [opened.enter_context(Body(self._in.blobs.content(self._key(output)))) for output in outputs]
            check_blobs(bodies, self._in.blobs)
            for output, body in zip(outputs, bodies, strict=True):
                progress(0, 0)
                if output.content_type == "application/zip":
                    check_zip(body, self._in.blobs, output.members)

    def _attempts(self, export_id: str) -> int | None:
        with self._in.ledger.read() as db:
            return db.scalar(select(exports.c.attempts).where(exports.c.id == export_id))

    def _packs(self, export_id: str) -> list[PackIndex]:
        s = export_shards.c
        with self._in.ledger.read() as db:
            total = db.scalar(select(exports.c.shards_total).where(exports.c.id == export_id))
            rows = db.execute(select(s.number, s.runs, s.pack_sha256).where(s.export_id == export_id)).all()
        if total != len(rows):
            raise Damaged(f"{len(rows)} shards are left of {total}")
        packs = []
        for number, run, sha256 in sorted(rows):
            try:
                index = read_index(self._in.blobs, _pack_key(export_id, number, run))
            except Damaged as error:
                raise Damaged(f"the pack of shard {number} is missing") from error
            if index.blob.sha256 != sha256:
                raise Damaged(f"the pack of shard {number} is not the one that was recorded")
            packs.append(index)
        return packs

    def _complete(self, export_id: str, attempt: int, outputs: list[Output], counts: dict[str, int]) -> None:
        now, e = self._in.clock().replace(microsecond=0), exports.c
        with self._in.ledger.write() as db:
            newest = db.scalar(select(e.attempts).where(e.id == export_id).with_for_update())
            if newest != attempt:
                raise Interrupted
            if not finish(db, export_id, State.COMPLETED, now, None):
                raise Ended(export_id)
            export = db.execute(select(e.api, e.keep_seconds, e.workspace_id).where(e.id == export_id)).one()
            ends_at = now + timedelta(seconds=export.keep_seconds)
            db.execute(
                update(exports)
                .where(exports.c.id == export_id)
                .values(expires_at=ends_at, counts=msgspec.json.encode(counts).decode())
            )
            sealed = [self._archive(export_id, output, now) for output in outputs]
            if sealed:
                db.execute(insert(archives), [msgspec.structs.asdict(archive) for archive in sealed])
                mint_links(db, self._in.keys, self._in.ids, sealed, form_of(export.api), now, ends_at)
            write_down(db, now, _worker(export.api), Action.EXPORT_COMPLETE, export_id, detail={"counts": counts},
                       workspace_id=export.workspace_id)  # fmt: skip

    def _archive(self, export_id: str, output: Output, now: datetime) -> Archive:
        facts = output.facts
        return Archive(
            id=self._in.ids(), export_id=export_id, part=output.part, role=output.role, name=output.name,
            content_type=output.content_type, length=facts.length, etag=facts.etag, crc32=facts.crc32,
            members=output.members, index_key=self._key(output), sha256=None, sealed_at=now, damaged=None,
        )  # fmt: skip

    def _key(self, output: Output) -> str:
        return self._in.blobs.key_of(output.index)

    # --- around them -------------------------------------------------------------------------------------------

    def _guarded(self, export_id: str, step: Callable[[], T]) -> T:
        """Run a step; wait for a database or bucket that is away; an error of the work itself ends the export."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return step()
            except Ended:
                self._tidy(export_id)
                raise
            except Exception as error:
                if _is_away(error) and not _is_full(error):
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(1.0)
                    continue
                self._fail_visibly(export_id, _reason(error))
                raise

    def _fail_visibly(self, export_id: str, reason: str) -> None:
        try:
            self.fail(export_id, reason)
        except Unavailable as error:
            if not _is_full(error):
                raise
            # the ledger has no room to say so before something goes
            self._in.blobs.remove_made(export_id)
            self.fail(export_id, reason)

    def fail(self, export_id: str, reason: str) -> None:
        """End an unfinished export as failed, free its slot and remove what it wrote."""
        e, now = exports.c, self._in.clock()
        with self._in.ledger.write() as db:
            if finish(db, export_id, State.FAILED, now, reason):
                export = db.execute(select(e.api, e.workspace_id).where(e.id == export_id)).one()
                write_down(db, now, _worker(export.api), Action.EXPORT_FAIL, export_id, detail={"reason": reason},
                           workspace_id=export.workspace_id)  # fmt: skip
        self._tidy(export_id)

    def _tidy(self, export_id: str) -> None:
        if self._in.exports.get(export_id).state in (State.CANCELLED, State.FAILED):
            self._in.blobs.remove_made(export_id)

    @staticmethod
    def _require_unfinished(db: Connection, export_id: str) -> None:
        state = db.scalar(select(exports.c.state).where(exports.c.id == export_id).with_for_update())
        if state not in UNFINISHED:
            raise Ended(export_id)

    @contextmanager
    def _unless_overtaken(self, export_id: str, newest: Callable[[], bool]) -> Iterator[None]:
        """An error of work that nobody waits for any more is nobody's: its files may have been taken from it."""
        try:
            yield
        except Exception as error:
            if not self._in.exports.get(export_id).state.unfinished:
                raise Ended(export_id) from error
            if not newest():
                raise Interrupted from error
            raise

    @staticmethod
    def _progress(stop: threading.Event) -> Callable[[int, int], None]:
        def progress(messages: int, size: int) -> None:
            if stop.is_set():
                raise Interrupted

        return progress

    def _shown(self, export_id: str, attempt: int) -> Callable[[dict[str, int]], None]:
        """Writes down how far this attempt is, at most once in `SHOWN_SECONDS`."""
        e, last = exports.c, time.monotonic()

        def show(counts: dict[str, int]) -> None:
            nonlocal last
            if time.monotonic() - last < SHOWN_SECONDS:
                return
            last = time.monotonic()
            values = {"counts": msgspec.json.encode(counts).decode(), "updated_at": self._in.clock()}
            # nobody's work stops because it could not be shown
            with suppress(Unavailable), self._in.ledger.write() as db:
                mine = (e.id == export_id, e.attempts == attempt, e.state == State.RUNNING)
                db.execute(update(exports).where(*mine).values(values))

        return show

    def _job(self, export_id: str, progress: Callable[[int, int], None], place: str = "",
             show: Callable[[dict[str, int]], None] = lambda counts: None) -> Job:  # fmt: skip
        export = self._in.exports.get(export_id)
        return Job(
            export_id=export_id, api=export.api, layout=export.layout, requested_by=export.requested_by_name,
            created_at=export.created_at, selection=export.selection,
            options=parse_options(export.layout, export.options), views=self._views(export_id),
            blobs=self._in.blobs, place=place, shard_rows=self._in.settings.shard_rows,
            part_bytes=self._in.settings.part_bytes, public_url=self._in.settings.public_url, progress=progress,
            show=show,
        )  # fmt: skip

    def _open_views(self, export_id: str) -> tuple[View, ...]:
        export, catalog = self._in.exports.get(export_id), self._in.catalog
        with self._in.ledger.read() as db:
            rows = db.execute(select(export_pins).where(export_pins.c.export_id == export_id)).all()
        views = [
            View(catalog, self._in.lake, catalog.workspace(row.workspace_id),
                 Snapshot(row.workspace_id, row.snapshot), export.selection)
            for row in rows
        ]  # fmt: skip
        return tuple(sorted(views, key=lambda v: (v.workspace.id != export.workspace_id, v.workspace.number)))


def _pack_key(export_id: str, number: int, run: int) -> str:
    """Each run writes a pack of its own: one that was thought dead can never write into another's."""
    return f"{made_prefix(export_id)}/shard-{number:05d}-{run}.pack"


def _worker(api: str) -> Actor:
    """Nobody's principal: what was asked through an API is ended by the work itself."""
    return Actor(name="worker", api=api)


def _assembly(attempt: int) -> str:
    """Where one attempt assembles: like the packs, a place of its own."""
    return f"archive-{attempt}"


def _reason(error: Exception) -> str:
    if _is_full(error):
        return "storage is full"
    if isinstance(error, ExeuntError):
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"


def _is_away(error: Exception) -> bool:
    """Polars, which reads segments from a bucket by itself, tells it in words only."""
    polars = "object-store error" in str(error) and not isinstance(error, FileNotFoundError)
    return polars or isinstance(error, Unavailable)


def _is_full(error: Exception) -> bool:
    """Polars and SQLite tell it in words only."""
    words = str(error)
    return getattr(error, "errno", None) == errno.ENOSPC or "No space left" in words or "disk is full" in words


def _sum_counts(packs: list[PackIndex]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for pack in packs:
        for word, number in pack.counts.items():
            totals[word] = totals.get(word, 0) + number
    return totals
