"""One writer a workspace: a lease with a fence, so that a writer that was thought dead cannot commit any more."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from exeunt.clock import Clock
from exeunt.errors import Busy, Conflict
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.schema import leases

LIFE = timedelta(seconds=60)
RENEW_AFTER = timedelta(seconds=10)


class Lease:
    """A held lease. `renew` must be called at least every `LIFE`; calling it often is cheap."""

    def __init__(self, ledger: Ledger, clock: Clock, workspace_id: str, holder: str, fence: int) -> None:
        self._ledger, self._clock = ledger, clock
        self.workspace_id, self.holder, self.fence = workspace_id, holder, fence
        self._renewed_at = clock()

    def renew(self) -> None:
        """Push the end away when it has come nearer. Raises `Conflict` when another holder has taken over."""
        now = self._clock()
        if now - self._renewed_at < RENEW_AFTER:
            return
        with self._ledger.write() as db:
            self.check(db)
            db.execute(update(leases).where(leases.c.workspace_id == self.workspace_id).values(expires_at=now + LIFE))
        self._renewed_at = now

    def check(self, db: Connection) -> None:
        """Inside the transaction that commits: raises `Conflict` unless this lease is still the newest."""
        fence = db.scalar(select(leases.c.fence).where(leases.c.workspace_id == self.workspace_id).with_for_update())
        if fence != self.fence:
            raise Conflict(f"another process has taken over writing to workspace {self.workspace_id}")

    def is_newest(self) -> bool:
        """Whether nobody has taken over so far; only `check` inside a transaction can say so for good."""
        with self._ledger.read() as db:
            return db.scalar(select(leases.c.fence).where(leases.c.workspace_id == self.workspace_id)) == self.fence


@contextmanager
def hold(ledger: Ledger, clock: Clock, workspace_id: str) -> Iterator[Lease]:
    """Hold the lease of a workspace. Raises `Busy` while a living process holds it."""
    lease = _acquire(ledger, clock, workspace_id)
    try:
        yield lease
    finally:
        with ledger.write() as db:
            # the row stays with its fence: the next holder counts on from it
            db.execute(
                update(leases)
                .where(leases.c.workspace_id == workspace_id, leases.c.fence == lease.fence)
                .values(expires_at=clock() - LIFE)
            )


def _acquire(ledger: Ledger, clock: Clock, workspace_id: str) -> Lease:
    holder, now = process_name(), clock()
    with ledger.write() as db:
        lock(db, f"lease {workspace_id}")
        row = db.execute(select(leases).where(leases.c.workspace_id == workspace_id).with_for_update()).first()
        if row is not None and row.expires_at > now and not _is_dead(row.holder):
            left = (row.expires_at - now).total_seconds()
            raise Busy(f"workspace {workspace_id} is being written by {row.holder}; try again later", left)
        fence = (row.fence if row is not None else 0) + 1
        mine = {"holder": holder, "fence": fence, "expires_at": now + LIFE}
        if row is None:
            db.execute(insert(leases).values(workspace_id=workspace_id, **mine))
        else:
            db.execute(update(leases).where(leases.c.workspace_id == workspace_id).values(mine))
    return Lease(ledger, clock, workspace_id, holder, fence)


def process_name() -> str:
    """This process, told apart from every other that ever had its number: host, pid, start time in clock ticks."""
    return f"{_machine()}:{os.getpid()}:{_started(os.getpid())}"


def _machine() -> str:
    """Where process numbers mean the same: containers may share a host's name, but count processes each by itself."""
    try:
        return f"{socket.gethostname()}/{os.readlink('/proc/self/ns/pid')[5:-1]}"
    except OSError:
        return socket.gethostname()


def _started(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _is_dead(holder: str) -> bool:
    """True only when the holder ran on this machine and is certainly gone."""
    machine, _, rest = holder.partition(":")
    pid, _, started = rest.partition(":")
    return machine == _machine() and pid.isdigit() and bool(started) and _started(int(pid)) != started
