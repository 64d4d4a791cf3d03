"""The columns of every Parquet table, in order. `docs/lake.md` is the same list with meanings; a test compares them.

What readers say comes from the structs of `exeunt.lake.rows`; `ASSIGNED` is what the lake adds.
"""

from typing import Final

import polars as pl

INSTANT: Final = pl.Datetime("us", "UTC")
REACTIONS: Final = pl.List(pl.Struct({"name": pl.String, "users": pl.List(pl.String), "count": pl.Int32}))

ASSIGNED: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "revision": pl.Int32,
    "import_no": pl.Int32,
    "seen_at": INSTANT,
    "content_hash": pl.Int64,
}

Schema = dict[str, pl.DataType | type[pl.DataType]]

USERS: Final[Schema] = {
    "id": pl.String,
    "number": pl.Int64,
    "username": pl.String,
    "display_name": pl.String,
    "real_name": pl.String,
    "first_name": pl.String,
    "last_name": pl.String,
    "email": pl.String,
    "title": pl.String,
    "department": pl.String,
    "location": pl.String,
    "phone": pl.String,
    "kind": pl.String,
    "is_admin": pl.Boolean,
    "is_owner": pl.Boolean,
    "is_guest": pl.Boolean,
    "is_disabled": pl.Boolean,
    "time_zone": pl.String,
    "avatar_url": pl.String,
    "external_id": pl.String,
    "joined_at": INSTANT,
    "disabled_at": INSTANT,
    "updated_at": INSTANT,
    "raw": pl.String,
    **ASSIGNED,
}

ROOMS: Final[Schema] = {
    "id": pl.String,
    "number": pl.Int64,
    "name": pl.String,
    "kind": pl.String,
    "topic": pl.String,
    "description": pl.String,
    "is_archived": pl.Boolean,
    "is_default": pl.Boolean,
    "is_shared": pl.Boolean,
    "creator_id": pl.String,
    "created_at": INSTANT,
    "updated_at": INSTANT,
    "archived_at": INSTANT,
    "parent_id": pl.String,
    "raw": pl.String,
    **ASSIGNED,
}

MEMBERSHIPS: Final[Schema] = {
    "room_id": pl.String,
    "user_id": pl.String,
    "role": pl.String,
    "joined_at": INSTANT,
    "ended_at": INSTANT,
    **ASSIGNED,
}

FILES: Final[Schema] = {
    "id": pl.String,
    "number": pl.Int64,
    "version_number": pl.Int64,
    "name": pl.String,
    "title": pl.String,
    "description": pl.String,
    "room_id": pl.String,
    "uploader_id": pl.String,
    "media_type": pl.String,
    "size": pl.Int64,
    "uploaded_at": INSTANT,
    "deleted_at": INSTANT,
    "storage": pl.String,
    "storage_type": pl.String,
    "url": pl.String,
    "reason": pl.String,
    "sha256": pl.String,
    "md5": pl.String,
    "crc32": pl.Int64,
    "raw": pl.String,
    **ASSIGNED,
}

MESSAGES: Final[Schema] = {
    "id": pl.String,
    "number": pl.Int64,
    "room_id": pl.String,
    "room_number": pl.Int64,
    "kind": pl.String,
    "subtype": pl.String,
    "author_id": pl.String,
    "author_name": pl.String,
    "thread_id": pl.String,
    "thread_started_at": INSTANT,
    "is_broadcast": pl.Boolean,
    "created_at": INSTANT,
    "edited_at": INSTANT,
    "edited_by": pl.String,
    "deleted_at": INSTANT,
    "deleted_by": pl.String,
    "title": pl.String,
    "text": pl.String,
    "body_html": pl.String,
    "mentions": pl.List(pl.String),
    "reactions": REACTIONS,
    "file_ids": pl.List(pl.String),
    "attachments": pl.String,
    "is_pinned": pl.Boolean,
    "permalink": pl.String,
    "raw": pl.String,
    **ASSIGNED,
}

TABLES: Final[dict[str, Schema]] = {
    "users": USERS,
    "rooms": ROOMS,
    "memberships": MEMBERSHIPS,
    "files": FILES,
    "messages": MESSAGES,
}

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "users": ("id",),
    "rooms": ("id",),
    "memberships": ("room_id", "user_id"),
    "files": ("id",),
    "messages": ("id",),
}
"""What identifies a row of a table through all its revisions."""
