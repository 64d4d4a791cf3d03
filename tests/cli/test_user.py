"""`exeunt user`."""

from pathlib import Path

import pytest

from exeunt.config import Settings
from exeunt.installation import Installation
from tests.cli.running import ADMIN, Commands


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "data")
    assert commands("init", *ADMIN, typed="correct horse\n").code == 0
    return commands


def test_a_user_is_added_with_a_role_and_listed(exeunt: Commands) -> None:
    done = exeunt("user", "add", "Bob@x.org", "--workspace", "acme", "--password-stdin", typed="battery staple\n")
    assert (done.code, done.out) == (0, "bob@x.org is exporter of workspace acme\n")
    exeunt("user", "add", "eve@x.org", "--workspace", "acme", "--role", "auditor")
    assert exeunt("user", "list").out.splitlines() == [
        "email      roles                  password  state",
        "ann@x.org  administrator of acme  yes       enabled",
        "bob@x.org  exporter of acme       yes       enabled",
        "eve@x.org  auditor of acme        no        enabled",
    ]
    installation = Installation(Settings(data=str(exeunt.data)))
    assert installation.access.check_password("bob@x.org", "battery staple") is not None
    entry = installation.audit.latest("acme", 1)[0]
    assert (entry.action, entry.subject, entry.detail) == ("user:add", "eve@x.org", {"role": "auditor"})


def test_a_role_can_be_changed(exeunt: Commands) -> None:
    added = exeunt("user", "add", "ann@x.org", "--workspace", "acme", "--role", "auditor", "--json").json()
    assert added["roles"] == {"acme": "auditor"}
    assert "password_hash" not in added


def test_users_can_be_listed_by_workspace(exeunt: Commands) -> None:
    exeunt("workspace", "add", "second")
    exeunt("user", "add", "bob@x.org", "--workspace", "second")
    found = exeunt("user", "list", "--workspace", "second", "--json").json()
    assert [(a["email"], a["roles"]) for a in found] == [("bob@x.org", {"second": "exporter"})]


def test_a_user_can_be_disabled(exeunt: Commands) -> None:
    done = exeunt("user", "disable", "ann@x.org")
    assert (done.code, done.out) == (0, "ann@x.org is disabled\n")
    assert exeunt("user", "list", "--json").json()[0]["disabled_at"] is not None
    assert exeunt("audit", "--json").json()[-1]["action"] == "user:disable"


def test_a_role_can_be_taken_away(exeunt: Commands) -> None:
    done = exeunt("user", "disable", "ann@x.org", "--workspace", "acme")
    assert done.out == "ann@x.org has no role in workspace acme any more\n"
    assert exeunt("user", "list").out.splitlines()[1] == "ann@x.org  none   yes       enabled"


def test_a_password_can_be_set_from_a_pipe_or_by_hand(exeunt: Commands) -> None:
    done = exeunt("user", "password", "ann@x.org", "--password-stdin", typed="battery staple\r\n")
    assert (done.code, done.out) == (0, "ann@x.org has a new password\n")
    access = Installation(Settings(data=str(exeunt.data))).access
    assert access.check_password("ann@x.org", "battery staple") is not None
    done = exeunt("user", "password", "ann@x.org", typed="third horse\nthird horse\n")
    assert done.code == 0
    assert access.check_password("ann@x.org", "third horse") is not None


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("add", "bob@x.org", "--workspace", "nowhere"), 1, "no workspace nowhere"),
        (("add", "ann@x.org", "--workspace", "acme", "--role", "administrator"), 1,
         "ann@x.org is administrator of workspace acme already"),
        (("disable", "zoe@x.org"), 1, "no account zoe@x.org"),
        (("password", "zoe@x.org"), 1, "no account zoe@x.org"),
        (("password", "ann@x.org", "--password-stdin"), 1, "there is no password on standard input"),
        (("add", "bob@x.org", "--workspace", "acme", "--role", "king"), 2,
         "Invalid value for '--role': 'king' is not one of 'administrator', 'exporter', 'auditor'."),
        (("add", "bob@x.org"), 2, "Missing option '--workspace'."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(exeunt: Commands, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = exeunt("user", *arguments)
    assert (done.code, done.err) == (code, message)


def test_without_an_installation_it_says_how_to_make_one(tmp_path: Path) -> None:
    nowhere = tmp_path / "nothing"
    done = Commands(nowhere)("user", "list")
    assert (done.code, done.err) == (1, f"there is no installation in {nowhere}; `exeunt init` makes one")
