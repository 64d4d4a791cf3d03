"""How often something may be asked: exactly, over all processes, or cheaply, in this one.

The exact limit is a fixed window that begins with the first request counted in it, so a client that waits for the end
of a window can make twice `count` requests around it. A refused request is not counted.
"""

import math
import threading
import time
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from exeunt.errors import Busy
from exeunt.ledger.database import Instant
from exeunt.ledger.schema import rate_counts


def count_exactly(db: Connection, key: str, count: int, seconds: float, now: datetime) -> None:
    """Count one request inside a write transaction. Raises `Busy` when `count` were counted in the running window."""
    c = rate_counts.c
    ends_at, over = now + timedelta(seconds=seconds), c.window_ends_at <= now
    new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(rate_counts)
    counted = new.values(key=key, window_ends_at=ends_at, count=1).on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": case((over, 1), else_=c.count + 1),
            "window_ends_at": case(
                (over, bindparam("ends_at", ends_at, type_=Instant())), else_=c.window_ends_at
            ),
        },
        where=or_(over, c.count < count),
    )  # fmt: skip
    # one statement decides and counts, so two processes cannot both take the last place
    taken = db.scalar(counted.returning(c.count)) if count > 0 else None
    if taken is None:
        window = db.scalar(select(c.window_ends_at).where(c.key == key)) or ends_at
        raise too_often((window - now).total_seconds())
    if taken == 1:
        _forget_ended(db, now)


def _forget_ended(db: Connection, now: datetime) -> None:
    db.execute(delete(rate_counts).where(rate_counts.c.window_ends_at <= now))


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
