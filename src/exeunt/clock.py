"""Time and identity as arguments: whoever needs "now" or a fresh id is given one of these."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
IdSource = Callable[[], str]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The current instant with its zone."""
    return datetime.now(UTC)


def random_id() -> str:
    """128 random bits as 32 hex digits: unguessable and safe in a path."""
    return secrets.token_hex(16)


def to_micros(instant: datetime) -> int:
    """Whole microseconds since 1970-01-01T00:00:00Z."""
    return (instant - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The instant that lies `micros` microseconds after 1970-01-01T00:00:00Z."""
    return EPOCH + timedelta(microseconds=micros)


def iso(instant: datetime) -> str:
    """`YYYY-MM-DDTHH:MM:SSZ` in UTC, whole seconds (rounded down): the form of links and CSV cells."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
