"""`exeunt migrate`."""

from pathlib import Path

from exeunt.ledger.migrate import NEWEST
from tests.cli.running import ADMIN, Commands


def test_a_current_database_is_left_alone(tmp_path: Path) -> None:
    exeunt = Commands(tmp_path / "data")
    exeunt("init", *ADMIN, typed="correct horse\n")
    assert exeunt("migrate").out == f"already at {NEWEST}\n"
    assert exeunt("migrate", "--json").json() == {"before": NEWEST, "after": NEWEST}
    assert "installation:migrate" not in exeunt("audit").out


def test_a_database_without_tables_gets_them(tmp_path: Path) -> None:
    exeunt = Commands(tmp_path / "data")
    exeunt("init", *ADMIN, typed="correct horse\n")
    for path in exeunt.data.glob("ledger.sqlite*"):
        path.unlink()
    (exeunt.data / "ledger.sqlite").touch()
    assert exeunt("user", "list").code == 1
    assert exeunt("migrate").out == f"the database went from nothing to {NEWEST}\n"
    assert exeunt("audit", "--json").json()[0]["action"] == "installation:migrate"


def test_without_an_installation_it_says_how_to_make_one(tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing"
    done = Commands(nowhere)("migrate")
    assert (done.code, done.err) == (1, f"there is no installation in {nowhere}; `exeunt init` makes one")
    assert not nowhere.exists()
