"""The work of one export in three steps that may each be done again: plan, shards, finish.

The ledger is the truth: a shard that it calls done is not rendered again, and only one process can complete an export.
"""

import errno
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
from sqlalchemy import func, insert, literal, select, update

from exeunt.archives.body import Body
from exeunt.archives.check import check_blobs, check_zip
from exeunt.archives.packs import PackIndex, PackWriter, index_path, read_index
from exeunt.blobs.store import made_prefix
from exeunt.delivery.links import form_of, mint_links
from exeunt.errors import Damaged, ExeuntError, Unavailable
from exeunt.exports.records import Archive, State
from exeunt.exports.service import finish
from exeunt.installation import Installation
from exeunt.lake.selection import Snapshot
from exeunt.lake.view import View
from exeunt.layouts.job import Job, Output, ShardPlan
from exeunt.layouts.options import parse_options
from exeunt.layouts.registry import load
from exeunt.ledger.database import Instant
from exeunt.ledger.schema import archives, export_pins, export_shards, exports

T = TypeVar("T")

MOST_RUNS = 5
"""How often one shard may be begun; a shard that kills its process every time ends the export after that."""

PATIENCE_SECONDS = 300.0
"""How long a step waits for a database that does not answer."""


class Ended(BaseException):
    """The export has ended meanwhile (cancelled, timed out, completed elsewhere): whatever runs for it stops here."""


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

    # --- the steps ---------------------------------------------------------------------------------------------

    def _plan(self, export_id: str) -> list[int]:
        now = self._in.clock()
        with self._in.ledger.write() as db:
            begun = db.execute(
                update(exports)
                .where(exports.c.id == export_id, exports.c.state.in_((State.QUEUED, State.RUNNING)))
                .values(state=State.RUNNING.value,
                        started_at=func.coalesce(exports.c.started_at, literal(now, Instant())),
                        updated_at=now,
                        attempts=exports.c.attempts + 1)
            )  # fmt: skip
        if begun.rowcount != 1:
            raise Ended(export_id)
        with self._in.ledger.read() as db:
            numbers = list(db.scalars(select(export_shards.c.number).where(export_shards.c.export_id == export_id)))
        if numbers:
            return sorted(numbers)
        job = self._job(export_id, lambda messages, size: None)
        plans = load(job.layout).plan(job)
        with self._in.ledger.write() as db:
            if plans:
                rows = [{"export_id": export_id, "number": p.number, "plan": msgspec.msgpack.encode(p)} for p in plans]
                db.execute(insert(export_shards), rows)
            values = {"shards_total": len(plans), "messages_total": sum(p.rows for p in plans), "updated_at": now}
            db.execute(update(exports).where(exports.c.id == export_id).values(values))
        return [p.number for p in plans]

    def _shard(self, export_id: str, number: int, stop: threading.Event) -> int:
        s = export_shards.c
        mine = (s.export_id == export_id, s.number == number)
        with self._in.ledger.read() as db:
            row = db.execute(select(s.plan, s.done_at, s.pack_size, s.messages, s.runs).where(*mine)).one()
        path = self._pack_path(export_id, number)
        if row.done_at is not None and path.exists() and path.stat().st_size == row.pack_size:
            return int(row.messages)
        if row.runs >= MOST_RUNS:
            raise TooManyAttempts(f"shard {number} was begun {row.runs} times and never finished")
        with self._in.ledger.write() as db:
            db.execute(update(export_shards).where(*mine).values(runs=s.runs + 1))
        plan = msgspec.msgpack.decode(row.plan, type=ShardPlan)
        progress = self._progress(export_id, stop)
        job = self._job(export_id, progress)
        with PackWriter(path, f"{made_prefix(export_id)}/{path.name}") as pack:
            load(job.layout).render(job, plan, pack)
            progress(0, 0)
            index = pack.seal()
        return self._shard_done(export_id, number, index)

    def _shard_done(self, export_id: str, number: int, index: PackIndex) -> int:
        s, now = export_shards.c, self._in.clock()
        messages = index.counts.get("messages", 0)
        with self._in.ledger.write() as db:
            first = db.execute(
                update(export_shards)
                .where(s.export_id == export_id, s.number == number, s.done_at.is_(None))
                .values(done_at=now, messages=messages, pack_sha256=index.blob.sha256, pack_size=index.blob.size)
            )
            if first.rowcount == 1:
                db.execute(
                    update(exports)
                    .where(exports.c.id == export_id)
                    .values(shards_done=exports.c.shards_done + 1, messages_done=exports.c.messages_done + messages,
                            bytes_done=exports.c.bytes_done + index.blob.size, updated_at=now)
                )  # fmt: skip
        return messages

    def _finish(self, export_id: str, stop: threading.Event) -> None:
        progress = self._progress(export_id, stop)
        progress(0, 0)
        job = self._job(export_id, progress)
        packs = self._packs(export_id)
        outputs = load(job.layout).assemble(job, packs)
        for output in outputs:
            progress(0, 0)
            with Body(output.index) as body:
                check_blobs(body, self._in.blobs)
                if output.content_type == "application/zip":
                    check_zip(body, self._in.blobs, output.members)
        counts = _sum_counts(packs) | job.counts
        self._in.blobs.sync()
        self._complete(export_id, outputs, counts)

    def _packs(self, export_id: str) -> list[PackIndex]:
        s = export_shards.c
        with self._in.ledger.read() as db:
            rows = db.execute(select(s.number, s.pack_sha256).where(s.export_id == export_id).order_by(s.number)).all()
        packs = []
        for number, sha256 in rows:
            path = self._pack_path(export_id, number)
            if sha256 is None or not index_path(path).exists():
                raise Damaged(f"the pack of shard {number} is missing")
            index = read_index(path)
            if index.blob.sha256 != sha256:
                raise Damaged(f"the pack of shard {number} is not the one that was recorded")
            packs.append(index)
        return packs

    def _complete(self, export_id: str, outputs: list[Output], counts: dict[str, int]) -> None:
        now = self._in.clock().replace(microsecond=0)
        with self._in.ledger.write() as db:
            if not finish(db, export_id, State.COMPLETED, now, None):
                raise Ended(export_id)
            e = exports.c
            export = db.execute(select(e.api, e.keep_seconds).where(e.id == export_id)).one()
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

    def _archive(self, export_id: str, output: Output, now: datetime) -> Archive:
        key = output.index.relative_to(self._in.blobs.root).as_posix()
        facts = output.facts
        return Archive(
            id=self._in.ids(), export_id=export_id, part=output.part, role=output.role, name=output.name,
            content_type=output.content_type, length=facts.length, etag=facts.etag, crc32=facts.crc32,
            members=output.members, index_key=key, sha256=None, sealed_at=now, damaged=None,
        )  # fmt: skip

    # --- around them -------------------------------------------------------------------------------------------

    def _pack_path(self, export_id: str, number: int) -> Path:
        return self._in.blobs.path(f"{made_prefix(export_id)}/shard-{number:05d}.pack")

    def _guarded(self, export_id: str, step: Callable[[], T]) -> T:
        """Run a step; wait for a database that is away; an error of the work itself ends the export visibly."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return step()
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1.0)
            except Exception as error:
                self.fail(export_id, _reason(error))
                raise

    def fail(self, export_id: str, reason: str) -> None:
        """End an unfinished export as failed and free its slot."""
        with self._in.ledger.write() as db:
            finish(db, export_id, State.FAILED, self._in.clock(), reason)

    def _progress(self, export_id: str, stop: threading.Event) -> Callable[[int, int], None]:
        def progress(messages: int, size: int) -> None:
            if stop.is_set():
                raise Ended(export_id)

        return progress

    def _job(self, export_id: str, progress: Callable[[int, int], None]) -> Job:
        export = self._in.exports.get(export_id)
        return Job(
            export_id=export_id, api=export.api, layout=export.layout, requested_by=export.requested_by_name,
            created_at=export.created_at, selection=export.selection,
            options=parse_options(export.layout, export.options), views=self._views(export_id),
            blobs=self._in.blobs, shard_rows=self._in.settings.shard_rows, part_bytes=self._in.settings.part_bytes,
            public_url=self._in.settings.public_url, progress=progress,
        )  # fmt: skip

    def _open_views(self, export_id: str) -> tuple[View, ...]:
        export, catalog = self._in.exports.get(export_id), self._in.catalog
        with self._in.ledger.read() as db:
            rows = db.execute(select(export_pins).where(export_pins.c.export_id == export_id)).all()
        views = [
            View(catalog, self._in.lake_root, catalog.workspace(row.workspace_id),
                 Snapshot(row.workspace_id, row.snapshot), export.selection)
            for row in rows
        ]  # fmt: skip
        return tuple(sorted(views, key=lambda v: (v.workspace.id != export.workspace_id, v.workspace.number)))


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "storage is full"
    if isinstance(error, ExeuntError):
        return str(error)
    return f"internal error: {type(error).__name__}: {error}"


def _sum_counts(packs: list[PackIndex]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for pack in packs:
        for word, number in pack.counts.items():
            totals[word] = totals.get(word, 0) + number
    return totals
