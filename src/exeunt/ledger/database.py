"""One database, two kinds of transaction: `read` sees one state, `write` is all or nothing.

SQLite lets one writer in at a time. On PostgreSQL writers run side by side, and whoever decides by what it has read
takes a lock first: the row it decides by, or a name (`exeunt.ledger.locks`) where there may be no row yet.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, Dialect, Engine, TypeDecorator, create_engine, event
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from exeunt.clock import from_micros, to_micros
from exeunt.errors import Conflict, InvalidInput, Unavailable

BUSY_SECONDS = 30
"""How long a writer waits for the one before it."""

CONNECT_SECONDS = 5
POOL = 5
"""Connections to PostgreSQL that a process keeps, and as many more when it is busy."""

UNIQUE, DENIED = "23505", "42501"
"""SQLSTATE of what PostgreSQL says to a second row with the same key, and to a role without rights."""


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
        self._engine = _sqlite_engine(url) if self.is_sqlite else _postgresql_engine(url)
        # whoever forgets to close it leaves no connection open
        weakref.finalize(self, self._engine.dispose)

    @property
    def engine(self) -> Engine:
        """For migrations only."""
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose statements all see one state. Raises `Unavailable` when the database does not answer."""
        with self._connection("BEGIN", isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends without an error.

        Raises `Conflict` when another process wrote the same row first, `Unavailable` when the database does not
        answer or refuses.
        """
        with self._connection("BEGIN IMMEDIATE") as connection:
            yield connection
            connection.commit()

    @contextmanager
    def _connection(self, begin: str, **options: Any) -> Iterator[Connection]:
        with answering(), self._engine.connect() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql(begin)
            elif options:
                connection = connection.execution_options(**options)
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


@contextmanager
def answering() -> Iterator[None]:
    """Errors of a database in words that somebody can act on."""
    try:
        yield
    except DBAPIError as error:
        words, state = _one_line(error.orig), getattr(error.orig, "sqlstate", None)
        if state == UNIQUE:
            raise Conflict("another process did the same at the same moment; try again") from error
        if state == DENIED:
            raise Unavailable(f"the database refuses: {words}; give its role the rights to every table") from error
        if isinstance(error, OperationalError):
            raise Unavailable(f"the database does not answer: {words}") from error
        raise


def _one_line(error: object) -> str:
    return str(error).strip().partition("\n")[0]


def _postgresql_engine(url: str) -> Engine:
    try:
        return create_engine(
            url, pool_pre_ping=True, pool_size=POOL, max_overflow=POOL,
            connect_args={"connect_timeout": CONNECT_SECONDS, "options": f"-c lock_timeout={BUSY_SECONDS}s"},
        )  # fmt: skip
    except (ArgumentError, ValueError) as error:
        raise InvalidInput("the database URL is not postgresql://USER:PASSWORD@HOST/DATABASE") from error


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
