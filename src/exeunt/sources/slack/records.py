"""The records of a zip file as they are read: PKWARE's APPNOTE, sections 4.3.7 to 4.3.16 and 4.5.3 (zip64).

Nothing here believes a record more than it must: positions are checked by whoever follows them, and a record that does
not parse is None, never an exception.
"""

import struct
from datetime import UTC, datetime, timedelta

import msgspec

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
DESCRIPTOR = b"PK\x07\x08"
END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR64 = b"PK\x06\x07"

STORED = 0
DEFLATED = 8

ENCRYPTED = 0x0001
SIZES_FOLLOW = 0x0008
"""The sizes and the checksum stand behind the data, in a data descriptor, and not in the local header."""

LOCAL_SIZE = 30
CENTRAL_SIZE = 46
END_SIZE = 22
LONGEST_NAME = 0xFFFF

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LENGTHS = struct.Struct("<4s24xHHH")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<4sIQI")
_SYMLINK = 0o120000


class Member(msgspec.Struct):
    """A member by one of its records. From a local header whose sizes follow the data, `packed` is -1."""

    name: bytes
    flags: int
    method: int
    dos: int
    crc32: int
    packed: int
    size: int
    header: int
    length: int
    """Bytes of this record itself, its variable parts included."""
    is_link: bool = False


def central(data: bytes, at: int) -> Member | None:
    """The directory record at `at`, or None when there is none or it is cut."""
    if len(data) - at < CENTRAL_SIZE:
        return None
    (mark, made, _, flags, method, time, date, crc32, packed, size, name_size, extra_size, comment_size, _, _,
     attributes, header) = _CENTRAL.unpack_from(data, at)  # fmt: skip
    length = CENTRAL_SIZE + name_size + extra_size + comment_size
    if mark != CENTRAL or len(data) - at < length:
        return None
    start = at + CENTRAL_SIZE
    if 0xFFFFFFFF in (packed, size, header):
        extra = data[start + name_size : start + name_size + extra_size]
        size, packed, header = _zip64(extra, size, packed, header)
    is_link = made >> 8 == 3 and (attributes >> 16) & 0o170000 == _SYMLINK
    name = data[start : start + name_size]
    return Member(name, flags, method, date << 16 | time, crc32, packed, size, header, length, is_link)


def central_length(data: bytes, at: int) -> int:
    """How long the directory record at `at` is; 0 when there is none or it is cut."""
    if len(data) - at < CENTRAL_SIZE:
        return 0
    mark, name_size, extra_size, comment_size = _LENGTHS.unpack_from(data, at)
    length: int = CENTRAL_SIZE + name_size + extra_size + comment_size
    return length if mark == CENTRAL and len(data) - at >= length else 0


def local(data: bytes, header: int) -> Member | None:
    """The local header that `data` starts with and that stands at `header` in the file."""
    if len(data) < LOCAL_SIZE:
        return None
    mark, _, flags, method, time, date, crc32, packed, size, name_size, extra_size = _LOCAL.unpack_from(data)
    length = LOCAL_SIZE + name_size + extra_size
    if mark != LOCAL or len(data) < length:
        return None
    if 0xFFFFFFFF in (packed, size):
        size, packed, _ = _zip64(data[LOCAL_SIZE + name_size : length], size, packed, 0)
    if flags & SIZES_FOLLOW and not packed:
        packed = -1
    name = data[LOCAL_SIZE : LOCAL_SIZE + name_size]
    return Member(name, flags, method, date << 16 | time, crc32, packed, size, header, length)


def _zip64(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """The zip64 extra field holds, in this order, exactly the values that are all ones in the record."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + length]
        at += 4 + length
        if kind != 1:
            continue
        values = [value for (value,) in struct.iter_unpack("<Q", body[: len(body) // 8 * 8])]
        values.reverse()
        size = values.pop() if size == 0xFFFFFFFF and values else size
        packed = values.pop() if packed == 0xFFFFFFFF and values else packed
        header = values.pop() if header == 0xFFFFFFFF and values else header
    return size, packed, header


class Directory(msgspec.Struct):
    """Where the directory stands, how many records it claims, and how far all offsets in it are off."""

    start: int
    end: int
    count: int
    shift: int


def directory(tail: bytes, file_size: int) -> Directory | None:
    """The directory that the end of the file speaks of; `tail` is the file's last bytes."""
    base = file_size - len(tail)
    at = tail.rfind(END)
    while at >= 0:
        if len(tail) - at >= END_SIZE:
            _, _, _, _, count, size, offset, comment = _END.unpack_from(tail, at)
            if len(tail) - at >= END_SIZE + comment:
                break
        at = tail.rfind(END, 0, at)
    else:
        return None
    end = base + at
    locator, record = at - _LOCATOR64.size, at - _LOCATOR64.size - _END64.size
    if record >= 0 and tail.startswith(LOCATOR64, locator) and tail.startswith(END64, record):
        *_, count, size, offset = _END64.unpack_from(tail, record)
        end = base + record
    start = end - size
    if start < 0:
        return None
    return Directory(start, end, count, start - offset)


def written_at(dos: int) -> datetime | None:
    """The MS-DOS time of a member. It has no zone; it is read as UTC, so that one archive reads the same everywhere."""
    days, seconds = dos >> 16, dos & 0xFFFF
    try:
        day = datetime(1980 + (days >> 9), days >> 5 & 15, days & 31, tzinfo=UTC)
    except ValueError:
        return None
    return day + timedelta(hours=seconds >> 11, minutes=seconds >> 5 & 63, seconds=2 * (seconds & 31))


def decoded(name: bytes) -> str:
    """A member's name. Slack writes UTF-8 without setting the flag that says so; what is not UTF-8 is code page 437."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("cp437")
