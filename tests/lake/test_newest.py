"""Any exports in any order, the same ones again too: the newest of a row is what the youngest or last edit says."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exeunt.lake.columns import KEYS
from exeunt.lake.compaction import compact
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from tests.backends import Backend
from tests.lake.conftest import START, Lake, day, file, member, message, room, user


class Source(msgspec.Struct):
    """One export of a workspace: how old it is, and what it says of whom."""

    users: list[tuple[int, str, float | None]]
    rooms: list[tuple[int, str]]
    memberships: list[tuple[int, int, str]]
    complete: set[int]
    files: list[tuple[int, str, bool]]
    messages: list[tuple[int, str, float | None]]

    @property
    def complete_rooms(self) -> set[str]:
        """The listed rooms whose members are all named."""
        return {f"C{number}" for number, _ in self.rooms if number in self.complete}


def _unique(pairs: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(pairs, max_size=3, unique_by=lambda pair: pair[0])


WORD = st.sampled_from("abc")
SOURCES = st.lists(
    st.builds(
        Source,
        users=_unique(st.tuples(st.integers(1, 2), WORD, st.none() | st.sampled_from([-40_000.0, -1.0, 1.0, 2.0]))),
        rooms=_unique(st.tuples(st.integers(1, 2), WORD)),
        memberships=st.lists(
            st.tuples(st.integers(1, 2), st.integers(1, 2), st.sampled_from(["member", "owner"])),
            max_size=3, unique_by=lambda said: said[:2],
        ),
        complete=st.sets(st.integers(1, 2)),
        files=_unique(st.tuples(st.integers(1, 2), WORD, st.booleans())),
        messages=_unique(st.tuples(st.integers(1, 3), WORD, st.none() | st.sampled_from([1.0, 2.0]))),
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def rows_of(lake: Lake, age: int, source: Source) -> dict[str, Any]:
    """What export number `age` holds."""
    return {
        "users": [user(n, title=t, updated_at=None if at is None else day(at)) for n, t, at in source.users],
        "rooms": [room(n, topic=t) for n, t in source.rooms] + [room(5)],
        "memberships": [member(r, u, role=role) for r, u, role in source.memberships],
        "files": [file(n, lake.held(b"%d" % n) if held else None, title=t) for n, t, held in source.files],
        # the text tells the exports apart: of what has no edit time, an import only keeps what is new
        "messages": [
            message(n, 5, text=f"{t} {age}", edited_at=None if at is None else START + timedelta(days=20 + at))
            for n, t, at in source.messages
        ],
    }  # fmt: skip


def expected(rows: Sequence[tuple[int, Any]]) -> Any:
    """What is newest of the (age, row) that were said of one thing."""

    def recency(said: tuple[int, Any]) -> tuple[Any, int]:
        age, row = said
        if isinstance(row, MessageRow):
            return row.edited_at or row.created_at, age
        return getattr(row, "updated_at", None) or day(-19_723), age

    newest = msgspec.structs.replace(max(rows, key=recency)[1])
    bodies = [row for _, row in rows if isinstance(row, FileRow) and row.storage == "held"]
    if bodies:
        for name in ("storage", "sha256", "md5", "crc32", "size"):
            setattr(newest, name, getattr(bodies[0], name))
    return newest


def said(row: Any, struct: type[Any]) -> dict[str, Any]:
    """Only the fields a source gives, as far as this side has them."""
    return {name: row[name] for name in struct.__struct_fields__ if name in row}


STRUCTS: dict[str, type[Any]] = {"users": UserRow, "rooms": RoomRow, "memberships": MembershipRow, "files": FileRow}


@pytest.mark.parametrize("examples", [20, pytest.param(400, marks=pytest.mark.long)], ids=["few", "many"])
def test_whatever_the_order_the_projection_equals_the_newest_rows_of_the_lake(examples: int) -> None:
    relaxed = settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    relaxed(given(sources=SOURCES, data=st.data())(_any_order))()


def _any_order(sources: list[Source], data: st.DataObject) -> None:
    ages = list(range(len(sources)))
    order = data.draw(st.lists(st.sampled_from(ages), max_size=7)) + data.draw(st.permutations(ages))
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Backend().settings(Path(folder)))
        try:
            lake.add("acme")
            _check(lake, sources, order, compacting=data.draw(st.booleans()))
        finally:
            lake.ledger.close()


def _check(lake: Lake, sources: list[Source], order: list[int], compacting: bool) -> None:
    known: dict[str, dict[tuple[str, ...], list[tuple[int, Any]]]] = {kind: {} for kind in KEYS}
    taken: set[int] = set()
    for age in order:
        rows = rows_of(lake, age, sources[age])
        for kind, listed in rows.items() if age not in taken else ():
            for row in listed:
                key = tuple(getattr(row, name) for name in KEYS[kind])
                known[kind].setdefault(key, []).append((age, msgspec.structs.replace(row)))
        report = lake.take(day(100 * (age + 1)), **rows, complete=sources[age].complete_rooms).report
        if age in taken:
            assert not +report.added
        taken.add(age)
    if compacting:
        compact_all(lake)
    view = lake.view()
    for kind, struct in STRUCTS.items():
        newest_rows = view.all_memberships() if kind == "memberships" else getattr(view, kind)()
        in_lake = {_key(kind, row): row for row in newest_rows.to_dicts()}
        projected = {_key(kind, row): row for row in lake.projected(kind)}
        wanted = {key: msgspec.structs.asdict(expected(rows)) for key, rows in known[kind].items()}
        if kind == "memberships":
            lists = {age: sources[age].complete_rooms for age in taken}
            _check_ends(in_lake, {key: max(age for age, _ in rows) for key, rows in known[kind].items()}, lists)
            for key, row in in_lake.items():
                assert projected[key]["ended_at"] == row["ended_at"]
                if row["ended_at"] is not None:
                    # what is said of its last days, by an export that came late, is not said of its end
                    wanted[key] |= {"ended_at": row["ended_at"], "role": row["role"]}
        assert {key: said(row, struct) for key, row in in_lake.items()} == wanted
        shared = {name for row in projected.values() for name in row}
        for key, row in projected.items():
            assert said(row, struct) == {name: value for name, value in wanted[key].items() if name in shared}
            for name in ("number", "version_number"):
                assert row.get(name) == in_lake[key].get(name)
        assert projected.keys() == wanted.keys()
    wanted_texts = {key[0]: expected(rows).text for key, rows in known["messages"].items()}
    assert lake.texts() == wanted_texts


def _check_ends(
    rows: dict[tuple[str, ...], dict[str, Any]], named: dict[tuple[str, ...], int], lists: dict[int, set[str]]
) -> None:
    """A membership has ended when a complete list lacks it that is younger than every export that names it."""
    for key, row in rows.items():
        lacking = [age for age, complete in lists.items() if age > named[key] and key[0] in complete]
        if lacking:
            assert row["ended_at"] in {day(100 * (age + 1)) for age in lacking}
        else:
            assert row["ended_at"] is None


def _key(kind: str, row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in KEYS[kind])


def compact_all(lake: Lake) -> None:
    """Merge what there is, as if it were many segments."""
    from exeunt.lake import compaction

    before, compaction.MOST_SMALL = compaction.MOST_SMALL, 0
    try:
        compact(lake.ledger, lake.store, "acme", lake.clock)
    finally:
        compaction.MOST_SMALL = before
