"""The check before sealing: blobs are there, the sum is right, directory and headers agree, a reader opens it."""

import io
import struct
import zipfile
from collections.abc import Iterator

from exeunt.archives.body import Body
from exeunt.archives.extents import Literal
from exeunt.archives.reading import BodyReader
from exeunt.archives.zipfields import LIMIT16, LIMIT32
from exeunt.blobs.store import BlobStore
from exeunt.errors import Damaged

READER_MEMBERS = 65_000
"""Up to so many members the archive is also opened by the standard library's reader, which holds them in memory."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")


def check_blobs(body: Body, blobs: BlobStore) -> None:
    """Raises `Damaged` unless every blob the Body refers to is there with its size; asks by listing, not one by one."""
    wanted = {blob.key: blob.size for blob in body.blobs()}
    # `held/WORKSPACE/ab/SHA` is found by listing the workspace, what an export made by listing the export
    for prefix in sorted({"/".join(key.split("/")[:2]) for key in wanted}):
        for key, size in blobs.sizes(prefix):
            if wanted.get(key) == size:
                del wanted[key]
    if wanted:
        raise Damaged(f"the blob {min(wanted)} is missing or has another size ({len(wanted)} such blobs)")
    if sum(extent.length for extent in body.extents()) != body.length:
        raise Damaged("the extents do not add up to the Body's length")


def check_zip(body: Body, blobs: BlobStore, members: int) -> None:
    """Raises `Damaged` unless the archive is whole: a walk over local headers and directory side by side."""
    with BodyReader(body, blobs) as reader:
        start, size, count = _directory(reader, body.length)
        if count != members:
            raise Damaged(f"the directory has {count} members instead of {members}")
        _walk(body, reader, start, size, count)
        if members <= READER_MEMBERS:
            with zipfile.ZipFile(reader) as archive:
                if len(archive.infolist()) != members:
                    raise Damaged("a standard reader sees other members")


def _directory(reader: BodyReader, length: int) -> tuple[int, int, int]:
    """Where the directory starts, its size, and how many records it says it has."""
    tail = reader.read_range(max(0, length - _END.size), length)
    magic, _, _, _, count, size, start, _ = _END.unpack(tail)
    if magic != b"PK\x05\x06":
        raise Damaged("the archive does not end with its end record")
    if LIMIT16 in (count,) or LIMIT32 in (size, start):
        at = length - _END.size - _LOCATOR.size - _END64.size
        values = _END64.unpack(reader.read_range(at, at + _END64.size))
        count, size, start = values[7], values[8], values[9]
    return start, size, count


def _walk(body: Body, reader: BodyReader, start: int, size: int, count: int) -> None:
    directory = io.BytesIO() if not size else io.BufferedReader(_Window(reader, start, start + size), 1 << 20)
    headers = _Headers(body, reader)
    at = 0
    for _ in range(count):
        (magic, _, _, flags, method, time, day, crc, packed, full, name_length, extra_length, _, _, _, _, offset) = (
            _CENTRAL.unpack(directory.read(_CENTRAL.size))
        )
        name, extra = directory.read(name_length), directory.read(extra_length)
        full, packed, offset = _wide(extra, full, packed, offset)
        if magic != b"PK\x01\x02" or offset != at:
            raise Damaged(f"the directory record of {name!r} points to {offset}, its member lies at {at}")
        header = headers.at(offset, _LOCAL.size + name_length)
        local = _LOCAL.unpack_from(header)
        if local[0] != b"PK\x03\x04" or local[2:7] != (flags, method, time, day, crc) or header[_LOCAL.size :] != name:
            raise Damaged(f"the header of {name!r} does not agree with the directory")
        at = offset + _LOCAL.size + name_length + local[10] + packed
    if at != start or directory.read(1):
        raise Damaged("the members do not end where the directory begins")


def _wide(extra: bytes, full: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The three fields with what the zip64 extra says in place of all ones."""
    if LIMIT32 not in (full, packed, offset):
        return full, packed, offset
    wide = iter(struct.unpack(f"<{int.from_bytes(extra[2:4], 'little') // 8}Q", extra[4 : 4 + extra[2]]))
    return tuple(next(wide) if value == LIMIT32 else value for value in (full, packed, offset))  # type: ignore[return-value]


class _Headers:
    """Local headers in the order of the archive, from the literals that hold them."""

    def __init__(self, body: Body, reader: BodyReader) -> None:
        self._literals: Iterator[tuple[int, bytes]] = self._starts(body)
        self._reader = reader
        self._start, self._data = 0, b""

    @staticmethod
    def _starts(body: Body) -> Iterator[tuple[int, bytes]]:
        at = 0
        for extent in body.extents():
            if isinstance(extent, Literal):
                yield at, extent.data
            at += extent.length

    def at(self, offset: int, length: int) -> bytes:
        while offset >= self._start + len(self._data):
            following = next(self._literals, None)
            if following is None:
                raise Damaged(f"no header lies at {offset}")
            self._start, self._data = following
        place = offset - self._start
        if place < 0 or place + length > len(self._data):
            return self._reader.read_range(offset, offset + length)
        return self._data[place : place + length]


class _Window(io.RawIOBase):
    """A stretch of the archive as a file of its own, for buffered reading."""

    def __init__(self, reader: BodyReader, start: int, end: int) -> None:
        self._reader, self._at, self._end = reader, start, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._reader.read_range(self._at, min(self._end, self._at + len(buffer)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
