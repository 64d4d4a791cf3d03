"""What a reader may do, and the report it leaves: the seam between sources and the lake."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import msgspec

from exeunt.blobs.store import HeldBlob
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow


class Skipped(msgspec.Struct, frozen=True):
    """Something of the source that did not come in: where it was, and why in one sentence."""

    where: str
    reason: str


class Report(msgspec.Struct, kw_only=True):
    """How an import went. Counts are by kind (`messages`, `users`, `files held`, …).

    At most `MOST_SKIPPED` skipped items are kept one by one; the counts are always complete.
    """

    read: Counter[str] = msgspec.field(default_factory=Counter)
    added: Counter[str] = msgspec.field(default_factory=Counter)
    changed: Counter[str] = msgspec.field(default_factory=Counter)
    unchanged: Counter[str] = msgspec.field(default_factory=Counter)
    skipped: list[Skipped] = []
    skipped_count: int = 0

    def skip(self, where: str, reason: str) -> None:
        """Name one item that did not come in."""
        self.skipped_count += 1
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append(Skipped(where[:500], reason[:500]))


MOST_SKIPPED = 10_000


class Intake(Protocol):
    """Takes what a reader reads. Rows that the lake has already are dropped here, not by the reader.

    Nothing is visible to anybody before the import as a whole is committed.
    """

    report: Report

    def users(self, rows: Iterable[UserRow]) -> None: ...

    def rooms(self, rows: Iterable[RoomRow]) -> None: ...

    def memberships(self, rows: Iterable[MembershipRow]) -> None: ...

    def members_complete(self, room_ids: Iterable[str]) -> None:
        """The memberships handed over of these rooms are all they have: whoever else was in them has left.

        Said only of rooms that are handed over too, with members listed to the last; any other keeps whom it had.
        """
        ...

    def files(self, rows: Iterable[FileRow]) -> None: ...

    def messages(self, rows: Iterable[MessageRow]) -> None: ...

    def blob(self, chunks: Iterable[bytes]) -> HeldBlob:
        """Keep a file body. An error raised by `chunks` leaves nothing behind and is raised again."""
        ...

    def progress(self, done: int, total: int) -> None:
        """Bytes of the source read so far, of so many; called often."""
        ...


class Reader(Protocol):
    """One opened source. `as_of` is the newest instant it can speak of: a younger source wins a tie of edit times."""

    @property
    def as_of(self) -> datetime: ...

    def read(self, intake: Intake) -> None:
        """Hand everything over, in any order of tables; messages of one room together and by time."""
        ...
