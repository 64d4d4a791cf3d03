"""What the ledger knows of an export, as plain values, and the states it can be in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import Row

from exeunt.lake.selection import Selection


class State(StrEnum):
    """QUEUED and RUNNING are unfinished; COMPLETED may become EXPIRED, by time or by hand; the rest are ends."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @property
    def unfinished(self) -> bool:
        return self in (State.QUEUED, State.RUNNING)


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export. `expires_at` is when its links end; `sequence` orders exports by creation.

    `counts` are what it holds once it is completed; while files are placed they say how many are.
    """

    id: str
    sequence: int
    workspace_id: str
    api: str
    layout: str
    selection: Selection
    options: dict[str, Any]
    requested_by: str | None
    requested_by_name: str
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    deadline_at: datetime
    keep_seconds: int
    expires_at: datetime | None
    state: State
    attempts: int
    error: str | None
    counts: dict[str, int]
    shards_total: int | None
    shards_done: int
    messages_total: int | None
    messages_done: int
    bytes_done: int
    purged_at: datetime | None

    @property
    def percent(self) -> int:
        """How far the work is, 0 to 100; 100 only when it is completed."""
        if self.state in (State.COMPLETED, State.EXPIRED):
            return 100
        if self.shards_total:
            return min(99, 100 * self.shards_done // self.shards_total)
        # a layout without shards places files
        count = self.counts.get
        files = count("files_total", 0) - count("files_external", 0) - count("files_missing", 0)
        return min(99, 100 * count("files", 0) // files) if files > 0 else 0


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed thing to download. `role` is `archive`, or `metadata` for what only describes one."""

    id: str
    export_id: str
    part: int
    role: str
    name: str
    content_type: str
    length: int
    etag: str
    crc32: int
    members: int
    index_key: str
    sha256: bytes | None
    sealed_at: datetime
    damaged: str | None


def export_of(row: Row[Any]) -> Export:
    """An export from its row."""
    values = dict(row._mapping)
    values.pop("workflow_started")
    values["selection"] = msgspec.json.decode(values["selection"], type=Selection)
    values["options"] = msgspec.json.decode(values["options"])
    values["counts"] = msgspec.json.decode(values["counts"])
    values["state"] = State(values["state"])
    return Export(**values)


def archive_of(row: Row[Any]) -> Archive:
    """An archive from its row."""
    return Archive(**row._mapping)
