"""One way into an export, whether it came as a zip or as a folder.

A member is known by a `ref`, one integer that its archive gave it, so an index of millions of members stays small; its
name is read again when it is wanted.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

import msgspec

from exeunt.sources.intake import Report

STEP = 1 << 20


class Stat(msgspec.Struct, frozen=True):
    """What the archive says of a member. `crc32` is -1 where the archive keeps none."""

    name: str
    size: int
    crc32: int
    changed_at: datetime | None


class Archive(Protocol):
    """`problems` holds what was wrong with the archive itself; `done` counts the archive's own bytes read so far."""

    total: int
    done: int
    problems: Report

    def entries(self) -> Iterator[tuple[str, int]]:
        """(name, ref) of every member that may be read, in the archive's order; folders are not members."""
        ...

    def stat(self, ref: int) -> Stat: ...

    def chunks(self, ref: int) -> Iterator[bytes]:
        """The member's bytes in steps of at most 1 MiB. Raises `Unreadable` as soon as something is wrong."""
        ...

    def rewind(self) -> None:
        """Forget what was read so far, for another reading."""
        ...

    def close(self) -> None: ...


_ROOTED = re.compile(r"/|[A-Za-z]:[/\\]")


def member_name(name: str) -> str | None:
    """A member's name with `/` between its segments, or None when it points outside the archive.

    Nothing is ever written under these names; a name that tries to leave its folder is refused because whoever made
    it meant harm, and because the next tool may not be as careful.
    """
    if "\\" in name and "/" not in name:
        name = name.replace("\\", "/")
    if "\0" in name or _ROOTED.match(name):
        return None
    if "./" in name or "//" in name or ".." in name:
        if ".." in name.split("/"):
            return None
        name = "/".join(part for part in name.split("/") if part not in ("", "."))
    return name


def printable(name: str) -> str:
    """A name for the report and for rows: without the lone surrogates that stand for undecodable bytes."""
    return name if name.isascii() else name.encode("utf-8", "replace").decode()
