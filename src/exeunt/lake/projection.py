"""The projection: the newest users, rooms, memberships and files as ordinary rows, kept in the import's transaction."""

from collections.abc import Set
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, insert, or_, select, update

from exeunt.clock import from_micros
from exeunt.lake.changes import Change, TableChanges, updated_at
from exeunt.lake.columns import KEYS
from exeunt.lake.segments import NewSegment
from exeunt.ledger import schema

_BESIDE = {"workspace_id", "messages", "last_message_at", "members_as_of"}
_OF_VERSION = {"number", "workspace_id", "file_id", "import_no"}
_ASSIGNED = {"number", "version_number", "revision", "content_hash", "seen_at"}


def project(db: Connection, workspace_id: str, tables: dict[str, TableChanges], segments: list[NewSegment]) -> None:
    """Write what changed. A row of an older source does not replace what a younger one said."""
    for kind, changes in tables.items():
        _project_table(db, workspace_id, getattr(schema, kind), changes)
    _count_messages(db, workspace_id, tables["rooms"], segments)


def note_versions(db: Connection, workspace_id: str, import_no: int, files: TableChanges) -> None:
    """Remember every version of a file by its number: an export of any snapshot may have given a link to it."""
    known = {row.version_number for row in files.existing.values()}
    said = {files.version_numbers[change.row.id, change.revision]: change.row for change in files.written()}
    fields = [c.name for c in schema.file_versions.columns if c.name not in _OF_VERSION]
    fresh = [
        {"number": number, "workspace_id": workspace_id, "file_id": row.id, "import_no": import_no}
        | {name: getattr(row, name) for name in fields}
        for number, row in said.items()
        if number not in known
    ]
    if fresh:
        db.execute(insert(schema.file_versions), fresh)


def confirm(db: Connection, workspace_id: str, tables: dict[str, TableChanges], seen_at: datetime) -> None:
    """Remember until when known rows were found unchanged: an export from between cannot replace them any more."""
    for kind, changes in tables.items():
        if changes.confirmed:
            table: Table = getattr(schema, kind)
            mine = [table.c[name] == bindparam(f"key_{name}") for name in KEYS[kind]]
            db.execute(
                update(table).where(table.c.workspace_id == workspace_id, *mine).values(seen_at=seen_at),
                [{f"key_{n}": v for n, v in zip(KEYS[kind], key, strict=True)} for key in sorted(changes.confirmed)],
            )


def note_lists(db: Connection, workspace_id: str, room_ids: Set[str], as_of: datetime) -> None:
    """Remember how young the youngest complete list of a room's members is."""
    r = schema.rooms.c
    mine = and_(r.workspace_id == workspace_id, r.id == bindparam("room"))
    older = or_(r.members_as_of.is_(None), r.members_as_of < as_of)
    if room_ids:
        query = update(schema.rooms).where(mine, older).values(members_as_of=as_of)
        db.execute(query, [{"room": room_id} for room_id in sorted(room_ids)])


def _project_table(db: Connection, workspace_id: str, table: Table, changes: TableChanges) -> None:
    fields = [c.name for c in table.columns if c.name not in _BESIDE | _ASSIGNED]
    fresh, again = [], []
    for key, change in changes.changed().items():
        before, row = changes.existing.get(key), change.row
        if before is not None and _is_older(change, before):
            continue
        values: dict[str, Any] = {name: getattr(row, name) for name in fields}
        values |= {"revision": change.revision, "content_hash": change.content_hash, "seen_at": change.seen_at}
        if changes.kind != "memberships":
            values["number"] = changes.numbers[row.id]
        if changes.kind == "files":
            values["version_number"] = changes.version_numbers[row.id, change.revision]
        if before is None:
            fresh.append({"workspace_id": workspace_id, **values})
        else:
            again.append((key, values))
    if fresh:
        db.execute(insert(table), fresh)
    for key, values in again:
        query = update(table).where(table.c.workspace_id == workspace_id)
        for name, value in zip(KEYS[changes.kind], key, strict=True):
            query = query.where(table.c[name] == value)
        db.execute(query.values(values))


def _is_older(change: Change, before: Any) -> bool:
    """The same order as `exeunt.lake.view.newest`: by update time where the source has one, then by its age."""
    return (updated_at(change.row), change.seen_at) < (updated_at(before), before.seen_at)


def _count_messages(db: Connection, workspace_id: str, rooms: TableChanges, segments: list[NewSegment]) -> None:
    totals: dict[int, tuple[int, int]] = {}
    for segment in segments:
        for group in segment.groups:
            rows, last = totals.get(group.room_number, (0, 0))
            totals[group.room_number] = (rows + group.rows, max(last, group.last_at))
    r = schema.rooms.c
    for number, (rows, last) in totals.items():
        before = db.scalar(select(r.last_message_at).where(r.number == number))
        newest = max(from_micros(last), before) if before else from_micros(last)
        db.execute(
            update(schema.rooms).where(r.number == number).values(messages=r.messages + rows, last_message_at=newest)
        )
