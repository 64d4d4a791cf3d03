"""An unpacked export: a folder, read where it lies.

Links that lead out of the folder are not followed, and no linked folder is, so neither a secret of this machine nor a
loop can come in.
"""

import os
import stat
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from exeunt.sources.intake import Report
from exeunt.sources.slack.archive import STEP, Stat, printable
from exeunt.sources.slack.limits import Limits, Meter, Unreadable


class FolderArchive:
    """A ref is the position of the member in the list of paths that was made when the folder was opened."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.problems = Report()
        self.done = 0
        self._root = os.path.realpath(path)
        self._limits = limits
        self._paths: list[str] = []
        self._sizes = array("q")
        self._scan()
        self.total = sum(self._sizes)
        self._meter = Meter(limits, self.total)

    def close(self) -> None:
        """Nothing stays open between two members."""

    def rewind(self) -> None:
        self.done = 0
        self._meter = Meter(self._limits, self.total)

    def entries(self) -> Iterator[tuple[str, int]]:
        for ref, path in enumerate(self._paths):
            yield printable(path), ref

    def stat(self, ref: int) -> Stat:
        try:
            changed_at = datetime.fromtimestamp(int(os.stat(self._full(ref)).st_mtime), UTC)
        except (OSError, ValueError, OverflowError):
            changed_at = None
        return Stat(printable(self._paths[ref]), self._sizes[ref], -1, changed_at)

    def chunks(self, ref: int) -> Iterator[bytes]:
        self._meter.check()
        try:
            file = os.open(os.path.realpath(self._full(ref)), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                if not stat.S_ISREG(os.fstat(file).st_mode):
                    raise Unreadable("it is not a file any more")
                size = 0
                while chunk := os.read(file, STEP):
                    size += len(chunk)
                    self.done += len(chunk)
                    self._meter.take(len(chunk), size, size)
                    yield chunk
            finally:
                os.close(file)
        except OSError as error:
            raise Unreadable(f"it cannot be read ({error.strerror})") from error

    def _full(self, ref: int) -> str:
        return os.path.join(self._root, self._paths[ref])

    def _scan(self) -> None:
        """Lists every file, folder by folder in the order of names, so one folder always reads the same way."""
        pending = [""]
        while pending:
            folder = pending.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                self.problems.skip(printable(folder), f"the folder cannot be read ({error.strerror})")
                continue
            below = []
            for entry in found:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    below.append(path)
                elif not self._add(path, entry):
                    return
            pending.extend(reversed(below))

    def _add(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Takes one file; False when no more may come."""
        if len(self._paths) >= self._limits.max_entries:
            limit = self._limits.max_entries
            self.problems.skip(printable(path), f"the folder has more than {limit} files; from here on none was read")
            return False
        if entry.is_symlink() and not (os.path.realpath(entry.path) + os.sep).startswith(self._root + os.sep):
            self.problems.skip(printable(path), "it is a link that leads out of the folder")
            return True
        try:
            if entry.is_file():
                self._sizes.append(entry.stat().st_size)
                self._paths.append(path)
            else:
                self.problems.skip(printable(path), "it is neither a file nor a folder")
        except OSError as error:
            self.problems.skip(printable(path), f"it cannot be read ({error.strerror})")
        return True
