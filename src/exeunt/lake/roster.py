"""Rooms with their people, from the projection: looked up, listed a page at a time, counted.

Imports no Polars, as `exeunt.lake.directory`, from which it differs in pages by offset and in what it says of a room.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from exeunt.clock import EPOCH
from exeunt.lake.directory import Person, rooms_in_reach
from exeunt.lake.rows import RoomKind
from exeunt.lake.selection import Selection
from exeunt.ledger.database import Instant, Ledger
from exeunt.ledger.schema import memberships, rooms, users

_AT_ONCE = 500
"""Ids in one query: databases limit how many values a statement may carry."""


class RoomFacts(msgspec.Struct, frozen=True, gc=False):
    """A room, who made it and how many are in it. `changed_at` is when anything of it last changed."""

    id: str
    number: int
    name: str
    kind: RoomKind
    topic: str
    description: str
    is_archived: bool
    is_default: bool
    creator_id: str
    creator_username: str | None
    creator_name: str | None
    parent_id: str
    created_at: datetime | None
    updated_at: datetime | None
    messages: int
    last_message_at: datetime | None
    members: int
    changed_at: datetime


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a room."""

    id: str
    username: str
    name: str
    is_disabled: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which rooms: of some kinds, that somebody is in (`joined`), within reach, changed later than an instant."""

    kinds: tuple[RoomKind, ...] = ()
    joined: str | None = None
    reach: Selection | None = None
    changed_after: datetime | None = None


LIMITLESS = 2**31
"""More rooms than there are."""

ORDERS = ("name", "ts", "msgs", "usersCount", "_updatedAt", "lm", "_id")
"""By what a list of rooms can be ordered."""


class Roster:
    """Reads of the projection for those who browse it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def room(self, workspace_id: str, room_id: str) -> RoomFacts | None:
        """A room by its id."""
        return self._one(_rooms(workspace_id).where(rooms.c.id == room_id))

    def room_named(self, workspace_id: str, name: str) -> RoomFacts | None:
        """A room by its name; conversations have none."""
        named = _rooms(workspace_id).where(rooms.c.name == name, rooms.c.kind.in_(("public", "private")))
        return self._one(named.order_by(rooms.c.kind.desc(), rooms.c.number).limit(1))

    def _one(self, query: Select[Any]) -> RoomFacts | None:
        with self._ledger.read() as db:
            row = db.execute(query).first()
        return None if row is None else RoomFacts(**row._mapping)

    def rooms(self, workspace_id: str, wanted: Wanted, *, offset: int = 0, count: int = 0,
              order: Sequence[tuple[str, int]] = ()) -> tuple[list[RoomFacts], int]:  # fmt: skip
        """A page of rooms, all from `offset` on when `count` is 0, and how many there are in all.

        `order` are names of `ORDERS` with 1 or -1; without it rooms are ordered by name.
        """
        conditions = _conditions(workspace_id, wanted)
        query = _rooms(workspace_id).where(*conditions)
        for name, direction in order or (("name", 1),):
            column = _order(name)
            query = query.order_by(column.desc() if direction < 0 else column)
        query = query.order_by(rooms.c.number).offset(offset)
        with self._ledger.read() as db:
            # all of them are counted by giving them
            found = [RoomFacts(*row) for row in db.execute(query.limit(count or LIMITLESS))]
            whole = not count and not offset
            total = len(found) if whole else db.scalar(select(func.count()).select_from(rooms).where(*conditions)) or 0
        return found, total

    def role_in(self, workspace_id: str, room_id: str, user_id: str) -> str | None:
        """What somebody is in a room; None for who is not in it."""
        m = memberships.c
        mine = (m.workspace_id == workspace_id, m.room_id == room_id, m.user_id == user_id, m.ended_at.is_(None))
        with self._ledger.read() as db:
            return db.scalar(select(m.role).where(*mine))

    def members(self, workspace_id: str, room_id: str, *, text: str = "", offset: int = 0,
                count: int = 0) -> tuple[list[Member], int]:  # fmt: skip
        """A page of those in a room by user name, and how many there are; `text` occurs in a name."""
        m, u = memberships.c, users.c
        conditions = [m.workspace_id == workspace_id, m.room_id == room_id, m.ended_at.is_(None)]
        if text:
            part = f"%{text.lower().replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
            conditions.append(
                or_(*(func.lower(c).like(part, escape="!") for c in (u.username, u.real_name, u.display_name)))
            )
        joined = memberships.join(users, and_(u.workspace_id == m.workspace_id, u.id == m.user_id))
        query = select(*_member()).select_from(joined).where(*conditions).order_by(u.username, u.id).offset(offset)
        with self._ledger.read() as db:
            total = db.scalar(select(func.count()).select_from(joined).where(*conditions)) or 0
            rows = db.execute(query.limit(count or max(total, 1))).all()
        return [Member(**row._mapping) for row in rows], total

    def members_of(self, workspace_id: str, room_ids: Sequence[str]) -> dict[str, list[Member]]:
        """Everybody in each of these rooms."""
        m, u = memberships.c, users.c
        found: dict[str, list[Member]] = {room_id: [] for room_id in room_ids}
        with self._ledger.read() as db:
            for at in range(0, len(room_ids), _AT_ONCE):
                query = (
                    select(m.room_id, *_member())
                    .select_from(memberships.join(users, and_(u.workspace_id == m.workspace_id, u.id == m.user_id)))
                    .where(
                        m.workspace_id == workspace_id,
                        m.room_id.in_(room_ids[at : at + _AT_ONCE]),
                        m.ended_at.is_(None),
                    )
                    .order_by(u.username, u.id)
                )
                for row in db.execute(query):
                    values = dict(row._mapping)
                    found[values.pop("room_id")].append(Member(**values))
        return found

    def person(self, workspace_id: str, user_id: str) -> Person | None:
        """Somebody by id."""
        return next(iter(self._people(workspace_id, users.c.id == user_id)), None)

    def people_named(self, workspace_id: str, usernames: Iterable[str]) -> dict[str, Person]:
        """People by user name; of several with one name, a person before a bot, who is there before who left."""
        names = list(dict.fromkeys(usernames))
        found: dict[str, Person] = {}
        for at in range(0, len(names), _AT_ONCE):
            for person in self._people(workspace_id, users.c.username.in_(names[at : at + _AT_ONCE])):
                found.setdefault(person.username, person)
        return found

    def _people(self, workspace_id: str, condition: ColumnElement[bool]) -> list[Person]:
        query = (
            select(*(users.c[name] for name in Person.__struct_fields__))
            .where(users.c.workspace_id == workspace_id, condition)
            .order_by(users.c.kind != "person", users.c.is_disabled, users.c.number)
        )
        with self._ledger.read() as db:
            return [Person(**row._mapping) for row in db.execute(query)]


