"""A network with one file of every kind, and its Files Export opened as a client would open it."""

import csv
import io
import json
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.exports.records import Archive, Export, State
from exeunt.exports.run import Runner
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, RoomRow, UserRow
from exeunt.lake.selection import Selection
from tests.conftest import settings_for

DAY = datetime(2024, 3, 1, tzinfo=UTC)
BASE = "http://example.org/yammer"


class Opened:
    """A finished export: its archives by name, as bytes."""

    def __init__(self, installation: Installation, export: Export) -> None:
        self.installation, self.export = installation, export
        self.archives: list[Archive] = list(installation.exports.archives(export.id))
        self.data: dict[str, bytes] = {a.name: self._read(a) for a in self.archives}

    def _read(self, archive: Archive) -> bytes:
        with Body(self.path(archive.name)) as body, BodyReader(body, self.installation.blobs) as reader:
            return reader.read()

    def path(self, name: str) -> Path:
        """The index file of one of them."""
        (archive,) = (a for a in self.archives if a.name == name)
        return self.installation.blobs.path(archive.index_key)

    def zip(self, name: str = "files.zip") -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.data[name]))

    def rows(self, member: str = "Files.csv", archive: str = "files.zip") -> list[dict[str, str]]:
        return read_csv(self.zip(archive).read(member))

    def all_rows(self) -> list[dict[str, str]]:
        return read_csv(self.data["Files.csv"]) if self.data else []

    def text(self, member: str, archive: str = "files.zip") -> str:
        return self.zip(archive).read(member).decode()

    def manifest(self, archive: str = "files.zip") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.text("manifest.json", archive))
        return found

    def inner(self, member: str, archive: str = "files.zip") -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.zip(archive).read(member)))


def read_csv(data: bytes) -> list[dict[str, str]]:
    """Rows by column, from the bytes on the wire."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


Run = Callable[..., Opened]


class Network:
    """An installation with networks that a test fills itself."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation

    def add(self, workspace: str, files: Callable[[Any], list[FileRow]]) -> None:
        """A network with four rooms and two people; `files` is called with the open import."""
        made = self.installation
        made.catalog.add_workspace(workspace, workspace.title(), None, made.clock())
        with importing(
            made.ledger, made.lake, made.blobs, workspace, as_of=DAY + timedelta(days=400), clock=made.clock
        ) as intake:
            intake.users([UserRow(id=f"U{n}", username=f"user{n}", display_name=f"User {n}") for n in (1, 2)])
            kinds = {"PUB": "public", "PRI": "private", "GRP": "group", "DIR": "direct"}
            intake.rooms([RoomRow(id=i, name=f"the {k} one", kind=k) for i, k in kinds.items()])  # type: ignore[arg-type]
            intake.files(files(intake))
            intake.commit("test", "test")

    def export(self, *workspaces: str, options: dict[str, Any] | None = None, **selection: Any) -> Opened:
        """Run an export to its end, all steps in this thread."""
        made = self.installation
        export = made.exports.create(
            Request(
                workspaces=workspaces or ("acme",), api="yammer", layout="yammer-files",
                selection=Selection(**({"since": DAY, "until": DAY + timedelta(days=30)} | selection)),
                options={"base": BASE, **(options or {})}, requested_by_name="ann@example.org",
            )
        )  # fmt: skip
        runner = Runner(made)
        for number in runner.plan(export.id):
            runner.shard(export.id, number, threading.Event())
        runner.finish(export.id, threading.Event())
        done = made.exports.get(export.id)
        assert done.state is State.COMPLETED, done.error
        return Opened(made, done)


def held(intake: Any, file_id: str, body: bytes, **values: Any) -> FileRow:
    """A file whose bytes come in."""
    blob = intake.blob([body])
    defaults: dict[str, Any] = {"name": f"{file_id}.txt", "room_id": "PUB", "uploader_id": "U1", "uploaded_at": DAY}
    return FileRow(id=file_id, storage="held", sha256=blob.sha256, md5=blob.md5, crc32=blob.crc32, size=blob.size,
                   **(defaults | values))  # fmt: skip


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(Installation.create(settings_for(tmp_path)))
