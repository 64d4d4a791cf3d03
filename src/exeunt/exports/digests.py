"""Sealed archives read as a whole: their SHA-256, or what is wrong with them."""

import hashlib
import logging
from collections.abc import Callable

from isal import isal_zlib
from sqlalchemy import select, update

from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.blobs.store import BlobStore
from exeunt.errors import Damaged, ExeuntError, Unavailable
from exeunt.exports.records import Archive, archive_of
from exeunt.installation import Installation
from exeunt.ledger.schema import archives, exports

log = logging.getLogger(__name__)

STEP = 1 << 20


def digest(blobs: BlobStore, archive: Archive, stopped: Callable[[], bool] = lambda: False) -> bytes | None:
    """The SHA-256 of all bytes, or None when told to stop before the end.

    Raises `Damaged` unless all of them are there and are those that were sealed.
    """
    sha256, crc = hashlib.sha256(), 0
    with Body(blobs.content(archive.index_key)) as body, BodyReader(body, blobs) as reader:
        if (body.length, body.etag) != (archive.length, archive.etag):
            raise Damaged(f"the index file of archive {archive.id} is not the one that was sealed")
        while piece := reader.read(STEP):
            if stopped():
                return None
            sha256.update(piece)
            crc = isal_zlib.crc32(piece, crc)
        if reader.tell() != body.length:
            raise Damaged("the archive is shorter than announced")
    if crc != archive.crc32 or (archive.sha256 is not None and sha256.digest() != archive.sha256):
        raise Damaged("the bytes of the archive are not those that were sealed")
    return sha256.digest()


def check(installation: Installation, archive: Archive, stopped: Callable[[], bool] = lambda: False) -> str | None:
    """Read an archive and write down what it is: sound, with its digest, or damaged. Returns what is wrong with it.

    One that was damaged is whole again when every byte is; nothing else makes it so.
    """
    wrong: str | None = None
    values: dict[str, object]
    try:
        found = digest(installation.blobs, archive, stopped)
        if found is None:
            return archive.damaged
        values = {"sha256": found, "damaged": None}
    except Unavailable as error:
        log.warning("archive %s: %s; it is read again later", archive.id, error)
        return archive.damaged
    except ExeuntError as error:
        wrong = str(error)
        values = {"damaged": wrong}
    a = archives.c
    with installation.ledger.write() as db:
        # what a download found out meanwhile is younger than what was read here
        unchanged = a.damaged.is_(None) if archive.damaged is None else a.damaged == archive.damaged
        db.execute(update(archives).where(a.id == archive.id, unchanged).values(values))
    if wrong is not None and archive.damaged is None:
        log.error("archive %s is damaged: %s", archive.id, wrong)
    elif wrong is None and archive.damaged is not None:
        log.warning("archive %s is whole again; it was damaged: %s", archive.id, archive.damaged)
    return wrong


def damaged_archives(installation: Installation, workspace_id: str | None = None) -> list[Archive]:
    """The archives that are marked as damaged and not removed yet, of one workspace or of all, oldest first."""
    query = select(archives).join(exports, exports.c.id == archives.c.export_id)
    query = query.where(archives.c.damaged.is_not(None), exports.c.purged_at.is_(None))
    if workspace_id is not None:
        query = query.where(exports.c.workspace_id == workspace_id)
    with installation.ledger.read() as db:
        return [archive_of(row) for row in db.execute(query.order_by(archives.c.sealed_at, archives.c.id))]
