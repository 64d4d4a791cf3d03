"""What a selection takes, against a predicate in plain Python over the same messages."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exeunt.errors import InvalidInput
from exeunt.lake.rows import MessageRow, RoomKind
from exeunt.lake.selection import Selection
from tests.backends import Backend
from tests.lake.conftest import START, Lake, day, member, message, room, user

KINDS: tuple[RoomKind, ...] = ("public", "private", "group", "direct")
WORDS = ("Café", "STRASSE straße", "İstanbul", "100%_.*", "naïve", "tab\tand\nline", "日本語", "")
HOURS = 24 * 70


def talk() -> Iterator[MessageRow]:
    """Four rooms of four kinds over three months; threads whose replies come days and months after their roots."""
    rng = random.Random(7)
    for at in range(4):
        for number in range(60):
            thread = number if number < 5 or rng.random() < 0.4 else rng.randrange(5)
            hour = thread * 11 if thread == number else thread * 11 + rng.randrange(1, HOURS)
            started = START + timedelta(hours=thread * 11 + (HOURS if thread % 5 == 4 else 0))
            yield message(
                number, at + 1, author_id=f"U{rng.randrange(4)}", thread=thread, thread_started_at=started,
                created_at=started if thread == number else started + timedelta(hours=hour - thread * 11),
                text=f"{rng.choice(WORDS)} {number}",
            )  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    made = Lake(Backend().settings(tmp_path_factory.mktemp("selection") / "lake"))
    made.add("acme")
    rows = list(talk())
    # an edit in an export of its own: what is searched is the newest text, never an older one
    edited = message(0, 1, author_id=rows[0].author_id, text="edited entirely", edited_at=day(90))
    made.take(day(100), users=[user(n) for n in range(4)], messages=rows,
              rooms=[room(n + 1, kind=kind) for n, kind in enumerate(KINDS)],
              memberships=[member(2, 1), member(3, 1), member(4, 2)])  # fmt: skip
    made.take(day(200), messages=[edited])
    yield made
    made.ledger.close()


def wanted(lake: Lake, asked: Selection) -> set[str]:
    """The same question, asked of every message one by one."""
    rows = {row.id: row for row in talk()}
    rows["C1/0"].text = "edited entirely"
    kinds = {f"C{n + 1}": kind for n, kind in enumerate(KINDS)}
    members = {"U1": {"C2", "C3"}, "U2": {"C4"}}

    def seen(row: MessageRow) -> bool:
        if asked.rooms and row.room_id not in asked.rooms:
            return False
        return (
            not asked.room_kinds
            or kinds[row.room_id] in asked.room_kinds
            or row.room_id in members.get(asked.private_to, set())
        )

    def hit(row: MessageRow) -> bool:
        return (
            (not asked.people or row.author_id in asked.people)
            and (asked.since is None or row.created_at >= asked.since)
            and (asked.until is None or row.created_at < asked.until)
            and (asked.text.lower() in row.text.lower())
        )

    visible = [row for row in rows.values() if seen(row)]
    if asked.whole_threads:
        threads = {row.thread_id for row in visible if hit(row)}
        return {row.id for row in visible if row.thread_id in threads}
    return {row.id for row in visible if hit(row)}


INSTANTS = st.integers(-5, HOURS * 2 + 5).map(lambda hour: START + timedelta(hours=hour))
EDGES = st.sampled_from([row.created_at for row in talk()])


@st.composite
def selections(draw: st.DrawFn) -> dict[str, Any]:
    since = draw(st.none() | INSTANTS | EDGES)
    until = draw(st.none() | INSTANTS | EDGES)
    if since and until and until <= since:
        since, until = until, since
    if since == until:
        until = None
    kinds = draw(st.lists(st.sampled_from(KINDS), unique=True))
    return {
        "rooms": tuple(draw(st.lists(st.sampled_from(["C1", "C2", "C3", "C4", "C9"]), unique=True, max_size=3))),
        "people": tuple(draw(st.lists(st.sampled_from(["U0", "U1", "U2", "U9"]), unique=True, max_size=2))),
        "since": since, "until": until, "room_kinds": tuple(kinds),
        "private_to": draw(st.sampled_from(["", "U1", "U2", "U3"])) if kinds else "",
        "text": draw(st.sampled_from(["", "café", "STRASSE", "%_.*", "1", "nothing", "edited", "日本", "tab\t"])),
        "whole_threads": draw(st.booleans()),
    }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(asked=selections())
def test_a_selection_takes_what_the_predicate_takes(lake: Lake, asked: dict[str, Any]) -> None:
    assert set(lake.texts(**asked)) == wanted(lake, Selection(**asked))


def test_the_window_holds_its_first_instant_and_not_its_last(lake: Lake) -> None:
    row = next(row for row in talk() if row.id == "C1/7")
    tick = timedelta(microseconds=1)

    def taken(since: datetime | None, until: datetime | None) -> bool:
        return row.id in lake.texts(since=since, until=until)

    at = row.created_at
    assert taken(at, None)
    assert not taken(at + tick, None)
    assert taken(None, at + tick)
    assert not taken(None, at)
    assert taken(at, at + tick)


def test_the_zone_of_a_window_is_its_own(lake: Lake) -> None:
    instant = START + timedelta(hours=100)
    far = instant.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert lake.texts(since=instant).keys() == lake.texts(since=far).keys()


def test_a_window_of_nothing_and_one_without_a_zone_are_refused() -> None:
    with pytest.raises(InvalidInput, match="later"):
        Selection(since=day(1), until=day(1))
    with pytest.raises(InvalidInput, match="time zone"):
        Selection(since=datetime(2024, 1, 1))  # noqa: DTZ001


def test_what_is_reached_is_cut_from_statistics_alone(lake: Lake) -> None:
    asked: dict[str, Any] = {"rooms": ("C2",), "since": START + timedelta(hours=HOURS), "until": day(90)}
    view = lake.view(**asked)
    groups = view.groups()
    assert groups
    assert {group.room_number for group in groups} == set(view.rooms()["number"])
    assert sum(group.rows for group in groups) >= len(lake.texts(**asked))
    assert view._tables.keys() == {"rooms"}
