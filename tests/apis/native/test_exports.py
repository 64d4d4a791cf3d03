"""Exports over the native API: asked for, looked at, ended, renewed, and by whom."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import delete, insert, select, update

from exeunt.access.audit import Action
from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.installation import Installation
from exeunt.ledger.schema import exports, users
from tests.access.world import TurnedClock
from tests.apis.native.conftest import BASE, Client, client_of, run

UNKNOWN = "0f8fad5b-d9cb-469f-a165-70867728950e"


def messages_in(installation: Installation, export_id: str) -> set[str]:
    """The ids of the rooms whose messages the archives hold."""
    rooms: set[str] = set()
    for archive in installation.exports.archives(export_id):
        with (
            Body(installation.blobs.path(archive.index_key)) as body,
            BodyReader(body, installation.blobs) as reader,
            ZipFile(reader) as zipped,
        ):
            for name in zipped.namelist():
                if "message" in name:
                    rooms |= {json.loads(line)["room_id"] for line in zipped.read(name).splitlines()}
    return rooms


def test_asking_answers_where_to_look(installation: Installation, ann: Client) -> None:
    answer = ann("POST", "/v1/exports", json={"layout": "jsonl"})
    assert answer.status_code == 202
    export_id = answer.json()["id"]
    assert answer.json() == {"id": export_id, "url": f"{BASE}/v1/exports/{export_id}"}
    assert answer.headers["content-location"] == f"{BASE}/v1/exports/{export_id}"
    export = installation.exports.get(export_id)
    assert (export.api, export.requested_by_name, export.keep_seconds) == ("native", "ann@x.org", 7 * 86_400)


def test_an_unfinished_export_says_how_far_it_is(ann: Client, clock: TurnedClock) -> None:
    export_id = ann.created()
    answer = ann("GET", f"/v1/exports/{export_id}")
    assert answer.status_code == 202
    assert answer.headers["x-progress"] == "waiting for a worker"
    assert answer.headers["retry-after"] == "1"
    assert (answer.json()["state"], answer.json()["archives"]) == ("QUEUED", [])
    clock.turn(minutes=5)
    assert ann("GET", f"/v1/exports/{export_id}").headers["retry-after"] == "5"


def test_a_running_export_says_its_percentage(installation: Installation, ann: Client) -> None:
    from exeunt.exports.run import Runner

    export_id = ann.created()
    Runner(installation).plan(export_id)
    answer = ann("GET", f"/v1/exports/{export_id}")
    assert (answer.status_code, answer.headers["x-progress"]) == (202, "0% done")


def test_a_completed_export_has_archives_with_links(installation: Installation, ann: Client) -> None:
    export_id = ann.created(keep_seconds=3600)
    run(installation, export_id)
    answer = ann("GET", f"/v1/exports/{export_id}")
    assert answer.status_code == 200
    words = answer.json()
    assert (words["state"], words["percent"], words["error"]) == ("COMPLETED", 100, None)
    assert words["snapshots"] == [{"workspace_id": "acme", "number": 1}]
    assert words["expires_at"] == "2024-05-01T13:00:00Z"
    assert words["counts"]["messages"] == 10
    (archive,) = words["archives"]
    (sealed,) = installation.exports.archives(export_id)
    assert archive["url"].startswith(f"{BASE}/dl/")
    assert (archive["size"], archive["etag"], archive["crc32"]) == (
        sealed.length, sealed.etag, f"{sealed.crc32:08x}",
    )  # fmt: skip
    assert set(archive) >= {"id", "name", "part", "role", "sha256", "members", "content_type"}


def test_after_its_time_an_export_has_no_links(installation: Installation, ann: Client, clock: TurnedClock) -> None:
    export_id = ann.created(keep_seconds=60)
    run(installation, export_id)
    clock.turn(seconds=60)
    words = ann("GET", f"/v1/exports/{export_id}").json()
    assert (words["state"], [a["url"] for a in words["archives"]]) == ("EXPIRED", [None])


def test_a_failed_export_is_answered_with_its_error(installation: Installation, ann: Client) -> None:
    from exeunt.exports.run import Runner

    export_id = ann.created()
    Runner(installation).fail(export_id, "storage is full")
    answer = ann("GET", f"/v1/exports/{export_id}")
    assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (200, "FAILED", "storage is full")


def test_a_dry_run_counts_and_leaves_nothing(ann: Client) -> None:
    answer = ann("POST", "/v1/exports?dry_run=true", json={"layout": "jsonl"})
    assert answer.status_code == 200
    assert answer.json() == {"messages": 10, "files": 0, "external": 0, "bytes": 0, "exact": True}
    assert ann("GET", "/v1/exports").json()["exports"] == []
    assert ann("POST", "/v1/exports?dry_run=true", json={"layout": "pdf"}).status_code == 400


# --- what may be had -----------------------------------------------------------------------------------------------

PUBLIC = {"public-ann", "public-bob"}
ANNS = {"private-ann", "group-ann", "direct-ann"}
BOBS = {"private-bob", "group-bob", "direct-bob"}


@pytest.mark.parametrize(
    ("email", "scopes", "body", "rooms"),
    [
        ("ann@x.org", (), {}, PUBLIC | ANNS),
        ("bob@x.org", (), {}, PUBLIC | BOBS),
        ("ann@x.org", ("export:create", "export:private"), {}, PUBLIC | ANNS | BOBS),
        ("ann@x.org", (), {"kinds": ["public"]}, PUBLIC),
        ("ann@x.org", (), {"kinds": ["direct", "group"]}, {"direct-ann", "group-ann"}),
        ("ann@x.org", (), {"kinds": ["public", "direct"]}, PUBLIC | {"direct-ann"}),
        ("ann@x.org", ("export:create", "export:private"), {"kinds": ["direct"]}, {"direct-ann", "direct-bob"}),
        ("ann@x.org", (), {"rooms": ["public-bob", "direct-ann"]}, {"public-bob", "direct-ann"}),
        ("ann@x.org", (), {"rooms": ["public-bob", "direct-ann"], "kinds": ["direct"]}, {"direct-ann"}),
        ("ann@x.org", (), {"people": ["U-bob"]}, {"public-bob"}),
        ("ann@x.org", (), {"text": "SECRET OF PUBLIC-ANN"}, {"public-ann"}),
    ],
)
def test_an_archive_holds_what_may_be_had_and_was_asked(
    installation: Installation, email: str, scopes: tuple[str, ...], body: dict[str, Any], rooms: set[str]
) -> None:
    export_id = client_of(installation, email, "acme", *scopes).created(**body)
    run(installation, export_id)
    assert messages_in(installation, export_id) == rooms


@pytest.mark.parametrize("room", ["private-bob", "nowhere", "Opublic-ann"])
def test_a_room_out_of_reach_cannot_be_told_from_an_unknown_one(ann: Client, room: str) -> None:
    answer = ann("POST", "/v1/exports", json={"layout": "jsonl", "rooms": ["public-ann", room]})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_input", "message": f"there is no room {room!r} in workspace acme that you may export",
    }  # fmt: skip


@pytest.mark.parametrize("person", ["nobody", "OU-bob"])
def test_a_person_that_there_is_not_makes_no_export(installation: Installation, ann: Client, person: str) -> None:
    answer = ann("POST", "/v1/exports", json={"layout": "jsonl", "people": ["U-ann", person]})
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_input", "message": f"there is no person {person!r} in workspace acme",
    }  # fmt: skip
    assert installation.exports.list("acme") == []


def test_a_person_of_whom_only_a_membership_is_known_can_be_asked_for(installation: Installation, ann: Client) -> None:
    with installation.ledger.write() as db:
        db.execute(delete(users).where(users.c.workspace_id == "acme", users.c.id == "U-bob"))
    ann.created(people=["U-bob"])


def test_kinds_of_which_nothing_is_in_reach_make_no_export(installation: Installation, ann: Client) -> None:
    installation.access.add_account("zoe@x.org", "acme", "exporter")
    zoe = client_of(installation, "zoe@x.org")
    answer = zoe("POST", "/v1/exports", json={"layout": "jsonl", "kinds": ["direct"]})
    assert answer.status_code == 400
    assert answer.json()["message"] == "there is no room of kind direct that you may export"


def test_an_external_workspace_is_exported_as_its_own_person(installation: Installation, bob: Client) -> None:
    export_id = bob.created(workspace="guests")
    run(installation, export_id)
    assert messages_in(installation, export_id) == {
        "Gpublic-ann", "Gpublic-bob", "Gprivate-bob", "Ggroup-bob", "Gdirect-bob",
    }  # fmt: skip
    assert bob("GET", f"/v1/exports/{export_id}").json()["archives"][0]["url"]
    assert [e["id"] for e in bob("GET", "/v1/exports?workspace=guests").json()["exports"]] == [export_id]


@pytest.mark.parametrize("workspace", ["other", "nowhere"])
def test_a_foreign_workspace_is_answered_as_an_unknown_one(ann: Client, workspace: str) -> None:
    answers = [
        ann("POST", "/v1/exports", json={"layout": "jsonl", "workspace": workspace}),
        *(ann("GET", f"/v1/{what}?workspace={workspace}")
          for what in ("exports", "rooms", "users", "audit", "audit/downloads")),
    ]  # fmt: skip
    for answer in answers:
        assert answer.status_code == 404
        assert answer.json() == {"error": "not_found", "message": f"no workspace {workspace}"}


def test_an_auditor_asks_for_nothing_and_that_is_written_down(installation: Installation, eve: Client) -> None:
    answer = eve("POST", "/v1/exports", json={"layout": "jsonl"})
    assert (answer.status_code, answer.json()) == (
        403, {"error": "forbidden", "message": "this needs the scope export:create"},
    )  # fmt: skip
    entry = installation.audit.latest("acme", 1)[0]
    assert (entry.action, entry.actor, entry.detail["reason"]) == (
        "export:refuse", "eve@x.org", "this needs the scope export:create",
    )  # fmt: skip


def test_a_copy_of_the_whole_network_needs_all_of_it_in_reach(installation: Installation, ann: Client) -> None:
    answer = ann("POST", "/v1/exports", json={"layout": "yammer-files"})
    assert answer.status_code == 403
    assert answer.json()["message"] == (
        "the layout yammer-files holds a whole network: it needs the scope export:private"
    )
    whole = client_of(installation, "ann@x.org", "acme", "export:create", "export:private")
    assert whole("POST", "/v1/exports", json={"layout": "yammer-files"}).status_code == 202


# --- who knows of it -----------------------------------------------------------------------------------------------


def test_an_exporter_knows_of_the_own_exports_only(ann: Client, bob: Client) -> None:
    anns, bobs = ann.created(), bob.created()
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/renew")):
        answer = bob(method, f"/v1/exports/{anns}{path}")
        assert (answer.status_code, answer.json()["message"]) == (404, f"no export {anns}")
    assert bob("GET", f"/v1/exports/{bobs}").status_code == 202
    assert [e["id"] for e in bob("GET", "/v1/exports").json()["exports"]] == [bobs]
    assert [e["id"] for e in ann("GET", "/v1/exports").json()["exports"]] == [bobs, anns]


def test_an_export_of_another_workspace_is_unknown(ann: Client, foreigner: Client) -> None:
    foreign = foreigner.created()
    for export_id in (foreign, UNKNOWN):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/renew")):
            answer = ann(method, f"/v1/exports/{export_id}{path}")
            assert (answer.status_code, answer.json()) == (
                404, {"error": "not_found", "message": f"no export {export_id}"},
            )  # fmt: skip
    assert ann("GET", "/v1/exports").json()["exports"] == []


def test_links_to_others_private_rooms_are_not_shown(
    installation: Installation, ann: Client, bob: Client, eve: Client
) -> None:
    bobs = bob.created()
    run(installation, bobs)
    whole = client_of(installation, "ann@x.org", "acme", "export:create", "export:read", "export:private",
                      "export:download")  # fmt: skip
    assert bob("GET", f"/v1/exports/{bobs}").json()["archives"][0]["url"]
    assert whole("GET", f"/v1/exports/{bobs}").json()["archives"][0]["url"]
    for client in (ann, eve):
        words = client("GET", f"/v1/exports/{bobs}").json()
        assert (words["state"], words["archives"][0]["url"]) == ("COMPLETED", None)
    everything = whole.created()
    run(installation, everything)
    assert ann("GET", f"/v1/exports/{everything}").json()["archives"][0]["url"] is None


def test_asking_for_others_private_rooms_is_marked(installation: Installation, ann: Client) -> None:
    client_of(installation, "ann@x.org", "acme", "export:create", "export:private").created()
    ann.created(kinds=["public"])
    whole, public = installation.audit.latest("acme", 2)
    assert (whole.action, whole.detail["others_private"]) == (Action.EXPORT_CREATE, True)
    assert public.detail["others_private"] is False


# --- ending and renewing -------------------------------------------------------------------------------------------


def test_deleting_a_running_export_cancels_it(installation: Installation, ann: Client) -> None:
    export_id = ann.created()
    answer = ann("DELETE", f"/v1/exports/{export_id}")
    assert (answer.status_code, answer.json()["state"]) == (202, "CANCELLED")
    assert installation.exports.get(export_id).state == "CANCELLED"
    again = ann("DELETE", f"/v1/exports/{export_id}")
    assert (again.status_code, again.json()) == (
        409, {"error": "conflict", "message": f"export {export_id} has no links to end"},
    )  # fmt: skip


def test_deleting_a_completed_export_revokes_its_links_and_renewing_makes_others(
    installation: Installation, ann: Client, clock: TurnedClock
) -> None:
    export_id = ann.created()
    run(installation, export_id)
    before = ann("GET", f"/v1/exports/{export_id}").json()["archives"][0]
    answer = ann("DELETE", f"/v1/exports/{export_id}")
    assert (answer.status_code, answer.json()["state"]) == (202, "EXPIRED")
    assert answer.json()["archives"][0]["url"] is None
    clock.turn(minutes=1)
    answer = ann("POST", f"/v1/exports/{export_id}/renew")
    assert (answer.status_code, answer.json()["state"]) == (200, "COMPLETED")
    after = answer.json()["archives"][0]
    assert after["url"] != before["url"]
    assert after["etag"] == before["etag"]
    assert answer.json()["expires_at"] == "2024-05-08T12:01:00Z"
    actions = [e.action for e in installation.audit.entries("acme")]
    assert actions == ["export:create", "export:complete", "export:revoke", "export:renew"]


def test_renewing_for_a_shorter_time_after_revoking_gives_the_new_link(
    installation: Installation, ann: Client, clock: TurnedClock
) -> None:
    export_id = ann.created()
    run(installation, export_id)
    before = ann("GET", f"/v1/exports/{export_id}").json()["archives"][0]["url"]
    ann("DELETE", f"/v1/exports/{export_id}")
    clock.turn(minutes=1)
    words = ann("POST", f"/v1/exports/{export_id}/renew", json={"keep_seconds": 120}).json()
    assert words["expires_at"] == "2024-05-01T12:03:00Z"
    assert words["archives"][0]["url"] != before


def test_an_unfinished_export_cannot_be_renewed(ann: Client) -> None:
    export_id = ann.created()
    answer = ann("POST", f"/v1/exports/{export_id}/renew")
    assert (answer.status_code, answer.json()["message"]) == (409, f"export {export_id} has no bytes to link to")


def test_what_changes_something_is_written_down_with_request_and_address(
    installation: Installation, ann: Client
) -> None:
    answer = ann("POST", "/v1/exports", json={"layout": "jsonl"})
    entry = installation.audit.latest("acme", 1)[0]
    assert (entry.action, entry.subject, entry.api, entry.client) == (
        "export:create", answer.json()["id"], "native", "192.0.2.7",
    )  # fmt: skip
    assert entry.request_id == answer.headers["x-request-id"]
    assert entry.token_id == installation.access.list_tokens(email="ann@x.org")[0].id


# --- lists and limits ----------------------------------------------------------------------------------------------


def test_exports_are_listed_newest_first_page_by_page(ann: Client, bob: Client) -> None:
    made = []
    for _ in range(3):
        made.append(ann.created())
        ann("DELETE", f"/v1/exports/{made[-1]}")
        other = bob.created()
        bob("DELETE", f"/v1/exports/{other}")
    page = ann("GET", "/v1/exports?limit=4").json()
    assert len(page["exports"]) == 4
    rest = ann("GET", f"/v1/exports?limit=4&cursor={page['next']}").json()
    assert (len(rest["exports"]), rest["next"]) == (2, None)
    assert len({e["id"] for e in page["exports"] + rest["exports"]}) == 6
    assert rest["exports"][-1]["id"] == made[0]


def test_pages_of_an_exporter_pass_over_the_exports_of_others(ann: Client, bob: Client) -> None:
    bobs = []
    for client in (bob, ann, ann, bob, ann, bob):
        export_id = client.created()
        client("DELETE", f"/v1/exports/{export_id}")
        if client is bob:
            bobs.append(export_id)
    page = bob("GET", "/v1/exports?limit=2").json()
    assert [e["id"] for e in page["exports"]] == [bobs[2], bobs[1]]
    rest = bob("GET", f"/v1/exports?limit=2&cursor={page['next']}").json()
    assert ([e["id"] for e in rest["exports"]], rest["next"]) == ([bobs[0]], None)


def test_a_page_of_an_exporter_is_full_however_many_exports_of_others_lie_between(
    installation: Installation, ann: Client, bob: Client
) -> None:
    bobs = [bob.created()]
    others = installation.exports.get(ann.created())
    with installation.ledger.write() as db:
        row = dict(db.execute(select(exports).where(exports.c.id == others.id)).one()._mapping)
        more = [row | {"id": f"other-{n}", "sequence": others.sequence + n} for n in range(1, 12_001)]
        db.execute(insert(exports), more)
        newest = {"sequence": others.sequence + 12_001}
        db.execute(update(exports).where(exports.c.id == bobs[0]).values(sequence=row["sequence"] - 1))
        mine = dict(db.execute(select(exports).where(exports.c.id == bobs[0])).one()._mapping)
        db.execute(insert(exports), mine | newest | {"id": "newest"})
    page = bob("GET", "/v1/exports?limit=2").json()
    assert ([e["id"] for e in page["exports"]], page["next"]) == (["newest", bobs[0]], None)


def test_too_many_unfinished_exports_are_refused_for_now(ann: Client) -> None:
    for _ in range(3):
        ann.created()
    answer = ann("POST", "/v1/exports", json={"layout": "jsonl"})
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["error"]) == (429, "60", "busy")


def test_full_storage_refuses_new_exports(tmp_path: Path, installation: Installation, ann: Client) -> None:
    import msgspec

    scarce = msgspec.structs.replace(installation.settings, min_free_bytes=1 << 60)
    answer = Client(Installation(scarce, clock=installation.clock), ann.token)(
        "POST", "/v1/exports", json={"layout": "jsonl"}
    )
    assert (answer.status_code, answer.json()["error"]) == (507, "no_space")
