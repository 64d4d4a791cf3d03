"""`exeunt init`: makes an installation, and leaves one that exists as it is."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from exeunt.config import Settings
from exeunt.installation import Installation
from tests.cli.running import ADMIN, Commands

NO_ID = (
    "cannot be a workspace's id: up to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"
)


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "data")


def test_it_makes_the_folder_the_key_and_the_first_administrator(exeunt: Commands) -> None:
    done = exeunt("init", *ADMIN, typed="correct horse\n")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"made an installation in {exeunt.data}",
        "made workspace acme, network id 1000001",
        "ann@x.org is administrator of workspace acme",
    ]
    assert stat.S_IMODE(exeunt.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((exeunt.data / "secret.key").stat().st_mode) == 0o600
    installation = Installation(Settings(data=str(exeunt.data)))
    assert installation.access.check_password("ann@x.org", "correct horse") is not None
    assert [e.action for e in installation.audit.entries("acme")] == ["workspace:add", "installation:init"]


def test_it_asks_for_what_is_not_said(exeunt: Commands) -> None:
    done = exeunt("init", typed="acme\nann@x.org\ncorrect horse\ncorrect horse\n")
    assert done.code == 0
    assert "ann@x.org is administrator of workspace acme" in done.out
    assert "correct horse" not in done.out


def test_it_says_one_json_document(exeunt: Commands) -> None:
    made = exeunt("init", *ADMIN, "--json", typed="correct horse\n").json()
    assert (made["data"], made["administrator"], made["role"], made["existed"]) == (
        str(exeunt.data), "ann@x.org", "administrator", False,
    )  # fmt: skip
    assert made["workspace"]["number"] == 1000001


def test_a_second_time_it_says_what_exists_and_changes_nothing(exeunt: Commands) -> None:
    exeunt("init", *ADMIN, typed="correct horse\n")
    key = (exeunt.data / "secret.key").read_bytes()
    done = exeunt("init", *ADMIN, typed="another horse\n")
    assert done.code == 0
    assert done.out.splitlines() == [
        f"there is an installation in {exeunt.data}",
        "there is a workspace acme, network id 1000001",
        "ann@x.org is administrator of workspace acme already; nothing was changed",
    ]
    assert (exeunt.data / "secret.key").read_bytes() == key
    installation = Installation(Settings(data=str(exeunt.data)))
    assert installation.access.check_password("ann@x.org", "correct horse") is not None
    assert len(installation.audit.entries(None)) == 2


def test_a_role_that_is_held_already_is_kept(exeunt: Commands) -> None:
    exeunt("init", *ADMIN, typed="correct horse\n")
    exeunt("user", "add", "bob@x.org", "--workspace", "acme", "--role", "auditor")
    done = exeunt("init", "--admin", "bob@x.org", "--workspace", "acme")
    assert done.out.splitlines()[-1] == "bob@x.org is auditor of workspace acme already; nothing was changed"


def test_what_is_missing_is_added_to_what_exists(exeunt: Commands) -> None:
    exeunt("init", *ADMIN, typed="correct horse\n")
    done = exeunt("init", "--admin", "ann@x.org", "--workspace", "second", "--json")
    assert done.json()["workspace"]["id"] == "second"
    done = exeunt("init", "--admin", "bob@x.org", "--workspace", "acme", "--password-stdin", typed="correct horse\n")
    assert done.out.splitlines()[-1] == "bob@x.org is administrator of workspace acme"


def test_a_disabled_account_is_not_let_in_again(exeunt: Commands) -> None:
    exeunt("init", *ADMIN, typed="correct horse\n")
    exeunt("user", "disable", "ann@x.org")
    done = exeunt("init", *ADMIN, typed="correct horse\n")
    assert done.out.splitlines()[-1] == (
        "ann@x.org is administrator of workspace acme already, disabled; nothing was changed"
    )
    done = exeunt("init", "--admin", "ann@x.org", "--workspace", "second")
    assert (done.code, done.err) == (1, "ann@x.org is disabled; `exeunt user add` enables it again")
    assert [w["id"] for w in exeunt("workspace", "list", "--json").json()] == ["acme"]


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (ADMIN, "", "there is no password on standard input"),
        (ADMIN, "short\n", "a password has 8 to 1024 characters"),
        (("--admin", "ann", *ADMIN[2:]), "correct horse\n", "'ann' is not an e-mail address"),
        ((*ADMIN[:3], "../x", ADMIN[4]), "correct horse\n",
         f"'../x' {NO_ID}"),
    ],
)  # fmt: skip
def test_when_something_is_wrong_nothing_is_made(
    exeunt: Commands, arguments: tuple[str, ...], typed: str, message: str
) -> None:
    done = exeunt("init", *arguments, typed=typed)
    assert (done.code, done.err) == (1, message)
    assert not exeunt.data.exists()


def test_a_lost_key_is_not_replaced(exeunt: Commands) -> None:
    exeunt("init", *ADMIN, typed="correct horse\n")
    (exeunt.data / "secret.key").unlink()
    done = exeunt("init", *ADMIN, typed="correct horse\n")
    assert (done.code, done.err) == (
        1, f"the key file {exeunt.data / 'secret.key'} is missing; restore it from the backup",
    )  # fmt: skip
    assert not (exeunt.data / "secret.key").exists()


def test_an_init_that_was_killed_half_way_can_be_done_again(exeunt: Commands) -> None:
    exeunt.data.mkdir()
    (exeunt.data / "ledger.sqlite").touch()
    done = exeunt("init", *ADMIN, typed="correct horse\n")
    assert done.out.splitlines()[0] == f"made an installation in {exeunt.data}"


def test_an_error_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "exeunt", "init", "--admin", "ann", "--workspace", "acme", "--password-stdin"],
        input="correct horse\n", capture_output=True, text=True, env={"EXEUNT_DATA": str(tmp_path / "data")},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "exeunt: 'ann' is not an e-mail address\n")
