"""The ends of memberships: who a complete list of a room's members lacks has left, and nobody else has."""

import io
from datetime import datetime

import msgspec
import polars as pl
import pytest
from sqlalchemy import update

from exeunt.errors import InvalidInput
from exeunt.exports.estimate import estimate
from exeunt.lake.changes import content_hash
from exeunt.lake.directory import Directory
from exeunt.lake.selection import Selection
from exeunt.lake.uploaded import count_files
from exeunt.ledger.schema import segments
from tests.lake.conftest import Lake, day, file, member, message, room

OWN = Selection(room_kinds=("public",), private_to="U2")


def listed(lake: Lake, at: float, *users: int, complete: bool = True, role: str = "member") -> dict[str, int]:
    """Import a private room with these members; returns what is counted as read."""
    with lake.importing(day(at)) as intake:
        intake.rooms([room(1, kind="private")])
        intake.memberships([member(1, number, role=role) for number in users])
        if complete:
            intake.members_complete(["C1"])
        intake.commit("test", "test")
    return intake.report.read


def inside(lake: Lake, snapshot: int | None = None) -> list[str]:
    return lake.view(snapshot).memberships()["user_id"].to_list()


def ends(lake: Lake) -> dict[str, datetime | None]:
    """When memberships ended, which the projection and the lake have to agree on."""
    in_lake = dict(lake.view().all_memberships().select("user_id", "ended_at").rows())
    assert {row["user_id"]: row["ended_at"] for row in lake.projected("memberships")} == in_lake
    return in_lake


def test_whom_a_newer_list_lacks_has_left(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    read = listed(lake, 200, 1)
    assert read["memberships ended"] == 1
    assert ends(lake) == {"U1": None, "U2": day(200)}
    assert inside(lake) == ["U1"]
    rows = lake.view().all_memberships().filter(pl.col("user_id") == "U2").to_dicts()
    assert [(row["role"], row["revision"], row["seen_at"]) for row in rows] == [("member", 2, day(200))]


def test_rooms_that_somebody_has_left_are_out_of_reach(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    lake.take(day(100), messages=[message(1)], files=[file(1)])

    def may_name() -> bool:
        try:
            Directory(lake.ledger).require_known("acme", msgspec.structs.replace(OWN, rooms=("C1",)))
        except InvalidInput:
            return False
        return True

    def reached() -> tuple[list[str], list[str], int, int, bool]:
        return (
            [found.id for found in Directory(lake.ledger).rooms("acme", OWN)],
            lake.view(room_kinds=("public",), private_to="U2").rooms()["id"].to_list(),
            count_files(lake.ledger, ["acme"], OWN).files,
            estimate(lake.ledger, lake.catalog, "acme", OWN).messages,
            may_name(),
        )

    assert reached() == (["C1"], ["C1"], 1, 1, True)
    listed(lake, 200, 1)
    assert reached() == ([], [], 0, 0, False)
    listed(lake, 300, 1, 2)
    assert reached() == (["C1"], ["C1"], 1, 1, True)


def test_a_pinned_snapshot_keeps_its_members(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 200, 1)
    assert inside(lake, 1) == ["U1", "U2"]
    assert lake.view(1, room_kinds=("public",), private_to="U2").rooms()["id"].to_list() == ["C1"]


def test_a_room_without_a_list_keeps_its_members(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 200, complete=False)
    listed(lake, 300, 1, complete=False)
    lake.take(day(400), rooms=[room(2)])
    assert ends(lake) == {"U1": None, "U2": None}


def test_an_empty_list_ends_all(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 200)
    assert inside(lake) == []


def test_other_rooms_and_workspaces_keep_their_members(lake: Lake) -> None:
    lake.add("other")
    for workspace in ("acme", "other"):
        lake.take(day(100), workspace=workspace, rooms=[room(1), room(2)], memberships=[member(1, 1), member(2, 1)])
    listed(lake, 200)
    assert lake.view().memberships()["room_id"].to_list() == ["C2"]
    assert lake.view(workspace="other").memberships()["room_id"].to_list() == ["C1", "C2"]


def test_the_same_list_again_changes_nothing(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 200, 1)
    content, head = lake.content(), lake.catalog.head("acme")
    for at in (200, 100, 300, 200):
        read = listed(lake, at, *((1, 2) if at == 100 else (1,)))
        assert "memberships ended" not in read
    assert (lake.content(), lake.catalog.head("acme")) == (content, head)
    assert ends(lake) == {"U1": None, "U2": day(200)}


def test_an_older_list_does_not_end_what_a_younger_one_names(lake: Lake) -> None:
    listed(lake, 200, 1, 2)
    listed(lake, 100, 1)
    assert ends(lake) == {"U1": None, "U2": None}
    # named by the older and by the youngest, lacked by the one between that comes last
    listed(lake, 300, 1, 2, 3)
    listed(lake, 250, 1)
    assert ends(lake) == {"U1": None, "U2": None, "U3": None}


def test_whom_only_an_older_list_names_has_left_as_soon_as_it_comes_in(lake: Lake) -> None:
    listed(lake, 200, 1)
    read = listed(lake, 100, 1, 2)
    assert "memberships ended" not in read
    assert ends(lake) == {"U1": None, "U2": day(200)}
    assert inside(lake) == ["U1"]
    written = pl.concat([pl.read_parquet(found.read_bytes()) for found in lake.parquet("memberships")]).filter(
        user_id="U2"
    )
    assert written.sort("revision").select("revision", "seen_at", "ended_at").rows() == [
        (1, day(100), None),
        (2, day(200), day(200)),
    ]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (1, 3, 2), (3, 1, 2), (2, 1, 3)])
