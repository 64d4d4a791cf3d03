"""What an export would hold, from SQL alone: for a dry run that starts no job and reads no content."""

from typing import Any

import msgspec
from sqlalchemy import func, select

from exeunt.lake.catalog import Catalog
from exeunt.lake.directory import rooms_in_reach
from exeunt.lake.selection import Selection
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import files, rooms


class Estimate(msgspec.Struct, frozen=True):
    """Counts, and bytes of file bodies. `exact` is false when `messages` is an upper bound: a window, people or words
    are asked for, or some messages have several revisions, which only reading them could tell."""

    messages: int
    files: int
    external: int
    bytes: int
    exact: bool


def estimate(ledger: Ledger, catalog: Catalog, workspace_id: str, selection: Selection) -> Estimate:
    """Count what a selection reaches in the newest snapshot of a workspace."""
    r, f = rooms.c, files.c
    with ledger.read() as db:
        rooms_asked = rooms_in_reach(workspace_id, selection)
        if selection.rooms:
            rooms_asked.append(r.id.in_(selection.rooms))
        reached = db.execute(select(r.id, r.number).where(*rooms_asked)).all()
        numbers, ids = [row.number for row in reached], [row.id for row in reached]
        conditions: list[Any] = [f.workspace_id == workspace_id]
        if selection.rooms or selection.room_kinds:
            conditions.append(f.room_id.in_(ids))
        if selection.since:
            conditions.append(f.uploaded_at >= selection.since)
        if selection.until:
            conditions.append(f.uploaded_at < selection.until)
        held = f.storage == "held"
        counted = db.execute(select(func.count(), func.sum(f.size)).select_from(files).where(*conditions, held)).one()
        external = db.scalar(select(func.count()).select_from(files).where(*conditions, ~held)) or 0
    groups = catalog.groups(catalog.head(workspace_id), numbers, selection.since, selection.until)
    exact = not (selection.since or selection.until or selection.people or selection.text)
    return Estimate(
        messages=sum(group.rows for group in groups),
        files=counted[0] if selection.files else 0,
        external=external,
        bytes=int(counted[1] or 0) if selection.files else 0,
        exact=exact,
    )
