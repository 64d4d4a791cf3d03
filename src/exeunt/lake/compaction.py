"""Compaction: many small segments of a workspace become few, for the snapshots to come; older ones keep theirs."""

from sqlalchemy import insert, select, update

from exeunt.clock import Clock
from exeunt.errors import Busy
from exeunt.lake.append import BATCH_ROWS, add_segments
from exeunt.lake.catalog import Catalog, Segment
from exeunt.lake.columns import MESSAGES
from exeunt.lake.lease import hold
from exeunt.lake.segments import NewSegment, scan_table, write_segment
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import segments, snapshots, workspaces
from exeunt.storage.seam import Storage

MOST_SMALL = 64
MERGED_ROWS = 131_072
SMALL_ROWS = MERGED_ROWS - BATCH_ROWS
"""An import writes at most `BATCH_ROWS` a segment, so what could take no more of them in is not small any more."""


def compact(ledger: Ledger, lake: Storage, workspace_id: str, clock: Clock) -> int:
    """Merge the small message segments of the newest snapshot when there are more than `MOST_SMALL` of them.

    Returns how many were merged; 0 also when another process is writing to the workspace.
    """
    catalog = Catalog(ledger)
    if len(_small(catalog, workspace_id)) <= MOST_SMALL:
        return 0
    try:
        with hold(ledger, clock, workspace_id) as lease:
            small = _small(catalog, workspace_id)
            merged: list[NewSegment] = []
            for batch in _batches(small):
                lease.renew()
                frame = scan_table(lake, "messages", batch).collect()
                merged.append(write_segment(lake, workspace_id, "messages", 0, frame.select(list(MESSAGES))))
            with ledger.write() as db:
                lease.check(db)
                w = workspaces.c
                number = db.scalars(select(w.snapshot).where(w.id == workspace_id)).one() + 1
                db.execute(insert(snapshots).values(workspace_id=workspace_id, number=number, created_at=clock(),
                                                    reason="compaction"))  # fmt: skip
                for segment in small:
                    db.execute(update(segments).where(segments.c.id == segment.id).values(end_snapshot=number))
                add_segments(db, workspace_id, number, merged)
                db.execute(update(workspaces).where(w.id == workspace_id).values(snapshot=number))
            return len(small)
    except Busy:
        return 0


def _small(catalog: Catalog, workspace_id: str) -> list[Segment]:
    found = catalog.segments(catalog.head(workspace_id), "messages")
    return [segment for segment in found if segment.rows < SMALL_ROWS]


def _batches(small: list[Segment]) -> list[list[Segment]]:
    """Neighbours together, up to `MERGED_ROWS` rows: what is read at once."""
    batches: list[list[Segment]] = [[]]
    for segment in small:
        if batches[-1] and sum(s.rows for s in batches[-1]) + segment.rows > MERGED_ROWS:
            batches.append([])
        batches[-1].append(segment)
    return batches
