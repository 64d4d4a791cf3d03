"""Rooms and people as the wire shows them (1.14); what is not known is left out."""

from datetime import UTC, datetime
from typing import Any

from exeunt.lake.roster import Member, RoomFacts

TYPES = {"public": "c", "private": "p", "group": "d", "direct": "d"}


def instant(value: datetime) -> str:
    """`2024-03-26T18:24:21.994Z`."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def room_object(room: RoomFacts) -> dict[str, Any]:
    """A channel or a private group."""
    maker = {"_id": room.creator_id, "username": room.creator_username, "name": room.creator_name}
    found = {
        "_id": room.id,
        "t": TYPES[room.kind],
        "name": room.name if room.kind in ("public", "private") else None,
        "fname": room.name if room.kind in ("public", "private") else None,
        "u": {key: value for key, value in maker.items() if value} if room.creator_id else None,
        "msgs": room.messages,
        "usersCount": room.members,
        "ts": instant(room.created_at) if room.created_at else None,
        "ro": False,
        "default": room.is_default,
        "sysMes": True,
        "_updatedAt": instant(room.changed_at),
        "topic": room.topic or None,
        "description": room.description or None,
        "archived": True if room.is_archived else None,
        "lm": instant(room.last_message_at) if room.last_message_at else None,
        "prid": room.parent_id or None,
    }
    return {key: value for key, value in found.items() if value is not None}


def direct_object(room: RoomFacts, people: list[Member]) -> dict[str, Any]:
    """A conversation of two or more people."""
    found = {
        "_id": room.id,
        "t": "d",
        "usernames": [person.username for person in people],
        "uids": [person.id for person in people],
        "usersCount": room.members,
        "msgs": room.messages,
        "ts": instant(room.created_at) if room.created_at else None,
        "_updatedAt": instant(room.changed_at),
        "lm": instant(room.last_message_at) if room.last_message_at else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def member_object(person: Member) -> dict[str, Any]:
    """Somebody in a room."""
    return {"_id": person.id, "username": person.username, "name": person.name, "status": "offline", "utcOffset": 0}
