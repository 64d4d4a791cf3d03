"""One import into one workspace: rows in, segments and one SQL transaction out.

Rows the lake has already are counted and dropped; a row with a known id and new content becomes its next revision.
Nothing is visible before `commit`, and everything is after it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from exeunt.blobs.store import BlobStore, HeldBlob, incoming_prefix
from exeunt.clock import EPOCH, Clock, from_micros
from exeunt.lake.catalog import Catalog
from exeunt.lake.changes import Known, MessageChanges, TableChanges
from exeunt.lake.columns import MESSAGES, TABLES
from exeunt.lake.lease import Lease, hold
from exeunt.lake.memberships import end_memberships
from exeunt.lake.projection import confirm, note_lists, note_versions, project
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.lake.segments import NewSegment, scan_table, write_segment
from exeunt.lake.selection import Snapshot
from exeunt.ledger.database import Ledger
from exeunt.ledger.numbers import take_numbers
from exeunt.ledger.schema import imports, segment_groups, segments, snapshots, workspaces
from exeunt.sources.intake import Report
from exeunt.storage.seam import Storage

BATCH_ROWS = 32_768
"""Messages held in memory at once: with their JSON about 100 MB."""

Progress = Callable[[int, int], None]


class Import:
    """An open import; made by `importing`. Implements `exeunt.sources.intake.Intake`."""

    def __init__(self, ledger: Ledger, lake: Storage, blobs: BlobStore, lease: Lease, clock: Clock, as_of: datetime,
                 progress: Progress) -> None:  # fmt: skip
        self._ledger, self._lake, self._blobs, self._lease, self._clock = ledger, lake, blobs, lease, clock
        self._progress = progress
        self.workspace_id = lease.workspace_id
        self.as_of = as_of
        self.report = Report()
        self._started_at = clock()
        with ledger.read() as db:
            w = workspaces.c
            row = db.execute(select(w.imports, w.snapshot).where(w.id == self.workspace_id)).one()
        self.import_no, self._snapshot = row.imports + 1, row.snapshot
        self._segments: list[NewSegment] = []
        known = Known(ledger, lake, self.workspace_id, self._snapshot)
        self._tables = {kind: TableChanges(kind, known) for kind in ("users", "rooms", "memberships", "files")}
        self._messages = MessageChanges(known)
        self._complete: set[str] = set()
        self._pending: list[MessageRow] = []

    # --- what a reader calls ---------------------------------------------------------------------------------

    def users(self, rows: Iterable[UserRow]) -> None:
        """People and bots; the same id again with other content is a new revision."""
        self._small("users", list(rows))

    def rooms(self, rows: Iterable[RoomRow]) -> None:
        """Rooms; they come before their messages."""
        self._small("rooms", list(rows))

    def memberships(self, rows: Iterable[MembershipRow]) -> None:
        """Who is in which room."""
        self._small("memberships", list(rows))

    def members_complete(self, room_ids: Iterable[str]) -> None:
        """The memberships handed over of these rooms are all they have: whoever else was in them has left."""
        self._complete.update(room_ids)

    def files(self, rows: Iterable[FileRow]) -> None:
        """Files, with or without their bodies; a body that is held stays held."""
        self._small("files", list(rows))

    def messages(self, rows: Iterable[MessageRow]) -> None:
        """Messages, those of one room together."""
        self._pending.extend(rows)
        while len(self._pending) >= BATCH_ROWS:
            batch, self._pending = self._pending[:BATCH_ROWS], self._pending[BATCH_ROWS:]
            self._flush(batch)

    def blob(self, chunks: Iterable[bytes]) -> HeldBlob:
        """Keep a file body."""
        self._lease.renew()
        return self._blobs.put(self.workspace_id, chunks, lambda key: self._blobs.note(self.workspace_id, key))

    def progress(self, done: int, total: int) -> None:
        """Bytes of the source read so far, of so many."""
        self._lease.renew()
        self._progress(done, total)

    # --- the rest ----------------------------------------------------------------------------------------------

    def _small(self, kind: str, rows: list[Any]) -> None:
        self._lease.renew()
        self.report.read[kind] += len(rows)
        changes = self._tables[kind]
        for row in rows:
            changes.offer(row, self.as_of)

    def _flush(self, batch: list[MessageRow]) -> None:
        self._lease.renew()
        self.report.read["messages"] += len(batch)
        self._messages.know_rooms(self._room_numbers(batch))
        frame = self._messages.changed(batch, self._segments, self.report)
        if frame.is_empty():
            return
        frame = self._messages.numbered(frame, self._take_numbers, self.import_no, self.as_of)
        self._segments.append(
            write_segment(self._lake, self.workspace_id, "messages", self.import_no, frame.select(list(MESSAGES)))
        )

    def _room_numbers(self, batch: list[MessageRow]) -> dict[str, int]:
        rooms = self._tables["rooms"]
        unknown = {row.room_id for row in batch} - rooms.numbers.keys()
        for room_id in sorted(unknown - rooms.ids()):
            # what is not known to be open is not shown to everybody, and whoever lists the room knows better
            rooms.offer(RoomRow(id=room_id, name=room_id, kind="private"), EPOCH)
        if unknown:
            rooms.number_all(self._take_numbers)
        return rooms.numbers

    def _end_memberships(self) -> None:
        rooms = self._tables["rooms"].existing
        listed_at = {key[0]: row.members_as_of for key, row in rooms.items() if row.members_as_of is not None}
        ended = end_memberships(self._tables["memberships"], self._complete, listed_at, self.as_of)
        if ended:
            self.report.read["memberships ended"] += ended

    def _take_numbers(self, count: int) -> int:
        with self._ledger.write() as db:
            return take_numbers(db, count)

    def commit(self, source: str, source_name: str) -> Snapshot:
        """Make everything durable, then visible at once. Without a change the snapshot stays what it was."""
        if self._pending:
            batch, self._pending = self._pending, []
            self._flush(batch)
        self._end_memberships()
        for kind, changes in self._tables.items():
            changes.number_all(self._take_numbers)
            frame = changes.frame(self.import_no, self.report)
            if frame.height:
                self._segments.append(
                    write_segment(self._lake, self.workspace_id, kind, self.import_no, frame.select(list(TABLES[kind])))
                )
        self._blobs.sync(self.workspace_id)
        now = self._clock()
        changed = bool(self._segments)
        snapshot = self._snapshot + (1 if changed else 0)
        with self._ledger.write() as db:
            self._lease.check(db)
            if changed:
                db.execute(
                    insert(snapshots).values(
                        workspace_id=self.workspace_id, number=snapshot, created_at=now, reason="import"
                    )
                )
                add_segments(db, self.workspace_id, snapshot, self._segments)
                project(db, self.workspace_id, self._tables, self._segments)
                note_versions(db, self.workspace_id, self.import_no, self._tables["files"])
            confirm(db, self.workspace_id, self._tables, self.as_of)
            note_lists(db, self.workspace_id, self._complete, self.as_of)
            db.execute(
                insert(imports).values(
                    workspace_id=self.workspace_id, import_no=self.import_no, source=source, source_name=source_name,
                    as_of=self.as_of, started_at=self._started_at, committed_at=now, snapshot=snapshot,
                    report=msgspec.json.encode(self.report).decode(),
                )
            )  # fmt: skip
            db.execute(
                update(workspaces)
                .where(workspaces.c.id == self.workspace_id)
                .values(snapshot=snapshot, imports=self.import_no)
            )
        return Snapshot(self.workspace_id, snapshot)


def add_segments(db: Connection, workspace_id: str, snapshot: int, new: list[NewSegment]) -> None:
    """Name new segments in the catalog, visible from `snapshot` on, inside the transaction that makes it."""
    db.execute(
        insert(segments),
        [
            {
                "id": s.id, "workspace_id": workspace_id, "kind": s.kind, "key": s.key, "rows": s.rows, "size": s.size,
                "sha256": s.sha256, "begin_snapshot": snapshot, "end_snapshot": None,
            }
            for s in new
        ],
    )  # fmt: skip
    groups = [
        {
            "segment_id": s.id, "room_number": g.room_number, "month": g.month, "rows": g.rows,
            "first_at": from_micros(g.first_at), "last_at": from_micros(g.last_at),
        }
        for s in new for g in s.groups
    ]  # fmt: skip
    if groups:
        db.execute(insert(segment_groups), groups)


@contextmanager
def importing(ledger: Ledger, lake: Storage, blobs: BlobStore, workspace_id: str, *, as_of: datetime, clock: Clock,
              progress: Progress = lambda done, total: None) -> Iterator[Import]:  # fmt: skip
    """Open an import under the workspace's lease. Left without `commit`, the lake is as before.

    Raises `NotFound` for an unknown workspace and `Busy` while another import of it runs.
    """
    catalog = Catalog(ledger)
    catalog.workspace(workspace_id)
    with hold(ledger, clock, workspace_id) as lease:
        remove_orphans(catalog, lake, blobs, workspace_id)
        intake = Import(ledger, lake, blobs, lease, clock, as_of, progress)
        try:
            yield intake
        finally:
            if lease.is_newest():
                remove_orphans(catalog, lake, blobs, workspace_id)


def remove_orphans(catalog: Catalog, lake: Storage, blobs: BlobStore, workspace_id: str) -> int:
    """Under the lease: remove what an import that died left behind. Returns how many files went."""
    known = catalog.all_segment_keys(workspace_id)
    orphans = [key for key, _ in lake.walk(workspace_id) if key not in known]
    lake.remove(orphans)
    unused = _unused(catalog, lake, blobs, workspace_id)
    blobs.remove(*unused)
    # last what tells of them, or nobody would look again after an end in the middle
    incoming = [key for key, _ in blobs.sizes(incoming_prefix(workspace_id))]
    blobs.remove(*incoming)
    return len(orphans) + len(unused) + len(incoming)


def _unused(catalog: Catalog, lake: Storage, blobs: BlobStore, workspace_id: str) -> list[str]:
    """The bodies that the last import noted and no snapshot names."""
    noted = blobs.noted(workspace_id)
    if not noted:
        return []
    segments = [s for s in catalog.all_segments(workspace_id) if s.kind == "files"]
    named = set(scan_table(lake, "files", segments).select("sha256").collect()["sha256"])
    return [key for key in noted if key.rpartition("/")[2] not in named]
