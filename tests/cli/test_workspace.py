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
