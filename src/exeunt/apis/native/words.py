"""The words on the wire: what a request may say and what an answer says. The OpenAPI document is made from these."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from exeunt.access.audit import Download, Entry
from exeunt.exports.records import Archive, Export, State
from exeunt.installation import Installation
from exeunt.lake.directory import Person, Room
from exeunt.lake.rows import RoomKind
from exeunt.lake.selection import Selection, Snapshot

MOST_NAMED = 1000
"""Rooms or people one request may name."""

Instant = Annotated[datetime, Meta(tz=True)]
Names = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=MOST_NAMED)]
KeepSeconds = Annotated[int, Meta(ge=60, le=30 * 86_400, description="How long links live, in seconds.")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="Entries on a page.")]
Cursor = Annotated[str, Meta(pattern="^[0-9]{0,18}$", description="`next` of the page before.")]
Workspace = Annotated[str, Meta(max_length=200, description="A workspace's id; the token's own otherwise.")]


# --- what is asked -------------------------------------------------------------------------------------------------


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to export. All conditions hold together; what is left out asks for nothing special."""

    layout: Annotated[str, Meta(max_length=100, description="How the archive looks: html, jsonl, csv or yammer-files.")]
    workspace: Workspace = ""
    rooms: Annotated[Names, Meta(description="Only these rooms, by id.")] = ()
    people: Annotated[Names, Meta(description="Only what these people wrote, by id.")] = ()
    since: Annotated[Instant | None, Meta(description="Written at this instant or later.")] = None
    until: Annotated[Instant | None, Meta(description="Written before this instant.")] = None
    kinds: Annotated[tuple[RoomKind, ...], Meta(max_length=4, description="Only rooms of these kinds.")] = ()
    text: Annotated[str, Meta(max_length=1000, description="In the plain text, in any case.")] = ""
    files: Annotated[bool, Meta(description="Whether the bodies of files come too.")] = True
    whole_threads: Annotated[bool, Meta(description="All of a thread as soon as one message is taken.")] = False
    options: Annotated[dict[str, Any], Meta(description="Options of the layout.")] = {}
    keep_seconds: KeepSeconds | UnsetType = UNSET


class RenewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the new links live; as long as the first ones otherwise."""

    keep_seconds: KeepSeconds | UnsetType = UNSET


class CreateQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to ask."""

    dry_run: Annotated[bool, Meta(description="Count only: nothing is written and no job starts.")] = False


class PageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    workspace: Workspace = ""
    limit: Limit = 100
    cursor: Cursor = ""


class RoomsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the rooms."""

    workspace: Workspace = ""
    kind: Annotated[RoomKind | UnsetType, Meta(description="Only rooms of this kind.")] = UNSET
    limit: Limit = 100
    cursor: Cursor = ""


class UsersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the people."""

    workspace: Workspace = ""
    email: Annotated[str, Meta(max_length=254, description="Only whoever has this address, in any case.")] = ""
    limit: Limit = 100
    cursor: Cursor = ""


class DownloadsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which downloads."""

    workspace: Workspace = ""
    export: Annotated[str, Meta(max_length=200, description="Only of this export.")] = ""
    limit: Limit = 100


# --- what is answered ----------------------------------------------------------------------------------------------


class Problem(msgspec.Struct, frozen=True):
    """Why a request was not served: a word for programs, a line for people."""

    error: str
    message: str


class Accepted(msgspec.Struct, frozen=True):
    """The export exists; look at `url` until it has ended."""

    id: str
    url: str


class ArchiveWords(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to download. `url` is null when there is no living link, or none for this token."""

    id: str
    name: str
    part: int
    role: Annotated[str, Meta(description="`archive`, or `metadata` for what only describes one.")]
    content_type: str
    url: str | None
    size: int
    etag: Annotated[str, Meta(description="Without the quotes of the header.")]
    crc32: Annotated[str, Meta(description="8 hex digits.")]
    sha256: Annotated[str | None, Meta(description="64 hex digits, once they are known.")]
    members: int


class ExportWords(msgspec.Struct, frozen=True, kw_only=True):
    """One export: what was asked, how far it is, and what there is to download."""

    id: str
    state: State
    percent: int
    workspace: str
    api: str
    layout: str
    options: dict[str, Any]
    selection: Selection
    snapshots: list[Snapshot]
    requested_by: Annotated[str, Meta(description="The e-mail address of the account.")]
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    deadline_at: Annotated[datetime, Meta(description="When it is given up.")]
    expires_at: Annotated[datetime | None, Meta(description="When its links end.")]
    error: str | None
    counts: dict[str, int]
    shards_done: int
    shards_total: int | None
    messages_done: int
    messages_total: Annotated[int | None, Meta(description="At most so many.")]
    archives: list[ArchiveWords]


class WorkspaceWords(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace. `number` is its network id on some wires, `snapshot` the state its newest import made."""

    id: str
    number: int
    name: str
    external_of: str | None
    created_at: datetime
    snapshot: int


class ExportsPage(msgspec.Struct, frozen=True):
    """Exports, the newest first."""

    exports: list[ExportWords]
    next: str | None


class WorkspacesPage(msgspec.Struct, frozen=True):
    """Every workspace within reach, the token's own first."""

    workspaces: list[WorkspaceWords]


class RoomsPage(msgspec.Struct, frozen=True):
    """Rooms that the token may see."""

    rooms: list[Room]
    next: str | None


class UsersPage(msgspec.Struct, frozen=True):
    """The people of a workspace."""

    users: list[Person]
    next: str | None


class AuditPage(msgspec.Struct, frozen=True):
    """The audit trail, the oldest first; `next` also stands on the last page, to go on from later."""

    entries: list[Entry]
    next: str | None


class DownloadsPage(msgspec.Struct, frozen=True):
    """Who fetched what, the latest first."""

    downloads: list[Download]


def export_words(installation: Installation, export: Export, base: str, *, links: bool = True) -> ExportWords:
    """An export in words. `base` goes before every link; without `links` none is told."""
    urls: dict[str, str] = {}
    if links and export.state is State.COMPLETED:
        urls = {archive.id: url for archive, url in installation.exports.urls(export.id, base)}
    sealed = installation.exports.archives(export.id)
    return ExportWords(
        id=export.id, state=export.state, percent=export.percent, workspace=export.workspace_id, api=export.api,
        layout=export.layout, options=export.options, selection=export.selection,
        snapshots=installation.directory.snapshots_of(export.id), requested_by=export.requested_by_name,
        created_at=export.created_at, started_at=export.started_at, updated_at=export.updated_at,
        finished_at=export.finished_at, deadline_at=export.deadline_at, expires_at=export.expires_at,
        error=export.error, counts=export.counts, shards_done=export.shards_done, shards_total=export.shards_total,
        messages_done=export.messages_done, messages_total=export.messages_total,
        archives=[_archive_words(archive, urls.get(archive.id)) for archive in sealed],
    )  # fmt: skip


def _archive_words(archive: Archive, url: str | None) -> ArchiveWords:
    return ArchiveWords(
        id=archive.id, name=archive.name, part=archive.part, role=archive.role, content_type=archive.content_type,
        url=url, size=archive.length, etag=archive.etag, crc32=f"{archive.crc32:08x}",
        sha256=archive.sha256.hex() if archive.sha256 else None, members=archive.members,
    )  # fmt: skip
