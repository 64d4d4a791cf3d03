"""Workspaces, rooms, people and the audit trail over the native API."""

from typing import Any

import pytest

from exeunt.access.audit import Action
from exeunt.installation import Installation
from tests.apis.native.conftest import Client, client_of


def ids(answer: Any, what: str) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()[what]]


def test_workspaces_are_the_own_one_and_its_external_ones(ann: Client, foreigner: Client) -> None:
    own, external = ann("GET", "/v1/workspaces").json()["workspaces"]
    assert (own["id"], own["number"], own["name"], own["external_of"], own["snapshot"]) == (
        "acme", 1000001, "Acme", None, 1,
    )  # fmt: skip
    assert (external["id"], external["external_of"]) == ("guests", "acme")
    assert ids(foreigner("GET", "/v1/workspaces"), "workspaces") == ["other"]


def test_rooms_are_those_that_could_be_exported(installation: Installation, ann: Client, bob: Client) -> None:
    anns = ["public-ann", "public-bob", "private-ann", "group-ann", "direct-ann"]
    assert ids(ann("GET", "/v1/rooms"), "rooms") == anns
    assert "private-ann" not in ids(bob("GET", "/v1/rooms"), "rooms")
    whole = client_of(installation, "ann@x.org", "acme", "workspace:read", "export:private")
    assert len(ids(whole("GET", "/v1/rooms"), "rooms")) == 8
    assert ids(ann("GET", "/v1/rooms?kind=direct"), "rooms") == ["direct-ann"]
    assert ids(bob("GET", "/v1/rooms?workspace=guests&kind=private"), "rooms") == ["Gprivate-bob"]


def test_a_room_says_how_much_is_in_it(ann: Client) -> None:
    room = ann("GET", "/v1/rooms?limit=1").json()["rooms"][0]
    assert (room["name"], room["kind"], room["messages"], room["last_message_at"]) == (
        "public ann", "public", 2, "2024-05-01T12:01:00Z",
    )  # fmt: skip


def test_rooms_come_page_by_page_without_a_gap(ann: Client) -> None:
    found, cursor = [], ""
    for _ in range(9):
        page = ann("GET", f"/v1/rooms?limit=2&cursor={cursor}")
        found += ids(page, "rooms")
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert found == ids(ann("GET", "/v1/rooms"), "rooms")


def test_people_come_page_by_page_and_by_address(ann: Client) -> None:
    assert ids(ann("GET", "/v1/users"), "users") == ["U-bot", "U-old-ann", "U-ann", "U-bob"]
    page = ann("GET", "/v1/users?limit=3").json()
    assert ids(ann("GET", f"/v1/users?cursor={page['next']}"), "users") == ["U-bob"]
    assert ids(ann("GET", "/v1/users?email=BOB@x.org"), "users") == ["U-bob"]
    assert ids(ann("GET", "/v1/users?email=nobody@x.org"), "users") == []


@pytest.mark.parametrize("path", ["/v1/workspaces", "/v1/rooms", "/v1/users"])
def test_an_auditor_lists_nothing_of_the_content(eve: Client, path: str) -> None:
    answer = eve("GET", path)
    assert (answer.status_code, answer.json()["message"]) == (403, "this needs the scope workspace:read")


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/downloads"])
def test_an_exporter_does_not_read_the_trail(bob: Client, path: str) -> None:
    answer = bob("GET", path)
    assert (answer.status_code, answer.json()["message"]) == (403, "this needs the scope audit:read")


def test_the_trail_can_be_followed(installation: Installation, ann: Client, eve: Client) -> None:
    for _ in range(3):
        export_id = ann.created()
    installation.audit.write(None, Action.INSTALLATION_MIGRATE, "0001", api="cli")
    installation.audit.write(None, Action.USER_ADD, "bob@x.org", api="cli", workspace_id="other")
    first = eve("GET", "/v1/audit?limit=2").json()
    assert [e["action"] for e in first["entries"]] == ["export:create"] * 2
    second = eve("GET", f"/v1/audit?limit=2&cursor={first['next']}").json()
    assert [e["subject"] for e in second["entries"]] == [export_id]
    last = eve("GET", f"/v1/audit?cursor={second['next']}").json()
    assert last == {"entries": [], "next": second["next"]}
    ann("DELETE", f"/v1/exports/{export_id}")
    later = eve("GET", f"/v1/audit?cursor={last['next']}").json()
    assert [e["action"] for e in later["entries"]] == ["export:cancel"]


def test_an_empty_trail_has_no_next(foreigner: Client) -> None:
    assert foreigner("GET", "/v1/audit").json() == {"entries": [], "next": None}


def test_an_auditor_sees_every_export_of_the_workspace(ann: Client, bob: Client, eve: Client) -> None:
    made = {ann.created(), bob.created()}
    assert set(ids(eve("GET", "/v1/exports"), "exports")) == made
    for export_id in made:
        assert eve("DELETE", f"/v1/exports/{export_id}").json()["message"] == "this needs the scope export:manage"