_creator = aliased(users, name="creators")


def _rooms(workspace_id: str) -> Select[Any]:
    r = rooms.c
    maker = _creator.c
    other: dict[str, ColumnElement[Any]] = {
        "creator_username": maker.username, "creator_name": _called(maker), "members": _count(),
        "changed_at": _changed(),
    }  # fmt: skip
    return (
        select(*(other[name].label(name) if name in other else r[name] for name in RoomFacts.__struct_fields__))
        .select_from(rooms.outerjoin(_creator, and_(maker.workspace_id == r.workspace_id, maker.id == r.creator_id)))
        .where(r.workspace_id == workspace_id)
    )


def _conditions(workspace_id: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    r, m = rooms.c, memberships.c
    conditions: list[ColumnElement[bool]] = [r.workspace_id == workspace_id]
    if wanted.kinds:
        conditions.append(r.kind.in_(wanted.kinds))
    if wanted.joined is not None:
        mine = (m.workspace_id == workspace_id, m.user_id == wanted.joined, m.ended_at.is_(None))
        if wanted.changed_after is None:
            conditions.append(r.id.in_(select(m.room_id).where(*mine)))
        else:  # few rooms changed, so each of them is looked up instead of all that somebody is in
            conditions.append(exists().where(*mine, m.room_id == r.id))
    if wanted.reach is not None:
        conditions += rooms_in_reach(workspace_id, wanted.reach)
    if wanted.changed_after is not None:
        columns = (r.created_at, r.updated_at, r.last_message_at)
        conditions.append(or_(*(and_(r.workspace_id == workspace_id, c > wanted.changed_after) for c in columns)))
    return conditions


def _count() -> ColumnElement[int]:
    r, m = rooms.c, memberships.c
    mine = (m.workspace_id == r.workspace_id, m.room_id == r.id, m.ended_at.is_(None))
    return select(func.count()).select_from(memberships).where(*mine).correlate(rooms).scalar_subquery()


def _changed() -> ColumnElement[datetime]:
    r = rooms.c
    first, *others = (
        func.coalesce(c, literal(EPOCH, Instant())) for c in (r.created_at, r.updated_at, r.last_message_at)
    )
    latest: ColumnElement[datetime] = first
    for known in others:
        latest = case((known > latest, known), else_=latest)
    return latest


def _order(name: str) -> ColumnElement[Any]:
    r = rooms.c
    columns: dict[str, ColumnElement[Any]] = {
        "name": func.lower(r.name), "ts": r.created_at, "msgs": r.messages, "usersCount": _count(),
        "_updatedAt": _changed(), "lm": r.last_message_at, "_id": r.id,
    }  # fmt: skip
    return columns[name]


def _called(person: Any) -> ColumnElement[str]:
    return func.coalesce(func.nullif(person.real_name, ""), func.nullif(person.display_name, ""), person.username)


def _member() -> list[ColumnElement[Any]]:
    u = users.c
    return [u.id, u.username, _called(u).label("name"), u.is_disabled]
