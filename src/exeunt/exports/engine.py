"""Durable jobs on DBOS: an export is a workflow, a shard is a step (one) or a queued child workflow (several).

Everything this program knows of DBOS is in this module, its private names included; the lock file pins the version
and a test kills real processes. What DBOS's core leaves open, taking over the work of a dead process, is done here by
heartbeats that the database's own clock stamps.
"""

import logging
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

import sqlalchemy as sa
from dbos import DBOS, DBOSConfig, SetEnqueueOptions, SetWorkflowID, SetWorkflowTimeout
from dbos._error import DBOSAwaitedWorkflowCancelledError
from dbos._serialization import DBOSPortableJSONSerializer

from exeunt.exports.stops import Ended, Interrupted
from exeunt.ledger.locks import held

# without a handler of its own DBOS would add one that writes to the console
logging.getLogger("dbos").addHandler(logging.NullHandler())

log = logging.getLogger(__name__)

TERMINAL = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
ATTEMPTS = 5
"""How often a shard's workflow is taken up after the death of its process."""
PARENT_ATTEMPTS = 20
"""The same for an export, which every death of a process counts against, guilty or not."""


class ShardFailed(Exception):
    """A shard ended in any way but success; the export fails."""


class Jobs(Protocol):
    """What the engine runs. Long work looks at `stop` now and then and raises `Interrupted` when it is set; `Ended`
    from any of them ends the workflow."""

    def plan(self, export_id: str) -> list[int]: ...

    def shard(self, export_id: str, number: int, stop: threading.Event) -> int: ...

    def finish(self, export_id: str, stop: threading.Event) -> None: ...


class _Token:
    def __init__(self, workflow_id: str) -> None:
        self.workflow_id, self.stop = workflow_id, threading.Event()


class _Wal(sqlite3.Connection):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
            self.execute(f"PRAGMA {pragma}").close()


