"""Numbers: positive 63-bit integers that name a row on the wire, unique over everything and never given twice."""

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

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
    new = (sqlite if db.dialect.name == "sqlite" else postgresql).insert(counters)
    # one statement reads and writes: there may be no row to lock
    taken = new.values(name=name, value=first + count).on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + count}
    )
    return int(db.scalars(taken.returning(counters.c.value)).one()) - count
