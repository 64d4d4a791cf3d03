"""What is right on PostgreSQL only because somebody took a lock, and what it says when it cannot be used."""

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from exeunt.access.keys import Keyring
from exeunt.config import Settings
from exeunt.errors import Busy, Conflict, InvalidInput, Unavailable
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.catalog import Catalog
from exeunt.lake.lease import hold
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.migrate import require_rights, upgrade
from exeunt.ledger.numbers import FIRST, take_numbers
from exeunt.ledger.schema import exports, leases, settings, workspaces
from tests.backends import Backend
from tests.conftest import fill
from tests.servers import PostgreSQL, name_of

spawn = multiprocessing.get_context("spawn")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def ledger(large: Backend, tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(large.database(tmp_path))
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def installation(large: Backend, tmp_path: Path) -> Iterator[Installation]:
    made = Installation.create(large.settings(tmp_path / "data", quota_running=5))
    fill(made)
    yield made
    made.ledger.close()


def at_once(times: int, work: Callable[[int], object]) -> list[object]:
    """What comes out when so many threads do this at the same moment, an error for one that failed."""
    barrier, found = threading.Barrier(times), []

    def run(number: int) -> None:
        barrier.wait()
        try:
            found.append(work(number))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# --- decided by what was read -----------------------------------------------------------------------------------------


def test_the_first_numbers_are_given_once(ledger: Ledger) -> None:
    def take(number: int) -> int:
        with ledger.write() as db:
            return take_numbers(db, 10)

    assert sorted(at_once(8, take)) == [FIRST + 10 * n for n in range(8)]  # type: ignore[type-var]


def test_of_many_that_take_a_lease_for_the_first_time_one_has_it(ledger: Ledger) -> None:
    Catalog(ledger).add_workspace("acme", "Acme", None, NOW)
    done = threading.Event()

    def take(number: int) -> str:
        with hold(ledger, lambda: NOW, "acme"):
            done.wait(5)
        return "held"

    def release() -> None:
        done.set()

    timer = threading.Timer(1.0, release)
    timer.start()
    found = at_once(8, take)
    timer.join()
    assert [answer for answer in found if not isinstance(answer, Busy)] == ["held"]


def test_a_lease_that_is_over_is_taken_over_once_and_its_fence_counts_on(ledger: Ledger) -> None:
    Catalog(ledger).add_workspace("acme", "Acme", None, NOW)
    with ledger.write() as db:
        db.execute(insert(leases).values(workspace_id="acme", holder="elsewhere", fence=7, expires_at=NOW))
    barrier = threading.Event()

    def take(number: int) -> int:
        with hold(ledger, lambda: NOW + timedelta(hours=1), "acme") as lease:
            barrier.wait(1)
            return lease.fence

    found = at_once(8, take)
    assert [answer for answer in found if not isinstance(answer, Busy)] == [8]


def test_a_workspace_is_made_once(ledger: Ledger) -> None:
    found = at_once(8, lambda number: Catalog(ledger).add_workspace("acme", f"by {number}", None, NOW))
    assert sorted(type(answer).__name__ for answer in found) == ["Conflict"] * 7 + ["WorkspaceFacts"]


def test_the_key_of_an_installation_is_remembered_once(ledger: Ledger, tmp_path: Path) -> None:
    keyrings = []
    for number in range(6):
        Keyring.create(tmp_path / f"{number}.key")
        keyrings.append(Keyring.load(tmp_path / f"{number}.key"))

    def remember(number: int) -> bool:
        keyrings[number].remember_fingerprint(ledger)
        try:
            keyrings[number].check_fingerprint(ledger)
        except Conflict:
            return False
        return True

    assert sorted(at_once(6, remember)) == [False] * 5 + [True]  # type: ignore[type-var]


def test_no_more_exports_run_than_the_quota_allows(installation: Installation) -> None:
    request = Request(workspaces=("acme",), api="native", layout="jsonl")
    found = at_once(20, lambda number: installation.exports.create(request))
    assert len([answer for answer in found if isinstance(answer, Busy)]) == 15
    with installation.ledger.read() as db:
        assert db.scalar(select(func.count()).select_from(exports)) == 5
        assert sorted(db.scalars(select(exports.c.sequence))) == [1, 2, 3, 4, 5]


def test_exports_that_read_workspaces_in_any_order_do_not_wait_for_each_other(installation: Installation) -> None:
    installation.catalog.add_workspace("other", "Other", None, NOW)
    with installation.ledger.write() as db:
        db.execute(workspaces.update().values(quota_running=1000))
    orders = [("acme", "other"), ("other", "acme")]

    def ask(number: int) -> object:
        for _ in range(5):
            names = orders[number % 2]
            found = installation.exports.create(
                Request(workspaces=names, home=names[0], api=f"api-{number}", layout="yammer-files")
            )
        return found.state

    assert at_once(8, ask) == ["QUEUED"] * 8


def test_whoever_loses_a_race_for_a_row_is_told_to_try_again(ledger: Ledger) -> None:
    def write(number: int) -> None:
        with ledger.write() as db:
            db.execute(insert(settings).values(name="one", value=str(number)))

    assert sorted(type(answer).__name__ for answer in at_once(6, write)) == ["Conflict"] * 5 + ["NoneType"]


def test_a_name_is_held_by_one_transaction_at_a_time(ledger: Ledger) -> None:
    def add(number: int) -> None:
        for _ in range(20):
            with ledger.write() as db:
                lock(db, "sum")
                row = db.scalar(select(settings.c.value).where(settings.c.name == "sum"))
                if row is None:
                    db.execute(insert(settings).values(name="sum", value="1"))
                else:
                    db.execute(settings.update().where(settings.c.name == "sum").values(value=str(int(row) + 1)))

    assert at_once(5, add) == [None] * 5
    with ledger.read() as db:
        assert db.scalar(select(settings.c.value).where(settings.c.name == "sum")) == "100"


# --- workers ----------------------------------------------------------------------------------------------------------


def _work(made: Settings, go: Event) -> None:
    from exeunt.exports.worker import Worker

    worker = Worker(Installation(made))
    go.wait(60)
    worker.start()
    while not worker.idle():
        worker.round()
    assert worker.stop(5.0) == []


def test_workers_that_start_at_once_make_their_tables_once_and_share_the_exports(installation: Installation) -> None:
    ids = [installation.exports.create(Request(workspaces=("acme",), api="native", layout="csv")).id for _ in range(2)]
    go = spawn.Event()
    processes = [spawn.Process(target=_work, args=(installation.settings, go)) for _ in range(2)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0
        process.close()
    assert {installation.exports.get(export_id).state for export_id in ids} == {"COMPLETED"}


# --- what cannot be used ----------------------------------------------------------------------------------------------


def test_a_reader_cannot_write(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="read-only"), ledger.read() as db:
        db.execute(insert(settings).values(name="a", value="1"))


@pytest.mark.parametrize("url", ["mysql://host/db", "postgresql:nothing", "/var/lib/x.sqlite", "postgresql://h:p:q/x"])
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="the database URL is not postgresql://"):
        Ledger(Settings(database_url=url).ledger_url)


def test_a_database_that_is_not_there_is_said_in_a_line(postgresql: PostgreSQL, large: Backend, tmp_path: Path) -> None:
    made = large.settings(tmp_path / "data", database_url=postgresql.url("nowhere"))
    with pytest.raises(Unavailable, match=r'^the database does not answer: .*"nowhere" does not exist$'):
        Installation(made)
    made = large.settings(tmp_path / "data", database_url="postgresql://exeunt@127.0.0.1:1/exeunt")
    with pytest.raises(Unavailable, match=r"^the database does not answer: [^\n]*refused[^\n]*$"):
        Installation.create(made)


def test_a_role_without_rights_is_named_before_anything_is_served(
    postgresql: PostgreSQL, ledger: Ledger, large: Backend, tmp_path: Path
) -> None:
    name = name_of(ledger.url)
    role = f"poor_{name}"
    postgresql.run(f"CREATE ROLE {role} LOGIN", f"GRANT CONNECT ON DATABASE {name} TO {role}")
    made = large.settings(tmp_path / "data", database_url=postgresql.url(name, role))
    with pytest.raises(Unavailable, match="the database refuses: permission denied for table alembic_version"):
        Installation(made)
    postgresql.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}", database=name)
    poor = Ledger(made.ledger_url)
    with pytest.raises(Unavailable, match="its role may not read and write the table accounts"):
        require_rights(poor)
    with (
        pytest.raises(Unavailable, match="the database refuses: permission denied for table settings"),
        poor.write() as db,
    ):
        db.execute(text("DELETE FROM settings"))
    postgresql.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", database=name)
    with pytest.raises(Unavailable, match="may not make the schema dbos; GRANT CREATE ON DATABASE"):
        require_rights(poor)
    postgresql.run(f"GRANT CREATE ON DATABASE {name} TO {role}")
    require_rights(poor)
    poor.close()
