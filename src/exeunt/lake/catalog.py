"""The catalog: which segments make up which snapshot, and what lies in them, without opening one."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select

from exeunt.errors import Conflict, InvalidInput, NotFound
from exeunt.lake.selection import Group, Snapshot
from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.numbers import take_numbers
from exeunt.ledger.schema import segment_groups, segments, workspaces


class WorkspaceFacts(msgspec.Struct, frozen=True):
    """A workspace by name; `number` is its network id on the wire."""

    id: str
    number: int
    name: str
    external_of: str | None
    created_at: datetime


class Segment(msgspec.Struct, frozen=True):
    """One immutable Parquet file. `key` is its path below the lake's folder, `size` is in bytes."""

    id: str
    kind: str
    key: str
    rows: int
    size: int
    sha256: bytes
    begin_snapshot: int


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_workspace_id(text: str) -> str:
    """The id itself. Raises `InvalidInput` when it could not name a folder and stand in an address."""
    if not _ID.fullmatch(text):
        raise InvalidInput(
            f"{text!r} cannot be a workspace's id: up to 64 letters, digits, dots, dashes and underscores, "
            "the first a letter or digit"
        )
    return text


class Catalog:
    """Reads of the catalog, and the making of workspaces. Writing content is `exeunt.lake.append`'s."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add_workspace(self, workspace_id: str, name: str, external_of: str | None, now: datetime,
                      also: Callable[[Connection], None] = lambda db: None) -> WorkspaceFacts:  # fmt: skip
        """Make an empty workspace; `also` is called in the same transaction.

        Raises `InvalidInput` for what cannot be an id, `Conflict` when it exists, `NotFound` when its home does not.
        """
        check_workspace_id(workspace_id)
        with self._ledger.write() as db:
            lock(db, f"workspace {workspace_id}")
            if db.scalar(select(workspaces.c.id).where(workspaces.c.id == workspace_id)) is not None:
                raise Conflict(f"workspace {workspace_id} exists already")
            if external_of and db.scalar(select(workspaces.c.id).where(workspaces.c.id == external_of)) is None:
                raise NotFound(f"no workspace {external_of}")
            number = take_numbers(db, 1)
            db.execute(
                insert(workspaces).values(
                    id=workspace_id, number=number, name=name, external_of=external_of, created_at=now
                )
            )
            also(db)
        return WorkspaceFacts(workspace_id, number, name, external_of, now)

    def workspaces(self) -> list[WorkspaceFacts]:
        """All of them, by number."""
        w = workspaces.c
        with self._ledger.read() as db:
            rows = db.execute(select(w.id, w.number, w.name, w.external_of, w.created_at).order_by(w.number))
            return [WorkspaceFacts(*row) for row in rows]

    def workspace(self, workspace_id: str) -> WorkspaceFacts:
        """One of them. Raises `NotFound`."""
        w = workspaces.c
        with self._ledger.read() as db:
            row = db.execute(
                select(w.id, w.number, w.name, w.external_of, w.created_at).where(w.id == workspace_id)
            ).first()
        if row is None:
            raise NotFound(f"no workspace {workspace_id}")
        return WorkspaceFacts(*row)

    def head(self, workspace_id: str) -> Snapshot:
        """The newest snapshot. Raises `NotFound` for an unknown workspace."""
        with self._ledger.read() as db:
            number = db.scalar(select(workspaces.c.snapshot).where(workspaces.c.id == workspace_id))
        if number is None:
            raise NotFound(f"no workspace {workspace_id}")
        return Snapshot(workspace_id, number)

    def segments(self, snapshot: Snapshot, kind: str | None = None) -> list[Segment]:
        """The segments of a snapshot, of one table or of all, in the order they were written."""
        s = segments.c
        query = select(s.id, s.kind, s.key, s.rows, s.size, s.sha256, s.begin_snapshot).where(_in_snapshot(snapshot))
        if kind:
            query = query.where(s.kind == kind)
        with self._ledger.read() as db:
            return [Segment(*row) for row in db.execute(query.order_by(s.begin_snapshot, s.key))]

    def all_segments(self, workspace_id: str) -> list[Segment]:
        """The segments that any snapshot of the workspace names."""
        s = segments.c
        query = select(s.id, s.kind, s.key, s.rows, s.size, s.sha256, s.begin_snapshot)
        with self._ledger.read() as db:
            return [Segment(*row) for row in db.execute(query.where(s.workspace_id == workspace_id).order_by(s.key))]

    def all_segment_keys(self, workspace_id: str) -> set[str]:
        """The keys of every segment that any snapshot of the workspace names."""
        with self._ledger.read() as db:
            return set(db.scalars(select(segments.c.key).where(segments.c.workspace_id == workspace_id)))

    def groups(
        self, snapshot: Snapshot, room_numbers: Sequence[int], since: datetime | None, until: datetime | None
    ) -> list[Group]:
        """The (room, month) groups of these rooms that hold a message written in `[since, until)`, in order."""
        g = segment_groups.c
        query = (
            select(g.room_number, g.month, func.sum(g.rows))
            .join(segments, segments.c.id == g.segment_id)
            .where(_in_snapshot(snapshot))
            .group_by(g.room_number, g.month)
            .order_by(g.room_number, g.month)
        )
        if since:
            query = query.having(func.max(g.last_at) >= since)
        if until:
            query = query.having(func.min(g.first_at) < until)
        wanted = set(room_numbers)
        with self._ledger.read() as db:
            return [
                Group(room, month_start(month), month_start(next_month(month)), int(rows))
                for room, month, rows in db.execute(query)
                if room in wanted
            ]

    def segments_of_groups(self, snapshot: Snapshot, groups: Sequence[Group]) -> set[str]:
        """The ids of the segments that hold any row of these groups."""
        g = segment_groups.c
        wanted = {(group.room_number, month_of(group.since)) for group in groups}
        rooms, months = [room for room, _ in wanted], [month for _, month in wanted]
        query = (
            select(g.segment_id, g.room_number, g.month)
            .join(segments, segments.c.id == g.segment_id)
            .where(
                _in_snapshot(snapshot),
                g.room_number.between(min(rooms), max(rooms)),
                g.month.between(min(months), max(months)),
            )
        )
        with self._ledger.read() as db:
            return {segment for segment, room, month in db.execute(query) if (room, month) in wanted}


def _in_snapshot(snapshot: Snapshot) -> ColumnElement[bool]:
    s = segments.c
    return and_(
        s.workspace_id == snapshot.workspace_id,
        s.begin_snapshot <= snapshot.number,
        or_(s.end_snapshot.is_(None), s.end_snapshot > snapshot.number),
    )


def month_of(instant: datetime) -> int:
    """Year and month in one number: 202611."""
    utc = instant.astimezone(UTC)
    return utc.year * 100 + utc.month


def month_start(month: int) -> datetime:
    """The first instant of a month given as 202611."""
    return datetime(month // 100, month % 100, 1, tzinfo=UTC)


def next_month(month: int) -> int:
    """The month after: 202612 is followed by 202701."""
    return month + 89 if month % 100 == 12 else month + 1
