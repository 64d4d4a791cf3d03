"""The check before sealing: blobs are there, the sum is right, directory and headers agree, a reader opens it."""

import struct
import zipfile
from collections.abc import Iterable
from typing import Any

from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.archives.zipfields import LIMIT16, LIMIT32
from exeunt.blobs.store import BlobStore
from exeunt.errors import Damaged

READER_MEMBERS = 2_000
"""Up to so many members the archive is also opened by the standard library's reader, which holds them in memory."""

_STEP = 1 << 20
_RECORD = 46 + 3 * 65_535
"""The longest that a directory record can be."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")


def check_blobs(bodies: Iterable[Body], blobs: BlobStore) -> None:
    """Raises `Damaged` unless every blob these Bodies refer to is there with its size; asks by listing, and once for
    all of them."""
    wanted: dict[str, int] = {}
    for body in bodies:
        body.check_extents()
        wanted.update((blob.key, blob.size) for blob in body.blobs())
    # `held/WORKSPACE/ab/SHA` is found by listing the workspace, what an export made by listing the export
    for prefix in sorted({"/".join(key.split("/", 2)[:2]) for key in wanted}):
        for key, size in blobs.sizes(prefix):
            if wanted.get(key) == size:
                del wanted[key]
    if wanted:
        raise Damaged(f"the blob {min(wanted)} is missing or has another size ({len(wanted)} such blobs)")


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
    directory, headers, at = _Directory(reader, start, start + size), _Headers(body, reader), 0
    for _ in range(count):
        fields, name, extra = directory.next()
        magic, flags, time, crc, packed, full, offset = (
            fields[0], fields[3:5], fields[5:7], fields[7], fields[8], fields[9], fields[16]
        )  # fmt: skip
        if LIMIT32 in (full, packed, offset):
            packed, offset = _wide(extra, full, packed, offset)
        if magic != b"PK\x01\x02" or offset != at:
            raise Damaged(f"the directory record of {name!r} points to {offset}, its member lies at {at}")
        local, local_name, follows = headers.at(offset, len(name))
        if (local[0], local[2:4], local[4:6], local[6]) != (b"PK\x03\x04", flags, time, crc) or local_name != name:
            raise Damaged(f"the header of {name!r} does not agree with the directory")
        at = follows + packed
    if at != start or directory.left():
        raise Damaged("the members do not end where the directory begins")


def _wide(extra: bytes, full: int, packed: int, offset: int) -> tuple[int, int]:
    """Packed size and offset with what the zip64 extra says in place of all ones."""
    wide = iter(struct.unpack(f"<{int.from_bytes(extra[2:4], 'little') // 8}Q", extra[4 : 4 + extra[2]]))
    _, packed, offset = (next(wide) if value == LIMIT32 else value for value in (full, packed, offset))
    return packed, offset


class _Directory:
    """The records of the directory, a stretch of the archive at a time."""

    def __init__(self, reader: BodyReader, start: int, end: int) -> None:
        self._reader, self._at, self._end = reader, start, end
        self._data, self._place = b"", 0

    def next(self) -> tuple[tuple[Any, ...], bytes, bytes]:
        """Fields, name and extra field of the next record."""
        if len(self._data) - self._place < _RECORD and self._at < self._end:
            read = self._reader.read_range(self._at, min(self._end, self._at + _STEP))
            self._data, self._place = self._data[self._place :] + read, 0
            self._at += len(read)
        if len(self._data) - self._place < _CENTRAL.size:
            raise Damaged("the directory ends in the middle of a record")
        fields = _CENTRAL.unpack_from(self._data, self._place)
        name_at = self._place + _CENTRAL.size
        extra_at = name_at + fields[10]
        self._place = extra_at + fields[11]
        return fields, self._data[name_at:extra_at], self._data[extra_at : self._place]

    def left(self) -> bool:
        return self._at < self._end or self._place < len(self._data)


class _Headers:
    """Local headers in the order of the archive, from the literals that hold them."""

    def __init__(self, body: Body, reader: BodyReader) -> None:
        self._literals = body.literals()
        self._reader = reader
        self._start, self._data = 0, b""

    def at(self, offset: int, name_length: int) -> tuple[tuple[Any, ...], bytes, int]:
        """Fields and name of the header at `offset`, and where its member's data begins."""
        while offset >= self._start + len(self._data):
            following = next(self._literals, None)
            if following is None:
                raise Damaged(f"no header lies at {offset}")
            self._start, self._data = following
        place, data, end = offset - self._start, self._data, offset + _LOCAL.size + name_length
        if place < 0 or end > self._start + len(data):
            place, data = 0, self._reader.read_range(offset, end)
            if len(data) < end - offset:
                raise Damaged(f"no header lies at {offset}")
        fields = _LOCAL.unpack_from(data, place)
        place += _LOCAL.size
        return fields, data[place : place + name_length], end + fields[10]
