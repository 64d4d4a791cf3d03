"""The rate limit (1.16): calls of one client to one route, in windows of a fixed length, told in headers."""

import math
import threading
from datetime import datetime, timedelta

from exeunt.apis.rocketchat.answers import Lines
from exeunt.apis.rocketchat.calls import Call
from exeunt.apis.rocketchat.words import too_many
from exeunt.clock import to_micros
from exeunt.errors import Busy

MOST = 50_000
"""Windows that one process remembers; ended ones go when there are more."""

LOGINS, LOGIN_SECONDS = 10, 60.0
"""Sign-ins of one client, counted over all processes."""


class Windows:
    """The running windows of this process: each HTTP process counts by itself, as reads are many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, tuple[datetime, int]] = {}

    def count(self, key: str, most: int, length: timedelta, now: datetime) -> tuple[int, datetime, bool]:
        """Count a call: how many are left, when the window ends, and whether this one is still within it."""
        with self._lock:
            ends_at, used = self._running.get(key, (now, 0))
            if ends_at <= now:
                ends_at, used = now + length, 0
                if len(self._running) > MOST:
                    self._running = {k: window for k, window in self._running.items() if window[0] > now}
            allowed = used < most
            if allowed:
                used += 1
            self._running[key] = (ends_at, used)
            return most - used, ends_at, allowed


def count(windows: Windows, call: Call, route: str) -> Lines:
    """Count a call; returns the headers that say so. Raises `Failure` above the limit."""
    settings = call.installation.settings
    most, length = settings.rocketchat_rate_limit_calls, timedelta(milliseconds=settings.rocketchat_rate_limit_ms)
    if most <= 0:
        return []
    now = call.installation.clock()
    left, ends_at, allowed = windows.count(f"{call.client} {call.scope['method']} {route}", most, length, now)
    headers = [
        ("x-ratelimit-limit", str(most)),
        ("x-ratelimit-remaining", str(left)),
        ("x-ratelimit-reset", str(math.ceil(to_micros(ends_at) / 1000))),
    ]
    if not allowed:
        raise too_many(max(1, math.ceil((ends_at - now).total_seconds())), headers)
    return headers


def count_login(call: Call) -> None:
    """Count a sign-in. Raises `Failure` above ten in a minute."""
    try:
        call.installation.access.limit_exact(f"rocketchat:login:{call.client}", LOGINS, LOGIN_SECONDS)
    except Busy as busy:
        raise too_many(max(1, math.ceil(busy.retry_after)), []) from busy
