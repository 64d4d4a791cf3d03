"""When people write: days as Slack cuts them, working hours in many zones, weekends and holidays.

Instants are whole microseconds since 1970-01-01T00:00:00Z. A day file of Slack holds a day of the US Pacific clock;
here that clock is always eight hours behind UTC, so that nothing depends on the zone tables of the machine.
"""

from bisect import bisect
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
PACIFIC = -8 * HOUR
LAST_DAY = date(2026, 6, 30)
SPAN_DAYS = 730

_EPOCH = date(1970, 1, 1)
_MONDAY_EPOCH = 3  # 1970-01-01 was a Thursday, counted from Monday

_WORKDAY = (
    0.01, 0.005, 0.005, 0.005, 0.005, 0.01, 0.05, 0.2, 0.7, 1.0, 1.1, 1.0,
    0.45, 0.8, 1.0, 1.0, 0.9, 0.5, 0.2, 0.1, 0.12, 0.1, 0.05, 0.02,
)  # fmt: skip
_WEEKEND = 0.05


def day_start(day: date) -> int:
    """The first instant of the day file named `day`."""
    return (day - _EPOCH).days * DAY - PACIFIC


def day_of(instant: int) -> date:
    """The day file that holds `instant`."""
    return _EPOCH + timedelta(days=(instant + PACIFIC) // DAY)


def ts(instant: int) -> str:
    """Slack's `ts`: seconds, a dot, six digits."""
    seconds, micros = divmod(instant, SECOND)
    return f"{seconds}.{micros:06d}"


def clock(instant: int) -> datetime:
    """The same instant as an aware datetime, whole seconds."""
    return datetime.fromtimestamp(instant // SECOND, UTC)


def week_hour(instant: int) -> int:
    """The hour of the week in UTC: 0 is Monday 00:00-00:59, 167 the last of Sunday."""
    days, rest = divmod(instant, DAY)
    return (days + _MONDAY_EPOCH) % 7 * 24 + rest // HOUR


def presence(offset_hours: float) -> list[float]:
    """How likely somebody that far ahead of UTC writes in each of the 168 UTC hours of the week."""
    curve = []
    for hour in range(168):
        local = int(hour + offset_hours) % 168
        curve.append(_WORKDAY[local % 24] * (_WEEKEND if local >= 120 else 1.0))
    return curve


def season(day: date) -> float:
    """The share of the usual traffic: less in August, hardly any at the turn of the year."""
    if (day.month, day.day) >= (12, 23) or (day.month, day.day) <= (1, 2):
        return 0.12
    return 0.55 if day.month == 8 else 1.0


class Rhythm:
    """Draws days, instants and authors for one room from the hours of its members."""

    def __init__(self, offsets: Sequence[float], eagerness: Sequence[float], rng: Random) -> None:
        """`offsets` and `eagerness` hold one number a member: hours ahead of UTC, and how much that person writes."""
        curves = [presence(offset) for offset in offsets]
        self._by_hour = [
            list(accumulate(curve[hour] * eager for curve, eager in zip(curves, eagerness, strict=True)))
            for hour in range(168)
        ]
        self._demand = [cumulated[-1] for cumulated in self._by_hour]
        self._rng = rng
        self._hours: dict[int, list[float]] = {}

    def spread(self, amount: int, first: date, last: date) -> list[int]:
        """`amount` messages over the days from `first` to `last`, both included: one count a day."""
        days = (last - first).days + 1
        weights = []
        for index in range(days):
            day = first + timedelta(days=index)
            mood = self._rng.uniform(0.5, 1.5)
            weights.append(self._hours_of(day)[-1] * season(day) * mood)
        cumulated = list(accumulate(weights))
        counts = [0] * days
        for _ in range(amount):
            counts[bisect(cumulated, self._rng.random() * cumulated[-1])] += 1
        return counts

    def instant(self, day: date) -> int:
        """A moment of that day, more likely when the members are at work."""
        cumulated = self._hours_of(day)
        hour = bisect(cumulated, self._rng.random() * cumulated[-1])
        return day_start(day) + hour * HOUR + self._rng.randrange(HOUR)

    def author(self, instant: int) -> int:
        """The index of a member who may well be awake."""
        cumulated = self._by_hour[week_hour(instant)]
        return bisect(cumulated, self._rng.random() * cumulated[-1])

    def _hours_of(self, day: date) -> list[float]:
        start = week_hour(day_start(day))
        if start not in self._hours:
            self._hours[start] = list(accumulate(self._demand[(start + hour) % 168] for hour in range(24)))
        return self._hours[start]
