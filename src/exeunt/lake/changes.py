"""What of an import is new: rows are compared with what the lake holds, by content and not by time."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import Table, select

from exeunt.clock import EPOCH, to_micros
from exeunt.lake.catalog import Catalog, Segment, month_start
from exeunt.lake.columns import ASSIGNED, KEYS, MESSAGES, TABLES
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.lake.segments import NewSegment, scan_table
from exeunt.lake.selection import Group, Snapshot
from exeunt.ledger import schema
from exeunt.ledger.database import Ledger
from exeunt.sources.intake import Report
from exeunt.storage.seam import Storage

_encode = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode

HELD_FIELDS = ("storage", "sha256", "md5", "crc32", "size", "reason")


def content_hash(row: Any) -> int:
    """A 63-bit digest of what a row says. The source's own JSON is left out: it repeats what else is said, and much
    of it (reply counts, profile snippets) changes without the row changing."""
    if isinstance(row, MembershipRow) and row.ended_at is None:
        # a column that came later says nothing here, so that what was taken in before it came stays known
        packed = _encode({name: getattr(row, name) for name in row.__struct_fields__ if name != "ended_at"})
    elif hasattr(row, "raw"):
        raw, row.raw = row.raw, ""
        packed = _encode(row)
        row.raw = raw
    else:
        packed = _encode(row)
    return int.from_bytes(hashlib.blake2b(packed, digest_size=8).digest(), "big") >> 1


class Change(msgspec.Struct, frozen=True):
    """A row to write: what it says, the digest of that, which revision of its key it is, and the age of its source."""

    row: Any
    content_hash: int
    revision: int
    seen_at: datetime


class Known:
    """What the workspace holds before the import."""

    def __init__(self, ledger: Ledger, lake: Storage, workspace_id: str, snapshot: int) -> None:
        self._ledger, self.lake, self.workspace_id = ledger, lake, workspace_id
        self.snapshot = Snapshot(workspace_id, snapshot)
        self.catalog = Catalog(ledger)

    def projected(self, kind: str) -> dict[tuple[str, ...], Any]:
        """The projection's rows of a table by key."""
        table: Table = getattr(schema, kind)
        with self._ledger.read() as db:
            rows = db.execute(select(table).where(table.c.workspace_id == self.workspace_id)).all()
        return {tuple(getattr(row, k) for k in KEYS[kind]): row for row in rows}

    def revisions(self, kind: str) -> "Revisions":
        """Every revision of a small table, those too that a younger one hides."""
        table = scan_table(self.lake, kind, self.catalog.segments(self.snapshot, kind))
        frame = table.select(*KEYS[kind], "content_hash", "seen_at", "revision").collect()
        said = frame.group_by([*KEYS[kind], "content_hash"]).agg(pl.col("seen_at").max())
        last = frame.group_by(KEYS[kind]).agg(pl.col("revision").max())
        return Revisions(
            {(row[:-2], row[-2]): row[-1] for row in said.iter_rows()}, {row[:-1]: row[-1] for row in last.iter_rows()}
        )

    def row(self, kind: str, key: tuple[str, ...], digest: int) -> Any:
        """What a revision says, every field of it."""
        table = scan_table(self.lake, kind, self.catalog.segments(self.snapshot, kind))
        mine = pl.all_horizontal(pl.col(name) == value for name, value in zip(KEYS[kind], key, strict=True))
        found = table.filter(mine & (pl.col("content_hash") == digest)).head(1).collect()
        values = found.row(0, named=True)
        return ROWS[kind](**{name: values[name] for name in ROWS[kind].__struct_fields__})


ROWS: dict[str, type[msgspec.Struct]] = {
    "users": UserRow, "rooms": RoomRow, "memberships": MembershipRow, "files": FileRow,
}  # fmt: skip


class Revisions(msgspec.Struct, frozen=True):
    """What was ever said in a table: when each (key, content hash) was said last, and the last revision of each key."""

    said: dict[tuple[tuple[str, ...], int], datetime]
    last: dict[tuple[str, ...], int]


