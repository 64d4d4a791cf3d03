"""Numbers: positive 63-bit integers that name a row on the wire, unique over everything and never given twice."""

from sqlalchemy import Connection, insert, select, update

from exeunt.ledger.schema import counters

FIRST = 1_000_001
"""Where numbers start: large enough not to be mistaken for a count."""


def take_numbers(db: Connection, count: int) -> int:
    """Take `count` consecutive numbers inside a write transaction; returns the first."""
    return _take(db, "numbers", count, FIRST)


def next_in_sequence(db: Connection, name: str) -> int:
    """The next value of a named sequence (1, 2, …) inside a write transaction."""
    return _take(db, name, 1, 1)


def _take(db: Connection, name: str, count: int, first: int) -> int:
    c = counters.c
    value = db.scalar(select(c.value).where(c.name == name).with_for_update())
    if value is None:
        db.execute(insert(counters).values(name=name, value=first + count))
        return first
    db.execute(update(counters).where(c.name == name).values(value=value + count))
    return int(value)
