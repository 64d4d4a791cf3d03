"""Every spelling of a date that Yammer's clients send (contract 3.2), read as an instant in UTC."""

import re
from datetime import UTC, datetime, timedelta, timezone

_DATE = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:[Tt ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>[Zz]|(?P<sign>[+\- ])(?P<zone_hour>\d{2})(?::?(?P<zone_minute>\d{2}))?)?)?",
    re.ASCII,
)
LONGEST = 64


class NotADate(ValueError):
    """The text is no date of this contract."""


def parse_date(text: str) -> datetime:
    """The instant; midnight without a time of day, UTC without an offset. Raises `NotADate`."""
    found = _DATE.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise NotADate(text)
    try:
        instant = datetime(
            int(found["year"]), int(found["month"]), int(found["day"]), int(found["hour"] or 0),
            int(found["minute"] or 0), int(found["second"] or 0), int((found["fraction"] or "0").ljust(6, "0")[:6]),
            _zone(found),
        )  # fmt: skip
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotADate(text) from error


def _zone(found: re.Match[str]) -> timezone:
    if found["sign"] is None:
        return UTC
    # a raw "+" arrives as a space; a space needs both hours and minutes to be one
    if found["sign"] == " " and found["zone_minute"] is None:
        raise NotADate(found[0])
    minutes = int(found["zone_hour"]) * 60 + int(found["zone_minute"] or 0)
    if minutes > 14 * 60 or int(found["zone_minute"] or 0) > 59:
        raise NotADate(found[0])
    return timezone(timedelta(minutes=-minutes if found["sign"] == "-" else minutes))


def written(instant: datetime) -> str:
    """`2019-02-09T00:00:00+00:00`, the form of `expiry_time`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