class TableChanges:
    """The changes of one small table: users, rooms, memberships or files."""

    def __init__(self, kind: str, known: Known) -> None:
        self.kind = kind
        self._known = known
        self._existing: dict[tuple[str, ...], Any] | None = None
        self._revisions: Revisions | None = None
        self._rows: dict[tuple[str, ...], Change] = {}
        self._again: dict[tuple[str, ...], Change] = {}
        self._seen: set[tuple[str, ...]] = set()
        self._unchanged = 0
        self.confirmed: set[tuple[str, ...]] = set()
        """The keys of which a younger source says what is known already."""
        self._numbers: dict[str, int] = {}
        self.version_numbers: dict[tuple[str, int], int] = {}
        """Of files, by id and revision."""

    @property
    def existing(self) -> dict[tuple[str, ...], Any]:
        if self._existing is None:
            self._existing = self._known.projected(self.kind)
            if self.kind != "memberships":
                self._numbers = {key[0]: row.number for key, row in self._existing.items()} | self._numbers
        return self._existing

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers of all rows that have one, by id."""
        _ = self.existing
        return self._numbers

    def ids(self) -> set[str]:
        """The ids this import offered so far."""
        return {key[0] for key in self._rows}

    def offer(self, row: Any, seen_at: datetime) -> None:
        """One row of the source. The last one offered for a key counts, but a held file body is never given up."""
        key = tuple(getattr(row, name) for name in KEYS[self.kind])
        before = self.existing.get(key)
        known = before is not None and self._is_known(key, content_hash(row), before, seen_at)
        if isinstance(row, FileRow) and not known:
            _keep_body(row, before)
            if key in self._rows:
                _keep_body(row, self._rows[key].row)
            known = before is not None and self._is_known(key, content_hash(row), before, seen_at)
        self._again.pop(key, None)
        if before is not None and known:
            self._rows.pop(key, None)
            self._count_unchanged(key)
            if seen_at > before.seen_at:
                self.confirmed.add(key)
            return
        self.confirmed.discard(key)
        revision = 1 if before is None else self._said_before().last[key] + 1
        self._rows[key] = Change(row, content_hash(row), revision, seen_at)
        if before is not None and seen_at < before.seen_at:
            self._say_again(key, row, before, revision + 1)

    def speaks_of(self, key: tuple[str, ...]) -> bool:
        """Whether this import offered anything for a key."""
        return key in self._rows or key in self._seen

    def confirm(self, key: tuple[str, ...], seen_at: datetime) -> None:
        """This import has nothing else to say of a key than what is known, though it does not offer it."""
        if seen_at > self.existing[key].seen_at:
            self.confirmed.add(key)

    def fresh(self) -> list[tuple[tuple[str, ...], Any]]:
        """The offered rows of which nothing was known, by key."""
        return [(key, change.row) for key, change in self._rows.items() if key not in self.existing]

    def follow(self, key: tuple[str, ...], row: Any, seen_at: datetime) -> None:
        """What a younger source is known to say of an offered row: written after it, as its next revision."""
        self._again[key] = Change(row, content_hash(row), self._rows[key].revision + 1, seen_at)

    def _say_again(self, key: tuple[str, ...], row: Any, before: Any, revision: int) -> None:
        """The source is older than what is known. What a younger one said is written once more where this row would
        pass for younger than its first saying, and with this row's bytes where the younger source lacked them."""
        restored = isinstance(row, FileRow) and row.storage == "held" and before.storage != "held"
        first = self._said_before().said[key, before.content_hash]
        hides = updated_at(row) == updated_at(before) and first <= self._rows[key].seen_at
        if not (restored or hides):
            return
        said = self._known.row(self.kind, key, before.content_hash)
        if restored:
            for name in HELD_FIELDS:
                setattr(said, name, getattr(row, name))
        self._again[key] = Change(said, content_hash(said), revision, before.seen_at)
        if isinstance(row, FileRow) and not restored:
            self.version_numbers[row.id, revision] = before.version_number

    def _count_unchanged(self, key: tuple[str, ...]) -> None:
        if key not in self._seen:
            self._seen.add(key)
            self._unchanged += 1

    def _is_known(self, key: tuple[str, ...], digest: int, before: Any, seen_at: datetime) -> bool:
        """Whether the row is what the lake has already. A younger source that says again what an older one said is a
        change back; an older source that does is not."""
        if before.content_hash == digest:
            return True
        if seen_at > before.seen_at:
            return False
        return (key, digest) in self._said_before().said

    def _said_before(self) -> Revisions:
        if self._revisions is None:
            self._revisions = self._known.revisions(self.kind)
        return self._revisions

    def number_all(self, take: Callable[[int], int]) -> None:
        """Give a number to every row that has none yet."""
        if self.kind == "memberships":
            return
        unnumbered = [key[0] for key in self._rows if key[0] not in self.numbers]
        if unnumbered:
            first = take(len(unnumbered))
            self._numbers |= {row_id: first + at for at, row_id in enumerate(unnumbered)}
        if self.kind == "files":
            versions = [(key[0], change.revision) for key, change in [*self._rows.items(), *self._again.items()]]
            fresh = [version for version in versions if version not in self.version_numbers]
            if fresh:
                first = take(len(fresh))
                self.version_numbers |= {version: first + at for at, version in enumerate(fresh)}

    def changed(self) -> dict[tuple[str, ...], Change]:
        """What may be newer than what is known, by key; what is only said again is known."""
        known = {key: self.existing[key].content_hash for key in self._again if key in self.existing}
        return self._rows | {key: c for key, c in self._again.items() if c.content_hash != known.get(key)}

    def written(self) -> list[Change]:
        """Every row to write, ordered by key, those that are only said again after the others."""
        return [rows[key] for rows in (self._rows, self._again) for key in sorted(rows)]

    def frame(self, import_no: int, report: Report) -> pl.DataFrame:
        """The rows to write, ordered by key, and their counts in the report."""
        changes = self.written()
        new = sum(change.revision == 1 for change in self._rows.values())
        report.added[self.kind] += new
        report.changed[self.kind] += len(self._rows) - new
        report.unchanged[self.kind] += self._unchanged
        rows = [change.row for change in changes]
        columns: dict[str, list[Any]] = {
            name: [getattr(row, name) for row in rows]
            for name in TABLES[self.kind]
            if name not in ASSIGNED and name not in ("number", "version_number")
        }
        columns["revision"] = [change.revision for change in changes]
        columns["import_no"] = [import_no] * len(rows)
        columns["seen_at"] = [change.seen_at for change in changes]
        columns["content_hash"] = [change.content_hash for change in changes]
        if self.kind != "memberships":
            columns["number"] = [self.numbers[row.id] for row in rows]
        if self.kind == "files":
            columns["version_number"] = [self.version_numbers[change.row.id, change.revision] for change in changes]
        return pl.DataFrame(columns, schema_overrides=TABLES[self.kind], infer_schema_length=None)


