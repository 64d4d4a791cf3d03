"""What an import changes, and what it leaves alone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import pytest
from sqlalchemy import func, select

from exeunt.errors import Damaged, NotFound
from exeunt.lake import append
from exeunt.lake.rows import MessageRow, Reaction
from exeunt.ledger.numbers import FIRST
from exeunt.ledger.schema import imports, segment_groups, segments, snapshots
from tests.backends import both
from tests.lake.conftest import START, Lake, day, file, member, message, room, user
from tests.stored import at

pytestmark = both

FULL: dict[str, Any] = {
    "users": [user(1), user(2)],
    "rooms": [room(1), room(2, kind="private")],
    "memberships": [member(1, 1), member(2, 2)],
    "messages": [message(n) for n in range(5)] + [message(n, 2) for n in range(3)],
}


def copied(**more: Any) -> dict[str, Any]:
    """Rows of their own: an import may fill in what it knows."""
    return {name: [msgspec.structs.replace(row) for row in rows] for name, rows in {**FULL, **more}.items()}


def counts(lake: Lake) -> dict[str, int]:
    """How many rows the catalog has in each of its tables."""
    with lake.ledger.read() as db:
        return {
            table.name: db.scalar(select(func.count()).select_from(table)) or 0
            for table in (imports, snapshots, segments, segment_groups)
        }


# --- one transaction --------------------------------------------------------------------------------------------------


def test_nothing_is_visible_before_the_commit_and_everything_after_it(lake: Lake) -> None:
    with lake.importing(day(100)) as intake:
        for name, rows in copied(files=[file(1, intake.blob([b"body"]))]).items():
            getattr(intake, name)(rows)
        assert lake.catalog.head("acme").number == 0
        assert counts(lake) == {"imports": 0, "snapshots": 0, "segments": 0, "segment_groups": 0}
        assert lake.projected("users") == lake.projected("rooms") == lake.projected("files") == []
        assert lake.messages() == []
        snapshot = intake.commit("test", "test")
    assert snapshot == lake.catalog.head("acme")
    assert snapshot.number == 1
    assert {kind: len(rows) for kind, rows in lake.content().items()} == {
        "users": 2, "rooms": 2, "memberships": 2, "files": 1, "messages": 8,
    }  # fmt: skip
    assert {kind: len(lake.projected(kind)) for kind in ("users", "rooms", "memberships", "files")} == {
        "users": 2, "rooms": 2, "memberships": 2, "files": 1,
    }  # fmt: skip


def test_a_commit_that_fails_leaves_no_table_changed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.take(day(100), **copied())
    before, content = counts(lake), lake.content()

    def fail(*args: object) -> None:
        raise RuntimeError("the power is gone")

    monkeypatch.setattr(append, "confirm", fail)
    with pytest.raises(RuntimeError, match="power"):
        lake.take(day(200), users=[user(1, title="new"), user(3)], rooms=[room(3)], messages=[message(99, 3)])
    assert counts(lake) == before
    assert lake.content() == content
    assert lake.catalog.head("acme").number == 1


def test_an_import_that_is_given_up_leaves_no_file(lake: Lake) -> None:
    lake.take(day(100), **copied(files=[file(1, lake.held(b"kept"))]))
    kept = set(lake.parquet())
    with lake.importing(day(200)) as intake:
        bodies = intake.blob([b"body"]), intake.blob([b"kept"])
        intake.rooms([room(4)])
        intake.messages([message(n, 4) for n in range(append.BATCH_ROWS + 1)])
        assert len(lake.parquet("messages")) == 2
    assert set(lake.parquet()) == kept
    assert [at(lake.blobs, body.key).exists() for body in bodies] == [False, True]
    assert list(lake.blobs.sizes("incoming")) == []
    assert lake.content()["messages"] == lake.content(1)["messages"]


def test_an_import_that_breaks_leaves_no_file(lake: Lake) -> None:
    def rows() -> Iterator[MessageRow]:
        yield from (message(n) for n in range(append.BATCH_ROWS + 1))
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="gone"):
        lake.take(day(100), rooms=[room(1)], files=[file(1)], messages=rows())
    assert lake.parquet() == []


def test_what_an_import_left_that_could_not_tidy_up_goes_with_the_next(lake: Lake) -> None:
    shared = lake.held(b"kept")
    lake.take(day(100), rooms=[room(1)], files=[file(1, shared)], messages=[message(1)])
    (segment,) = lake.parquet("messages")
    orphan = segment.with_name("000002-ffffffffffffffffffffffff.parquet")
    orphan.write_bytes(segment.read_bytes())
    forgotten = lake.held(b"read by an import that was killed")
    incoming = at(lake.blobs, "incoming/acme/0123")
    incoming.write_bytes(b"half a bo")
    at(lake.blobs, "incoming/acme/placed").write_bytes(f"{shared.key}\n{forgotten.key}\n".encode())
    foreign = lake.held(b"of another workspace", "other")
    with lake.importing(day(200)):
        pass
    assert not orphan.exists()
    assert not incoming.exists()
    assert not at(lake.blobs, forgotten.key).exists()
    assert at(lake.blobs, shared.key).exists()
    assert at(lake.blobs, foreign.key).exists()
    assert lake.parquet("messages") == [segment]


def test_an_unknown_workspace_takes_nothing(lake: Lake) -> None:
    with pytest.raises(NotFound, match="nobody"), lake.importing(day(1), "nobody"):
        pass


# --- the same, an older, an overlapping export ------------------------------------------------------------------------


def test_the_same_export_again_changes_nothing_and_says_so(lake: Lake) -> None:
    body = lake.held(b"body")
    lake.take(day(100), **copied(files=[file(1, body), file(2)]))
    content, kept = lake.content(), lake.parquet()
    again = lake.take(day(100), **copied(files=[file(1, body), file(2)]))
    assert lake.catalog.head("acme").number == 1
    assert (lake.content(), lake.parquet()) == (content, kept)
    assert again.import_no == 2
    assert not +again.report.added
    assert not +again.report.changed
    assert +again.report.unchanged == {"users": 2, "rooms": 2, "memberships": 2, "files": 2, "messages": 8}


def test_an_overlapping_export_adds_what_is_new_and_revises_what_changed(lake: Lake) -> None:
    lake.take(day(100), **copied())
    edited = message(4, text="edited", edited_at=day(101))
    second = lake.take(
        day(200), users=[user(2, title="Head"), user(3)], messages=[message(3), edited, message(5), message(6)]
    )
    assert lake.catalog.head("acme").number == 2
    assert +second.report.added == {"users": 1, "messages": 2}
    assert +second.report.changed == {"users": 1, "messages": 1}
    assert +second.report.unchanged == {"messages": 1}
    assert lake.texts()["C1/4"] == "edited"
    assert lake.texts(1)["C1/4"] == "message 4"
    assert len(lake.texts()) == 10
    assert [row["title"] for row in lake.projected("users")] == ["", "Head", ""]


def test_an_older_export_adds_only_what_nobody_knew(lake: Lake) -> None:
    lake.take(day(200), users=[user(1, title="now")], rooms=[room(1, topic="now")], memberships=[member(1, 1)],
              messages=[message(1, text="now", edited_at=day(150)), message(2)])  # fmt: skip
    older = lake.take(day(100), users=[user(1, title="then"), user(2)], rooms=[room(1, topic="then")],
                      memberships=[member(1, 1, role="owner")],
                      messages=[message(0), message(1, text="then"), message(2)])  # fmt: skip
    assert +older.report.added == {"users": 1, "messages": 1}
    assert {row["id"]: row["title"] for row in lake.projected("users")} == {"U1": "now", "U2": ""}
    assert [row["topic"] for row in lake.projected("rooms")] == ["now"]
    assert [row["role"] for row in lake.projected("memberships")] == ["member"]
    assert lake.view().users()["title"].to_list() == ["now", ""]
    assert lake.view().rooms()["topic"].to_list() == ["now"]
    assert lake.view().memberships()["role"].to_list() == ["member"]
    assert lake.texts() == {"C1/0": "message 0", "C1/1": "now", "C1/2": "message 2"}


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2), (3, 1, 2), (2, 1, 3)])
def test_the_newest_is_what_the_youngest_source_says_in_whatever_order_they_come(
    lake: Lake, order: tuple[int, ...]
) -> None:
    # what changed and was changed back is what the youngest export says, though the oldest says the same
    topics = {1: "tea", 2: "coffee", 3: "tea"}
    for number in order:
        lake.take(day(100 * number), rooms=[room(1, topic=topics[number])])
    assert [row["topic"] for row in lake.projected("rooms")] == ["tea"]
    assert lake.view().rooms()["topic"].to_list() == ["tea"]
    revisions = [row["revision"] for row in lake.view().rooms().to_dicts()]
    assert revisions == [lake.projected("rooms")[0]["revision"]] or order == (1, 3, 2)
    for number in order:
        again = lake.take(day(100 * number), rooms=[room(1, topic=topics[number])])
        assert not +again.report.changed


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2), (3, 1, 2), (2, 1, 3)])
def test_a_message_is_what_it_was_edited_to_last_in_whatever_order_exports_come(
    lake: Lake, order: tuple[int, ...]
) -> None:
    edits: dict[int, datetime | None] = {1: None, 2: day(20), 3: day(30)}
    for number in order:
        lake.take(day(100 * number), rooms=[room(1)],
                  messages=[message(1, text=f"edit {number}", edited_at=edits[number])])  # fmt: skip
    assert lake.texts() == {"C1/1": "edit 3"}
    assert sorted(row["revision"] for row in lake.messages()) != [0]


def test_the_edit_time_decides_before_the_age_of_the_source(lake: Lake) -> None:
    lake.take(day(100), rooms=[room(1)], messages=[message(1, text="edited", edited_at=day(50))])
    lake.take(day(200), messages=[message(1, text="as it was first")])
    assert lake.texts() == {"C1/1": "edited"}


def test_without_an_edit_the_younger_source_decides(lake: Lake) -> None:
    lake.take(day(200), rooms=[room(1)], messages=[message(1, reactions=[Reaction("+1", ["U1", "U2"], 2)])])
    lake.take(day(100), messages=[message(1, reactions=[Reaction("+1", ["U1"], 1)])])
    assert [r["count"] for row in lake.messages() for r in row["reactions"]] == [2]


def test_what_a_later_export_lacks_stays(lake: Lake) -> None:
    lake.take(day(100), **copied(files=[file(1)]))
    later = lake.take(day(200), users=[user(9)], rooms=[room(9)], messages=[message(50, 9)])
    assert +later.report.added == {"users": 1, "rooms": 1, "messages": 1}
    assert {kind: len(rows) for kind, rows in lake.content().items()} == {
        "users": 3, "rooms": 3, "memberships": 2, "files": 1, "messages": 9,
    }  # fmt: skip
    assert len(lake.projected("users")) == len(lake.projected("rooms")) == 3


def test_one_import_that_says_a_thing_twice_keeps_what_it_said_last(lake: Lake) -> None:
    lake.take(day(100), rooms=[room(1, topic="a"), room(1, topic="b")])
    assert lake.view().rooms()["topic"].to_list() == ["b"]
    second = lake.take(day(200), rooms=[room(1, topic="c"), room(1, topic="b")])
    assert not +second.report.changed
    assert lake.view().rooms()["topic"].to_list() == ["b"]


def test_a_message_said_twice_in_one_import_is_one_message(lake: Lake) -> None:
    taken = lake.take(
        day(100), rooms=[room(1)], messages=[message(1), message(1), message(1, text="edited", edited_at=day(9))]
    )
    assert lake.texts() == {"C1/1": "edited"}
    assert (taken.report.added["messages"], taken.report.changed["messages"]) == (1, 1)
    assert len({row["number"] for row in lake.messages()}) == 1


def test_a_message_said_again_in_a_later_batch_is_known(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(append, "BATCH_ROWS", 4)
    rows = [message(n) for n in range(10)]
    taken = lake.take(day(100), rooms=[room(1)], messages=[*rows, *[message(n) for n in range(10)]])
    assert (taken.report.added["messages"], taken.report.unchanged["messages"]) == (10, 10)
    assert len(lake.messages()) == 10


def test_the_source_json_alone_is_no_change(lake: Lake) -> None:
    lake.take(day(100), rooms=[room(1)], messages=[message(1, raw='{"reply_count": 1}')])
    again = lake.take(day(200), rooms=[room(1)], messages=[message(1, raw='{"reply_count": 2}')])
    assert again.report.unchanged["messages"] == 1
    assert lake.catalog.head("acme").number == 1


def test_revisions_count_on_though_a_younger_one_hides_them(lake: Lake) -> None:
    lake.take(day(300), rooms=[room(1, topic="3")])
    lake.take(day(100), rooms=[room(1, topic="1")])
    lake.take(day(200), rooms=[room(1, topic="2")])
    lake.take(day(400), rooms=[room(1, topic="4")])
    frame = pl.concat([pl.read_parquet(found.read_bytes()) for found in lake.parquet("rooms")])
    assert sorted(frame["revision"].to_list()) == [1, 2, 3, 4]
    assert lake.projected("rooms")[0]["revision"] == 4


# --- rooms that nobody listed -----------------------------------------------------------------------------------------


def test_messages_of_a_known_room_leave_the_room_as_it_is(lake: Lake) -> None:
    lake.take(day(100), rooms=[room(1, name="board", kind="private")])
    lake.take(day(200), messages=[message(1)])
    assert [(row["name"], row["kind"]) for row in lake.projected("rooms")] == [("board", "private")]
    assert lake.view().rooms()["name"].to_list() == ["board"]


def test_messages_of_a_room_that_nobody_lists_make_a_room_of_their_own(lake: Lake) -> None:
    lake.take(day(100), messages=[message(1, 7)])
    assert [(row["id"], row["kind"]) for row in lake.projected("rooms")] == [("C7", "private")]
    assert lake.texts() == {"C7/1": "message 1"}
    # even an older source that lists it knows better
    lake.take(day(50), rooms=[room(7, name="lobby", kind="public")])
    assert [(row["name"], row["kind"]) for row in lake.projected("rooms")] == [("lobby", "public")]
    assert lake.view().rooms()["name"].to_list() == ["lobby"]


# --- numbers ----------------------------------------------------------------------------------------------------------


def numbers_of(lake: Lake, workspace: str = "acme") -> dict[tuple[str, str], int]:
    content = lake.content(workspace=workspace)
    return {(kind, row["id"]): row["number"] for kind, rows in content.items() for row in rows if "number" in row}


def test_numbers_stay_over_imports_and_are_unique_over_kinds_and_workspaces(lake: Lake) -> None:
    lake.add("other")
    lake.take(day(100), **copied(files=[file(1)]))
    lake.take(day(100), workspace="other", **copied(files=[file(1)]))
    first, other = numbers_of(lake), numbers_of(lake, "other")
    lake.take(
        day(200), **copied(users=[user(1, title="new"), user(5)], messages=[message(2, text="x", edited_at=day(9))])
    )
    after = numbers_of(lake)
    assert first.items() <= after.items()
    workspaces = [facts.number for facts in lake.catalog.workspaces()]
    versions = [row["version_number"] for w in ("acme", "other") for row in lake.projected("files", w)]
    every = [*after.values(), *other.values(), *workspaces, *versions]
    assert len(every) == len(set(every))
    assert min(every) == FIRST
    projected = {
        (kind, row["id"]): row["number"] for kind in ("users", "rooms", "files") for row in lake.projected(kind)
    }
    assert projected.items() <= after.items()


def test_numbers_of_an_import_that_failed_are_never_given_again(lake: Lake) -> None:
    lake.take(day(50), rooms=[room(1)])
    with lake.importing(day(100)) as intake:
        intake.messages([message(n) for n in range(append.BATCH_ROWS)])
        (path,) = lake.parquet("messages")
        seen = pl.read_parquet(path.read_bytes())["number"].to_list()
    lake.take(day(100), messages=[message(n) for n in range(10)])
    now = [row["number"] for row in lake.messages()]
    assert len(seen) == append.BATCH_ROWS
    assert min(now) > max(seen)


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lacking", ["absent", "hidden", "deleted", "external", "damaged"])
@pytest.mark.parametrize("held_first", [True, False])
def test_a_held_body_is_kept_though_a_younger_export_lacks_it(lake: Lake, lacking: str, held_first: bool) -> None:
    def with_body() -> None:
        lake.take(day(100), rooms=[room(1)], files=[file(1, lake.held(b"body"), title="then", raw="old")])

    def without() -> None:
        lake.take(day(200), rooms=[room(1)], files=[file(1, title="now", storage=lacking, raw="new")])

    for step in (with_body, without) if held_first else (without, with_body):
        step()
    body = lake.held(b"body")
    for row in (*lake.projected("files"), *lake.view().files().to_dicts()):
        assert (row["title"], row["storage"], row["sha256"], row["size"]) == ("now", "held", body.sha256, 4)
        assert row["reason"] == ""
    assert lake.view().files()["raw"].to_list() == ["new"]
    head = lake.catalog.head("acme").number
    with_body()
    without()
    assert lake.catalog.head("acme").number == head


def test_a_new_body_of_a_known_file_is_a_new_version(lake: Lake) -> None:
    lake.take(day(100), rooms=[room(1)], files=[file(1, lake.held(b"first"))])
    first = lake.projected("files")[0]
    lake.take(day(200), rooms=[room(1)], files=[file(1, lake.held(b"second"))])
    second = lake.projected("files")[0]
    assert second["number"] == first["number"]
    assert second["version_number"] not in (first["version_number"], first["number"])
    assert second["sha256"] == lake.held(b"second").sha256
    assert lake.view(1).files()["sha256"].to_list() == [lake.held(b"first").sha256]


def test_what_is_only_said_again_is_no_new_version(lake: Lake) -> None:
    for number, title in ((1, "a"), (3, "a")):
        lake.take(day(100 * number), rooms=[room(1)], files=[file(1, title=title)])
    version = lake.projected("files")[0]["version_number"]
    lake.take(day(200), rooms=[room(1)], files=[file(1, title="b")])
    assert lake.projected("files")[0]["version_number"] == version
    assert lake.view().files().select("title", "version_number").rows() == [("a", version)]


def test_every_version_keeps_its_number_and_its_body(lake: Lake) -> None:
    for age, body in ((100, b"first"), (300, b"third"), (200, b"second"), (300, b"third")):
        lake.take(day(age), rooms=[room(1)], files=[file(1, lake.held(body)), file(2)])
    written = pl.concat([pl.read_parquet(found.read_bytes()) for found in lake.parquet("files")])
    noted = {row["number"]: row for row in lake.projected("file_versions")}
    assert {n: row["sha256"] for n, row in noted.items()} == dict(
        written.select("version_number", "sha256").iter_rows()
    )
    assert [noted[n]["import_no"] for n in sorted(noted) if noted[n]["file_id"] == "F1"] == [1, 2, 3]
    assert {row["version_number"] for row in lake.projected("files")} <= noted.keys()


# --- pinned snapshots, workspaces apart -------------------------------------------------------------------------------


def test_a_pinned_snapshot_does_not_change_with_later_imports(lake: Lake) -> None:
    lake.take(day(100), **copied(files=[file(1, lake.held(b"body"))]))
    before = lake.content(1)
    for number in range(2, 6):
        word = str(number)
        lake.take(day(100 * number), users=[user(1, title=word), user(number)], rooms=[room(1, topic=word)],
                  memberships=[member(1, number)], files=[file(1, lake.held(word.encode())), file(number)],
                  messages=[message(1, text=str(number), edited_at=day(number)), message(100 + number)])  # fmt: skip
    assert lake.catalog.head("acme").number == 5
    assert lake.content(1) == before
    assert lake.content() != before


def test_workspaces_do_not_see_each_other(lake: Lake) -> None:
    lake.add("other")
    lake.take(day(100), **copied(files=[file(1, lake.held(b"body"))]))
    assert lake.content(workspace="other") == {
        "users": [], "rooms": [], "memberships": [], "files": [], "messages": [],
    }  # fmt: skip
    mine = lake.content()
    added = lake.take(day(500), workspace="other", users=[user(1, title="other")], rooms=[room(1, topic="other")],
                      messages=[message(1, text="other", edited_at=day(400))])  # fmt: skip
    assert +added.report.added == {"users": 1, "rooms": 1, "messages": 1}
    assert lake.content() == mine
    assert lake.texts(workspace="other") == {"C1/1": "other"}
    assert lake.texts(workspace="other", rooms=("C2",)) == {}
    assert {found.workspace for found in lake.parquet(workspace="other")} == {"other"}
    with pytest.raises(NotFound):
        lake.catalog.head("nobody")


# --- what is broken is found and named --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["users", "rooms", "memberships", "files", "messages"])
@pytest.mark.parametrize("broken", ["missing", "short"])
def test_a_broken_segment_is_found_and_named(lake: Lake, kind: str, broken: str) -> None:
    lake.take(day(100), **copied(files=[file(1)]))
    lake.take(day(200), users=[user(3)], rooms=[room(1), room(3)], memberships=[member(1, 3)], files=[file(3)],
              messages=[message(70)])  # fmt: skip
    newest = lake.parquet(kind)[-1]
    if broken == "missing":
        newest.unlink()
    else:
        newest.write_bytes(newest.read_bytes()[:-7])
    with pytest.raises(Damaged, match=newest.name):
        lake.content()
    if kind == "messages":
        with pytest.raises(Damaged, match=newest.name):
            lake.take(day(300), rooms=[room(1)], messages=[message(71)])
    # the snapshot before is whole
    assert len(lake.content(1)["messages"]) == 8


def test_an_export_in_the_future_of_the_clock_is_taken_like_any_other(lake: Lake) -> None:
    lake.now = START
    lake.take(lake.now + timedelta(days=9000), **copied())
    assert len(lake.messages()) == 8
