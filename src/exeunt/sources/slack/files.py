"""Files of an export: what messages and listings say of them, and their bodies where the archive carries them."""

import mimetypes
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from msgspec import Raw

from exeunt.clock import EPOCH
from exeunt.lake.rows import FileRow
from exeunt.sources.intake import Intake
from exeunt.sources.slack import decode, wire
from exeunt.sources.slack.archive import Archive
from exeunt.sources.slack.contents import Contents, body_of
from exeunt.sources.slack.instants import at_seconds
from exeunt.sources.slack.limits import Unreadable

# Only the built-in table: what a machine has in /etc/mime.types must not decide what an import says.
_types = mimetypes.MimeTypes(filenames=())
_ANY_TYPE = "application/octet-stream"
_ON_SLACK = re.compile(r"https?://(?:[^/?#]*\.)?slack(?:-files)?\.com/").match
_TOKEN = re.compile(r"([?&])(?:t|token)=[^&#]*(&)?")
_REFUSED = {
    "access_denied": "the export was not allowed to see this file",
    "file_not_found": "Slack did not find this file",
    "check_file_info": "the file belongs to another workspace and the export does not describe it",
}


class Files:
    """Hands each file over once, the first time it is described; `ready` waits for the next batch.

    What is remembered of a file that was handed over is its id.
    """

    def __init__(self, archive: Archive, contents: Contents, intake: Intake, tick: Callable[[], None]) -> None:
        self.ready: list[FileRow] = []
        self._archive = archive
        self._bodies = contents.bodies
        self._repeated = contents.repeated_bodies
        self._intake = intake
        self._tick = tick
        self._seen: set[str] = set()
        self._stubs: dict[str, FileRow] = {}

    def named(self, raw: Raw | bytes, room_id: str, sent_at: datetime) -> str:
        """Takes a file object and gives its id, empty when it has none."""
        file, _ = decode.read(decode.without_nul(raw), wire.File)
        if not file.id:
            return ""
        self._intake.report.read["file objects"] += 1
        if file.id in self._seen:
            return file.id
        row = _row(file, raw, room_id, sent_at)
        if not (file.name or file.title or row.url or file.id in self._bodies):
            # A file of which only the id is known may be described elsewhere; it waits for that until the end.
            self._stubs.setdefault(file.id, row)
            return file.id
        self._stubs.pop(file.id, None)
        self._take(row)
        return file.id

    def remaining(self, room_of: Callable[[str], str]) -> Iterator[FileRow]:
        """What nothing described in full: files known by id only, and bodies in the archive that no message names."""
        yield from self._stubs.values()
        for row in self._stubs.values():
            self._count(row)
        self._seen.update(self._stubs)
        for file_id, ref in self._bodies.items():
            if file_id not in self._seen:
                yield self._unnamed(ref, room_of)
        for ref in self._repeated:
            self._compare(ref)

    def _take(self, row: FileRow) -> None:
        self._seen.add(row.id)
        ref = self._bodies.get(row.id)
        if ref is not None:
            self._hold(row, ref)
        self._count(row)
        self.ready.append(row)

    def _count(self, row: FileRow) -> None:
        self._intake.report.read[f"files {row.storage}"] += 1

    def _hold(self, row: FileRow, ref: int) -> None:
        """Keeps the body. One that cannot be read leaves the file as damaged, with the reason."""
        try:
            held = self._intake.blob(self._ticking(self._archive.chunks(ref)))
        except Unreadable as error:
            row.storage, row.reason = "damaged", str(error)
            self._intake.report.skip(self._archive.stat(ref).name, str(error))
            return
        if row.size and row.size != held.size:
            row.reason = f"Slack recorded {row.size} bytes"
        row.storage, row.size = "held", held.size
        row.sha256, row.md5, row.crc32 = held.sha256, held.md5, held.crc32

    def _ticking(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            self._tick()

    def _unnamed(self, ref: int, room_of: Callable[[str], str]) -> FileRow:
        stat = self._archive.stat(ref)
        body = body_of(stat.name)
        assert body is not None
        row = FileRow(
            id=body.file_id,
            name=body.name,
            room_id="" if body.folder is None else room_of(body.folder),
            media_type=_types.guess_type(body.name)[0] or _ANY_TYPE,
            size=stat.size,
            uploaded_at=stat.changed_at or EPOCH,
        )
        self._seen.add(row.id)
        self._hold(row, ref)
        self._count(row)
        return row

    def _compare(self, ref: int) -> None:
        """A second body of a file that has one: named in the report unless it is the same by size and checksum."""
        second = self._archive.stat(ref)
        body = body_of(second.name)
        first = self._archive.stat(self._bodies[body.file_id]) if body else second
        if (first.size, first.crc32) == (second.size, second.crc32):
            self._intake.report.read["file bodies repeated"] += 1
        else:
            self._intake.report.skip(second.name, f"{first.name} was taken as the body of the same file")


def _row(file: wire.File, raw: Raw | bytes, room_id: str, sent_at: datetime) -> FileRow:
    name = file.name or file.title or file.id
    row = FileRow(
        id=file.id,
        name=name,
        title=file.title or "",
        description=file.alt_txt or "",
        room_id=room_id,
        uploader_id=file.user or file.bot_id or "",
        media_type=file.mimetype or _types.guess_type(name)[0] or _ANY_TYPE,
        size=max(0, file.size or 0),
        uploaded_at=at_seconds(file.created) or at_seconds(file.timestamp) or sent_at,
        url=address(file.url_private or file.url_private_download or file.external_url or file.permalink or ""),
        raw=decode.text(raw)[0],
    )
    if file.mode == "tombstone":
        row.storage, row.deleted_at = "deleted", at_seconds(file.date_delete)
    elif file.mode == "hidden_by_limit":
        row.storage, row.reason = "hidden", "Slack withholds files past the limit of the plan"
    elif file.mode == "external" or file.is_external:
        row.storage = "external"
        row.url = address(file.external_url or row.url)
        row.storage_type = file.external_type if file.external_type not in (None, "unknown") else ""
    else:
        row.reason = _REFUSED.get(file.file_access or "", "")
    return row


def address(url: str) -> str:
    """A file's address without the token that Slack's own hosts take as the right to fetch it."""
    return _TOKEN.sub(lambda found: found[1] if found[2] else "", url) if _ON_SLACK(url) else url


def shared_in(shares: object) -> str:
    """The first room a listed canvas, list or transcript was shared in: `[{"channel": "C…"}]`, empty when nowhere."""
    if isinstance(shares, list) and shares and isinstance(shares[0], dict):
        channel = shares[0].get("channel")
        return channel if isinstance(channel, str) else ""
    return ""
