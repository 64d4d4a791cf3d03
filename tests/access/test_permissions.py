"""The tables of roles, scopes and rooms, cell by cell, as data and as printed in the documentation."""

import re
from pathlib import Path

import pytest

from exeunt.access.permissions import (
    APIS,
    KINDS,
    ROLE_SCOPES,
    ROLES,
    ROOMS,
    SCOPES,
    TOKEN_SCOPES,
    holds,
    room_grants,
    token_scopes,
)
from exeunt.errors import Forbidden, InvalidInput

DOCS = Path(__file__).parents[2] / "docs" / "access.md"

# role, api, has export:private: what there is of public rooms, private rooms, groups, direct conversations
CELLS = """
administrator native     no   all  own  own  own
administrator native     yes  all  all  all  all
administrator yammer     no   all  none none none
administrator yammer     yes  all  all  all  all
administrator rocketchat no   all  own  own  own
administrator rocketchat yes  all  all  all  all
administrator cli        no   none none none none
administrator cli        yes  none none none none
exporter      native     no   all  own  own  own
exporter      native     yes  all  own  own  own
exporter      yammer     no   none none none none
exporter      yammer     yes  none none none none
exporter      rocketchat no   all  own  own  own
exporter      rocketchat yes  all  own  own  own
exporter      cli        no   none none none none
exporter      cli        yes  none none none none
auditor       native     no   none none none none
auditor       native     yes  none none none none
auditor       yammer     no   none none none none
auditor       yammer     yes  none none none none
auditor       rocketchat no   none none none none
auditor       rocketchat yes  none none none none
auditor       cli        no   none none none none
auditor       cli        yes  none none none none
operator      cli        no   all  all  all  all
operator      cli        yes  all  all  all  all
operator      native     yes  none none none none
operator      yammer     yes  none none none none
operator      rocketchat yes  none none none none
stranger      native     yes  none none none none
administrator console    yes  none none none none
"""


@pytest.mark.parametrize("line", CELLS.split("\n")[1:-1])
def test_every_cell_gives_what_it_says(line: str) -> None:
    role, api, private, *cells = line.split()
    scopes = frozenset({"export:create", "export:private"} if private == "yes" else {"export:create"})
    if set(cells) == {"none"}:
        with pytest.raises(Forbidden) as refused:
            room_grants(role, api, scopes)
        assert str(refused.value) == f"the role {role} may not export here"
        return
    full, own = room_grants(role, api, scopes)
    given = ["all" if kind in full else "own" if own else "none" for kind in KINDS]
    assert dict(zip(KINDS, given, strict=True)) == dict(
        zip(("public", "private", "group", "direct"), cells, strict=True)
    )


def test_the_cells_above_are_all_there_are() -> None:
    tested = {tuple(line.split()[:2]) for line in CELLS.split("\n")[1:-1]}
    assert {(role, api) for role in ROLES for api in APIS} | set(ROOMS) <= tested
    assert all(set(cells) == set(KINDS) for cells in ROOMS.values())


def test_where_some_rooms_are_own_no_kind_is_less_than_own() -> None:
    # a selection lets a member into rooms of every kind, so a table that said otherwise would not be kept
    for cells in ROOMS.values():
        if any(cell in ("own", "scope or own") for cell in cells.values()):
            assert all(cell in ("all", "own", "scope or own") for cell in cells.values())


def test_the_operators_star_holds_every_scope() -> None:
    assert all(holds(frozenset({"*"}), scope) for scope in SCOPES)
    assert not holds(frozenset({"export:read"}), "export:create")


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("administrator", set(SCOPES)),
        ("exporter", {"export:create", "export:read", "export:manage", "export:download", "workspace:read"}),
        ("auditor", {"export:read", "audit:read"}),
    ],
)
def test_a_role_may_have_just_these_scopes(role: str, scopes: set[str]) -> None:
    assert ROLE_SCOPES[role] == scopes


@pytest.mark.parametrize(
    ("role", "api", "scopes"),
    [
        (
            "administrator",
            "native",
            "audit:read export:create export:download export:manage export:read workspace:read",
        ),
        ("administrator", "yammer", "export:create export:download export:manage export:private export:read"),
        ("administrator", "rocketchat", "export:create export:download export:read workspace:read"),
        ("exporter", "native", "export:create export:download export:manage export:read workspace:read"),
        ("exporter", "yammer", "export:create export:download export:manage export:read"),
        ("exporter", "rocketchat", "export:create export:download export:read workspace:read"),
        ("auditor", "native", "audit:read export:read"),
        ("auditor", "yammer", "export:read"),
        ("auditor", "rocketchat", "export:read"),
    ],
)
def test_a_token_gets_these_scopes_when_none_are_asked(role: str, api: str, scopes: str) -> None:
    assert " ".join(sorted(token_scopes(role, api, None))) == scopes


@pytest.mark.parametrize(
    ("role", "api", "asked", "message"),
    [
        ("exporter", "native", ["export:private"], "the role exporter may not have the scope export:private"),
        ("exporter", "native", ["export:all"], f"there is no scope 'export:all'; there are {', '.join(SCOPES)}"),
        ("exporter", "native", [], "a token needs at least one scope"),
        ("exporter", "onna", None, "a token is for native, yammer or rocketchat, not for 'onna'"),
    ],
)
def test_a_token_cannot_have_what_its_role_or_api_has_not(
    role: str, api: str, asked: list[str] | None, message: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        token_scopes(role, api, asked)
    assert str(refused.value) == message


def test_the_documentation_prints_the_same_tables() -> None:
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")]
            for line in DOCS.read_text().splitlines() if line.startswith("|")]  # fmt: skip
    printed_rooms = {(row[0], row[1]): tuple(row[2:]) for row in rows if (row[0], row[1]) in ROOMS and len(row) == 6}
    assert printed_rooms == {key: tuple(cells[kind] for kind in KINDS) for key, cells in ROOMS.items()}
    printed_scopes = {row[0]: row[1:] for row in rows if row[0] in SCOPES and len(row) == 8}
    expected = {
        scope: [meaning, *("yes" if scope in ROLE_SCOPES[role] else "" for role in ROLES),
                *("yes" if scope in TOKEN_SCOPES[api] else "" for api in APIS)]
        for scope, meaning in SCOPES.items()
    }  # fmt: skip
    assert printed_scopes == expected
    assert re.search(r"`--for native`", DOCS.read_text())
