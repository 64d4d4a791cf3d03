"""Messages for processes that must not load them: `python -m exeunt.layouts.rocketchat.reading`.

It is told on its standard input where everything is, then reads questions there and answers each on its standard
output, all of it as a length of four bytes and MessagePack, until the input ends with the process that asks.
"""

import sys
from typing import IO

import msgspec

from exeunt.blobs.store import BlobStore
from exeunt.config import Settings
from exeunt.errors import ExeuntError
from exeunt.lake.catalog import Catalog
from exeunt.lake.selection import Selection
from exeunt.lake.view import View
from exeunt.lake.written import Page, page, replies_to
from exeunt.layouts.asking import Answer, Question
from exeunt.layouts.rocketchat.assets import Assets
from exeunt.layouts.rocketchat.messages import COLUMNS
from exeunt.layouts.rocketchat.names import Names
from exeunt.layouts.rocketchat.wire import wire_messages
from exeunt.ledger.database import Ledger
from exeunt.storage.opening import open_places
from exeunt.storage.seam import Storage


class Reading:
    """Answers questions about one installation's messages."""

    def __init__(self, ledger: Ledger, lake: Storage, blobs: BlobStore) -> None:
        self._catalog, self._lake, self._blobs = Catalog(ledger), lake, blobs

    def answer(self, question: Question) -> Answer:
        """The messages that are asked for, newest first, and how many there are in all."""
        catalog = self._catalog
        workspace = catalog.workspace(question.workspace_id)
        selection = Selection(rooms=(question.room_id,))
        view = View(catalog, self._lake, workspace, catalog.head(workspace.id), selection)
        wanted = Page(
            room_number=question.room_number, ids=question.ids, since=question.since, until=question.until,
            offset=question.offset, count=question.count, mentioning=question.mentioning, pinned=question.pinned,
            replies=question.replies,
        )  # fmt: skip
        rows, total = page(view, wanted, COLUMNS)
        if rows.is_empty():
            return Answer(total)
        carries = bool((rows["file_ids"].list.len() > 0).any())
        assets = Assets(self._blobs, view, files=True) if carries else None
        answered = replies_to(view, question.room_number, rows["id"])
        return Answer(total, wire_messages(rows, Names(view), assets, answered))


def serve(questions: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until there are no more questions; a fault of one is its answer."""
    settings = msgspec.msgpack.decode(_frame(questions), type=Settings)
    places = open_places(settings)
    reading = Reading(Ledger(settings.ledger_url), places.lake, BlobStore(places.blobs))
    while data := _frame(questions):
        question = msgspec.msgpack.decode(data, type=Question)
        try:
            answer = reading.answer(question)
        except ExeuntError as error:
            answer = Answer(0, error=str(error))
        except Exception as error:
            answer = Answer(0, error=f"internal error: {type(error).__name__}: {error}")
        data = msgspec.msgpack.encode(answer)
        answers.write(len(data).to_bytes(4, "big") + data)
        answers.flush()


def _frame(stream: IO[bytes]) -> bytes:
    """The next frame; nothing at the end."""
    head = stream.read(4)
    return stream.read(int.from_bytes(head, "big")) if len(head) == 4 else b""


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