def test_somebody_who_comes_back_is_in_again(lake: Lake, order: tuple[int, ...]) -> None:
    for number in order:
        listed(lake, 100 * number, *((1,) if number == 2 else (1, 2)))
    assert ends(lake) == {"U1": None, "U2": None}
    listed(lake, 400, 1)
    assert ends(lake) == {"U1": None, "U2": day(400)}
    listed(lake, 500, 1, 2)
    assert ends(lake) == {"U1": None, "U2": None}


def test_another_role_from_between_two_lists_without_somebody_does_not_bring_them_back(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 200, 1)
    listed(lake, 400, 1)
    listed(lake, 300, 2, complete=False, role="owner")
    assert inside(lake) == ["U1"]
    assert ends(lake)["U2"] == day(200)


def test_of_two_lists_of_one_age_the_later_import_counts(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    listed(lake, 100, 1)
    assert ends(lake) == {"U1": None, "U2": day(100)}
    listed(lake, 100, 1, 2)
    assert ends(lake) == {"U1": None, "U2": day(100)}


# --- what came in before memberships had an end ----------------------------------------------------------------------


def test_memberships_from_before_ends_are_read_and_end(lake: Lake) -> None:
    listed(lake, 100, 1, 2)
    (found,) = lake.parquet("memberships")
    older = io.BytesIO()
    pl.read_parquet(found.read_bytes()).drop("ended_at").write_parquet(older)
    found.write_bytes(older.getvalue())
    with lake.ledger.write() as db:
        db.execute(update(segments).where(segments.c.kind == "memberships").values(size=len(older.getvalue())))
    assert inside(lake) == ["U1", "U2"]
    listed(lake, 300, 1)
    assert ends(lake) == {"U1": None, "U2": day(300)}
    # said once more, which reads the older file's own rows
    listed(lake, 200, 2, complete=False, role="owner")
    listed(lake, 50, 1, complete=False, role="owner")
    assert ends(lake) == {"U1": None, "U2": day(300)}


def test_what_is_known_of_a_membership_without_an_end_stays_known() -> None:
    # as the first version of the program wrote it
    assert content_hash(member(1, 1)) == 6447092670905508112
    assert content_hash(member(1, 1, ended_at=day(1))) != content_hash(member(1, 1))
