"""The messages of one room in the order they were written, across threads: windows of time, not months of threads.

Segments are sorted by the start of threads, so a window may need rows of many of them; what Parquet's statistics leave
out is never read, and memory holds one window.
"""

from datetime import datetime, timedelta

import msgspec
import polars as pl

from exeunt.lake.columns import KEYS, TABLES
from exeunt.lake.segments import scan_table
from exeunt.lake.selection import Group
from exeunt.lake.view import View, newest

_ORDERING = ("id", "room_number", "created_at", "edited_at", "deleted_at", "seen_at", "import_no", "revision",
             "author_id", "text")  # fmt: skip


def windows(view: View, room_number: int, rows: int) -> list[Group]:
    """Consecutive windows that hold all selected messages of a room, each of about `rows` revisions at most.

    The bounds of a group are instants of writing here, and not of the start of threads.
    """
    wanted = view.selection
    hours = _counts(view, room_number, wanted.since, wanted.until, "1h")
    found: list[Group] = []
    for at, count in hours:
        steps = [(at, count)]
        if count > rows:
            steps = _counts(view, room_number, at, at + timedelta(hours=1), "1s")
        for since, number in steps:
            if found and found[-1].rows + number <= rows:
                found[-1] = Group(room_number, found[-1].since, since, found[-1].rows + number)
            else:
                found.append(Group(room_number, since, since, number))
    return _closed(found)


def _closed(groups: list[Group]) -> list[Group]:
    """Each window ends where the next one begins, and the last one an hour after its last step began."""
    ends = [group.since for group in groups[1:]]
    if groups:
        ends.append(groups[-1].until + timedelta(hours=1))
    return [Group(g.room_number, g.since, end, g.rows) for g, end in zip(groups, ends, strict=True)]


def _counts(
    view: View, room_number: int, since: datetime | None, until: datetime | None, step: str
) -> list[tuple[datetime, int]]:
    counted = (
        _scan(view, room_number, since, until, ["created_at"])
        .group_by(pl.col("created_at").dt.truncate(step))
        .agg(pl.len())
        .sort("created_at")
        .collect(engine="streaming")
    )
    return list(counted.iter_rows())


def written(view: View, window: Group, columns: tuple[str, ...]) -> pl.DataFrame:
    """The selected messages of one window by time of writing and id: newest revisions, without deleted ones."""
    needed = {*columns, *_ORDERING}
    names = [name for name in TABLES["messages"] if name in needed]
    frame = newest(_scan(view, window.room_number, window.since, window.until, names).collect(), KEYS["messages"])
    return frame.filter(_selected(view)).sort("created_at", "id").select(columns)


def replies(view: View, window: Group) -> pl.DataFrame:
    """How many replies stand under the messages of a window: `thread_id` and `count`, whenever they were written."""
    names = ["id", "thread_id", "created_at", "edited_at", "deleted_at", "seen_at", "import_no", "revision"]
    started = pl.col("thread_started_at")
    frame = _scan(view, window.room_number, window.since, None, [*names, "thread_started_at"]).filter(
        started >= window.since, started < window.until, pl.col("id") != pl.col("thread_id")
    )
    return _counted(frame.select(names).collect())


def replies_to(view: View, room_number: int, ids: pl.Series) -> pl.DataFrame:
    """The same for the messages with these ids."""
    names = ["id", "thread_id", "created_at", "edited_at", "deleted_at", "seen_at", "import_no", "revision"]
    frame = _scan(view, room_number, None, None, names)
    mine = pl.col("thread_id").is_in(ids.implode()) & (pl.col("id") != pl.col("thread_id"))
    return _counted(frame.filter(mine).collect())


def _counted(answers: pl.DataFrame) -> pl.DataFrame:
    there = newest(answers, KEYS["messages"]).filter(pl.col("deleted_at").is_null())
    return there.group_by("thread_id").agg(count=pl.len())


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages of a room, the newest first: by id, or written in `[since, until)`; all from `offset` on when
    `count` is 0. `mentioning` are people of whom one must be mentioned; without `replies` only those that a room shows.
    """

    room_number: int
    ids: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    offset: int = 0
    count: int = 0
    mentioning: tuple[str, ...] = ()
    pinned: bool = False
    replies: bool = True


def page(view: View, wanted: Page, columns: tuple[str, ...]) -> tuple[pl.DataFrame, int]:
    """The messages of a page, and how many there are on all. What lies outside the page is looked at, not read."""
    keys = [*_ORDERING[:-2], "thread_id", "is_broadcast", "is_pinned", "mentions"]
    frame = _scan(view, wanted.room_number, wanted.since, wanted.until, keys)
    if wanted.ids is not None:
        frame = frame.filter(pl.col("id").is_in(wanted.ids))
    hit = pl.col("deleted_at").is_null()
    if wanted.mentioning:
        hit &= pl.col("mentions").list.eval(pl.element().is_in(wanted.mentioning)).list.any()
    if wanted.pinned:
        hit &= pl.col("is_pinned")
    if not wanted.replies:
        hit &= (pl.col("thread_id") == pl.col("id")) | pl.col("is_broadcast")
    found = newest(frame.collect(), KEYS["messages"]).filter(hit).sort("created_at", "id", descending=True)
    chosen = found.slice(wanted.offset, wanted.count or None)
    if chosen.is_empty():
        return pl.DataFrame(schema={name: TABLES["messages"][name] for name in columns}), found.height
    first, last = chosen["created_at"].min(), chosen["created_at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    window = Group(wanted.room_number, first, last + timedelta(microseconds=1), chosen.height)
    names = list(dict.fromkeys([*columns, *_ORDERING]))
    rows = _scan(view, window.room_number, window.since, window.until, names)
    mine = rows.filter(pl.col("id").is_in(chosen["id"].implode())).collect()
    return newest(mine, KEYS["messages"]).sort("created_at", "id", descending=True).select(columns), found.height


def first_words(view: View, room_number: int) -> list[str]:
    """The ids of everybody who wrote in a room, whoever wrote first comes first."""
    wanted = view.selection
    found = (
        _scan(view, room_number, wanted.since, wanted.until, ["author_id", "created_at"])
        .group_by("author_id")
        .agg(pl.col("created_at").min())
        .collect(engine="streaming")
    )
    return found.sort("created_at", "author_id")["author_id"].to_list()


def _scan(
    view: View, room_number: int, since: datetime | None, until: datetime | None, columns: list[str]
) -> pl.LazyFrame:
    catalog = view._catalog
    groups = catalog.groups(view.snapshot, [room_number], since, until)
    ids = catalog.segments_of_groups(view.snapshot, groups) if groups else set()
    segments = [s for s in catalog.segments(view.snapshot, "messages") if s.id in ids]
    frame = scan_table(view._lake, "messages", segments).filter(pl.col("room_number") == room_number)
    if since is not None:
        frame = frame.filter(pl.col("created_at") >= since)
    if until is not None:
        frame = frame.filter(pl.col("created_at") < until)
    return frame.select(columns)


def _selected(view: View) -> pl.Expr:
    wanted, hit = view.selection, pl.col("deleted_at").is_null()
    if wanted.people:
        hit &= pl.col("author_id").is_in(wanted.people)
    if wanted.since:
        hit &= pl.col("created_at") >= wanted.since
    if wanted.until:
        hit &= pl.col("created_at") < wanted.until
    if wanted.text:
        hit &= pl.col("text").str.to_lowercase().str.contains(wanted.text.lower(), literal=True)
    return hit
