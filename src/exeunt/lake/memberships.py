"""The ends of memberships: a complete list of a room's members says of everybody else that they are not in it.

Such a list is remembered with the room as `members_as_of`, the age of its source, so that a membership that only an
older source names has ended as soon as it comes in.
"""

from collections.abc import Mapping, Set
from datetime import datetime

from exeunt.lake.changes import TableChanges
from exeunt.lake.rows import MembershipRow


def end_memberships(
    changes: TableChanges, complete: Set[str], listed_at: Mapping[str, datetime], as_of: datetime
) -> int:
    """End what has ended, after everything was offered. Returns how many memberships that lasted until now.

    `complete` are the rooms whose members this import names to the last; `listed_at` says when earlier ones did so.
    A membership that a younger source has named stays: this one cannot know of it.
    """
    ended = 0
    for key, before in changes.existing.items() if complete else ():
        if key[0] not in complete or before.seen_at > as_of or changes.speaks_of(key):
            continue
        if before.ended_at is not None:
            changes.confirm(key, as_of)
            continue
        changes.offer(_ended(before, as_of), as_of)
        ended += 1
    for key, row in changes.fresh():
        left = listed_at.get(row.room_id)
        if left is not None and left > as_of:
            changes.follow(key, _ended(row, left), left)
    return ended


def _ended(last: MembershipRow, at: datetime) -> MembershipRow:
    """What was last said of a membership, with its end."""
    return MembershipRow(
        room_id=last.room_id, user_id=last.user_id, role=last.role, joined_at=last.joined_at, ended_at=at
    )
