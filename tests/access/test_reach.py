"""Into which rooms, exports and workspaces somebody reaches, and that nothing leaks from one workspace to another."""

from datetime import timedelta

import pytest

from exeunt.access.principal import Principal
from exeunt.access.service import Access
from exeunt.cli.local import operator
from exeunt.errors import Forbidden, NotFound
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.directory import Directory
from exeunt.lake.rows import MembershipRow, RoomRow
from exeunt.lake.selection import Selection
from tests.access.world import START, populate

ALL = frozenset({"export:create", "export:private", "export:download", "export:read"})
USUAL = ALL - {"export:private"}


def principal(
    role: str = "administrator", scopes: frozenset[str] = USUAL, *, api: str = "native", user_id: str = "U-ann"
) -> Principal:
    return Principal("a1", "ann@x.org", "acme", role, scopes, api, "t1", user_id)


def test_reach_keeps_what_was_asked_and_sets_what_may_be_seen(access: Access) -> None:
    asked = Selection(rooms=("C1",), text="x", room_kinds=("direct",), private_to="U-bob")
    assert access.reach(principal(), asked) == Selection(
        rooms=("C1",), text="x", room_kinds=("public",), private_to="U-ann"
    )


def test_an_administrator_with_the_scope_reaches_everything(access: Access) -> None:
    assert access.reach(principal(scopes=ALL), Selection(room_kinds=("public",))) == Selection()


def test_an_account_without_a_person_reaches_public_rooms_only(access: Access) -> None:
    reached = access.reach(principal("exporter", user_id=""), Selection())
    assert (reached.room_kinds, reached.private_to) == (("public",), "")


def test_the_operator_reaches_everything(access: Access) -> None:
    assert access.reach(operator("acme"), Selection()) == Selection()


def test_who_is_taken_off_a_private_room_reaches_it_no_more(installation: Installation, access: Access) -> None:
    directory = Directory(installation.ledger)

    def private_rooms() -> list[str]:
        return directory.room_ids("acme", access.reach(principal("exporter"), Selection()), ["private"])

    populate(installation, "acme")
    assert private_rooms() == ["private-ann"]
    with importing(
        installation.ledger, installation.lake, installation.blobs, "acme", as_of=START + timedelta(days=1),
        clock=installation.clock,
    ) as intake:  # fmt: skip
        intake.rooms([RoomRow(id="private-ann", name="private ann", kind="private")])
        intake.memberships([MembershipRow(room_id="private-ann", user_id="U-bob")])
        intake.members_complete(["private-ann"])
        intake.commit("test", "newer")
    assert private_rooms() == []


def test_a_yammer_token_without_the_scope_reaches_no_private_group_of_any_network(access: Access) -> None:
    reached = access.reach(principal(api="yammer"), Selection())
    assert (reached.room_kinds, reached.private_to) == (("public",), "")


def test_a_missing_scope_is_named(access: Access) -> None:
    access.require(principal(), "export:create")
    access.require(operator("acme"), "audit:read")
    with pytest.raises(Forbidden) as refused:
        access.require(principal(), "audit:read")
    assert str(refused.value) == "this needs the scope audit:read"


# --- networks ------------------------------------------------------------------------------------------------------


def test_networks_are_the_home_first_and_external_ones_when_asked(access: Access) -> None:
    assert [w.id for w in access.networks(principal())] == ["acme"]
    assert [w.id for w in access.networks(principal(), None, include_externals=True)] == ["acme", "guests"]
    assert [w.id for w in access.workspaces(principal())] == ["acme", "guests"]


def test_networks_come_in_the_order_asked_each_once(installation: Installation, access: Access) -> None:
    number = {w.id: w.number for w in installation.catalog.workspaces()}
    asked = [number["guests"], number["acme"], number["guests"]]
    assert [w.id for w in access.networks(principal(), asked)] == ["guests", "acme"]
    assert [w.id for w in access.networks(principal(), [number["acme"]], include_externals=True)] == ["acme", "guests"]


def test_an_unknown_network_cannot_be_told_from_one_out_of_reach(installation: Installation, access: Access) -> None:
    other = installation.catalog.workspace("other").number
    for number in (other, 99):
        with pytest.raises(Forbidden) as refused:
            access.networks(principal(), [number])
        assert str(refused.value) == f"Network {number} cannot be exported with this token"


def test_an_external_workspace_does_not_reach_its_home(access: Access) -> None:
    guest = Principal("a2", "g@x.org", "guests", "administrator", ALL, "native")
    assert [w.id for w in access.networks(guest, None, include_externals=True)] == ["guests"]


def test_the_operator_reaches_every_workspace(access: Access) -> None:
    assert [w.id for w in access.workspaces(operator("other"))] == ["other", "acme", "guests"]


def test_in_another_workspace_somebody_is_that_workspaces_person(installation: Installation, access: Access) -> None:
    populate(installation, "guests", "G")
    there = access.within(principal(), "guests")
    assert (there.workspace_id, there.user_id, there.role) == ("guests", "GU-ann", "administrator")
    assert access.within(principal(), "acme") == principal()
    for foreign in ("other", "nowhere"):
        with pytest.raises(NotFound) as refused:
            access.within(principal(), foreign)
        assert str(refused.value) == f"no workspace {foreign}"


# --- exports -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "workspace_id", "requested_by", "is_known"),
    [
        ("administrator", "acme", "a2", True),
        ("administrator", "guests", None, True),
        ("administrator", "other", "a1", False),
        ("administrator", "nowhere", "a1", False),
        ("auditor", "acme", "a2", True),
        ("exporter", "acme", "a1", True),
        ("exporter", "acme", "a2", False),
        ("exporter", "acme", None, False),
        ("exporter", "other", "a1", False),
    ],
)
def test_who_may_know_of_an_export(
    access: Access, role: str, workspace_id: str, requested_by: str | None, is_known: bool
) -> None:
    if is_known:
        access.check_export(principal(role), "e1", workspace_id, requested_by)
        return
    with pytest.raises(NotFound) as refused:
        access.check_export(principal(role), "e1", workspace_id, requested_by)
    assert str(refused.value) == "no export e1"


PUBLIC = Selection(room_kinds=("public",))
OF_ANN = Selection(room_kinds=("public",), private_to="U-ann")
OF_BOB = Selection(room_kinds=("public",), private_to="U-bob")
DIRECT = Selection(room_kinds=("direct",))


@pytest.mark.parametrize(
    ("role", "scopes", "held", "may"),
    [
        ("administrator", ALL, Selection(), True),
        ("administrator", ALL, OF_BOB, True),
        ("administrator", USUAL, Selection(), False),
        ("administrator", USUAL, DIRECT, False),
        ("administrator", USUAL, PUBLIC, True),
        ("administrator", USUAL, OF_ANN, True),
        ("administrator", USUAL, OF_BOB, False),
        ("administrator", ALL - {"export:download"}, PUBLIC, False),
        ("exporter", USUAL, OF_ANN, True),
        ("exporter", USUAL, Selection(), False),
        ("auditor", frozenset({"export:read", "audit:read"}), PUBLIC, False),
        ("auditor", USUAL, PUBLIC, False),
    ],
)
def test_links_are_shown_to_whoever_could_ask_for_the_same(
    access: Access, role: str, scopes: frozenset[str], held: Selection, may: bool
) -> None:
    assert access.may_fetch(principal(role, scopes), "acme", held) is may