def updated_at(row: Any) -> datetime:
    """When a row was changed at the source, as far as its table can tell: what decides before the age of the source."""
    return getattr(row, "updated_at", None) or EPOCH


def _keep_body(row: FileRow, before: Any) -> None:
    if before is not None and before.storage == "held" and row.storage != "held":
        for name in HELD_FIELDS:
            setattr(row, name, getattr(before, name))


class MessageChanges:
    """The changes of the messages, batch by batch; only the ids of the batch's own groups are looked up."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._committed = known.catalog.segments(known.snapshot, "messages") if known.snapshot.number else []
        self._room_numbers: dict[str, int] = {}

    def changed(self, batch: list[MessageRow], written: list[NewSegment], report: Report) -> pl.DataFrame:
        """The batch's rows that the lake does not have; `number` and `revision` are those known, or null and 0."""
        frame = _frame(batch)
        before = frame.height
        frame = frame.unique(["id", "content_hash"], keep="first", maintain_order=True)
        known = self._lookup(frame, written)
        if known is None:
            frame = frame.with_columns(number=pl.lit(None, pl.Int64), revision=pl.lit(0, pl.Int32))
        else:
            newest = known.group_by("id").agg(pl.col("number").first(), pl.col("revision").max())
            same = known.select("id", "content_hash")
            frame = frame.join(same, on=["id", "content_hash"], how="anti", maintain_order="left")
            frame = frame.join(newest, on="id", how="left", maintain_order="left")
            frame = frame.with_columns(pl.col("revision").fill_null(0))
        new = frame.filter(pl.col("revision") == 0)["id"].n_unique()
        report.added["messages"] += new
        report.changed["messages"] += frame.height - new
        report.unchanged["messages"] += before - frame.height
        return frame

    def _lookup(self, frame: pl.DataFrame, written: list[NewSegment]) -> pl.DataFrame | None:
        started = pl.col("thread_started_at")
        pairs = frame.select(
            "room_id", month=started.dt.year().cast(pl.Int32) * 100 + started.dt.month().cast(pl.Int32)
        ).unique()
        wanted = {(self._room_numbers[room], month) for room, month in pairs.iter_rows() if room in self._room_numbers}
        segments: list[Segment | NewSegment] = [
            s for s in written if s.kind == "messages" and any((g.room_number, g.month) in wanted for g in s.groups)
        ]
        segments += self._committed_of(wanted)
        if not segments:
            return None
        columns = ["id", "number", "revision", "content_hash"]
        rooms = frame["room_id"].unique().to_list()
        found = (
            scan_table(self._known.lake, "messages", segments).filter(pl.col("room_id").is_in(rooms)).select(columns)
        )
        return found.join(frame.lazy().select("id").unique(), on="id", how="semi").collect()

    def _committed_of(self, wanted: set[tuple[int, int]]) -> list[Segment]:
        if not self._committed or not wanted:
            return []
        groups = [Group(room, month_start(month), month_start(month), 0) for room, month in wanted]
        ids = self._known.catalog.segments_of_groups(self._known.snapshot, groups)
        return [s for s in self._committed if s.id in ids]

    def know_rooms(self, numbers: dict[str, int]) -> None:
        """The rooms' numbers, by which the catalog knows its groups."""
        self._room_numbers = numbers

    def numbered(
        self, frame: pl.DataFrame, take: Callable[[int], int], import_no: int, seen_at: datetime
    ) -> pl.DataFrame:
        """The same rows with everything the lake assigns."""
        fresh = frame.filter(pl.col("number").is_null())["id"].unique(maintain_order=True)
        if len(fresh):
            first = take(len(fresh))
            given = pl.DataFrame({"id": fresh, "given": pl.int_range(first, first + len(fresh), eager=True)})
            frame = frame.join(given, on="id", how="left", maintain_order="left").with_columns(
                number=pl.coalesce("number", "given")
            )
        rooms = pl.DataFrame(
            {"room_id": list(self._room_numbers), "room_number": list(self._room_numbers.values())},
            schema={"room_id": pl.String, "room_number": pl.Int64},
        )
        return frame.join(rooms, on="room_id", how="left", maintain_order="left").with_columns(
            revision=(pl.col("revision") + 1 + pl.int_range(pl.len()).over("id")).cast(pl.Int32),
            import_no=pl.lit(import_no, pl.Int32),
            seen_at=pl.lit(seen_at).cast(MESSAGES["seen_at"]),
        )


_INSTANTS = ("thread_started_at", "created_at", "edited_at", "deleted_at")


def _frame(batch: list[MessageRow]) -> pl.DataFrame:
    columns: dict[str, Any] = {}
    for name, kind in MESSAGES.items():
        if name in ASSIGNED or name in ("number", "room_number"):
            continue
        if name in _INSTANTS:
            # whole numbers go in several times as fast as datetimes do
            values = [None if v is None else to_micros(v) for v in (getattr(row, name) for row in batch)]
            columns[name] = pl.Series(name, values, pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        elif isinstance(kind, pl.List):
            # JSON decoded in one go: a Python list a row would cost thirty times as much
            texts = [_json(value).decode() if value else "[]" for value in (getattr(row, name) for row in batch)]
            columns[name] = pl.Series(name, texts, pl.String).str.json_decode(kind)
        else:
            columns[name] = pl.Series(name, [getattr(row, name) for row in batch], kind)
    columns["content_hash"] = pl.Series("content_hash", [content_hash(row) for row in batch], pl.Int64)
    return pl.DataFrame(columns)
