"""A database of an earlier version, with rows in it, becomes one of this version."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from exeunt.ledger.database import Ledger
from exeunt.ledger.migrate import require_current, upgrade
from exeunt.ledger.schema import file_versions, memberships, rooms

FIRST = """
INSERT INTO workspaces (id, number, name, created_at, snapshot, imports) VALUES ('acme', 1000001, 'Acme', 0, 1, 1);
INSERT INTO rooms (workspace_id, id, number, revision, content_hash, seen_at, name, kind, topic, description,
    is_archived, is_default, is_shared, creator_id, parent_id, messages)
    VALUES ('acme', 'G1', 1000002, 1, 5, 1704067200000000, 'secret', 'private', '', '', false, false, false, '', '', 3);
INSERT INTO memberships (workspace_id, room_id, user_id, revision, content_hash, seen_at, role)
    VALUES ('acme', 'G1', 'U1', 1, 7, 1704067200000000, 'member');
INSERT INTO files (workspace_id, id, number, revision, content_hash, seen_at, version_number, name, title, description,
    room_id, uploader_id, media_type, size, uploaded_at, storage, storage_type, url, reason, sha256, md5, crc32)
    VALUES ('acme', 'F1', 1000003, 2, 9, 1704067200000000, 1000005, 'a.txt', 'A', 'a file', 'G1', 'U1', 'text/plain', 6,
    1704067200000000, 'held', '', 'https://x.org/a', '', 'ab', 'cd', 4000000000)
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


def test_the_versions_of_files_that_are_known_can_be_found_by_their_numbers(ledger: Ledger) -> None:
    upgrade(ledger)
    with ledger.read() as db:
        (version,) = db.execute(select(file_versions)).all()
    assert tuple(version) == (
        1000005, "acme", "F1", None, "a.txt", "a file", "text/plain", 6, datetime(2024, 1, 1, tzinfo=UTC), "held",
        "https://x.org/a", "ab", 4000000000,
    )  # fmt: skip
