"""Who fetched what: one row for each client of a link, its ranges merged, written once a second.

The first use is committed before its first byte; a kill loses at most a second of detail, never the use itself.
"""

import threading
from bisect import bisect_left
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import insert, update

from exeunt.clock import Clock, IdSource
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import downloads

MOST_RANGES = 64
"""More separate ranges than this are recorded as the one that spans them."""

FORGET_AFTER = timedelta(minutes=10)
"""A client that comes back later than this gets a row of its own."""


class Use:
    """One client's use of one archive."""

    def __init__(self, row_id: str, archive_id: str, link_id: str | None, now: datetime) -> None:
        self.row_id, self.archive_id, self.link_id = row_id, archive_id, link_id
        self.last_at = now
        self.requests = self.bytes = 0
        self.ranges: list[tuple[int, int]] = []
        self.outcome = "running"
        self.dirty = False

    def add(self, first: int, end: int) -> None:
        """Bytes `[first, end)` were handed over."""
        if end <= first:
            return
        at = bisect_left(self.ranges, (first, end))
        while at > 0 and self.ranges[at - 1][1] >= first:
            at -= 1
            first, end = min(first, self.ranges[at][0]), max(end, self.ranges[at][1])
            del self.ranges[at]
        while at < len(self.ranges) and self.ranges[at][0] <= end:
            end = max(end, self.ranges[at][1])
            del self.ranges[at]
        self.ranges.insert(at, (first, end))
        if len(self.ranges) > MOST_RANGES:
            self.ranges = [(self.ranges[0][0], self.ranges[-1][1])]


class Record:
    """The uses that this process has seen. `flush` from one thread, the rest from anywhere."""

    def __init__(self, ledger: Ledger, clock: Clock, ids: IdSource) -> None:
        self._ledger, self._clock, self._ids = ledger, clock, ids
        self._lock = threading.Lock()
        self._uses: dict[tuple[str, str, str], Use] = {}

    def known(self, archive_id: str, holder: str, client: str) -> Use | None:
        """The use of a client that was seen before; never blocks on the ledger."""
        return self._uses.get((archive_id, holder, client))

    def first_use(self, archive_id: str, link_id: str | None, account_id: str | None, client: str) -> Use:
        """Commit a row for a client that was not seen before."""
        holder = link_id or account_id or ""
        with self._lock:
            use = self._uses.get((archive_id, holder, client))
            if use is not None:
                return use
            now = self._clock()
            use = Use(self._ids(), archive_id, link_id, now)
            with self._ledger.write() as db:
                db.execute(
                    insert(downloads).values(
                        id=use.row_id, archive_id=archive_id, link_id=link_id, account_id=account_id, client=client,
                        first_at=now, last_at=now, requests=0, bytes=0, ranges="[]", outcome="running",
                    )
                )  # fmt: skip
            self._uses[archive_id, holder, client] = use
            return use

    def sent(self, use: Use, first: int, end: int, outcome: str) -> None:
        """One request has ended with the bytes `[first, end)` handed over."""
        with self._lock:
            use.requests += 1
            use.bytes += max(0, end - first)
            use.add(first, end)
            use.outcome, use.last_at, use.dirty = outcome, self._clock(), True

    def flush(self) -> None:
        """Write what changed, in one transaction, and forget who has not come for long."""
        with self._lock:
            changed = [use for use in self._uses.values() if use.dirty]
            rows = [
                {
                    "requests": use.requests, "bytes": use.bytes, "outcome": use.outcome, "last_at": use.last_at,
                    "ranges": msgspec.json.encode(use.ranges).decode(),
                }
                for use in changed
            ]  # fmt: skip
            for use in changed:
                use.dirty = False
            old = self._clock() - FORGET_AFTER
            self._uses = {key: use for key, use in self._uses.items() if use.dirty or use.last_at > old}
        if changed:
            with self._ledger.write() as db:
                for use, values in zip(changed, rows, strict=True):
                    db.execute(update(downloads).where(downloads.c.id == use.row_id).values(values))
