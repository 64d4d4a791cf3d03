"""Rooms of a workspace, as channels.json, groups.json, dms.json and mpims.json list them."""

from dataclasses import dataclass
from typing import Any, Literal

RoomKind = Literal["public", "private", "group_dm", "dm"]

LISTINGS: dict[RoomKind, str] = {
    "public": "channels.json",
    "private": "groups.json",
    "group_dm": "mpims.json",
    "dm": "dms.json",
}


@dataclass(frozen=True, slots=True)
class Room:
    """One room; `key` is its name, or for direct messages the logins of its members."""

    key: str
    kind: RoomKind
    share: float
    """Its part of the workspace's messages, relative to the other rooms."""
    members: str
    """Teams, or for direct messages logins, divided by spaces."""
    topics: str
    """What people talk about here: names of topics, divided by spaces."""
    purpose: str = ""
    language: str = "en"
    begins: float = 0.0
    ends: float = 1.0
    """The part of the time span in which people write here."""
    archived: bool = False
    listed: bool = True
    general: bool = False
    bot: str = ""
    """The integration that posts here, and which part of the conversations it starts."""
    bot_share: float = 0.0


def listing_json(
    room: Room, room_id: str, folder: str, creator: str, members: list[str], created: int, pins: list[dict[str, Any]]
) -> dict[str, Any]:
    """The room's entry in its listing; `created` is in seconds, `members` and `creator` are ids."""
    if room.kind == "dm":
        return {"id": room_id, "created": created, "members": members}
    entry: dict[str, Any] = {
        "id": room_id,
        "name": folder,
        "created": created,
        "creator": creator,
        "is_archived": room.archived,
        "is_general": room.general,
        "members": members,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {
            "value": room.purpose,
            "creator": creator if room.purpose else "",
            "last_set": created if room.purpose else 0,
        },
    }
    if room.kind != "public":
        del entry["is_general"]
    return entry | ({"pins": pins} if pins else {})
