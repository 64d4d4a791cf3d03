"""Rooms that a test fills itself, exported in this thread and opened with the standard library alone."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.exports.records import State
from exeunt.exports.run import Runner
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import MessageRow, RoomRow, UserRow
from exeunt.lake.selection import Selection
from tests.conftest import settings_for

MARCH = datetime(2024, 3, 1, tzinfo=UTC)


class Archive:
    """One export, opened."""

    def __init__(self, name: str, data: bytes, counts: dict[str, int]) -> None:
        self.name, self.data, self.counts = name, data, counts
        self.zip = zipfile.ZipFile(io.BytesIO(data))
        assert self.zip.testzip() is None

    @property
    def names(self) -> list[str]:
        return self.zip.namelist()

    def text(self, member: str) -> str:
        return self.zip.read(member).decode()

    def objects(self, member: str) -> list[dict[str, Any]]:
        lines = self.text(member).split("\n")
        assert lines.pop() == ""
        return [json.loads(line) for line in lines if line]

    @property
    def full(self) -> list[dict[str, Any]]:
        return self.objects("messages.full.jsonl")

    @property
    def manifest(self) -> dict[str, Any]:
        name = "manifest (2).json" if "manifest (2).json" in self.names else "manifest.json"
        found: dict[str, Any] = json.loads(self.text(name))
        return found


class World:
    """An installation with two people; rooms and messages come from the test."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        installation.catalog.add_workspace("acme", "Acme", None, installation.clock())
        self._imports = 0

    def take_in(self, rooms: list[RoomRow], messages: list[MessageRow],
                files: Callable[[Any], list[Any]] = lambda intake: []) -> None:  # fmt: skip
        made = self.installation
        self._imports += 1
        with importing(made.ledger, made.lake, made.blobs, "acme", as_of=MARCH + timedelta(days=self._imports),
                       clock=made.clock) as intake:  # fmt: skip
            intake.users([UserRow(id="U1", username="jane", display_name="Jane", real_name="Jane Roe"),
                          UserRow(id="U2", username="bob", display_name="Bob", real_name="Bob Doe")])  # fmt: skip
            intake.rooms(rooms)
            intake.files(files(intake))
            intake.messages(messages)
            intake.commit("test", "test")

    def export(self, room: str = "C1", *, layout: str = "rocketchat", options: dict[str, Any] | None = None,
               shard_rows: int = 131_072, **selection: Any) -> Archive:  # fmt: skip
        made = self.installation
        rooms = (room,) if layout == "rocketchat" else ()
        export = made.exports.create(
            Request(workspaces=("acme",), api="rocketchat", layout=layout, options=options or {},
                    selection=Selection(rooms=rooms, **selection), requested_by_name="jane@example.org")
        )  # fmt: skip
        kept = made.settings
        made.settings = msgspec.structs.replace(kept, shard_rows=shard_rows)
        try:
            runner = Runner(made)
            for number in runner.plan(export.id):
                runner.shard(export.id, number, threading.Event())
            runner.finish(export.id, threading.Event())
        finally:
            made.settings = kept
        done = made.exports.get(export.id)
        assert done.state is State.COMPLETED, done.error
        (archive,) = made.exports.archives(export.id)
        with Body(made.blobs.path(archive.index_key)) as body, BodyReader(body, made.blobs) as reader:
            return Archive(archive.name, reader.read(), done.counts)


def said(number: int, text: str = "", **values: Any) -> MessageRow:
    """A message of room C1, an hour after the one before it unless it says otherwise."""
    at = values.pop("at", MARCH + timedelta(hours=number))
    room = values.pop("room_id", "C1")
    message_id = f"{room}/{number}"
    plain: dict[str, Any] = {"author_id": f"U{number % 2 + 1}", "thread_id": message_id, "thread_started_at": at}
    return MessageRow(id=message_id, room_id=room, created_at=at, text=text or f"message {number}", **(plain | values))


CHANNEL = RoomRow(id="C1", name="general", kind="public")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    installation = Installation.create(settings_for(tmp_path))
    yield World(installation)
    installation.ledger.close()
