"""What is where, from the projection: rooms and people page by page, for whoever lists them or names one.

Imports no Polars: HTTP processes read this, and this only, of a workspace's content.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Table, func, or_, select

from exeunt.lake.rows import PersonKind, RoomKind
from exeunt.lake.selection import Selection, Snapshot
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import export_pins, memberships, rooms, users

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

    def out_of_reach(self, workspace_id: str, reach: Selection, room_ids: Iterable[str]) -> list[str]:
        """Which of these ids name no room, or none within reach: nobody can tell which of the two."""
        asked = list(dict.fromkeys(room_ids))
        known: set[str] = set()
        with self._ledger.read() as db:
            for at in range(0, len(asked), _AT_ONCE):
                query = select(rooms.c.id).where(*rooms_in_reach(workspace_id, reach))
                known |= set(db.scalars(query.where(rooms.c.id.in_(asked[at : at + _AT_ONCE]))))
        return [room_id for room_id in asked if room_id not in known]

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
    """Conditions on `rooms` for what `room_kinds` and `private_to` of a selection leave."""
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


def _columns(table: Table, struct: type[msgspec.Struct]) -> list[Any]:
    return [table.c[name] for name in struct.__struct_fields__]
