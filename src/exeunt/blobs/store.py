"""Blobs in a storage: what each is, and the sums taken when it comes in.

Keys are relative paths: `held/WORKSPACE/ab/SHA256` for what came in with an import, `made/EXPORT/NAME` for what an
export wrote (packs and index files), which goes when the export goes.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
from isal import isal_zlib

from exeunt.archives.extents import Blob
from exeunt.errors import Damaged
from exeunt.storage.seam import Storage

BESIDE = 1 << 16
"""From so many bytes on it pays to hand them to another thread."""

_thread = ThreadPoolExecutor(1, "md5")


def _own_thread() -> None:
    """A forked process has no thread of its parent's, and would wait for it without end."""
    global _thread
    _thread = ThreadPoolExecutor(1, "md5")


os.register_at_fork(after_in_child=_own_thread)


class HeldBlob(msgspec.Struct, frozen=True):
    """A file body that is ours: `sha256` and `md5` in hex, `size` in bytes, all taken while it was written."""

    key: str
    sha256: str
    md5: str
    crc32: int
    size: int


def held_key(workspace_id: str, sha256: str) -> str:
    """Where a workspace keeps the body with this hex SHA-256."""
    return f"held/{workspace_id}/{sha256[:2]}/{sha256}"


def incoming_prefix(workspace_id: str) -> str:
    """Where bodies stand while they are written; whatever a dead import left there is nobody's."""
    return f"incoming/{workspace_id}"


def made_prefix(export_id: str) -> str:
    """Where an export keeps everything it wrote."""
    return f"made/{export_id}"


class _Sums:
    """The sums of a body as it comes in. MD5, the slowest, is taken beside the others by a thread of its own."""

    def __init__(self) -> None:
        self.sha256, self.md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        self.crc32 = self.size = 0
        self._beside: Future[None] | None = None

    def take(self, chunk: bytes) -> None:
        self.finish()
        if len(chunk) >= BESIDE:
            self._beside = _thread.submit(self.md5.update, chunk)
        else:
            self.md5.update(chunk)
        self.sha256.update(chunk)
        self.crc32 = isal_zlib.crc32(chunk, self.crc32)
        self.size += len(chunk)

    def finish(self) -> None:
        if self._beside is not None:
            self._beside.result()
            self._beside = None


class BlobStore:
    """Blobs in a storage. Safe to share between threads and processes."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.path, self.url, self.keep, self.keep_below = storage.path, storage.url, storage.keep, storage.keep_below
        self.size, self.get, self.reader, self.content = storage.size, storage.get, storage.reader, storage.content

    def put(
        self, workspace_id: str, chunks: Iterable[bytes], placing: Callable[[str], None] = lambda key: None
    ) -> HeldBlob:
        """Keep a body, once: bytes that the workspace has already are not stored again. `placing` gets the key of one
        that may be new before it appears.

        In a folder the blob is there when this returns; in a bucket it may be under way. It is durable after `sync`.
        """
        arrival, sums = self.storage.arrival(incoming_prefix(workspace_id)), _Sums()
        try:
            try:
                for chunk in chunks:
                    sums.take(chunk)
                    arrival.write(chunk)
            finally:
                sums.finish()
            key = held_key(workspace_id, sums.sha256.hexdigest())
            # a bucket is asked beside the work, when the blob is about to go there
            if self.storage.is_local and self.size(key) == sums.size:
                arrival.discard()
            else:
                placing(key)
                arrival.place(key, sums.size)
        except BaseException:
            arrival.discard()
            raise
        return HeldBlob(key, sums.sha256.hexdigest(), sums.md5.hexdigest(), sums.crc32, sums.size)

    def note(self, workspace_id: str, key: str) -> None:
        """Write down that an import is about to keep this body, before any snapshot knows it."""
        self.storage.note(incoming_prefix(workspace_id), key)

    def noted(self, workspace_id: str) -> list[str]:
        """The bodies that the last import kept, as far as it noted them, and others that it may have."""
        return self.storage.noted(incoming_prefix(workspace_id), f"held/{workspace_id}")

    def sync(self, workspace_id: str = "") -> None:
        """Make everything written so far durable, with the bodies that a workspace was given."""
        self.storage.sync(incoming_prefix(workspace_id))

    def read(self, blob: Blob, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in steps that pay. Raises `Damaged` when the blob is missing or too short."""
        end = blob.size if length is None else offset + length
        reader = self.reader(blob.key)
        try:
            while offset < end:
                piece = reader.pread(offset, min(self.storage.step, end - offset))
                yield piece
                offset += len(piece)
        finally:
            reader.close()

    def pread(self, key: str, offset: int, length: int) -> bytes:
        """Exactly these bytes of a blob. Raises `Damaged` when it is missing or too short."""
        reader = self.reader(key)
        try:
            return reader.pread(offset, length)
        finally:
            reader.close()

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size) of every blob below a prefix, by listing: cheap for many, whatever their number."""
        return self.storage.walk(prefix)

    def key_of(self, path: Path) -> str:
        """The key whose bytes were written to this `path`."""
        return path.relative_to(self.path("")).as_posix()

    def remove(self, *keys: str) -> None:
        """Delete blobs; one that is gone already is no error."""
        self.storage.remove(keys)

    def remove_made(self, export_id: str, below: str = "") -> None:
        """Delete everything an export wrote, or only what lies `below`."""
        self.storage.remove_below(f"{made_prefix(export_id)}/{below}".rstrip("/"))

    def scrub(self, workspace_id: str) -> Iterator[tuple[str, str | None]]:
        """Re-read every held body of a workspace: (key, None) when it is sound, else (key, what is wrong)."""
        for key, size in sorted(self.sizes(f"held/{workspace_id}")):
            digest = hashlib.sha256()
            try:
                for piece in self.read(Blob(key, b"", size)):
                    digest.update(piece)
            except Damaged as error:
                yield key, str(error)
                continue
            wrong = digest.hexdigest() != key.rpartition("/")[2]
            yield key, "the bytes do not match the name" if wrong else None
