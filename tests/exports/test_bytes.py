"""What comes out: the same bytes for the same question, whoever renders them, wherever and whenever."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exeunt.archives.verify import verify_archive
from exeunt.clock import utc_now
from exeunt.exports.records import State
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, MessageRow, RoomRow, UserRow
from exeunt.lake.selection import Selection
from tests.backends import Backend, both, variables
from tests.conftest import wait_for, working
from tests.exports.conftest import (
    JANUARY,
    Gate,
    Hands,
    Opener,
    asked,
    clock_at,
    delivered,
    done_at_once,
    ids_from,
    manifest_of,
    members_of,
    messages_of,
)
from tests.processes import environment, worker_process

LAYOUTS = ("jsonl", "csv", "html")


def take_more(installation: Installation, number: int) -> None:
    """A younger import that changes everything an export could show."""
    with importing(
        installation.ledger, installation.lake, installation.blobs, "acme",
        as_of=JANUARY + timedelta(days=900 + number), clock=installation.clock,
    ) as intake:  # fmt: skip
        body = intake.blob([b"changed %d" % number])
        intake.users([UserRow(id="U1", username="user1", display_name=f"Renamed {number}"),
                      UserRow(id=f"N{number}", username="new", display_name="New")])  # fmt: skip
        intake.rooms([RoomRow(id="C0", name=f"renamed-{number}", kind="public")])
        intake.files([FileRow(id="F1", name="changed.txt", room_id="C0", uploaded_at=JANUARY, storage="held",
                              sha256=body.sha256, md5=body.md5, crc32=body.crc32, size=body.size)])  # fmt: skip
        intake.messages(
            MessageRow(id=f"C0/{n}", room_id="C0", author_id="U1", thread_id=f"C0/{n // 3 * 3}", created_at=JANUARY,
                       thread_started_at=JANUARY, edited_at=JANUARY + timedelta(days=800 + number), text="changed")
            for n in (0, 1, 2, 99_000 + number)
        )  # fmt: skip
        intake.commit("test", "more")


def run_one(installation: Installation, layout: str, selection: Selection | None = None) -> tuple[str, list[bytes]]:
    export = asked(installation, layout, selection=selection or Selection())
    done_at_once(installation, export.id)
    return export.id, delivered(installation, export.id)


@both
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_question_has_the_same_bytes(opened: Opener, layout: str) -> None:
    alone, many = opened(ids=ids_from(77)), opened(ids=ids_from(77), worker_shards=5, clock=Hands())
    export_id, one = run_one(alone, layout)
    assert asked(many, layout).id == export_id
    with working(many):
        assert wait_for(many, export_id).state is State.COMPLETED
    assert delivered(many, export_id) == one
    assert [a.etag for a in alone.exports.archives(export_id)] == [a.etag for a in many.exports.archives(export_id)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_export_differs_only_in_what_names_it(installation: Installation, layout: str) -> None:
    (first, (one,)), (second, (other,)) = run_one(installation, layout), run_one(installation, layout)
    assert first != second
    mine, theirs = members_of(one), members_of(other)
    assert mine.keys() == theirs.keys()
    assert {name for name in mine if mine[name] != theirs[name]} <= {"manifest.json", "index.html"}
    normal = mine["manifest.json"].replace(first.encode(), second.encode())
    assert len(normal) == len(theirs["manifest.json"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_archive_agrees_with_its_manifest(installation: Installation, tmp_path: Path, layout: str) -> None:
    export_id, (archive,) = run_one(installation, layout)
    path = tmp_path / "archive.zip"
    path.write_bytes(archive)
    result = verify_archive(path)
    assert result.problems == []
    assert result.checked == len(members_of(archive)) - 1
    manifest = manifest_of(archive)
    assert manifest["export_id"] == export_id
    assert manifest["counts"]["messages"] == installation.exports.get(export_id).counts["messages"] == 720
    assert [(w["id"], w["snapshot"]) for w in manifest["workspaces"]] == [("acme", 1)]


def test_an_archive_in_parts_holds_what_one_archive_holds(opened: Opener) -> None:
    _, (whole,) = run_one(opened(), "jsonl")
    small = opened(part_bytes=20_000)
    export_id, parts = run_one(small, "jsonl")
    assert len(parts) > 2
    together = {name: data for part in parts for name, data in members_of(part).items() if "manifest" not in name}
    assert together == {name: data for name, data in members_of(whole).items() if name != "manifest.json"}
    assert [a.part for a in small.exports.archives(export_id)] == list(range(1, len(parts) + 1))


@pytest.mark.parametrize("shard_rows", [1, 7, 100, 131_072])
def test_however_it_is_cut_every_message_comes_once(opened: Opener, shard_rows: int) -> None:
    made = opened(shard_rows=shard_rows) if shard_rows > 1 else opened(shard_rows=2)
    _, (archive,) = run_one(made, "jsonl", Selection(rooms=("C0", "C3")))
    rows = messages_of(archive)
    assert len({row["id"] for row in rows}) == len(rows) == 2 * 3 * 60
    order = [(row["room_id"], row["thread_id"].rpartition("/")[2].zfill(4), row["created_at"]) for row in rows]
    assert order == sorted(order)


# --- pinned -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_export_shows_what_was_there_when_it_was_asked_for(opened: Opener, layout: str) -> None:
    _, undisturbed = run_one(opened(ids=ids_from(5)), layout)
    made = opened(ids=ids_from(5))
    export = asked(made, layout)
    take_more(made, 1)
    done_at_once(made, export.id)
    assert delivered(made, export.id) == undisturbed
    _, now = run_one(made, layout)
    assert now != undisturbed


@both
def test_an_export_does_not_notice_imports_while_it_runs(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    _, undisturbed = run_one(opened(ids=ids_from(5)), "jsonl")
    made = opened(ids=ids_from(5))
    gate = Gate(monkeypatch, render=True)
    export = asked(made)
    with working(made):
        assert gate.reached.wait(60)
        for number in range(3):
            take_more(made, number)
        gate.open.set()
        assert wait_for(made, export.id).state is State.COMPLETED
    assert delivered(made, export.id) == undisturbed
    assert made.catalog.head("acme").number == 4


# --- wherever it runs -------------------------------------------------------------------------------------------------


PLACES = (
    {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1", "POLARS_MAX_THREADS": "1"},
    {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONUTF8": "0", "POLARS_MAX_THREADS": "3"},
)


@both
@pytest.mark.long
def test_the_place_of_the_machine_does_not_matter(opened: Opener, backend: Backend, tmp_path: Path) -> None:
    made = opened(clock=clock_at(JANUARY))
    # the deadline counts from the creation, which a standing clock has put far into the past
    made.exports._clock = utc_now
    ids = [asked(made, layout).id for layout in LAYOUTS]
    made.ledger.close()
    found = []
    for number, place in enumerate(PLACES):
        settings = backend.copied(made.settings, tmp_path / f"place-{number}")
        env = environment(Path(settings.data), **{**variables(settings), "EXEUNT_SHARD_ROWS": "400", **place})
        with worker_process(env, "--once") as worker:
            assert worker.finish() == 0, worker.said
        ran = Installation(settings)
        assert {ran.exports.get(export_id).state for export_id in ids} == {State.COMPLETED}, worker.said
        found.append([delivered(ran, export_id) for export_id in ids])
        ran.ledger.close()
    assert found[0] == found[1]


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_an_archive_holds_what_the_selection_takes(installation: Installation) -> None:
    month = JANUARY + timedelta(days=31)
    whole = messages_of(run_one(installation, "jsonl")[1][0])
    for selection, wanted in (
        (Selection(rooms=("C2",)), lambda row: row["room_id"] == "C2"),
        (Selection(people=("U3", "U4")), lambda row: row["author_id"] in ("U3", "U4")),
        (Selection(since=month), lambda row: row["created_at"] >= "2024-02-01"),
        (Selection(room_kinds=("private",)), lambda row: row["room_id"] in ("C1", "C3")),
        (Selection(room_kinds=("public",), private_to="U1"), lambda row: row["room_id"] != "C3"),
        (Selection(text="MESSAGE 77 "), lambda row: row["text"].startswith("message 77 ")),
        (Selection(rooms=("C9",)), lambda row: False),
    ):
        _, (archive,) = run_one(installation, "jsonl", selection)
        assert messages_of(archive) == [row for row in whole if wanted(row)]


def test_files_are_those_that_the_selection_reaches(opened: Opener) -> None:
    made = opened()
    with importing(
        made.ledger, made.lake, made.blobs, "acme", as_of=JANUARY + timedelta(days=900), clock=made.clock
    ) as intake:
        body = intake.blob([b"of no room"])
        held: Any = {"storage": "held", "sha256": body.sha256, "md5": body.md5, "crc32": body.crc32, "size": body.size}
        intake.files([
            FileRow(id="NONE", name="of no room", uploaded_at=JANUARY, **held),
            FileRow(id="LATE", name="late", room_id="C2", uploaded_at=JANUARY + timedelta(days=700), **held),
        ])  # fmt: skip
        intake.commit("test", "files")

    def ids(selection: Selection) -> set[str]:
        members = members_of(run_one(made, "jsonl", selection)[1][0])
        rows = [json.loads(line) for line in members["files.jsonl"].splitlines()]
        assert all(row["member"] in members for row in rows if row["member"])
        assert sum(name.startswith("files/") for name in members) == (len(rows) if selection.files else 0)
        assert all((row["member"] is not None) == selection.files for row in rows)
        return {row["id"] for row in rows}

    first = {f"F{n}" for n in range(6)}
    assert ids(Selection()) == {*first, "NONE", "LATE"}
    assert ids(Selection(rooms=("C2",))) == {"LATE"}
    assert ids(Selection(room_kinds=("public",))) == {*first, "LATE"}
    assert ids(Selection(until=JANUARY + timedelta(hours=2))) == {"F0", "F1", "NONE"}
    assert ids(Selection(people=("U1",))) == {"F1"}
    assert ids(Selection(text="message 2 ", rooms=("C0",))) == {"F2"}
    assert ids(Selection(files=False)) == {*first, "NONE", "LATE"}


def test_a_dry_run_counts_what_an_export_delivers(installation: Installation) -> None:
    for selection in (
        Selection(), Selection(rooms=("C0",)), Selection(room_kinds=("private",)), Selection(files=False),
        Selection(room_kinds=("public",), private_to="U1"),
    ):  # fmt: skip
        estimate = installation.exports.estimate("acme", "jsonl", selection, {})
        export_id, _ = run_one(installation, "jsonl", selection)
        counts = installation.exports.get(export_id).counts
        assert estimate.exact
        assert estimate.messages == counts["messages"]
        assert (estimate.files, estimate.bytes) == (counts.get("files", 0), counts.get("file_bytes", 0))
    window = Selection(since=JANUARY + timedelta(days=3), until=JANUARY + timedelta(days=10), people=("U1",), text="1")
    estimate = installation.exports.estimate("acme", "jsonl", window, {})
    export_id, _ = run_one(installation, "jsonl", window)
    assert not estimate.exact
    assert estimate.messages >= installation.exports.get(export_id).counts["messages"] > 0
    assert len(installation.exports.list("acme")) == 6


@both
def test_two_workspaces_in_one_installation_do_not_mix(installation: Installation) -> None:
    installation.catalog.add_workspace("other", "Other", None, installation.clock())
    _, (mine,) = run_one(installation, "jsonl")
    export = installation.exports.create(Request(workspaces=("other",), api="native", layout="jsonl"))
    done_at_once(installation, export.id)
    (theirs,) = delivered(installation, export.id)
    assert messages_of(theirs) == []
    assert members_of(theirs)["users.jsonl"] == members_of(theirs)["rooms.jsonl"] == b""
    assert len(messages_of(mine)) == 720
