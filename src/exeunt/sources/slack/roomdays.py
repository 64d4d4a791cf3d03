"""The messages of one room, day after day, handed over in batches of bounded size."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from msgspec import Raw

from exeunt.lake.rows import MessageRow
from exeunt.sources.intake import Intake
from exeunt.sources.slack.days import Objects, by_time
from exeunt.sources.slack.files import Files
from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.messages import Messages
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.people import People
from exeunt.sources.slack.rooms import Place

Numbered = tuple[int, MessageRow]

_BATCH_ROWS = 1000
_BATCH_BYTES = 4 << 20


class RoomDays:
    """Takes the day files of a room in order; `finish` hands over what is left."""

    def __init__(self, place: Place, people: People, markup: Markup, files: Files, intake: Intake) -> None:
        self._messages = Messages(place, people, markup, files)
        self._files = files
        self._intake = intake
        self._report = intake.report
        self._rows: list[MessageRow] = []
        self._bytes = 0

    def add(self, name: str, objects: Objects) -> None:
        """The messages of one day file, which is called `name`."""
        self._report.read["day files"] += 1
        for number, row in self._in_order(name, objects):
            rows = self._rows
            if rows and rows[-1].id == row.id and self._is_same(rows[-1], row, f"{name}, message {number}"):
                continue
            rows.append(row)
            self._bytes += len(row.raw)
            if len(rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
                self._hand_over(rows.pop())

    def _in_order(self, name: str, objects: Objects) -> Iterable[Numbered]:
        """The rows of a file by time. A small file is sorted as rows if it must be, a large one before it is read."""
        if len(objects) > _BATCH_ROWS:
            return self._made(name, by_time(objects))
        made = list(self._made(name, objects))
        if any(after[1].created_at < before[1].created_at for before, after in pairwise(made)):
            made.sort(key=lambda one: one[1].created_at)
        return made

    def _made(self, name: str, objects: Iterable[tuple[int, Raw | bytes]]) -> Iterator[Numbered]:
        make, report = self._messages.row, self._report
        for number, raw in objects:
            try:
                row, problem = make(raw)
            except Unreadable as error:
                report.skip(f"{name}, message {number}", str(error))
                continue
            if problem:
                report.repair(f"{name}, message {number}", problem)
            yield number, row

    def finish(self) -> None:
        """Hands over the rest of the room."""
        self._hand_over(None)
        self._report.read["attachments"] += self._messages.attachments

    def _is_same(self, before: MessageRow, row: MessageRow, where: str) -> bool:
        """Whether the two are one message, as a reply is that was sent to the room too; then the fuller one stays."""
        if before.edited_at != row.edited_at or before.deleted_at != row.deleted_at:
            return False
        if before.text != row.text:
            self._report.skip(where, "another message of this room has the same time (ts); that one was kept")
            return True
        self._report.read["messages repeated"] += 1
        fuller = row if row.is_broadcast and not before.is_broadcast else before
        self._rows[-1] = fuller
        return True

    def _hand_over(self, keep: MessageRow | None) -> None:
        """Gives the batch away but for the last message, which its twin may still follow."""
        rows, self._rows = self._rows, [keep] if keep else []
        self._bytes = len(keep.raw) if keep else 0
        read = self._report.read
        read["reactions"] += sum(len(row.reactions) for row in rows)
        if self._files.ready:
            files, self._files.ready = self._files.ready, []
            self._intake.files(files)
        if rows:
            self._intake.messages(rows)
