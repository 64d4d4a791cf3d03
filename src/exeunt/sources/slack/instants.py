"""Slack's instants, exactly: a message's `ts` is seconds and microseconds as text and never passes through a float."""

from datetime import datetime, timedelta

from exeunt.clock import EPOCH


def micros(ts: str) -> int | None:
    """`1433558319.000002` as whole microseconds since 1970; None when it is no such text."""
    if len(ts) == 17 and ts[10] == "." and (digits := ts[:10] + ts[11:]).isdecimal() and digits.isascii():
        return int(digits)
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isdecimal() and ts.isascii() and len(seconds) <= 11):
        return None
    if fraction and not fraction.isdecimal():
        return None
    return int(seconds) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def instant(count: int) -> datetime:
    """The instant of so many microseconds since 1970."""
    return EPOCH + timedelta(0, 0, count)


def at_ts(ts: str | None) -> datetime | None:
    """The instant of a `ts`, None when there is none."""
    count = micros(ts) if ts else None
    return None if count is None else instant(count)


def at_seconds(value: int | str | float | None) -> datetime | None:
    """An instant in whole seconds, as number or text; newer listings write milliseconds in some fields (`updated`)."""
    try:
        seconds = int(value or 0)
        if seconds > 10**11:
            return EPOCH + timedelta(milliseconds=seconds)
        return EPOCH + timedelta(seconds=seconds) if seconds > 0 else None
    except (ValueError, OverflowError):
        return None
