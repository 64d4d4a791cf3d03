"""The records of a ZIP file as `archives-and-ranges` (a) fixes them: no data descriptor, zip64 exactly when needed.

Sizes and offsets are bytes; times are aware datetimes and are written in UTC.
"""

import struct
from datetime import UTC, datetime

STORED = 0
DEFLATED = 8
DEFLATE_END = b"\x03\x00"
"""An empty final block: closes a raw-deflate stream whose slices each ended in a sync flush."""

LIMIT32 = 0xFFFFFFFF
LIMIT16 = 0xFFFF
NON_ASCII = 0x0800
UNIX = 3 << 8
FILE_ATTRIBUTES = 0o100644 << 16
DIRECTORY_ATTRIBUTES = (0o040755 << 16) + 0x10

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<4sIQI")
_TIME = struct.Struct("<HHBi")
END_SIZE = _END.size
END64_SIZE = _END64.size + _LOCATOR64.size


def dos_time(when: datetime) -> int:
    """MS-DOS date and time in one 32-bit word, date above; clamped to the years the format knows."""
    utc = when if when.tzinfo is UTC else when.astimezone(UTC)
    if utc.year < 1980:
        return 0x00210000
    if utc.year > 2107:
        return 0xFF9FBF7D
    day = (utc.year - 1980) << 9 | utc.month << 5 | utc.day
    return day << 16 | utc.hour << 11 | utc.minute << 5 | utc.second // 2


def time_extra(when: datetime) -> bytes:
    """The UT extra field with the modification time; empty when it does not fit 32 signed bits."""
    seconds = int(when.timestamp() // 1)
    if not -(2**31) <= seconds < 2**31:
        return b""
    return _TIME.pack(0x5455, 5, 1, seconds)


class MemberFields:
    """What both records of one member share; `name` is the encoded, already cleaned member name."""

    __slots__ = ("crc32", "dos", "flags", "is_directory", "method", "name", "packed", "size", "ut")

    def __init__(self, name: bytes, size: int, packed: int, crc32: int, method: int, when: datetime) -> None:
        self.name = name
        self.size = size
        self.packed = packed
        self.crc32 = crc32
        self.method = method
        self.flags = 0 if name.isascii() else NON_ASCII
        self.dos = dos_time(when)
        self.ut = time_extra(when)
        self.is_directory = name.endswith(b"/")

    def local(self) -> bytes:
        """The local header. With a size past 32 bits both sizes move to the zip64 extra, as the format demands."""
        big = self.size >= LIMIT32 or self.packed >= LIMIT32
        extra = (struct.pack("<HHQQ", 1, 16, self.size, self.packed) if big else b"") + self.ut
        size, packed = (LIMIT32, LIMIT32) if big else (self.size, self.packed)
        header = _LOCAL.pack(
            b"PK\x03\x04", 45 if big else 20, self.flags, self.method, self.dos & LIMIT16, self.dos >> 16,
            self.crc32, packed, size, len(self.name), len(extra),
        )  # fmt: skip
        return header + self.name + extra

    def central(self, offset: int) -> bytes:
        """The directory record; its zip64 extra holds exactly the fields that overflow, in the fixed order."""
        over = b"".join(struct.pack("<Q", v) for v in (self.size, self.packed, offset) if v >= LIMIT32)
        extra = (struct.pack("<HH", 1, len(over)) + over if over else b"") + self.ut
        version = 45 if over else 20
        header = _CENTRAL.pack(
            b"PK\x01\x02", version | UNIX, version, self.flags, self.method, self.dos & LIMIT16, self.dos >> 16,
            self.crc32, min(self.packed, LIMIT32), min(self.size, LIMIT32), len(self.name), len(extra), 0, 0, 0,
            DIRECTORY_ATTRIBUTES if self.is_directory else FILE_ATTRIBUTES, min(offset, LIMIT32),
        )  # fmt: skip
        return header + self.name + extra

    def overhead(self) -> int:
        """An upper bound of what the two records add to an archive beside the member's data."""
        return _LOCAL.size + _CENTRAL.size + 2 * (len(self.name) + len(self.ut)) + 20 + 28


def end_records(entries: int, directory_size: int, directory_offset: int) -> bytes:
    """What follows the directory: zip64 records only when a field overflows, then the end record."""
    out = b""
    if entries >= LIMIT16 or directory_size >= LIMIT32 or directory_offset >= LIMIT32:
        out = _END64.pack(
            b"PK\x06\x06", _END64.size - 12, 45 | UNIX, 45, 0, 0, entries, entries, directory_size, directory_offset
        )
        out += _LOCATOR64.pack(b"PK\x06\x07", 0, directory_offset + directory_size, 1)
    count = min(entries, LIMIT16)
    return out + _END.pack(
        b"PK\x05\x06", 0, 0, count, count, min(directory_size, LIMIT32), min(directory_offset, LIMIT32), 0
    )
