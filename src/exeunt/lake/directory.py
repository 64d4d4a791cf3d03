"""What is where, from the projection: rooms and people page by page, for whoever lists them or names one.

Imports no Polars: HTTP processes read this, and this only, of a workspace's content.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from exeunt.errors import InvalidInput
from exeunt.lake.rows import PersonKind, RoomKind
from exeunt.lake.selection import Selection, Snapshot
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import export_pins, files, memberships, rooms, users

_AT_ONCE = 500
"""Ids in one query: databases limit how many values a statement may carry."""


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A room as the newest import says. `messages` counts their revisions; `number` is its name on some wires."""

    id: str
    number: int
    name: str
    kind: RoomKind
    topic: str
    description: str
    is_archived: bool
    creator_id: str
    parent_id: str
    created_at: datetime | None
    messages: int
    last_message_at: datetime | None


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A person, or a program that wrote, as the newest import says."""

    id: str
    number: int
    username: str
    display_name: str
    real_name: str
    email: str
    title: str
    department: str
    kind: PersonKind
    is_admin: bool
    is_owner: bool
    is_guest: bool
    is_disabled: bool
    joined_at: datetime | None


class Directory:
    """Reads of the projection. Pages go by number, which never changes, so nothing is skipped or given twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def rooms(self, workspace_id: str, reach: Selection, *, kinds: Sequence[RoomKind] = (), after: int = 0,
              limit: int = 100) -> list[Room]:  # fmt: skip
        """The rooms that somebody who reaches this far may see, by number."""
        query = (
            select(*_columns(rooms, Room))
            .where(*rooms_in_reach(workspace_id, reach), rooms.c.number > after)
            .order_by(rooms.c.number)
            .limit(limit)
        )
        if kinds:
            query = query.where(rooms.c.kind.in_(kinds))
        with self._ledger.read() as db:
            return [Room(**row._mapping) for row in db.execute(query)]

    def room_ids(self, workspace_id: str, reach: Selection, kinds: Sequence[RoomKind]) -> list[str]:
        """The ids of all such rooms of some kinds."""
        query = select(rooms.c.id).where(*rooms_in_reach(workspace_id, reach), rooms.c.kind.in_(kinds))
        with self._ledger.read() as db:
            return list(db.scalars(query.order_by(rooms.c.number)))

    def require_known(self, workspace_id: str, wanted: Selection) -> None:
        """Raises `InvalidInput` for the first room or person named that there is not.

        A room out of reach cannot be told from an unknown one. A person is whoever is listed, is a member of a room
        or has uploaded a file: not every source lists everybody who wrote.
        """
        u, m, f = users.c, memberships.c, files.c
        reached = rooms_in_reach(workspace_id, wanted)
        with self._ledger.read() as db:
            for room in _missing(db, wanted.rooms, (rooms.c.id, reached)):
                raise InvalidInput(f"there is no room {room!r} in workspace {workspace_id} that you may export")
            for person in _missing(
                db, wanted.people, (u.id, [u.workspace_id == workspace_id]),
                (m.user_id, [m.workspace_id == workspace_id]), (f.uploader_id, [f.workspace_id == workspace_id]),
            ):  # fmt: skip
                raise InvalidInput(f"there is no person {person!r} in workspace {workspace_id}")

    def people(self, workspace_id: str, *, email: str = "", after: int = 0, limit: int = 100) -> list[Person]:
        """Everybody, or whoever has this e-mail address in any case, by number."""
        query = (
            select(*_columns(users, Person))
            .where(users.c.workspace_id == workspace_id, users.c.number > after)
            .order_by(users.c.number)
            .limit(limit)
        )
        if email:
            query = query.where(func.lower(users.c.email) == email.lower())
        with self._ledger.read() as db:
            return [Person(**row._mapping) for row in db.execute(query)]

    def snapshots_of(self, export_id: str) -> list[Snapshot]:
        """The state of each workspace that an export reads."""
        p = export_pins.c
        query = select(p.workspace_id, p.snapshot).where(p.export_id == export_id).order_by(p.workspace_id)
        with self._ledger.read() as db:
            return [Snapshot(*row) for row in db.execute(query)]


def rooms_in_reach(workspace_id: str, reach: Selection) -> list[ColumnElement[bool]]:
    """Conditions on `rooms` for what `room_kinds` and `private_to` of a selection leave, whatever rooms it names."""
    r = rooms.c
    conditions: list[ColumnElement[bool]] = [r.workspace_id == workspace_id]
    if reach.room_kinds:
        allowed: ColumnElement[bool] = r.kind.in_(reach.room_kinds)
        if reach.private_to:
            allowed = or_(
                allowed, r.id.in_(own_rooms(reach.private_to).where(memberships.c.workspace_id == workspace_id))
            )
        conditions.append(allowed)
    return conditions


def own_rooms(user_id: str) -> Select[tuple[str]]:
    """The ids of the rooms that a person is in; the workspace is the caller's to say."""
    m = memberships.c
    return select(m.room_id).where(m.user_id == user_id, m.ended_at.is_(None))


def _missing(
    db: Connection, ids: Sequence[str], *places: tuple[ColumnElement[str], Sequence[ColumnElement[bool]]]
) -> list[str]:
    """Those of the ids that stand in none of these columns under their conditions, in order."""
    known: set[str] = set()
    for column, conditions in places:
        for at in range(0, len(ids), _AT_ONCE):
            query = select(column).where(*conditions, column.in_(ids[at : at + _AT_ONCE])).distinct()
            known |= set(db.scalars(query))
    return [name for name in ids if name not in known]


def _columns(table: Table, struct: type[msgspec.Struct]) -> list[Any]:
    return [table.c[name] for name in struct.__struct_fields__]
