"""A folder as storage: an object is a file, written under a temporary name and put in place in one step."""

import ctypes
import errno
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from exeunt.errors import Damaged, Unavailable


class Folder:
    """Objects below one folder. Implements `exeunt.storage.seam.Storage`."""

    is_local = True
    scan_options: dict[str, str] | None = None
    step = 1 << 20

    def __init__(self, root: Path) -> None:
        self.root, self._prefix = root, f"{root}/"
        self._notes: dict[str, int] = {}

    def url(self, key: str) -> str:
        # ranges are served faster than paths are made
        return self._prefix + key

    def path(self, key: str) -> Path:
        return self.root / key

    def keep(self, key: str) -> None:
        """Nothing: it was written where it belongs."""

    def keep_below(self, prefix: str) -> None:
        """Nothing either."""

    def size(self, key: str) -> int | None:
        try:
            return os.stat(f"{self.root}/{key}").st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def sizes(self, keys: Sequence[str]) -> Iterable[int | None]:
        return map(self.size, keys)

    def get(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as error:
            raise Damaged(f"the blob {key} is missing") from error

    def reader(self, key: str) -> "FileReader":
        return FileReader(f"{self.root}/{key}", key)

    def content(self, key: str) -> Path:
        return self.path(key)

    def walk(self, prefix: str) -> Iterator[tuple[str, int]]:
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
                        key = f"{folder}/{entry.name}" if folder else entry.name
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(key)
                        else:
                            yield key, entry.stat(follow_symlinks=False).st_size
            finally:
                os.close(handle)

    def names(self, prefix: str) -> list[str]:
        try:
            return os.listdir(self.root / prefix)
        except FileNotFoundError:
            return []

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.path(key).unlink(missing_ok=True)

    def remove_below(self, prefix: str) -> None:
        """What somebody still writes is left: whoever tidies up later finds it."""
        shutil.rmtree(self.root / prefix, onerror=_unless_busy)

    def drafts(self, prefix: str) -> list[str]:
        return []

    def remove_drafts(self, prefix: str) -> None:
        """Nothing: what is written here is here."""

    def arrival(self, place: str) -> "FileArrival":
        return FileArrival(self.root, f"{self.root}/{place}/{secrets.token_hex(16)}")

    def sync(self, place: str = "") -> None:
        """With one call to the file system instead of one a file."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = os.open(self.root, os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.syncfs(folder) != 0:
                raise OSError(ctypes.get_errno(), "syncfs failed")
        finally:
            os.close(folder)

    def note(self, place: str, key: str) -> None:
        if place not in self._notes:
            self._notes[place] = os.open(self.root / place / "placed", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        os.write(self._notes[place], f"{key}\n".encode())

    def noted(self, place: str, below: str) -> list[str]:
        if place in self._notes:
            os.close(self._notes.pop(place))
        notes = self.root / place / "placed"
        return notes.read_text().splitlines() if notes.exists() else []

    def create(self, key: str, data: bytes) -> bool:
        partial = self._written(key, data)
        try:
            os.link(partial, self.path(key))
        except FileExistsError:
            return False
        finally:
            partial.unlink()
        return True

    def replace(self, key: str, data: bytes) -> None:
        self._written(key, data).replace(self.path(key))

    def _written(self, key: str, data: bytes) -> Path:
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with partial.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return partial

    def check(self) -> None:
        require_writable(self.root)


def require_writable(folder: Path) -> None:
    """Raises `Unavailable` unless this process may write there, or make it where there is none."""
    there = folder.absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir() or not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        raise Unavailable(f"the folder {there} cannot be written: give it to the user that runs this")


class FileReader:
    """A file open for positioned reads."""

    def __init__(self, path: str, key: str) -> None:
        self._key = key
        try:
            self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise Damaged(f"the blob {key} is missing") from error

    def pread(self, offset: int, length: int) -> bytes:
        data = os.pread(self._file, length, offset)
        if len(data) != length:
            raise Damaged(f"the blob {self._key} is shorter than recorded")
        return data

    def close(self) -> None:
        os.close(self._file)


class FileArrival:
    """A file under a name of its own until its key is known. It is durable only after `Folder.sync`."""

    def __init__(self, root: Path, partial: str) -> None:
        self._root, self._partial = root, partial
        self._file = _created(partial)

    def write(self, data: bytes) -> None:
        done = os.write(self._file, data)
        while done < len(data):
            done += os.write(self._file, memoryview(data)[done:])

    def place(self, key: str, size: int) -> None:
        self._close()
        target = f"{self._root}/{key}"
        try:
            os.replace(self._partial, target)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
            os.replace(self._partial, target)

    def discard(self) -> None:
        self._close()
        with suppress(FileNotFoundError):
            os.unlink(self._partial)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _created(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _unless_busy(function: object, path: str, error: tuple[type[BaseException], BaseException, object]) -> None:
    if not isinstance(error[1], FileNotFoundError) and getattr(error[1], "errno", 0) != errno.ENOTEMPTY:
        raise error[1]
