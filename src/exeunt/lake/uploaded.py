"""Files from the projection: one by its number, or a count of many. No content is read for it."""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from exeunt.archives.extents import Blob
from exeunt.blobs.store import held_key
from exeunt.lake.directory import own_rooms
from exeunt.lake.selection import Selection
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import file_versions, files, memberships, rooms, users

ELSEWHERE = ("external", "absent")
"""Where `storage` says that the bytes are not here but may be at the file's own address."""

_OF_VERSION = ("name", "description", "media_type", "size", "uploaded_at", "storage", "url", "sha256", "crc32")
"""What two versions of a file may differ in."""

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `number` names the file, `version_number` this version of it; both are numbers on the wire.

    `group` is the number of its room where that is a channel or private group, and no conversation.
    """

    workspace_id: str
    number: int
    version_number: int
    name: str
    description: str
    media_type: str
    size: int
    uploader: int | None
    group: int | None
    uploaded_at: datetime
    storage: str
    url: str
    sha256: str
    crc32: int

    @property
    def elsewhere(self) -> bool:
        """Kept at an address that is not ours."""
        return self.storage in ELSEWHERE and _ADDRESS.match(self.url) is not None

    @property
    def blob(self) -> Blob:
        """Where a held body is."""
        return Blob(held_key(self.workspace_id, self.sha256), bytes.fromhex(self.sha256), self.size)


def uploaded_file(ledger: Ledger, workspace_ids: Sequence[str], number: int, reach: Selection) -> UploadedFile | None:
    """The file with this number or version number in one of these workspaces, unless `reach` withholds its room.

    An older version is told by its own number. Who may have it is decided by the file as it is now.
    """
    f, r, u, v = files.c, rooms.c, users.c, file_versions.c
    placed = files.outerjoin(rooms, and_(r.workspace_id == f.workspace_id, r.id == f.room_id)).outerjoin(
        users, and_(u.workspace_id == f.workspace_id, u.id == f.uploader_id)
    )
    within = [f.workspace_id.in_(workspace_ids), *_reached(reach)]
    place = (f.workspace_id, f.number, u.number.label("uploader"), case((_is_group(), r.number)).label("group"))
    newest = (
        select(*place, f.version_number, *(f[name] for name in _OF_VERSION))
        .select_from(placed)
        .where(or_(f.number == number, f.version_number == number), *within)
    )
    older = (
        select(*place, v.number.label("version_number"), *(v[name] for name in _OF_VERSION))
        .select_from(placed.join(file_versions, and_(v.workspace_id == f.workspace_id, v.file_id == f.id)))
        .where(v.number == number, *within)
    )
    with ledger.read() as db:
        row = db.execute(newest).first() or db.execute(older).first()
    return None if row is None else UploadedFile(**row._mapping)


class FileCounts(msgspec.Struct, frozen=True):
    """How many files there are, the bytes of those held, and how many are kept elsewhere."""

    files: int
    bytes: int
    external: int


def count_files(
    ledger: Ledger, workspace_ids: Sequence[str], wanted: Selection, groups: Sequence[int] = (),
    uploaders: Sequence[int] = (),
) -> FileCounts:  # fmt: skip
    """Count the files uploaded or deleted in the selection's window, of certain groups and people if any are given."""
    f, r, u = files.c, rooms.c, users.c
    conditions = [f.workspace_id.in_(workspace_ids), or_(_within(f.uploaded_at, wanted), _within(f.deleted_at, wanted))]
    conditions += _reached(wanted)
    if groups:
        chosen = select(r.id).where(r.workspace_id == f.workspace_id, r.number.in_(groups), _is_group())
        conditions.append(f.room_id.in_(chosen))
    if uploaders:
        chosen = select(u.id).where(u.workspace_id == f.workspace_id, u.number.in_(uploaders))
        conditions.append(f.uploader_id.in_(chosen))
    address = or_(f.url.ilike("http://%"), f.url.ilike("https://%"))
    query = select(
        func.count(),
        func.sum(case((f.storage == "held", f.size), else_=0)),
        func.sum(case((and_(f.storage.in_(ELSEWHERE), address), 1), else_=0)),
    ).where(*conditions)
    with ledger.read() as db:
        total, size, external = db.execute(query.select_from(files)).one()
    return FileCounts(total, int(size or 0), int(external or 0))


def _within(column: ColumnElement[datetime], wanted: Selection) -> ColumnElement[bool]:
    inside: list[ColumnElement[bool]] = [column.is_not(None)]
    if wanted.since:
        inside.append(column >= wanted.since)
    if wanted.until:
        inside.append(column < wanted.until)
    return and_(*inside)


def _reached(reach: Selection) -> list[ColumnElement[bool]]:
    """The same files that the layout takes: where kinds of rooms are withheld, so is a file of no known room."""
    if not reach.room_kinds:
        return []
    f, r = files.c, rooms.c
    kinds = select(r.id).where(r.workspace_id == f.workspace_id, r.kind.in_(reach.room_kinds)).correlate(files)
    own = own_rooms(reach.private_to).where(memberships.c.workspace_id == f.workspace_id).correlate(files)
    return [or_(f.room_id.in_(kinds), f.room_id.in_(own)) if reach.private_to else f.room_id.in_(kinds)]


def _is_group() -> ColumnElement[bool]:
    return rooms.c.kind.in_(("public", "private"))
