"""Single files by their number, from the projection: what an API shows of one file without reading content."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import and_, func, or_, select

from exeunt.archives.extents import Blob
from exeunt.blobs.store import held_key
from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import files, rooms, users


class UploadedFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file. `number` names the file, `version_number` this version of it; both are numbers on the wire."""

    workspace_id: str
    number: int
    version_number: int
    name: str
    description: str
    media_type: str
    size: int
    uploader: int | None
    room: int | None
    room_kind: str | None
    uploaded_at: datetime
    storage: str
    url: str
    sha256: str
    crc32: int

    @property
    def blob(self) -> Blob:
        """Where a held body is."""
        return Blob(held_key(self.workspace_id, self.sha256), bytes.fromhex(self.sha256), self.size)


def uploaded_file(ledger: Ledger, workspace_ids: Sequence[str], number: int) -> UploadedFile | None:
    """The file with this number or version number in one of these workspaces."""
    f, r, u = files.c, rooms.c, users.c
    query = (
        select(
            f.workspace_id, f.number, f.version_number, f.name, f.description, f.media_type, f.size,
            u.number.label("uploader"), r.number.label("room"), r.kind.label("room_kind"), f.uploaded_at, f.storage,
            f.url, f.sha256, f.crc32,
        )
        .select_from(
            files.outerjoin(rooms, and_(r.workspace_id == f.workspace_id, r.id == f.room_id)).outerjoin(
                users, and_(u.workspace_id == f.workspace_id, u.id == f.uploader_id)
            )
        )
        .where(f.workspace_id.in_(workspace_ids), or_(f.number == number, f.version_number == number))
    )  # fmt: skip
    with ledger.read() as db:
        row = db.execute(query).first()
    return None if row is None else UploadedFile(**row._mapping)


class FileCounts(msgspec.Struct, frozen=True):
    """How many files lie in a window, the bytes of those held, and how many are kept elsewhere."""

    files: int
    bytes: int
    external: int


def count_files(
    ledger: Ledger, workspace_ids: Sequence[str], since: datetime, until: datetime, groups: Sequence[int],
    uploaders: Sequence[int],
) -> FileCounts:  # fmt: skip
    """Count the files uploaded or deleted in `[since, until)`, of certain rooms and people if any are given."""
    f, r, u = files.c, rooms.c, users.c
    window = or_(and_(f.uploaded_at >= since, f.uploaded_at < until), and_(f.deleted_at >= since, f.deleted_at < until))
    conditions = [f.workspace_id.in_(workspace_ids), window]
    if groups:
        conditions.append(f.room_id.in_(select(r.id).where(r.workspace_id == f.workspace_id, r.number.in_(groups))))
    if uploaders:
        mine = select(u.id).where(u.workspace_id == f.workspace_id, u.number.in_(uploaders))
        conditions.append(f.uploader_id.in_(mine))
    with ledger.read() as db:
        total = db.scalar(select(func.count()).select_from(files).where(*conditions)) or 0
        size = db.scalar(select(func.sum(f.size)).where(*conditions, f.storage == "held")) or 0
        external = (
            db.scalar(
                select(func.count())
                .select_from(files)
                .where(*conditions, f.storage.in_(("external", "absent")), f.url != "")
            )
            or 0
        )
    return FileCounts(int(total), int(size), int(external))
