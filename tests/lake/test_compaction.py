"""Compaction: fewer files, and every snapshot holds what it held."""

from typing import Any

import polars as pl
import pytest

from exeunt.errors import Conflict
from exeunt.lake import compaction, lease
from exeunt.lake.compaction import MOST_SMALL, compact
from exeunt.lake.segments import NewSegment, verify_segment, write_segment
from tests.backends import both
from tests.lake.conftest import Lake, day, message, room

pytestmark = both


def imported(lake: Lake, times: int, first: int = 0) -> None:
    for number in range(first, first + times):
        edited = message(1, text=f"edit {number}", edited_at=day(100 + number))
        lake.take(day(200 + number), rooms=[room(1), room(2)], messages=[message(10 + number, number % 2 + 1), edited])


def segments(lake: Lake, snapshot: int | None = None) -> list[str]:
    pinned = lake.view(snapshot).snapshot
    return [segment.key for segment in lake.catalog.segments(pinned, "messages")]


def test_many_small_segments_become_few_and_no_snapshot_changes(lake: Lake) -> None:
    imported(lake, MOST_SMALL)
    assert compact(lake.ledger, lake.store, "acme", lake.clock) == 0
    assert len(segments(lake)) == MOST_SMALL
    imported(lake, 1, MOST_SMALL)
    before = [lake.content(number) for number in range(1, MOST_SMALL + 2)]
    groups = lake.view().groups()
    assert compact(lake.ledger, lake.store, "acme", lake.clock) == MOST_SMALL + 1
    assert [lake.content(number) for number in range(1, MOST_SMALL + 2)] == before
    head = lake.catalog.head("acme").number
    assert head == MOST_SMALL + 2
    assert lake.content() == before[-1]
    assert lake.view().groups() == groups
    assert len(segments(lake)) == 1
    assert all(verify_segment(lake.store, segment) is None for segment in lake.catalog.all_segments("acme"))
    assert compact(lake.ledger, lake.store, "acme", lake.clock) == 0
    # what comes later goes on from there
    later = lake.take(day(900), messages=[message(1, text=f"edit {MOST_SMALL}", edited_at=day(100 + MOST_SMALL)),
                                          message(10), message(999)])  # fmt: skip
    assert (later.report.added["messages"], later.report.unchanged["messages"]) == (1, 2)
    assert len(lake.messages()) == len(before[-1]["messages"]) + 1


def test_segments_are_merged_up_to_a_size(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(lake, 9)
    content = lake.content()
    monkeypatch.setattr(compaction, "MOST_SMALL", 3)
    monkeypatch.setattr(compaction, "MERGED_ROWS", 4)
    assert compact(lake.ledger, lake.store, "acme", lake.clock) == 9
    rows = [pl.read_parquet(lake.store.get(key)).height for key in segments(lake)]
    assert sorted(rows) == [2, 4, 4, 4, 4]
    assert lake.content() == content


def test_while_somebody_writes_nothing_is_compacted(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(lake, 3)
    monkeypatch.setattr(compaction, "MOST_SMALL", 1)
    with lake.importing(day(900)):
        assert compact(lake.ledger, lake.store, "acme", lake.clock) == 0
    assert compact(lake.ledger, lake.store, "acme", lake.clock) == 3


def test_one_that_was_overtaken_changes_nothing_and_what_it_wrote_goes(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(lake, 3)
    content, kept = lake.content(), set(lake.parquet())
    monkeypatch.setattr(compaction, "MOST_SMALL", 1)

    def slow(*args: Any) -> NewSegment:
        segment = write_segment(*args)
        lake.now += 2 * lease.LIFE
        lake.take(day(900), messages=[message(777)])
        return segment

    monkeypatch.setattr(compaction, "write_segment", slow)
    with pytest.raises(Conflict):
        compact(lake.ledger, lake.store, "acme", lake.clock)
    assert len(lake.messages()) == len(content["messages"]) + 1
    with lake.importing(day(901)):
        pass
    assert len(set(lake.parquet()) - kept) == 1
    assert lake.content(3) == content
