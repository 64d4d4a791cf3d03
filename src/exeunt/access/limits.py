"""How often something may be asked: exactly, over all processes, or cheaply, in this one.

The exact limit is a sliding log: never more than `count` requests in any stretch of its length, wherever that begins.
A refused request is not counted.
"""

import math
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from exeunt.errors import Busy
from exeunt.ledger.schema import rate_counts

_PLACE = "\x1f"
"""Between a key and the number of one of its places: no key holds it."""


def count_exactly(db: Connection, key: str, count: int, seconds: float, now: datetime) -> None:
    """Count one request inside a write transaction. Raises `Busy` when `count` were counted in the last `seconds`.

    A key has `count` places, taken in turn; each is free again `seconds` after it was taken. The next in turn is the
    one that was taken longest ago, so if it is not free none is.
    """
    if count < 1:
        raise too_often(seconds)
    c, ends_at = rate_counts.c, now + timedelta(seconds=seconds)
    new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(rate_counts)
    # the key's own row says whose turn it is; writing it first makes others of this key wait until we are through
    taken = int(db.scalars(
        new.values(key=key, window_ends_at=ends_at, count=0)
        .on_conflict_do_update(index_elements=["key"], set_={"window_ends_at": ends_at})
        .returning(c.count)
    ).one())  # fmt: skip
    place = f"{key}{_PLACE}{taken % count}"
    free_at = db.scalar(select(c.window_ends_at).where(c.key == place))
    if free_at is not None and free_at > now:
        raise too_often((free_at - now).total_seconds())
    db.execute(
        new.values(key=place, window_ends_at=ends_at, count=1)
        .on_conflict_do_update(index_elements=["key"], set_={"window_ends_at": ends_at})
    )  # fmt: skip
    db.execute(update(rate_counts).where(c.key == key).values(count=taken + 1))
    if taken % count == 0:
        _forget_ended(db, now)


def _forget_ended(db: Connection, now: datetime) -> None:
    c = rate_counts.c
    # rows that another transaction holds are about to live again: waiting for each other's would never end
    ended = select(c.key).where(c.window_ends_at <= now).with_for_update(skip_locked=True)
    db.execute(delete(rate_counts).where(c.key.in_(ended)))


def too_often(wait: float) -> Busy:
    """The error both limits raise."""
    return Busy("too many requests", max(wait, 0.001))


class LocalLimits:
    """Moving windows in this process's memory. The library behind it is loaded when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._limiter: Any = None

    def count(self, key: str, count: int, seconds: float) -> None:
        """Count one request. Raises `Busy` when `count` were counted in the last `seconds` (whole ones, at least 1)."""
        from limits import RateLimitItemPerSecond

        limiter, item = self._ready(), RateLimitItemPerSecond(count, max(1, math.ceil(seconds)))
        if count < 1 or not limiter.hit(item, key):
            raise too_often(limiter.get_window_stats(item, key).reset_time - time.time() if count > 0 else seconds)

    def _ready(self) -> Any:
        with self._lock:
            if self._limiter is None:
                from limits.storage import MemoryStorage
                from limits.strategies import MovingWindowRateLimiter

                self._limiter = MovingWindowRateLimiter(MemoryStorage())
            return self._limiter
