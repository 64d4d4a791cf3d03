"""The rows that readers of sources hand over, one struct a table. `docs/lake.md` gives every column its meaning.

Instants are aware datetimes in UTC with microseconds. Ids are the source's own. What the lake assigns itself (numbers,
revisions, import numbers, hashes) is not here: readers only say what the source says.

Text is kept twice, both with markers (see `exeunt.lake.markers`) for people, rooms and emoji: `text` is plain and
unescaped, `body_html` is escaped HTML made of the few elements that `docs/lake.md` lists.
"""

from datetime import datetime
from typing import Literal

import msgspec

PersonKind = Literal["person", "bot"]
RoomKind = Literal["public", "private", "group", "direct"]
"""`group` is a conversation of several people without a name of its own, `direct` one of two people."""

MessageKind = Literal["message", "bot", "me", "comment", "join", "leave", "topic", "purpose", "rename", "archive",
                      "unarchive", "pin", "system"]  # fmt: skip
"""`comment` is a comment on a file; from `join` on, the room itself speaks."""

FileStorage = Literal["held", "external", "absent", "deleted", "hidden", "damaged"]
"""Where a file's bytes are: with us; elsewhere by the source's own word; elsewhere because the export lacked them;
deleted at the source; withheld by the source (a plan's limit); or in the export but unreadable."""


class UserRow(msgspec.Struct, kw_only=True):
    """A person or a program that wrote, or could."""

    id: str
    username: str
    display_name: str
    real_name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    title: str = ""
    department: str = ""
    location: str = ""
    phone: str = ""
    kind: PersonKind = "person"
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False
    is_disabled: bool = False
    time_zone: str = ""
    avatar_url: str = ""
    external_id: str = ""
    joined_at: datetime | None = None
    disabled_at: datetime | None = None
    updated_at: datetime | None = None
    raw: str = ""


class RoomRow(msgspec.Struct, kw_only=True):
    """A place where messages stand: a channel, a private group, a direct conversation."""

    id: str
    name: str
    kind: RoomKind
    topic: str = ""
    description: str = ""
    is_archived: bool = False
    is_default: bool = False
    is_shared: bool = False
    creator_id: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    archived_at: datetime | None = None
    parent_id: str = ""
    raw: str = ""


class MembershipRow(msgspec.Struct, kw_only=True):
    """Who is in a room, as the newest source says. Readers leave `ended_at` alone: the lake sets it."""

    room_id: str
    user_id: str
    role: Literal["member", "owner", "moderator"] = "member"
    joined_at: datetime | None = None
    ended_at: datetime | None = None


class FileRow(msgspec.Struct, kw_only=True):
    """A file that was shared. The blob fields are set when `storage` is `held`: hex digests of the held bytes."""

    id: str
    name: str
    title: str = ""
    description: str = ""
    room_id: str = ""
    uploader_id: str = ""
    media_type: str = "application/octet-stream"
    size: int = 0
    uploaded_at: datetime
    deleted_at: datetime | None = None
    storage: FileStorage = "absent"
    storage_type: str = ""
    url: str = ""
    reason: str = ""
    sha256: str = ""
    md5: str = ""
    crc32: int = 0
    raw: str = ""


class Reaction(msgspec.Struct):
    """`name` is the source's short name without colons, skin tone included (`+1::skin-tone-3`)."""

    name: str
    users: list[str]
    count: int


class MessageRow(msgspec.Struct, kw_only=True):
    """One revision of one message."""

    id: str
    room_id: str
    kind: MessageKind = "message"
    subtype: str = ""
    author_id: str = ""
    author_name: str = ""
    thread_id: str
    thread_started_at: datetime
    is_broadcast: bool = False
    created_at: datetime
    edited_at: datetime | None = None
    edited_by: str = ""
    deleted_at: datetime | None = None
    deleted_by: str = ""
    title: str = ""
    text: str = ""
    body_html: str = ""
    mentions: list[str] = []
    reactions: list[Reaction] = []
    file_ids: list[str] = []
    attachments: str = ""
    is_pinned: bool = False
    permalink: str = ""
    raw: str = ""


Row = UserRow | RoomRow | MembershipRow | FileRow | MessageRow
