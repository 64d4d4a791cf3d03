"""The ledger: its tables are what the migrations make, and no writer loses what another one wrote."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from exeunt.clock import from_micros, to_micros
from exeunt.errors import Conflict, Unavailable
from exeunt.installation import Installation
from exeunt.ledger import database
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.migrate import NEWEST, current_revision, newest_revision, require_current, upgrade
from exeunt.ledger.numbers import FIRST, next_in_sequence, take_numbers
from exeunt.ledger.schema import counters, metadata, settings
from tests.backends import Backend, both

pytestmark = both
spawn = multiprocessing.get_context("spawn")


@pytest.fixture
def ledger(tmp_path: Path, backend: Backend) -> Iterator[Ledger]:
    """A database without a table."""
    made = Ledger(backend.database(tmp_path))
    yield made
    made.close()


# --- migrations -------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*expression-based index .?ix_users_email")
def test_the_migrations_lead_to_the_tables_of_this_version(ledger: Ledger, tmp_path: Path) -> None:
    upgrade(ledger)
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    if not ledger.is_sqlite:
        return
    direct = Ledger(f"sqlite:///{tmp_path / 'direct.sqlite'}")
    metadata.create_all(direct.engine)
    # what the comparison cannot see: an index over an expression, what happens on deletion
    assert definitions(ledger) == definitions(direct)
    direct.close()


def definitions(ledger: Ledger) -> dict[str, list[str]]:
    """Every table and index as the database has it, in whatever order its parts stand."""
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    with ledger.read() as db:
        return {name: sorted(" ".join(sql.replace('"', "").split()).removesuffix(" )").split(", "))
                for name, sql in db.execute(query)}  # fmt: skip


def test_the_revision_written_out_is_the_newest(ledger: Ledger) -> None:
    assert newest_revision() == NEWEST


def test_to_upgrade_again_changes_nothing(ledger: Ledger) -> None:
    assert current_revision(ledger) is None
    upgrade(ledger)
    with ledger.write() as db:
        db.execute(insert(settings).values(name="kept", value="yes"))
    before = inspect(ledger.engine).get_table_names()
    upgrade(ledger)
    assert inspect(ledger.engine).get_table_names() == before
    assert current_revision(ledger) == NEWEST
    with ledger.read() as db:
        assert db.scalar(select(settings.c.value)) == "yes"


def _upgrade(url: str, go: Event) -> None:
    go.wait(60)
    ledger = Ledger(url)
    upgrade(ledger)
    ledger.close()


def test_processes_that_upgrade_at_once_do_it_once(ledger: Ledger) -> None:
    go = spawn.Event()
    processes = [spawn.Process(target=_upgrade, args=(ledger.url, go)) for _ in range(3)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
        process.close()
    require_current(ledger)


@pytest.mark.parametrize("found", [None, "0000", "9999"])
def test_a_database_of_another_version_is_refused(tmp_path: Path, backend: Backend, found: str | None) -> None:
    settings = backend.settings(tmp_path / "data")
    Installation.create(settings).ledger.close()
    ledger = Ledger(settings.ledger_url)
    with ledger.write() as db:
        db.execute(text("DELETE FROM alembic_version"))
        if found:
            db.execute(text("INSERT INTO alembic_version VALUES (:found)"), {"found": found})
    with pytest.raises(Conflict, match=f"revision {found or 'none'}.*exeunt migrate"):
        require_current(ledger)
    with pytest.raises(Conflict, match="exeunt migrate"):
        Installation(settings)
    ledger.close()


# --- transactions -----------------------------------------------------------------------------------------------------


def test_a_block_that_fails_writes_nothing(ledger: Ledger) -> None:
    metadata.create_all(ledger.engine)
    with pytest.raises(ZeroDivisionError), ledger.write() as db:  # noqa: PT012
        db.execute(insert(settings).values(name="a", value="1"))
        raise ZeroDivisionError
    with ledger.write() as db:
        assert db.execute(select(settings)).all() == []


def test_a_reader_sees_one_state(ledger: Ledger) -> None:
    metadata.create_all(ledger.engine)
    with ledger.read() as before:
        assert before.execute(select(settings)).all() == []
        with ledger.write() as db:
            db.execute(insert(settings).values(name="a", value="1"))
        assert before.execute(select(settings)).all() == []
    with ledger.read() as after:
        assert len(after.execute(select(settings)).all()) == 1


def test_a_database_that_does_not_answer_is_unavailable(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    if not ledger.is_sqlite:
        pytest.skip("what PostgreSQL says is in test_postgresql.py")
    with pytest.raises(Unavailable, match="no such table"), ledger.read() as db:
        db.execute(select(settings))
    metadata.create_all(ledger.engine)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    other = Ledger(ledger.url)
    with ledger.write(), pytest.raises(Unavailable, match="locked"), other.write():
        pass
    other.close()


def test_a_link_to_what_does_not_exist_is_refused(ledger: Ledger) -> None:
    metadata.create_all(ledger.engine)
    with pytest.raises(IntegrityError), ledger.write() as db:
        db.execute(text("INSERT INTO slots VALUES ('a', 'nobody')"))


def _count(url: str, rounds: int, go: Event) -> None:
    ledger = Ledger(url)
    go.wait(60)
    for _ in range(rounds):
        with ledger.write() as db:
            take_numbers(db, 3)
            next_in_sequence(db, "exports")
            # read, think, write: what a lost update is made of
            lock(db, "sum")
            row = db.scalar(select(settings.c.value).where(settings.c.name == "sum"))
            db.execute(update(settings).where(settings.c.name == "sum").values(value=str(int(row or 0) + 1)))
    ledger.close()


def test_no_writer_loses_what_another_process_wrote(ledger: Ledger) -> None:
    metadata.create_all(ledger.engine)
    with ledger.write() as db:
        db.execute(insert(settings).values(name="sum", value="0"))
    go = spawn.Event()
    processes = [spawn.Process(target=_count, args=(ledger.url, 50, go)) for _ in range(3)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
        process.close()
    with ledger.write() as db:
        assert db.scalar(select(settings.c.value).where(settings.c.name == "sum")) == "150"
        assert take_numbers(db, 1) == FIRST + 3 * 150
        assert next_in_sequence(db, "exports") == 151


def test_numbers_of_different_names_count_by_themselves(ledger: Ledger) -> None:
    metadata.create_all(ledger.engine)
    with ledger.write() as db:
        assert [next_in_sequence(db, "a"), next_in_sequence(db, "b"), next_in_sequence(db, "a")] == [1, 1, 2]
        assert [take_numbers(db, 5), take_numbers(db, 1)] == [FIRST, FIRST + 5]
        assert len(db.execute(select(counters)).all()) == 3


# --- instants ---------------------------------------------------------------------------------------------------------

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(instant=st.datetimes(datetime(1900, 1, 2), datetime(2999, 12, 30), timezones=ZONES))  # noqa: DTZ001
def test_instants_keep_every_microsecond_in_every_zone(instant: datetime) -> None:
    assert from_micros(to_micros(instant)) == instant
    assert from_micros(to_micros(instant)).tzinfo is UTC
