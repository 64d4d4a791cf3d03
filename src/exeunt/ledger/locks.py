"""Locks by name, for what is decided by rows that may not be there yet."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text


def lock(db: Connection, name: str) -> None:
    """Wait until nobody else holds this name; it is held until the transaction ends. Take several in one order.

    On SQLite the transaction itself is such a lock.
    """
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _number(name)})


@contextmanager
def held(engine: Engine, name: str) -> Iterator[None]:
    """Hold a name of PostgreSQL over several transactions.

    Whoever waits asks again and again: a statement that stood waiting would have a snapshot, and an index that the
    holder builds beside other work waits for every snapshot to end.
    """
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        db = connection.execution_options(isolation_level="AUTOCOMMIT")
        while not db.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": _number(name)}):
            time.sleep(0.1)
        try:
            yield
        finally:
            db.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": _number(name)})


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
