"""Reading one snapshot of one workspace: the only way to the content. Imports Polars; HTTP processes never do."""

from collections.abc import Iterable, Sequence

import polars as pl

from exeunt.clock import EPOCH
from exeunt.lake.catalog import Catalog, Segment, WorkspaceFacts
from exeunt.lake.columns import KEYS, TABLES
from exeunt.lake.segments import scan_table
from exeunt.lake.selection import Group, Selection, Snapshot
from exeunt.storage.seam import Storage


def newest(frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """One row for each key: by edit time, then by how young the source was, then by import. Order is kept."""
    # hashes cost a third of comparing; where two of them happen to be equal, what follows changes nothing
    if frame.select(pl.struct(keys).hash().n_unique()).item() == frame.height:
        return frame
    return (
        frame.with_row_index("_at")
        .sort(*_recency(frame.columns), "seen_at", "import_no", "revision", maintain_order=True)
        .unique(list(keys), keep="last", maintain_order=True)
        .sort("_at")
        .drop("_at")
    )


def _recency(columns: Sequence[str]) -> list[pl.Expr]:
    """When a row was last edited, as far as its table can tell; the age of the source decides where it cannot."""
    if "edited_at" in columns:
        # nothing is undeleted: a deletion is newer than any edit, though a source may not say when it happened
        return [pl.col("deleted_at").is_not_null(), pl.coalesce("edited_at", "created_at")]
    return [pl.col("updated_at").fill_null(EPOCH)] if "updated_at" in columns else []


class View:
    """A snapshot with a selection applied. Frames hold the newest revision of every row.

    Raises `Damaged` naming the first segment that is missing or was cut short.
    """

    def __init__(self, catalog: Catalog, lake: Storage, workspace: WorkspaceFacts, snapshot: Snapshot,
                 selection: Selection) -> None:  # fmt: skip
        self._catalog, self._lake = catalog, lake
        self.workspace, self.snapshot, self.selection = workspace, snapshot, selection
        self._tables: dict[str, pl.DataFrame] = {}
        self._segments: list[Segment] | None = None

    def users(self) -> pl.DataFrame:
        """Everybody, by number. Selected or not: whoever is mentioned needs a name."""
        return self._table("users", "number")

    def all_rooms(self) -> pl.DataFrame:
        """Every room, by number."""
        return self._table("rooms", "number")

    def rooms(self) -> pl.DataFrame:
        """The rooms the selection reaches, by number."""
        rooms, wanted = self.all_rooms(), self.selection
        if wanted.rooms:
            rooms = rooms.filter(pl.col("id").is_in(wanted.rooms))
        if wanted.room_kinds:
            allowed = pl.col("kind").is_in(wanted.room_kinds)
            if wanted.private_to:
                own = self.memberships().filter(pl.col("user_id") == wanted.private_to)["room_id"]
                allowed |= pl.col("id").is_in(own.implode())
            rooms = rooms.filter(allowed)
        return rooms

    def memberships(self) -> pl.DataFrame:
        """Who is in which room, as far as sources say."""
        return self.all_memberships().filter(pl.col("ended_at").is_null())

    def all_memberships(self) -> pl.DataFrame:
        """Who is or was in which room."""
        return self._table("memberships", "room_id", "user_id")

    def files(self) -> pl.DataFrame:
        """Every file of the workspace, by number, whatever the selection."""
        return self._table("files", "number")

    def _table(self, kind: str, *order: str) -> pl.DataFrame:
        if kind not in self._tables:
            frame = scan_table(self._lake, kind, self._catalog.segments(self.snapshot, kind)).collect()
            self._tables[kind] = newest(frame, KEYS[kind]).sort(*order)
        return self._tables[kind]

    def groups(self) -> list[Group]:
        """The (room, month) groups the selection can reach, by room and time, from the catalog alone."""
        numbers = self.rooms()["number"].to_list()
        return self._catalog.groups(self.snapshot, numbers, self.selection.since, self.selection.until)

    def thread_starts(self, group: Group) -> pl.Series:
        """When the threads of one group started, sorted, a value a message: for a group too large for a shard."""
        frame = self._scan([group], ["thread_started_at"]).collect()
        return frame["thread_started_at"].sort()

    def messages(self, groups: Iterable[Group], columns: Sequence[str]) -> pl.DataFrame:
        """The selected messages of some groups, by room, thread and time of writing, newest revision only."""
        groups = list(groups)
        needed = {*columns, "id", "number", "room_number", "room_id", "thread_id", "thread_started_at", "created_at",
                  "edited_at", "deleted_at", "seen_at", "import_no", "revision", "author_id"}  # fmt: skip
        if self.selection.text:
            needed.add("text")
        frame = self._scan(groups, [c for c in TABLES["messages"] if c in needed]).collect()
        frame = newest(frame, KEYS["messages"])
        return self._selected(frame).sort("room_number", "thread_started_at", "thread_id", "created_at", "id")

    def _scan(self, groups: list[Group], columns: Sequence[str]) -> pl.LazyFrame:
        rooms = {group.room_number for group in groups}
        since, until = min(g.since for g in groups), max(g.until for g in groups)
        if self._segments is None:
            self._segments = self._catalog.segments(self.snapshot, "messages")
        ids = self._catalog.segments_of_groups(self.snapshot, groups)
        segments = [s for s in self._segments if s.id in ids]
        started = pl.col("thread_started_at")
        frame = scan_table(self._lake, "messages", segments)
        wide = frame.filter(pl.col("room_number").is_in(list(rooms)), started >= since, started < until)
        exact = pl.any_horizontal(
            (pl.col("room_number") == g.room_number) & (started >= g.since) & (started < g.until) for g in _runs(groups)
        )
        return wide.filter(exact).select(columns)

    def _selected(self, frame: pl.DataFrame) -> pl.DataFrame:
        wanted = self.selection
        hit = pl.lit(True)
        if wanted.people:
            hit &= pl.col("author_id").is_in(wanted.people)
        if wanted.since:
            hit &= pl.col("created_at") >= wanted.since
        if wanted.until:
            hit &= pl.col("created_at") < wanted.until
        if wanted.text:
            hit &= pl.col("text").str.to_lowercase().str.contains(wanted.text.lower(), literal=True)
        if wanted.whole_threads:
            return frame.filter(pl.col("thread_id").is_in(frame.filter(hit)["thread_id"].unique().implode()))
        return frame.filter(hit)


def _runs(groups: list[Group]) -> list[Group]:
    """The same groups with neighbours of one room joined: fewer conditions to test a row against."""
    joined: list[Group] = []
    for group in groups:
        last = joined[-1] if joined else None
        if last and last.room_number == group.room_number and last.until == group.since:
            joined[-1] = Group(last.room_number, last.since, group.until, last.rows + group.rows)
        else:
            joined.append(group)
    return joined
