"""The dates of an export (1.5): whole days in UTC or exact instants, and the window of writing they come to."""

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)

_FORM = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)


class NotADate(ValueError):
    """The value is no date of this contract."""


class Asked(msgspec.Struct, frozen=True):
    """An instant, and whether it stands for its whole day."""

    at: datetime
    is_day: bool


class Window(msgspec.Struct, frozen=True):
    """Written in `[since, until)`; `is_empty` where that holds no instant."""

    since: datetime | None
    until: datetime

    @property
    def is_empty(self) -> bool:
        return self.since is not None and self.since >= self.until


def parse(value: object) -> Asked | None:
    """A date; None where nothing is asked. Raises `NotADate`."""
    if value is None or value == "":
        return None
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise NotADate(value)
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), _zone(zone),
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError) as error:
        raise NotADate(value) from error
    return Asked(at, hour is None)


def _zone(text: str | None) -> timezone:
    if text in (None, "Z"):
        return UTC
    assert text is not None
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    if int(text[4:6]) > 59:
        raise ValueError(text)
    return timezone(-offset if text[0] == "-" else offset)


def window(start: Asked | None, end: Asked | None, now: datetime) -> Window | None:
    """What the dates come to; None when they are in the wrong order.

    An end that is a day counts whole, an instant with its millisecond: times on the wire have no more digits.
    """
    limit = _later(now if end is None else end.at, DAY) if end is None or end.is_day else end.at
    if start is not None and start.at > limit:
        return None
    until = now if end is None else limit if end.is_day else _later(end.at, MILLISECOND)
    return Window(start.at if start else None, until)


def _later(instant: datetime, step: timedelta) -> datetime:
    """So much later, or as late as there is."""
    last = datetime.max.replace(tzinfo=UTC)
    return instant + step if instant <= last - step else last
