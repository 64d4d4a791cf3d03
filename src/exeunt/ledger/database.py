"""One database, two kinds of transaction: `read` sees one state, `write` is serialised and all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Engine, TypeDecorator, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from exeunt.clock import from_micros, to_micros
from exeunt.errors import Unavailable

BUSY_SECONDS = 30
"""How long a writer waits for the one before it."""


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as whole microseconds since 1970 in UTC: the same on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(int(value))


class Ledger:
    """The database behind a URL. Safe to share between threads; make one a process, after any fork."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._engine = _sqlite_engine(url) if self.is_sqlite else create_engine(url, pool_pre_ping=True)

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose statements all see one state. Raises `Unavailable` when the database does not answer."""
        with self._connection("BEGIN" if self.is_sqlite else None) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends without an error.

        SQLite runs one at a time; on PostgreSQL whoever needs more than row locks takes them itself.
        """
        with self._connection("BEGIN IMMEDIATE" if self.is_sqlite else None) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def _connection(self, begin: str | None) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                if begin:
                    connection.exec_driver_sql(begin)
                yield connection
        except OperationalError as error:
            raise Unavailable(f"the database does not answer: {error.orig}") from error

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url, poolclass=None if ":memory:" not in url else NullPool, connect_args={"timeout": BUSY_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # the driver's own BEGIN is deferred and would fail half-way instead of waiting for its turn
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    return engine
