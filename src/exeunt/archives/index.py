"""The index file: the extents of one sealed Body, written once and read by mapping and bisection.

Layout, all numbers little-endian: a header of `HEADER` bytes; the literal bytes; the extent records in order; the blob
records; the blob keys; and one CRC-32 for each `PAGE` bytes of all that follows the header. Nothing but the header and
the page table is read to open it, so a Body of a million members opens as fast as one of a thousand.
"""

import hashlib
import os
import shutil
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import msgspec
from isal import isal_zlib

from exeunt.archives.extents import Blob, Extent, Literal

MAGIC = b"EXNTBDY1"
HEADER = 256
PAGE = 65_536
LITERAL = 0xFFFFFFFF
"""The blob number of an extent whose bytes lie in the index file itself."""

HEAD = struct.Struct("<8sQQQQQQQII32s")
EXTENT = struct.Struct("<QQII")
BLOB = struct.Struct("<32sQQI")
_RECENT_BLOBS = 64
SPOOL = 1 << 16
"""Bytes that a temporary file of an open archive gathers before it writes."""


class BodyFacts(msgspec.Struct, frozen=True):
    """What is known of a Body without reading a blob. `length` is in bytes; `etag` is 32 hex digits without quotes."""

    length: int
    etag: str
    crc32: int
    extents: int


class IndexWriter:
    """Writes extents in order, joining neighbours as it goes; memory does not grow with their number.

    Use as a context manager: leaving it without `seal` removes everything it wrote.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        spools = [tempfile.TemporaryFile(dir=path.parent, buffering=SPOOL) for _ in range(4)]
        self._literals: IO[bytes] = spools[0]
        self._extents: IO[bytes] = spools[1]
        self._blobs: IO[bytes] = spools[2]
        self._keys: IO[bytes] = spools[3]
        self._recent: dict[str, int] = {}
        self._etag = hashlib.sha256(b"exeunt-archive-1\n")
        self.length = 0
        self.crc32 = 0
        self._count = self._blob_count = self._literal_bytes = self._key_bytes = 0
        # the extent still open: a literal's running hash, or a slice that the next one may continue
        self._hash: hashlib._Hash | None = None
        self._slice: tuple[Blob, int] | None = None
        self._open_length = self._open_crc = 0

    def __enter__(self) -> "IndexWriter":
        return self

    def __exit__(self, *exc: object) -> None:
        for spool in (self._literals, self._extents, self._blobs, self._keys):
            spool.close()

    def literal(self, data: bytes) -> None:
        """Append literal bytes; empty ones are nothing."""
        if not data:
            return
        if self._hash is None:
            self._close_extent()
            self._hash = hashlib.sha256()
        self._hash.update(data)
        self._literals.write(data)
        self._open_crc = isal_zlib.crc32(data, self._open_crc)
        self._open_length += len(data)
        self.length += len(data)

    def slice(self, blob: Blob, offset: int, length: int, crc32: int) -> None:
        """Append a slice of a blob with its recorded CRC-32; an empty one is nothing."""
        if not length:
            return
        if self._slice is not None and self._slice[0].key == blob.key and self._continues(offset):
            self._open_crc = isal_zlib.crc32_combine(self._open_crc, crc32, length)
            self._open_length += length
        else:
            self._close_extent()
            self._slice = (blob, offset)
            self._open_crc, self._open_length = crc32, length
        self.length += length

    def extend(self, extents: Iterable[Extent]) -> None:
        """Append extents as they are."""
        for extent in extents:
            if isinstance(extent, Literal):
                self.literal(extent.data)
            else:
                self.slice(extent.blob, extent.offset, extent.length, extent.crc32)

    def _continues(self, offset: int) -> bool:
        assert self._slice is not None
        return self._slice[1] + self._open_length == offset

    def _close_extent(self) -> None:
        length, start = self._open_length, self.length - self._open_length
        if not length:
            return
        self.crc32 = isal_zlib.crc32_combine(self.crc32, self._open_crc, length)
        if self._hash is not None:
            self._etag.update(b"L" + length.to_bytes(8, "big") + self._hash.digest())
            self._extents.write(EXTENT.pack(start, self._literal_bytes, LITERAL, self._open_crc))
            self._literal_bytes += length
            self._hash = None
        elif self._slice is not None:
            blob, offset = self._slice
            self._etag.update(b"B" + offset.to_bytes(8, "big") + length.to_bytes(8, "big") + blob.sha256)
            self._extents.write(EXTENT.pack(start, offset, self._number(blob), self._open_crc))
            self._slice = None
        self._count += 1
        self._open_length = self._open_crc = 0

    def _number(self, blob: Blob) -> int:
        number = self._recent.get(blob.key)
        if number is None:
            key = blob.key.encode()
            self._blobs.write(BLOB.pack(blob.sha256, blob.size, self._key_bytes, len(key)))
            self._keys.write(key)
            self._key_bytes += len(key)
            number = self._recent[blob.key] = self._blob_count
            self._blob_count += 1
            if len(self._recent) > _RECENT_BLOBS:
                del self._recent[next(iter(self._recent))]
        return number

    def seal(self) -> BodyFacts:
        """Write the index file, fsync it and put it in place in one step."""
        self._close_extent()
        etag = self._etag.digest()
        extents_at = HEADER + self._literal_bytes
        blobs_at = extents_at + self._count * EXTENT.size
        keys_at = blobs_at + self._blob_count * BLOB.size
        pages_at = keys_at + self._key_bytes
        partial = self._path.with_name(self._path.name + ".partial")
        with partial.open("w+b") as out:
            out.write(bytes(HEADER))
            for spool in (self._literals, self._extents, self._blobs, self._keys):
                spool.seek(0)
                shutil.copyfileobj(spool, out, 1 << 20)
            pages = _page_crcs(out, pages_at)
            out.seek(pages_at)
            out.write(pages)
            head = HEAD.pack(
                MAGIC, self.length, self._count, extents_at, self._blob_count, blobs_at, keys_at, pages_at,
                self.crc32, isal_zlib.crc32(pages), etag,
            )  # fmt: skip
            out.seek(0)
            out.write(head + isal_zlib.crc32(head).to_bytes(4, "little"))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self._path)
        return BodyFacts(self.length, etag.hex()[:32], self.crc32, self._count)


def _page_crcs(file: IO[bytes], end: int) -> bytes:
    """One CRC-32 for each page between the header and `end`."""
    file.seek(HEADER)
    crcs, at = bytearray(), HEADER
    while at < end:
        page = file.read(min(PAGE, end - at))
        crcs += isal_zlib.crc32(page).to_bytes(4, "little")
        at += len(page)
    return bytes(crcs)


def blob_of(record: bytes, keys: bytes) -> Blob:
    """The blob that a blob record and its key bytes stand for."""
    sha256, size, _, _ = BLOB.unpack(record)
    return Blob(keys.decode(), sha256, size)
