"""`exeunt workspace`."""

from pathlib import Path

import pytest

from tests.cli.running import ADMIN, Commands

NO_ID = (
    "cannot be a workspace's id: up to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"
)


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "data")
    assert commands("init", *ADMIN, typed="correct horse\n").code == 0
    return commands


def test_workspaces_are_listed_with_their_network_ids(exeunt: Commands) -> None:
    done = exeunt("workspace", "add", "guests", "--name", "Guests", "--external-of", "acme")
    assert (done.code, done.out) == (0, "made workspace guests, network id 1000002\n")
    assert exeunt("workspace", "list").out.splitlines() == [
        "id      network id  name    external of",
        "acme       1000001  acme",
        "guests     1000002  Guests  acme",
    ]
    assert exeunt("audit", "--workspace", "guests", "--json").json()[0]["detail"] == {"external_of": "acme"}


def test_they_are_listed_as_json(exeunt: Commands) -> None:
    exeunt("workspace", "add", "second", "--json")
    found = exeunt("workspace", "list", "--json").json()
    assert [(w["id"], w["number"], w["external_of"]) for w in found] == [
        ("acme", 1000001, None),
        ("second", 1000002, None),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("acme",), "workspace acme exists already"),
        (("x", "--external-of", "nowhere"), "no workspace nowhere"),
        (("a/b",),
         f"'a/b' {NO_ID}"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line(exeunt: Commands, arguments: tuple[str, ...], message: str) -> None:
    done = exeunt("workspace", "add", *arguments)
    assert (done.code, done.err) == (1, message)


@pytest.mark.parametrize("name", ["", ".", "..", "-x", "a b", "é", "x" * 65, "a\n"])
def test_an_id_that_could_not_name_a_folder_is_refused(exeunt: Commands, name: str) -> None:
    assert exeunt("workspace", "add", "--", name).code == 1


QUOTA = {"workspace": "acme", "running": None, "bytes": None, "running_by_default": 100, "running_now": 0,
         "bytes_now": 0}  # fmt: skip


def test_a_quota_is_shown_and_nothing_is_changed(exeunt: Commands) -> None:
    exeunt("workspace", "quota", "acme", "--running", "3", "--bytes", "5000")
    entries = len(exeunt("audit", "--json").json())
    assert exeunt("workspace", "quota", "acme", "--json").json() == QUOTA | {"running": 3, "bytes": 5000}
    assert exeunt("workspace", "quota", "acme").out.splitlines() == [
        "         now  limit",
        "running    0      3",
        "bytes      0   5000",
    ]
    assert len(exeunt("audit", "--json").json()) == entries


def test_only_the_quota_that_is_named_is_set_and_lifting_is_said(exeunt: Commands) -> None:
    assert exeunt("workspace", "quota", "acme", "--running", "3", "--json").json() == QUOTA | {"running": 3}
    assert exeunt("workspace", "quota", "acme", "--bytes", "0", "--json").json() == QUOTA | {"running": 3, "bytes": 0}
    lifted = exeunt("workspace", "quota", "acme", "--running", "none", "--json").json()
    assert lifted == QUOTA | {"bytes": 0}
    assert exeunt("workspace", "quota", "acme", "--bytes", "None").out.splitlines() == [
        "         now  limit",
        "running    0  100 (setting)",
        "bytes      0  none",
    ]
    assert [entry["detail"] for entry in exeunt("audit", "--json").json()[-4:]] == [
        {"running": 3}, {"bytes": 0}, {"running": None}, {"bytes": None},
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["-1", "many", "1.5", "", "1" * 10])
def test_a_quota_that_is_no_number_is_refused(exeunt: Commands, value: str) -> None:
    done = exeunt("workspace", "quota", "acme", "--running", value)
    assert (done.code, done.err) == (2, f"Invalid value for '--running': {value!r} is neither a number nor none")
    assert exeunt("workspace", "quota", "acme", "--json").json() == QUOTA


def test_the_quota_of_an_unknown_workspace_is_one_line(exeunt: Commands) -> None:
    for arguments in ((), ("--running", "1")):
        done = exeunt("workspace", "quota", "nowhere", *arguments)
        assert (done.code, done.err) == (1, "no workspace nowhere")