class _Quiet(logging.Filter):
    """A cancelled job is no error, and a failed one is reported by us; DBOS logs both with tracebacks."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, (DBOSAwaitedWorkflowCancelledError, ShardFailed))


class Engine:
    """The durable part of one worker process. Make one, `start` it, and `stop` it before the process ends."""

    def __init__(
        self, url: str, jobs: Jobs, *, slots: int, parents: int, heartbeat_seconds: float, dead_after_seconds: float
    ) -> None:
        self.jobs, self.slots, self.parents = jobs, slots, parents
        self.id = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._heartbeat, self._dead_after = heartbeat_seconds, dead_after_seconds
        lite = url.startswith("sqlite")
        self._url = url
        self._engine_options: dict[str, Any] = {"connect_args": {"factory": _Wal}} if lite else {"pool_pre_ping": True}
        self._db = sa.create_engine(url, pool_size=2, max_overflow=parents, **self._engine_options)
        self._workflows = "workflow_status" if lite else "dbos.workflow_status"
        self._now = "(julianday('now') - 2440587.5) * 86400.0" if lite else "extract(epoch from clock_timestamp())"
        # processor time is what shards wait for, whether they run inside their export or as children of it
        self._work = threading.BoundedSemaphore(slots)
        self._tokens: set[_Token] = set()
        self._lock, self._drain, self._quit = threading.Lock(), threading.Event(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="engine-watcher", daemon=True)
        self._quiet = _Quiet()

    def start(self) -> None:
        """Join the installation's workers: from now on this process takes shards, also of others' exports."""
        with held(self._db, "engine"):
            self._launch()
        # one more than the slots: the next shard is claimed while the others work, so that no slot idles for a poll
        DBOS.register_queue(
            "shards", worker_concurrency=self.slots + 1, polling_interval_sec=0.1, on_conflict="always_update"
        )
        self._watcher.start()

    def _launch(self) -> None:
        """By one process at a time: two that make the same tables at once fail, though they ask whether they exist."""
        with self._db.begin() as db:
            db.execute(sa.text("CREATE TABLE IF NOT EXISTS engine_heartbeats "
                               "(executor TEXT PRIMARY KEY, seen DOUBLE PRECISION NOT NULL)"))  # fmt: skip
        self._beat()  # before the launch: nobody may take us for dead
        logging.getLogger("dbos").addFilter(self._quiet)
        DBOS(config=self._config())
        self._define()
        DBOS.launch()

    def _config(self) -> DBOSConfig:
        return {
            "name": "exeunt",
            "system_database_url": self._url,
            "executor_id": self.id,
            # fixed: a newer program goes on with the workflows of an older one
            "application_version": "1",
            # the default is pickle, which lets whoever writes to the database run code
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "WARNING",
            "enable_otlp": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.25,
            "db_engine_kwargs": self._engine_options,
            "scheduler_polling_interval_sec": 3600.0,
        }

    def _define(self) -> None:
        """Plain functions, as DBOS cannot decorate bound methods. Their names are in the database and never change."""

        @DBOS.workflow(name="export", max_recovery_attempts=PARENT_ATTEMPTS - 1)
        def export(export_id: str) -> None:
            with suppress(Ended):
                self._run_export(export_id)

        @DBOS.workflow(name="shard", max_recovery_attempts=ATTEMPTS - 1)
        def shard(export_id: str, number: int) -> int:
            with suppress(Ended):
                return self._run_shard(export_id, number)
            return 0

        self._export, self._shard = export, shard

    # --- the workflows ---------------------------------------------------------------------------------------------

    def _run_export(self, export_id: str) -> None:
        with self._token(export_id) as token:
            numbers = DBOS.run_step({"name": "plan"}, self.jobs.plan, export_id)
            if len(numbers) == 1:
                DBOS.run_step({"name": "shard"}, self._work_on, export_id, numbers[0], token.stop)
            elif numbers:
                self._run_children(export_id, numbers, token)
            DBOS.run_step({"name": "finish"}, self.jobs.finish, export_id, token.stop)

    def _run_children(self, export_id: str, numbers: list[int], token: "_Token") -> None:
        for place, number in enumerate(numbers):
            # priorities by place let a small export's only shards pass the many of a large one
            with SetWorkflowID(f"{export_id}.{number}"), SetEnqueueOptions(priority=min(place + 1, 1000)):
                DBOS.enqueue_workflow("shards", self._shard, export_id, number)
        failure = DBOS.run_step({"name": "gather"}, self._gather, export_id, len(numbers), token.stop)
        if failure is not None:
            raise ShardFailed(failure)

    def _run_shard(self, export_id: str, number: int) -> int:
        with self._token(cast(str, DBOS.workflow_id)) as token:
            return DBOS.run_step({"name": "shard"}, self._work_on, export_id, number, token.stop)

    def _work_on(self, export_id: str, number: int, stop: threading.Event) -> int:
        while not self._work.acquire(timeout=0.2):
            if stop.is_set() or self._drain.is_set():
                raise Interrupted
        try:
            if stop.is_set():
                raise Interrupted
            return self.jobs.shard(export_id, number, stop)
        finally:
            self._work.release()

    def _gather(self, export_id: str, count: int, stop: threading.Event) -> str | None:
        """Wait for the children: one small query a round for all, where DBOS would poll once a second for each.

        Returns what went wrong, as a value: an error would come back from a replay as another class.
        """
        query = sa.text(f"SELECT status, count(*) FROM {self._workflows} WHERE parent_workflow_id = :p GROUP BY status")
        while True:
            with self._db.connect() as db:
                seen = {row[0]: row[1] for row in db.execute(query, {"p": export_id})}
            if seen.get("SUCCESS", 0) == count:
                return None
            if bad := [status for status in TERMINAL[1:] if status in seen]:
                children = DBOS.list_workflows(parent_workflow_id=export_id, load_input=False)
                DBOS.cancel_workflows([w.workflow_id for w in children if w.status not in TERMINAL])
                return next(f"{w.workflow_id} {w.status}: {w.error}" for w in children if w.status == bad[0])
            if self._drain.is_set() or stop.wait(0.05 if count < 50 else 0.25):
                raise Interrupted

    # --- what the reconciler calls -----------------------------------------------------------------------------------

    def room(self) -> int:
        """How many more exports this process may start now."""
        with self._lock:
            return 0 if self._drain.is_set() else self.parents - len(self._running())

    def running(self) -> set[str]:
        """The exports that have a workflow in this process."""
        with self._lock:
            return self._running()

    def _running(self) -> set[str]:
        return {token.workflow_id for token in self._tokens if "." not in token.workflow_id}

    def submit(self, export_id: str, timeout_seconds: float | None = None) -> None:
        """Start the export here, unless it has been started anywhere: its id is the workflow's id."""
        with SetWorkflowID(export_id), SetWorkflowTimeout(timeout_seconds):
            DBOS.start_workflow(self._export, export_id)

    def cancel(self, export_id: str) -> None:
        """Stop the export's workflow and its children, wherever they run."""
        DBOS.cancel_workflow(export_id, cancel_children=True)
        self._interrupt_lost()

    def outcomes(self, export_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Of these exports, those whose workflow has ended: its status and error."""
        ids = list(export_ids)
        if not ids:
            return {}
        ended = DBOS.list_workflows(workflow_ids=ids, status=list(TERMINAL), load_input=False)
        return {w.workflow_id: (w.status, str(w.error or "")) for w in ended}

    def sweep(self) -> int:
        """Take over what dead processes left: pending work of executors that are silent by the database's clock."""
        with self._db.begin() as db:
            alive = f"SELECT executor FROM engine_heartbeats WHERE seen > {self._now} - {self._dead_after}"
            live = set(db.execute(sa.text(alive)).scalars())
            pending = f"SELECT DISTINCT executor_id FROM {self._workflows} WHERE status = 'PENDING'"
            owners = set(db.execute(sa.text(pending)).scalars())
            # a row is not what makes an executor dead or alive to this query, so old ones may go at any time
            db.execute(sa.text(f"DELETE FROM engine_heartbeats WHERE seen < {self._now} - 86400"))
        dead = sorted(owners - live - {self.id, None})
        return len(DBOS._recover_pending_workflows(dead)) if dead else 0

    def prune(self, age: timedelta, batch: int = 100) -> int:
        """Forget workflows that ended longer ago than `age`; returns how many went."""
        before = (datetime.now(UTC) - age).isoformat()
        old = DBOS.list_workflows(
            name="export", status=list(TERMINAL), completed_before=before, limit=batch, load_input=False,
            load_output=False,
        )  # fmt: skip
        if old:
            DBOS.delete_workflows([w.workflow_id for w in old], delete_children=True)
        return len(old)

    def stop(self, grace_seconds: float = 20.0) -> list[str]:
        """Take no more, let shards finish for a while, interrupt the rest, give the work back.

        Returns what would not stop: the caller then leaves by `os._exit`, as a thread cannot be ended.
        """
        self._drain.set()
        timer = threading.Timer(grace_seconds, self._interrupt_all)
        timer.daemon = True
        timer.start()
        DBOS.destroy(
            workflow_completion_timeout_sec=int(grace_seconds) + 3 if self._tokens else 0, destroy_registry=True
        )
        timer.cancel()
        self._quit.set()
        self._watcher.join(5)
        with self._db.begin() as db:
            # a restart is nobody's fault: the attempt is not counted
            db.execute(
                sa.text(
                    f"UPDATE {self._workflows} SET status='ENQUEUED', owner_xid=NULL, started_at_epoch_ms=NULL, "
                    "recovery_attempts=recovery_attempts-1, "
                    "queue_name=COALESCE(queue_name, '_dbos_internal_queue') "
                    "WHERE status='PENDING' AND executor_id=:me"
                ),
                {"me": self.id},
            )
            db.execute(sa.text("DELETE FROM engine_heartbeats WHERE executor=:me"), {"me": self.id})
        self._db.dispose()
        logging.getLogger("dbos").removeFilter(self._quiet)
        return [token.workflow_id for token in self._tokens]

    # --- the watcher -----------------------------------------------------------------------------------------------

    @contextmanager
    def _token(self, workflow_id: str) -> Iterator["_Token"]:
        token = _Token(workflow_id)
        with self._lock:
            self._tokens.add(token)
        try:
            yield token
        finally:
            with self._lock:
                self._tokens.discard(token)

    def _beat(self) -> None:
        beat = (f"INSERT INTO engine_heartbeats VALUES (:me, {self._now}) "
                "ON CONFLICT (executor) DO UPDATE SET seen = excluded.seen")  # fmt: skip
        with self._db.begin() as db:
            db.execute(sa.text(beat), {"me": self.id})

    def _interrupt_lost(self) -> None:
        """Cancelled, timed out, or taken over while this process was frozen: tell the running step."""
        with self._lock:
            tokens = list(self._tokens)
        if not tokens:
            return
        query = f"SELECT workflow_uuid FROM {self._workflows} WHERE status='PENDING' AND executor_id=:me"
        with self._db.connect() as db:
            mine = set(db.execute(sa.text(query), {"me": self.id}).scalars())
        for token in tokens:
            if token.workflow_id not in mine:
                token.stop.set()

    def _interrupt_all(self) -> None:
        with self._lock:
            for token in self._tokens:
                token.stop.set()

    def _watch(self) -> None:
        last_beat = last_sweep = 0.0
        while not self._quit.wait(0.5):
            try:
                now = time.monotonic()
                if now - last_beat >= self._heartbeat:
                    self._beat()
                    last_beat = now
                self._interrupt_lost()
                if now - last_sweep >= 1.0 and not self._drain.is_set():
                    self.sweep()
                    last_sweep = now
            except Exception:
                log.exception("the engine's watcher failed; it tries again")
