"""A pack: one blob into which a shard writes the deflated bytes of many members, and the index that finds them again.

A pack is written under its final name in one step, so a shard that is done twice leaves the same bytes once.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeAlias

import msgspec
from isal import isal_zlib

from exeunt.archives.extents import Blob, Slice
from exeunt.archives.zipfields import DEFLATED, STORED
from exeunt.blobs.store import BlobStore

Buffer: TypeAlias = bytes | bytearray | memoryview

LEVEL = 1
"""isal's level 1: measured four times as fast as zlib's level 1 and smaller."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One member's slice of a pack.

    `size`, `crc32` and `sha256` (32 raw bytes) are of the inflated content; `packed` and `packed_crc32` are of the
    stored bytes at `offset`. `source_id` is what the manifest names as the member's origin, or empty.
    """

    name: str
    method: int
    size: int
    crc32: int
    sha256: bytes
    offset: int
    packed: int
    packed_crc32: int
    source_id: str = ""


class PackIndex(msgspec.Struct, frozen=True):
    """Everything about one pack: the blob, its entries in the order written, and the shard's own counts."""

    blob: Blob
    entries: list[Entry]
    counts: dict[str, int] = {}

    def slice_of(self, entry: Entry) -> Slice:
        """Where the entry's stored bytes are. An entry without stored bytes gives a slice of length 0."""
        return Slice(self.blob, entry.offset, entry.packed, entry.packed_crc32)


BLOCK = 1 << 18
"""Content is deflated in blocks of so many bytes: how it was cut before must not show in what comes out."""


class MemberWriter:
    """Takes one member's content in pieces of any size, deflating, hashing and counting block by block."""

    def __init__(self, out: IO[bytes], method: int) -> None:
        self._out = out
        self._deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, -15) if method == DEFLATED else None
        self._sha256 = hashlib.sha256()
        self._rest = bytearray()
        self.size = self.crc32 = self.packed = self.packed_crc32 = 0

    def write(self, data: Buffer) -> int:
        """Append content, as a file does."""
        with memoryview(data).cast("B") as view:
            count, at = len(view), 0
            if self._rest:
                at = min(count, BLOCK - len(self._rest))
                self._rest += view[:at]
                if len(self._rest) == BLOCK:
                    self._take(self._rest)
                    self._rest = bytearray()
            while count - at >= BLOCK:
                self._take(view[at : at + BLOCK])
                at += BLOCK
            self._rest += view[at:]
        self.size += count
        return count

    def _take(self, block: Buffer) -> None:
        self._sha256.update(block)
        self.crc32 = isal_zlib.crc32(block, self.crc32)
        self._store(self._deflate.compress(block) if self._deflate else block)

    def _store(self, data: Buffer) -> None:
        self._out.write(data)
        self.packed += memoryview(data).nbytes
        self.packed_crc32 = isal_zlib.crc32(data, self.packed_crc32)

    def finish(self) -> bytes:
        """End on a byte boundary, so that another slice may follow; returns the content's SHA-256."""
        if self._rest:
            self._take(self._rest)
        if self._deflate and self.size:
            self._store(self._deflate.flush(isal_zlib.Z_SYNC_FLUSH))
        return self._sha256.digest()


class PackWriter:
    """Writes a pack to `path` and its index beside it as `path` + `.index`; memory does not grow with the content.

    `key` is the name under which the blob store will find the pack. Use as a context manager: leaving it by an error
    leaves nothing under either name.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path, self._key = path, key
        path.parent.mkdir(parents=True, exist_ok=True)
        self._partial = path.with_name(path.name + ".partial")
        self._out = _HashingFile(self._partial.open("wb"))
        self._entries: list[Entry] = []
        self.counts: dict[str, int] = {}

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        self._out.file.close()
        if kind is not None:
            self._partial.unlink(missing_ok=True)

    @contextmanager
    def member(self, name: str, *, deflate: bool = True, source_id: str = "") -> Iterator[MemberWriter]:
        """Open one member; its entry is kept when the block ends without an error."""
        method = DEFLATED if deflate else STORED
        offset = self._out.size
        writer = MemberWriter(self._out, method)  # type: ignore[arg-type]
        yield writer
        sha256 = writer.finish()
        self._entries.append(
            Entry(name, method, writer.size, writer.crc32, sha256, offset, writer.packed, writer.packed_crc32,
                  source_id)
        )  # fmt: skip

    def add(self, name: str, data: Buffer, *, deflate: bool = True, source_id: str = "") -> Entry:
        """Write a whole member at once."""
        with self.member(name, deflate=deflate, source_id=source_id) as member:
            member.write(data)
        return self._entries[-1]

    def last(self) -> Entry:
        """The entry written most recently."""
        return self._entries[-1]

    def count(self, word: str, number: int = 1) -> None:
        """Add to one of the shard's own counts, such as `messages`."""
        self.counts[word] = self.counts.get(word, 0) + number

    @property
    def blob_so_far(self) -> Blob:
        """The pack as a blob whose hash and size are not final yet; only its key may be relied on."""
        return Blob(self._key, b"", 0)

    def seal(self) -> PackIndex:
        """Fsync pack and index and put them in place, the index last: an index in place means a whole pack."""
        self._out.file.flush()
        os.fsync(self._out.file.fileno())
        self._out.file.close()
        index = PackIndex(Blob(self._key, self._out.sha256.digest(), self._out.size), self._entries, self.counts)
        self._partial.replace(self._path)
        side = index_path(self._path)
        partial = side.with_name(side.name + ".partial")
        with partial.open("wb") as out:
            out.write(msgspec.msgpack.encode(index))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(side)
        return index


class _HashingFile:
    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: Buffer) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.size += memoryview(data).nbytes


def index_path(pack: Path) -> Path:
    """Where the index of the pack at `pack` lies."""
    return pack.with_name(pack.name + ".index")


def index_key(pack_key: str) -> str:
    """The key of the index of the pack with this key."""
    return f"{pack_key}.index"


def read_index(blobs: BlobStore, pack_key: str) -> PackIndex:
    """The index of a sealed pack. Raises `Damaged` when it is missing."""
    return msgspec.msgpack.decode(blobs.get(index_key(pack_key)), type=PackIndex)
