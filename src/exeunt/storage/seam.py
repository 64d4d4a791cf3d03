"""What a storage can do: exactly the operations that blobs and the lake need, the same in a folder and in a bucket.

Objects are written to a local file first and then kept under their key in one step, so nobody ever sees half of one.
They are immutable: a key is written again only with the same bytes.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol


class Reader(Protocol):
    """One object that is read in several places. Close it."""

    def pread(self, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises `Damaged` when the object is shorter, `Unavailable` when it cannot be asked."""

    def close(self) -> None: ...


class Paged(Protocol):
    """An object of which any slice can be had, as of bytes."""

    @property
    def name(self) -> str: ...

    def __len__(self) -> int: ...

    def __getitem__(self, where: slice, /) -> bytes: ...

    def close(self) -> None: ...


class Arrival(Protocol):
    """An object that comes in before its key is known."""

    def write(self, data: bytes) -> None: ...

    def place(self, key: str, size: int) -> None:
        """Put it under its key, unless an object of that size is there. In place and durable after `sync`."""

    def discard(self) -> None: ...


class Storage(Protocol):
    """Objects by key. Keys are relative paths of our own making, never taken from a request. Safe between threads.

    Every method raises `Unavailable` when the storage does not answer or refuses.
    """

    is_local: bool
    """Whether every object is a file at `path`, which may be mapped and sent by the kernel."""

    scan_options: dict[str, str] | None
    """What Polars needs to read a `url`."""

    step: int
    """How many bytes it pays to read at once."""

    def url(self, key: str) -> str:
        """Where the object is, for people and for Polars."""

    def path(self, key: str) -> Path:
        """The local file into which the object is written; where `is_local`, that is the object."""

    def keep(self, key: str) -> None:
        """What was written to `path` is in place under its key when this returns."""

    def keep_below(self, prefix: str) -> None:
        """The same for all that was written below a prefix."""

    def size(self, key: str) -> int | None:
        """The object's size in bytes; None when there is none."""

    def sizes(self, keys: Sequence[str]) -> Iterable[int | None]:
        """The sizes of many, in order; that of an object which was there before may be remembered."""

    def get(self, key: str) -> bytes:
        """All of it. Raises `Damaged` when it is missing."""

    def reader(self, key: str) -> Reader:
        """Open one for positioned reads. Raises `Damaged` when it is missing."""

    def content(self, key: str) -> Path | Paged:
        """What an index file is read from. Raises `Damaged` when it is missing in a bucket."""

    def walk(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size) of every object below a prefix, which ends at a slash, by listing."""

    def names(self, prefix: str) -> list[str]:
        """The names directly below a prefix under which there are objects."""

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is gone already is no error."""

    def remove_below(self, prefix: str) -> None:
        """Delete everything below a prefix, also what was only written to `path` so far."""

    def drafts(self, prefix: str) -> list[str]:
        """Of the names below a prefix those of which this machine has files that were never kept."""

    def remove_drafts(self, prefix: str) -> None:
        """Delete what was written below a prefix on this machine and never kept."""

    def arrival(self, place: str) -> Arrival:
        """Open one whose key is not known yet; `place` is below what nobody misses."""

    def sync(self, place: str) -> None:
        """Everything that arrived at `place` is in place and durable when this returns; raises what went wrong."""

    def note(self, place: str, key: str) -> None:
        """Write down at `place` that an object is about to arrive under this key."""

    def noted(self, place: str, below: str) -> list[str]:
        """The keys noted at `place`, all below `below`; of a bucket all that are there, if any was noted."""

    def create(self, key: str, data: bytes) -> bool:
        """Write a small object unless there is one; False when there is."""

    def replace(self, key: str, data: bytes) -> None:
        """Write a small object over another one, in one step."""

    def check(self) -> None:
        """Raises `Unavailable`, with what to do, when this storage cannot be read or written."""
