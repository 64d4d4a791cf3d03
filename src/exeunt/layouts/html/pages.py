"""Pages: one a group of threads, so one a room and month, named and linked before any message is read."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import polars as pl

from exeunt.lake.selection import Group
from exeunt.layouts.job import Job, ShardPlan
from exeunt.layouts.shards import message_shards

LARGEST = 15_000
"""More messages than this make a page slow to open and hard to find one's way in, so it becomes several."""

AIM = 10_000


class PageNames(msgspec.Struct, frozen=True):
    """What a shard knows of pages: the name of each of its own, and of the neighbours of its first and last one.

    Names are of the page's place in its room alone: `2024-05`, and `2024-05-2` for the second of one month.
    """

    own: tuple[str, ...]
    before: str
    after: str

    def neighbours(self, groups: tuple[Group, ...], shown: list[bool]) -> list[tuple[str, str]]:
        """The names of the shown pages of the same room before and after each page."""
        before = _nearest(groups, self.own, shown, self.before)
        turned = _nearest(groups[::-1], self.own[::-1], shown[::-1], self.after)
        return list(zip(before, turned[::-1], strict=True))


def _nearest(groups: tuple[Group, ...], names: tuple[str, ...], shown: list[bool], edge: str) -> list[str]:
    found: list[str] = []
    last = edge
    for at, group in enumerate(groups):
        if at and groups[at - 1].room_number != group.room_number:
            last = ""
        found.append(last)
        if shown[at]:
            last = names[at]
    return found


def plan(job: Job) -> list[ShardPlan]:
    """The shards, each with the names of its pages."""
    plans = message_shards(job, largest=min(LARGEST, 3 * job.shard_rows // 2), aim=min(AIM, job.shard_rows))
    groups = [group for shard in plans for group in shard.groups]
    names = _names(groups)
    named, at = [], 0
    for shard in plans:
        end = at + len(shard.groups)
        before = names[at - 1] if at and groups[at - 1].room_number == groups[at].room_number else ""
        after = names[end] if end < len(groups) and groups[end].room_number == groups[end - 1].room_number else ""
        extra: dict[str, Any] = msgspec.to_builtins(PageNames(tuple(names[at:end]), before, after))
        named.append(msgspec.structs.replace(shard, extra=extra))
        at = end
    return named


def _names(groups: list[Group]) -> list[str]:
    names: list[str] = []
    last, part = (0, ""), 1
    for group in groups:
        month = group.since.astimezone(UTC).strftime("%Y-%m")
        part = part + 1 if (group.room_number, month) == last else 1
        last = (group.room_number, month)
        names.append(month if part == 1 else f"{month}-{part}")
    return names


@lru_cache(maxsize=4096)
def title_of(name: str) -> str:
    """`2024-05-2` as people say it: May 2024, part 2."""
    year, month, *part = name.split("-")
    words = datetime(int(year), int(month), 1, tzinfo=UTC).strftime("%B %Y")
    return f"{words}, part {part[0]}" if part else words


def pages_of(messages: pl.DataFrame, groups: tuple[Group, ...]) -> pl.Series:
    """The place in `groups` of the page of each message."""
    edges = pl.DataFrame(
        {"room_number": [g.room_number for g in groups], "since": [g.since for g in groups]},
        {"room_number": messages.schema["room_number"], "since": messages.schema["thread_started_at"]},
    ).with_row_index("page")
    started = messages.select("room_number", "thread_started_at")
    found = started.join_asof(
        edges, left_on="thread_started_at", right_on="since", by="room_number", check_sortedness=False
    )
    return found["page"]
