"""Blobs in a folder: written under a temporary name, put in place in one step, read with positioned reads.

Keys are relative paths: `held/WORKSPACE/ab/SHA256` for what came in with an import, `made/EXPORT/NAME` for what an
export wrote (packs and index files), which goes when the export goes.
"""

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec
from isal import isal_zlib

from exeunt.archives.extents import Blob
from exeunt.errors import Damaged

STEP = 1 << 20
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
    """Blobs below one folder. Safe to share between threads and processes."""

    def __init__(self, root: Path) -> None:
        self.root, self._prefix = root, f"{root}/"

    def file(self, key: str) -> str:
        """Where a blob lies, as a string: ranges are served faster than paths are made."""
        return self._prefix + key

    def path(self, key: str) -> Path:
        """The file of a key; keys come from our own records, never from a request."""
        return self.root / key

    def put(
        self, workspace_id: str, chunks: Iterable[bytes], placing: Callable[[str], None] = lambda key: None
    ) -> HeldBlob:
        """Keep a body, once: bytes that the workspace has already are not stored again. `placing` gets the key of one
        that is new just before it appears.

        The file is in place when this returns, but durable only after `sync`.
        """
        partial = f"{self.root}/{incoming_prefix(workspace_id)}/{secrets.token_hex(16)}"
        file, sums = _created(partial), _Sums()
        try:
            try:
                for chunk in chunks:
                    sums.take(chunk)
                    _write(file, chunk)
            finally:
                os.close(file)
                sums.finish()
            key = held_key(workspace_id, sums.sha256.hexdigest())
            target = f"{self.root}/{key}"
            if _size(target) == sums.size:
                os.unlink(partial)
            else:
                placing(key)
                _place(partial, target)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(partial)
            raise
        return HeldBlob(key, sums.sha256.hexdigest(), sums.md5.hexdigest(), sums.crc32, sums.size)

    def sync(self) -> None:
        """Make everything written so far durable, with one call to the file system instead of one a file."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.syncfs(folder) != 0:
                raise OSError(ctypes.get_errno(), "syncfs failed")
        finally:
            os.close(folder)

    def read(self, blob: Blob, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes in steps of at most 1 MiB. Raises `Damaged` when the blob is missing or too short."""
        end = blob.size if length is None else offset + length
        try:
            file = os.open(self.path(blob.key), os.O_RDONLY)
        except OSError as error:
            raise Damaged(f"the blob {blob.key} is missing") from error
        try:
            while offset < end:
                piece = os.pread(file, min(STEP, end - offset), offset)
                if not piece:
                    raise Damaged(f"the blob {blob.key} is shorter than recorded")
                yield piece
                offset += len(piece)
        finally:
            os.close(file)

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size) of every blob below a prefix, by listing: cheap for many, whatever their number."""
        pending = [prefix]
        while pending:
            folder = pending.pop()
            try:
                # by a descriptor each look at a file is one name long, not a whole path
                handle = os.open(self.root / folder, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                with os.scandir(handle) as entries:
                    for entry in entries:
                        key = f"{folder}/{entry.name}"
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(key)
                        else:
                            yield key, entry.stat(follow_symlinks=False).st_size
            finally:
                os.close(handle)

    def remove(self, key: str) -> None:
        """Delete one blob; one that is gone already is no error."""
        self.path(key).unlink(missing_ok=True)

    def remove_made(self, export_id: str, below: str = "") -> None:
        """Delete everything an export wrote, or only what lies `below`. What somebody still writes is left: whoever
        tidies up later finds it."""
        shutil.rmtree(self.path(made_prefix(export_id)) / below, onerror=_unless_busy)

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


def _unless_busy(function: object, path: str, error: tuple[type[BaseException], BaseException, object]) -> None:
    if not isinstance(error[1], FileNotFoundError) and getattr(error[1], "errno", 0) != errno.ENOTEMPTY:
        raise error[1]


def _created(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _write(file: int, data: bytes) -> None:
    done = os.write(file, data)
    while done < len(data):
        done += os.write(file, memoryview(data)[done:])


def _place(partial: str, target: str) -> None:
    try:
        os.replace(partial, target)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        os.replace(partial, target)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return -1
