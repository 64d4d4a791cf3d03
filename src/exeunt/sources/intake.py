"""What a reader may do, and the report it leaves: the seam between sources and the lake."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

import msgspec

from exeunt.blobs.store import HeldBlob
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow


class Item(msgspec.Struct, frozen=True):
    """Something of the source that is worth a word: where it was, and what was wrong in one sentence."""

    where: str
    reason: str


class Report(msgspec.Struct, kw_only=True):
    """How an import went. Counts are by kind (`messages`, `users`, `files held`, …).

    `skipped` did not come in, or not whole; `repaired` did, though not as it should have been. At most `MOST_NAMED` of
    each are kept one by one; the counts are always complete.
    """

    read: Counter[str] = msgspec.field(default_factory=Counter)
    added: Counter[str] = msgspec.field(default_factory=Counter)
    changed: Counter[str] = msgspec.field(default_factory=Counter)
    unchanged: Counter[str] = msgspec.field(default_factory=Counter)
    skipped: list[Item] = []
    skipped_count: int = 0
    repaired: list[Item] = []
    repaired_count: int = 0

    def skip(self, where: str, reason: str) -> None:
        """Name one item that did not come in, or not whole."""
        self.skipped_count += 1
        if len(self.skipped) < MOST_NAMED:
            self.skipped.append(_item(where, reason))

    def repair(self, where: str, what: str) -> None:
        """Name one item that came in though something was wrong with it."""
        self.repaired_count += 1
        if len(self.repaired) < MOST_NAMED:
            self.repaired.append(_item(where, what))

    def take_over(self, found: "Report") -> None:
        """Name here what another report names."""
        for one in found.skipped:
            self.skip(one.where, one.reason)
        for one in found.repaired:
            self.repair(one.where, one.reason)
        self.skipped_count += found.skipped_count - len(found.skipped)
        self.repaired_count += found.repaired_count - len(found.repaired)


MOST_NAMED = 10_000


def _item(where: str, reason: str) -> Item:
    return Item(where[:500], reason[:500])


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
