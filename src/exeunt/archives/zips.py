"""One ZIP written as extents: headers are literals, contents are slices of blobs that are not read."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from isal import isal_zlib

from exeunt.archives.body import Body
from exeunt.archives.extents import Slice
from exeunt.archives.index import SPOOL, BodyFacts, IndexWriter
from exeunt.archives.names import UniqueNames
from exeunt.archives.zipfields import (
    DEFLATE_END,
    DEFLATED,
    END64_SIZE,
    END_SIZE,
    STORED,
    MemberFields,
    end_records,
)


class Content(msgspec.Struct, frozen=True):
    """What a member holds, known before a byte of it is read.

    `size`, `crc32` and `sha256` are of the content as a reader sees it; `slices` are its stored bytes, each of which
    ends in a sync flush when `method` is deflated. `sha256` is None only for a nested archive, which has an `etag`.
    """

    slices: tuple[Slice, ...]
    size: int
    crc32: int
    sha256: bytes | None
    method: int = STORED
    etag: str | None = None

    @property
    def packed(self) -> int:
        """Stored bytes, the closing block of a deflated member included."""
        return sum(s.length for s in self.slices) + (len(DEFLATE_END) if self.method == DEFLATED else 0)


EMPTY = Content((), 0, 0, bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
"""The content of an empty file, and of a directory entry."""


def joined(slices: Sequence[Slice], sizes: Iterable[tuple[int, int]], sha256: bytes) -> Content:
    """A deflated member made of several slices; `sizes` are each slice's inflated (size, CRC-32), in order."""
    size = crc = 0
    for part, part_crc in sizes:
        crc = isal_zlib.crc32_combine(crc, part_crc, part)
        size += part
    return Content(tuple(s for s in slices if s.length), size, crc, sha256, DEFLATED)


class ZipWriter:
    """Adds members in order and seals the archive's index file; memory holds the names only.

    Use as a context manager: leaving it without `seal` leaves nothing.
    """

    def __init__(self, index_path: Path) -> None:
        self._index = IndexWriter(index_path)
        self._directory = tempfile.TemporaryFile(dir=index_path.parent, buffering=SPOOL)
        self._directory_bytes = 0
        self._names = UniqueNames()
        self.members = 0

    def __enter__(self) -> "ZipWriter":
        return self

    def __exit__(self, *exc: object) -> None:
        self._directory.close()
        self._index.__exit__(*exc)

    @property
    def length(self) -> int:
        """Bytes the archive would have if it were sealed now; never less than the truth."""
        return self._index.length + self._directory_bytes + END_SIZE + END64_SIZE

    @staticmethod
    def cost(name: str, content: Content) -> int:
        """An upper bound of what adding this member adds to `length`."""
        return 200 + 8 * len(name) + content.packed

    def add(self, name: str, content: Content, when: datetime) -> str:
        """Append a member; `name` is already clean. Returns the name it got, which differs when it was taken."""
        name = self._names.claim(name)
        fields = MemberFields(name.encode(), content.size, content.packed, content.crc32, content.method, when)
        offset = self._index.length
        self._index.literal(fields.local())
        for part in content.slices:
            self._index.slice(part.blob, part.offset, part.length, part.crc32)
        if content.method == DEFLATED:
            self._index.literal(DEFLATE_END)
        self._directory_bytes += self._directory.write(fields.central(offset))
        self.members += 1
        return name

    def nest(self, name: str, inner: Body, when: datetime) -> str:
        """Append another archive as a stored member whose extents are the inner archive's own."""
        name = self._names.claim(name)
        facts = inner.facts
        fields = MemberFields(name.encode(), facts.length, facts.length, facts.crc32, STORED, when)
        offset = self._index.length
        self._index.literal(fields.local())
        self._index.extend(inner.extents())
        self._directory_bytes += self._directory.write(fields.central(offset))
        self.members += 1
        return name

    def forget_names(self) -> None:
        """Free the names when no member but one with a name of its own will follow."""
        self._names = UniqueNames()

    def seal(self) -> BodyFacts:
        """Append the directory and put the index file in place."""
        start = self._index.length
        self._directory.seek(0)
        shutil.copyfileobj(self._directory, _Literals(self._index), 1 << 20)
        self._index.literal(end_records(self.members, self._directory_bytes, start))
        return self._index.seal()


class _Literals:
    def __init__(self, index: IndexWriter) -> None:
        self._index = index

    def write(self, data: bytes) -> int:
        self._index.literal(data)
        return len(data)
