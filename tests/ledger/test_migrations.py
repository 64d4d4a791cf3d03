"""A database of an earlier version, with rows in it, becomes one of this version."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from exeunt.ledger.database import Ledger
from exeunt.ledger.migrate import require_current, upgrade
from exeunt.ledger.schema import memberships, rooms

FIRST = """
INSERT INTO workspaces (id, number, name, created_at, snapshot, imports) VALUES ('acme', 1000001, 'Acme', 0, 1, 1);
INSERT INTO rooms (workspace_id, id, number, revision, content_hash, seen_at, name, kind, topic, description,
    is_archived, is_default, is_shared, creator_id, parent_id, messages)
    VALUES ('acme', 'G1', 1000002, 1, 5, 1704067200000000, 'secret', 'private', '', '', false, false, false, '', '', 3);
INSERT INTO memberships (workspace_id, room_id, user_id, revision, content_hash, seen_at, role)
    VALUES ('acme', 'G1', 'U1', 1, 7, 1704067200000000, 'member')
"""
"""Rows as the first version wrote them."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A database of the first version."""
    made = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    upgrade(made, "0001")
    with made.write() as db:
        for statement in FIRST.split(";\n"):
            db.execute(text(statement))
    yield made
    made.close()


def test_memberships_and_rooms_of_the_first_version_stay_as_they_are(ledger: Ledger) -> None:
    upgrade(ledger)
    require_current(ledger)
    with ledger.read() as db:
        (member,) = db.execute(select(memberships)).all()
        (room,) = db.execute(select(rooms)).all()
    assert (member.room_id, member.user_id, member.content_hash, member.ended_at) == ("G1", "U1", 7, None)
    assert (room.name, room.kind, room.messages, room.members_as_of) == ("secret", "private", 3, None)
