"""A sealed Body, read from its index file: which extents make up any byte range, found by bisection."""

import hashlib
import mmap
from collections.abc import Iterator
from pathlib import Path

from isal import isal_zlib

from exeunt.archives.extents import Blob, Extent, Literal, Slice
from exeunt.archives.index import BLOB, EXTENT, HEAD, HEADER, LITERAL, MAGIC, PAGE, BodyFacts, blob_of
from exeunt.errors import Damaged
from exeunt.storage.seam import Paged

Record = tuple[int, int, int, int]
"""Where an extent starts in the Body, where its bytes lie in their source, the number of that, and their CRC-32."""

REMEMBERED_STARTS = 4096
"""Starts of extents that every search passes, kept decoded: twelve of its steps."""

LITERAL_STEP = 1 << 20
"""A literal longer than this (the directory of a large ZIP) is handed out in steps of so many bytes."""


class Body:
    """Bytes that never change. Opening reads the header; each page is checked when it is first read.

    `content` is what the index file is read from: the file itself, or what a storage gives in its place. Raises
    `Damaged` when it is missing, short, or a page does not match. Close it, or use it in a `with`.
    """

    def __init__(self, content: Path | Paged) -> None:
        self._name = content.name
        self._map = _mapped(content) if isinstance(content, Path) else content
        head = self._map[: HEAD.size + 4]
        if len(head) < HEAD.size + 4 or isal_zlib.crc32(head[:-4]).to_bytes(4, "little") != head[-4:]:
            raise Damaged(f"the index file {content.name} has a damaged header")
        (magic, length, self._count, self._extents_at, self._blob_count, self._blobs_at, self._keys_at, self._pages_at,
         crc32, pages_crc, etag) = HEAD.unpack(head[:-4])  # fmt: skip
        pages = -(-(self._pages_at - HEADER) // PAGE)
        if magic != MAGIC or len(self._map) != self._pages_at + 4 * pages:
            raise Damaged(f"the index file {content.name} has the wrong size or form")
        if isal_zlib.crc32(self._map[self._pages_at :]) != pages_crc:
            raise Damaged(f"the index file {content.name} has a damaged page table")
        self._checked = bytearray(pages)
        self._starts: dict[int, int] = {}
        self._full_etag: bytes = etag
        self.facts = BodyFacts(length, etag.hex()[:32], crc32, self._count)

    @property
    def length(self) -> int:
        return self.facts.length

    @property
    def etag(self) -> str:
        """32 hex digits, without the quotes of the header."""
        return self.facts.etag

    def __enter__(self) -> "Body":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self._map.close()

    def _read(self, start: int, length: int) -> bytes:
        first, last = (start - HEADER) // PAGE, (start + length - 1 - HEADER) // PAGE
        for page in range(first, last + 1):
            if not self._checked[page]:
                self._check(page)
        return self._map[start : start + length]

    def _check(self, page: int) -> None:
        at = HEADER + page * PAGE
        crc = isal_zlib.crc32(self._map[at : min(at + PAGE, self._pages_at)])
        recorded = self._map[self._pages_at + 4 * page : self._pages_at + 4 * page + 4]
        if crc.to_bytes(4, "little") != recorded:
            raise Damaged(f"page {page} of the index file {self._name} is damaged")
        self._checked[page] = 1

    def _record(self, number: int) -> Record:
        start, source, blob, crc32 = EXTENT.unpack(self._read(self._extents_at + number * EXTENT.size, EXTENT.size))
        return start, source, blob, crc32

    def _records(self, number: int) -> Iterator[Record]:
        """The extent records from one on, few at first and then many at a time, and the end of the Body as the last."""
        step = 4
        while number < self._count:
            step = min(step, self._count - number)
            yield from EXTENT.iter_unpack(self._read(self._extents_at + number * EXTENT.size, step * EXTENT.size))
            number, step = number + step, 512
        yield self.facts.length, 0, 0, 0

    def _blob(self, number: int) -> Blob:
        record = self._read(self._blobs_at + number * BLOB.size, BLOB.size)
        _, _, key_at, key_length = BLOB.unpack(record)
        return blob_of(record, self._read(self._keys_at + key_at, key_length))

    def _find(self, offset: int) -> int:
        """The number of the extent that holds byte `offset`."""
        low, high, known = 0, self._count, self._starts
        while high - low > 1:
            middle = (low + high) // 2
            start = known.get(middle)
            if start is None:
                start = self._record(middle)[0]
                if len(known) < REMEMBERED_STARTS:
                    known[middle] = start
            if start <= offset:
                low = middle
            else:
                high = middle
        return low

    def extents(self, start: int = 0, end: int | None = None) -> Iterator[Extent]:
        """The extents of the bytes `[start, end)`, cut to them; the CRC-32 of a cut slice is 0 and means nothing."""
        end = self.facts.length if end is None else end
        if start >= end:
            return
        records = self._records(self._find(start))
        at, source, blob, crc32 = next(records)
        for following in records:
            stop = following[0]
            first, last = max(start, at), min(end, stop)
            offset = source + first - at
            if blob == LITERAL:
                while first < last:
                    step = min(LITERAL_STEP, last - first)
                    yield Literal(self._read(HEADER + offset, step))
                    first, offset = first + step, offset + step
            else:
                yield Slice(self._blob(blob), offset, last - first, crc32 if (first, last) == (at, stop) else 0)
            if stop >= end:
                return
            at, source, blob, crc32 = following

    def literals(self) -> Iterator[tuple[int, bytes]]:
        """Where each literal starts, and its bytes, a long one in steps; no blob is looked up."""
        records = self._records(0)
        at, source, blob, _ = next(records)
        for start, following, number, _ in records:
            if blob == LITERAL:
                for done in range(0, start - at, LITERAL_STEP):
                    yield at + done, self._read(HEADER + source + done, min(LITERAL_STEP, start - at - done))
            at, source, blob = start, following, number

    def blobs(self) -> Iterator[Blob]:
        """Every blob the Body refers to, some more than once."""
        for number in range(self._blob_count):
            yield self._blob(number)

    def check_extents(self) -> None:
        """Raises `Damaged` unless the extents follow each other and each lies inside its blob."""
        records = self._records(0)
        at, source, blob, _ = next(records)
        for start, following, number, _ in records:
            if start <= at or (blob != LITERAL and source + start - at > self._blob_size(blob)):
                raise Damaged(f"an extent of the index file {self._name} lies outside its blob")
            at, source, blob = start, following, number

    def _blob_size(self, number: int) -> int:
        size: int = BLOB.unpack(self._read(self._blobs_at + number * BLOB.size, BLOB.size))[1]
        return size

    def scrub(self) -> None:
        """Recompute the ETag and the CRC-32 from every record; raises `Damaged` on any difference."""
        etag, crc = hashlib.sha256(b"exeunt-archive-1\n"), 0
        records = self._records(0)
        at, source, blob, crc32 = next(records)
        for following in records:
            length = following[0] - at
            if blob == LITERAL:
                digest, done, real = hashlib.sha256(), 0, 0
                while done < length:
                    step = self._read(HEADER + source + done, min(LITERAL_STEP, length - done))
                    digest.update(step)
                    real, done = isal_zlib.crc32(step, real), done + len(step)
                if real != crc32:
                    raise Damaged(f"a literal of the index file {self._name} is damaged")
                etag.update(b"L" + length.to_bytes(8, "big") + digest.digest())
            else:
                etag.update(b"B" + source.to_bytes(8, "big") + length.to_bytes(8, "big") + self._blob(blob).sha256)
            crc = isal_zlib.crc32_combine(crc, crc32, length)
            at, source, blob, crc32 = following
        if etag.digest() != self._full_etag or crc != self.facts.crc32:
            raise Damaged(f"the index file {self._name} does not match its ETag")


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise Damaged(f"the index file {path.name} cannot be read: {error}") from error
