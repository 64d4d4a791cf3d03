"""The worker: brings what the ledger asks for and what the job engine does together, again and again.

Every round is idempotent and any number of workers may run it: the engine starts an export once whoever asks.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select, update

from exeunt.access.audit import Action
from exeunt.blobs.store import made_prefix
from exeunt.exports.digests import check, damaged_archives
from exeunt.exports.engine import Engine
from exeunt.exports.records import Archive, State, archive_of
from exeunt.exports.run import Runner
from exeunt.exports.service import UNFINISHED
from exeunt.installation import Installation
from exeunt.ledger.schema import archives, exports
from exeunt.mail.outbox import Claimed

log = logging.getLogger(__name__)

ROUND_SECONDS = 0.1
SLOW_ROUND_SECONDS = 1.0
HOUSEKEEPING_SECONDS = 30.0
KEEP_WORKFLOWS = timedelta(days=1)
REREAD_SECONDS = 600.0
"""How long a worker leaves a damaged archive alone before it reads it again."""


class Worker:
    """One worker process. `run` until told to stop, or call `round` yourself."""

    def __init__(self, installation: Installation) -> None:
        self._in = installation
        settings = installation.settings
        self.runner = Runner(installation)
        self.engine = Engine(
            settings.jobs_url, self.runner, slots=settings.worker_shards, parents=settings.worker_exports,
            heartbeat_seconds=settings.heartbeat_seconds, dead_after_seconds=settings.dead_after_seconds,
        )  # fmt: skip
        self._digests = ThreadPoolExecutor(1, "digest")
        self._digesting: Future[str | None] | None = None
        self._read_again: dict[str, float] = {}
        self._mails = ThreadPoolExecutor(1, "mail")
        self._mailing: Future[None] | None = None
        self._stopping = False
        self._last_slow = self._last_housekeeping = float("-inf")

    def start(self) -> None:
        """Join the other workers and take up what nobody runs."""
        self.engine.start()

    def stop(self, grace_seconds: float = 20.0) -> list[str]:
        """Drain; returns what would not stop."""
        self._stopping = True
        self._digests.shutdown(cancel_futures=True)
        self._mails.shutdown(wait=False, cancel_futures=True)
        return self.engine.stop(grace_seconds)

    def round(self) -> None:
        """Start what waits; now and then end what has ended and tidy up. An error is logged and tried again."""
        try:
            self._submit_queued()
            now = time.monotonic()
            if now - self._last_slow >= SLOW_ROUND_SECONDS:
                self._last_slow = now
                self._settle()
                self._digest_one()
                self._post_one()
            if now - self._last_housekeeping >= HOUSEKEEPING_SECONDS:
                self._last_housekeeping = now
                self._resubmit()
                self._remove_leftovers()
                self._purge()
                self.engine.prune(KEEP_WORKFLOWS)
        except Exception:
            log.exception("a round of the worker failed; it tries again")
            time.sleep(SLOW_ROUND_SECONDS)

    def idle(self) -> bool:
        """Whether nothing is waiting or running anywhere."""
        with self._in.ledger.read() as db:
            return db.scalar(select(exports.c.id).where(exports.c.state.in_(UNFINISHED)).limit(1)) is None

    def _submit_queued(self) -> None:
        room = self.engine.room()
        if room <= 0:
            return
        e = exports.c
        with self._in.ledger.read() as db:
            waiting = db.execute(
                select(e.id, e.deadline_at)
                .where(e.state.in_(UNFINISHED), e.workflow_started.is_(False))
                .order_by(e.sequence)
                .limit(room)
            ).all()
        for export_id, deadline in waiting:
            self._submit(export_id, (deadline - self._in.clock()).total_seconds())

    def _submit(self, export_id: str, seconds_left: float) -> None:
        self.engine.submit(export_id, max(1.0, seconds_left))
        with self._in.ledger.write() as db:
            db.execute(update(exports).where(exports.c.id == export_id).values(workflow_started=True))

    def _resubmit(self) -> None:
        """An unfinished export whose workflow is unknown (the job database was lost) starts again; others do not."""
        e = exports.c
        with self._in.ledger.read() as db:
            started = db.execute(
                select(e.id, e.deadline_at).where(e.state.in_(UNFINISHED), e.workflow_started.is_(True))
            ).all()
        for export_id, deadline in started:
            if export_id not in self.engine.running() and self.engine.room() > 0:
                self.engine.submit(export_id, max(1.0, (deadline - self._in.clock()).total_seconds()))

    def _settle(self) -> None:
        """Make ledger and engine agree on what has ended: time-outs, failures, cancelled exports."""
        e, now = exports.c, self._in.clock()
        running = self.engine.running()
        with self._in.ledger.read() as db:
            open_rows = db.execute(select(e.id, e.deadline_at).where(e.state.in_(UNFINISHED))).all()
            ended = set(db.scalars(select(e.id).where(e.id.in_(running), e.state.not_in(UNFINISHED))))
        for export_id in ended:
            self.engine.cancel(export_id)
        for export_id, deadline in open_rows:
            if deadline <= now:
                self.runner.fail(export_id, "timed out")
                self.engine.cancel(export_id)
        for export_id, (status, error) in self.engine.outcomes(row.id for row in open_rows).items():
            if self._still_open(export_id):
                log.error("export %s: its workflow ended as %s: %s", export_id, status, error)
                self.runner.fail(export_id, f"the job ended as {status.lower().replace('_', ' ')}")
                self.engine.cancel(export_id)

    def _still_open(self, export_id: str) -> bool:
        return self._in.exports.get(export_id).state.unfinished

    def _remove_leftovers(self) -> None:
        """What cancelled and failed exports wrote, also what was written after they had ended."""
        blobs, running = self._in.blobs, self.engine.running()
        for export_id, state in self._states(blobs.storage.names("made")):
            if state in (State.CANCELLED, State.FAILED) and export_id not in running:
                blobs.remove_made(export_id)
        for export_id, state in self._states(blobs.storage.drafts("made")):
            if state not in UNFINISHED and export_id not in running:
                blobs.storage.remove_drafts(made_prefix(export_id))

    def _states(self, export_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        e = exports.c
        for at in range(0, len(export_ids), 500):
            with self._in.ledger.read() as db:
                rows = db.execute(select(e.id, e.state).where(e.id.in_(export_ids[at : at + 500]))).all()
            yield from ((row.id, row.state) for row in rows)

    def _purge(self) -> None:
        """Remove the bytes of exports that nobody can renew any more; their records stay."""
        e, now = exports.c, self._in.clock()
        over = (
            e.state.in_((State.COMPLETED, State.EXPIRED)), e.purged_at.is_(None), e.expires_at < now,
            e.finished_at < now - timedelta(seconds=self._in.settings.keep_seconds),
        )  # fmt: skip
        with self._in.ledger.read() as db:
            ids = list(db.scalars(select(e.id).where(*over)))
        for export_id in ids:
            # first said, then done: a link never promises bytes that are gone
            with self._in.ledger.write() as db:
                done = db.execute(
                    update(exports).where(e.id == export_id, *over).values(purged_at=now, state=State.EXPIRED.value)
                )
            if done.rowcount == 1:
                self._in.blobs.remove_made(export_id)

    def _digest_one(self) -> None:
        """Read one sealed archive that has no SHA-256 yet, or one that was damaged and may be whole again, beside the
        work; nothing waits for it."""
        if self.engine.running() or (self._digesting is not None and not self._digesting.done()):
            return
        archive = self._undigested() or self._perhaps_repaired()
        if archive is not None:
            self._digesting = self._digests.submit(check, self._in, archive, lambda: self._stopping)

    def _undigested(self) -> Archive | None:
        a = archives.c
        with self._in.ledger.read() as db:
            row = db.execute(
                select(archives)
                .join(exports, exports.c.id == a.export_id)
                .where(a.sha256.is_(None), a.damaged.is_(None), a.length <= self._in.settings.digest_max_bytes,
                       exports.c.state == State.COMPLETED)
                .order_by(a.sealed_at.desc())
                .limit(1)
            ).first()  # fmt: skip
        return None if row is None else archive_of(row)

    def _post_one(self) -> None:
        """Send the mail that is due, beside the work; what a slow mail server does holds nothing up."""
        if self._mailing is None or self._mailing.done():
            claimed = self._in.outbox.claim() if self._in.outbox.is_open else None
            if claimed is not None:
                self._mailing = self._mails.submit(self._post, claimed)

    def _post(self, claimed: Claimed) -> None:
        try:
            error = self._in.outbox.deliver(claimed, self._link)
        except Exception:
            log.exception("mail %s could not be sent; it is tried again", claimed.id)
            return
        self._in.audit.write(
            None, Action.MAIL_FAIL if error else Action.MAIL_SEND, claimed.export_id or claimed.key, api="worker",
            workspace_id=claimed.workspace_id, detail={"to": claimed.mail.to} | ({"error": error} if error else {}),
        )  # fmt: skip
        if error:
            log.warning("mail %s was not taken: %s", claimed.id, error)

    def _link(self, export_id: str, base: str) -> str:
        return next((url for _, url in self._in.exports.urls(export_id, base)), "")

    def _perhaps_repaired(self) -> Archive | None:
        """A damaged archive that this worker has not read for a while: it tells nobody when a blob is put back."""
        now = time.monotonic()
        for archive in damaged_archives(self._in):
            last = self._read_again.get(archive.id, float("-inf"))
            if archive.length <= self._in.settings.digest_max_bytes and now - last >= REREAD_SECONDS:
                self._read_again[archive.id] = now
                return archive
        return None
