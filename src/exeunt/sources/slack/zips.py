"""A zip file that may be broken or hostile, read with positioned reads and never unpacked.

The directory at the end of the file is followed where it is whole. Where it is missing or does not hold (a truncated
download, a directory that lies) the members are found by walking from local header to local header. The standard
library refuses such files as a whole, which is why this is written here.
"""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path

from isal import isal_zlib

from exeunt.errors import InvalidInput
from exeunt.sources.intake import Report
from exeunt.sources.slack import records
from exeunt.sources.slack.archive import STEP, Stat, member_name, printable
from exeunt.sources.slack.inflate import inflated
from exeunt.sources.slack.limits import Limits, Meter, Unreadable
from exeunt.sources.slack.walk import stored_size, walk

_TAIL = 1 << 17


class ZipArchive:
    """A ref is the position of the member's directory record, or of its local header where there is no directory."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self.close = weakref.finalize(self, os.close, self._file)
        self.total = os.fstat(self._file).st_size
        self.done = 0
        self.problems = Report()
        self._path = path
        self._limits = limits
        self._meter = Meter(limits, self.total)
        self._directory = self._whole_directory()
        if self._directory is None and self._read(0, 2) != b"PK":
            raise InvalidInput(f"{path} is not a zip file")

    def rewind(self) -> None:
        self.done = 0
        self._meter = Meter(self._limits, self.total)

    def entries(self) -> Iterator[tuple[str, int]]:
        found = self._walked() if self._directory is None else self._listed(self._directory)
        for number, (ref, member) in enumerate(found):
            if number >= self._limits.max_entries:
                self.problems.skip(self._path.name, f"it has more than {number} members; the others were not read")
                return
            raw = records.decoded(member.name)
            if raw.endswith("/"):
                continue
            name = member_name(raw)
            if name is None:
                self.problems.skip(printable(raw), "its name points outside the archive")
            elif member.is_link:
                self.problems.skip(name, "it is a symbolic link")
            else:
                yield name, ref

    def stat(self, ref: int) -> Stat:
        member = self._member(ref)
        name = member_name(records.decoded(member.name)) or ""
        crc32 = -1 if member.packed < 0 else member.crc32
        return Stat(name, member.size, crc32, records.written_at(member.dos))

    def chunks(self, ref: int) -> Iterator[bytes]:
        member = self._member(ref)
        if member.flags & records.ENCRYPTED:
            raise Unreadable("it is encrypted")
        self._meter.check()
        start = self._data_start(member)
        if member.method == records.DEFLATED:
            return self._inflated(member, start)
        if member.method == records.STORED:
            return self._stored(member, start)
        raise Unreadable(f"it is packed with method {member.method}; only stored and deflated members are read")

    def _read(self, offset: int, length: int) -> bytes:
        return os.pread(self._file, length, offset) if length > 0 else b""

    def _whole_directory(self) -> records.Directory | None:
        """The directory if every record of it is there, as many as it claims; otherwise says what is wrong."""
        size = min(self.total, _TAIL)
        found = records.directory(self._read(self.total - size, size), self.total)
        if found is None:
            reason = "it has no directory (it is cut off or not complete)"
        else:
            count = self._count(found)
            if count == found.count or count & 0xFFFF == found.count or count > self._limits.max_entries:
                return found
            reason = f"its directory claims {found.count} members and lists {count}"
        self.problems.repair(self._path.name, f"{reason}; members were found by walking through the file")
        return None

    def _count(self, directory: records.Directory) -> int:
        """How many records really stand there; counting stops where the limit is passed."""
        at, block, base, count = directory.start, b"", directory.start, 0
        while at < directory.end and count <= self._limits.max_entries:
            length = records.central_length(block, at - base)
            if not length:
                block, base = self._read(at, min(STEP, directory.end - at)), at
                length = records.central_length(block, 0)
                if not length:
                    break
            at += length
            count += 1
        return count

    def _listed(self, directory: records.Directory) -> Iterator[tuple[int, records.Member]]:
        """(position, record) of the directory, up to the first thing that is no record."""
        at, block, base = directory.start, b"", directory.start
        while at < directory.end:
            member = records.central(block, at - base)
            if member is None:
                block, base = self._read(at, min(STEP, directory.end - at)), at
                member = records.central(block, 0)
                if member is None:
                    return
            yield at, member
            at += member.length

    def _walked(self) -> Iterator[tuple[int, records.Member]]:
        def name_gap(at: int) -> None:
            self.problems.skip(self._path.name, f"no member begins at byte {at}; the next one was searched for")

        for member in walk(self._read, self.total, self._limits, name_gap):
            yield member.header, member

    def _member(self, ref: int) -> records.Member:
        if self._directory is None:
            member = records.local(self._read(ref, records.LOCAL_SIZE + 2 * records.LONGEST_NAME), ref)
        else:
            member = records.central(self._read(ref, 4096), 0)
            member = member or records.central(self._read(ref, records.CENTRAL_SIZE + 3 * records.LONGEST_NAME), 0)
            if member is not None:
                member.header += self._directory.shift
        if member is None:
            raise InvalidInput(f"{self._path} changed while it was read")
        return member

    def _data_start(self, member: records.Member) -> int:
        """Where the data begins; the local header must name the same member as the directory does."""
        if self._directory is None:
            return member.header + member.length
        if not 0 <= member.header < self.total:
            raise Unreadable("the directory points outside the file")
        header = records.local(self._read(member.header, 4096), member.header) or records.local(
            self._read(member.header, records.LOCAL_SIZE + 2 * records.LONGEST_NAME), member.header
        )
        if header is None:
            raise Unreadable("there is no member where the directory says")
        if header.name != member.name:
            raise Unreadable("the directory and the member disagree about its name")
        return member.header + header.length

    def _stored(self, member: records.Member, start: int) -> Iterator[bytes]:
        packed, crc32 = member.packed, 0
        if packed < 0:
            packed = stored_size(self._read, start, self.total)
        for offset in range(0, packed, STEP):
            chunk = self._read(start + offset, min(STEP, packed - offset))
            if not chunk:
                raise Unreadable("it is cut off")
            self.done += len(chunk)
            crc32 = isal_zlib.crc32(chunk, crc32)
            self._meter.take(len(chunk), offset + len(chunk), offset + len(chunk))
            yield chunk
            if len(chunk) < min(STEP, packed - offset):
                raise Unreadable("it is cut off")
        self._check(member, start + packed, packed, crc32)

    def _inflated(self, member: records.Member, start: int) -> Iterator[bytes]:
        room = self.total - start
        available = room if member.packed < 0 else min(member.packed, room)
        size = crc32 = used = 0
        for chunk, end in inflated(self._read, start, available):
            self.done += end - start - used
            used = end - start
            size += len(chunk)
            crc32 = isal_zlib.crc32(chunk, crc32)
            self._meter.take(len(chunk), size, available if member.packed >= 0 else used)
            yield chunk
        self._check(member, start + used, size, crc32)

    def _check(self, member: records.Member, end: int, size: int, crc32: int) -> None:
        """What came out against what was claimed; in a walk the claim may stand behind the data."""
        if member.packed < 0:
            after = self._read(end, 8)
            claimed = after[4:8] if after[:4] == records.DESCRIPTOR else after[:4]
            if int.from_bytes(claimed, "little") == crc32 or int.from_bytes(after[:4], "little") == crc32:
                return
            raise Unreadable("its checksum does not match or is cut off")
        if size != member.size:
            raise Unreadable(f"it holds {size} bytes where the archive says {member.size}")
        if crc32 != member.crc32:
            raise Unreadable("its checksum does not match")
