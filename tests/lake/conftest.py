"""A lake to write to: imports in one line, views of any snapshot, a clock that is told what time it is."""

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, event, select

from exeunt.blobs.store import BlobStore, HeldBlob
from exeunt.config import Settings
from exeunt.lake.append import Import, importing
from exeunt.lake.catalog import Catalog
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.lake.selection import Selection, Snapshot
from exeunt.lake.view import View
from exeunt.ledger import schema
from exeunt.ledger.database import Ledger
from exeunt.storage.opening import open_places
from tests.backends import Backend
from tests.stored import Stored, below

START = datetime(2024, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """Midnight of the day so many days after the first."""
    return START + timedelta(days=number)


class Lake:
    """The parts of an installation that hold content."""

    def __init__(self, settings: Settings) -> None:
        settings.data_path.mkdir(parents=True, exist_ok=True)
        self.settings, places = settings, open_places(settings)
        self.ledger, self.store, self.blobs = Ledger(settings.ledger_url), places.lake, BlobStore(places.blobs)
        if self.ledger.is_sqlite:
            quick = "PRAGMA synchronous=OFF"
            event.listen(self.ledger.engine, "connect", lambda opened, _: opened.execute(quick).close())
            self.blobs.sync = lambda workspace_id="": None  # type: ignore[method-assign]
        schema.metadata.create_all(self.ledger.engine)
        self.catalog = Catalog(self.ledger)
        self.now = day(1000)

    def clock(self) -> datetime:
        return self.now

    def add(self, *workspaces: str) -> None:
        for workspace in workspaces:
            self.catalog.add_workspace(workspace, workspace.title(), None, self.now)

    def importing(self, as_of: datetime, workspace: str = "acme") -> AbstractContextManager[Import]:
        return importing(self.ledger, self.store, self.blobs, workspace, as_of=as_of, clock=self.clock)

    def take(
        self, as_of: datetime, *, workspace: str = "acme", users: Iterable[UserRow] = (), rooms: Iterable[RoomRow] = (),
        memberships: Iterable[MembershipRow] = (), files: Iterable[FileRow] = (), messages: Iterable[MessageRow] = (),
        complete: Iterable[str] = (),
    ) -> Import:  # fmt: skip
        """Import these rows, all of them; `complete` are the rooms whose members they name to the last."""
        with self.importing(as_of, workspace) as intake:
            for rows, hand_over in (
                (users, intake.users), (rooms, intake.rooms), (memberships, intake.memberships), (files, intake.files),
                (messages, intake.messages),
            ):  # fmt: skip
                if rows:
                    hand_over(rows)  # type: ignore[arg-type]
            intake.members_complete(complete)
            intake.commit("test", "test")
        return intake

    def view(self, snapshot: int | None = None, *, workspace: str = "acme", **selection: Any) -> View:
        pinned = self.catalog.head(workspace) if snapshot is None else Snapshot(workspace, snapshot)
        facts = self.catalog.workspace(workspace)
        return View(self.catalog, self.store, facts, pinned, Selection(**selection))

    def messages(self, snapshot: int | None = None, **selection: Any) -> list[dict[str, Any]]:
        """The selected messages, every column of them."""
        view = self.view(snapshot, **selection)
        groups = view.groups()
        return view.messages(groups, MESSAGE_COLUMNS).to_dicts() if groups else []

    def texts(self, snapshot: int | None = None, **selection: Any) -> dict[str, str]:
        return {message["id"]: message["text"] for message in self.messages(snapshot, **selection)}

    def content(self, snapshot: int | None = None, *, workspace: str = "acme") -> dict[str, Any]:
        """Everything a snapshot holds."""
        view = self.view(snapshot, workspace=workspace)
        tables = {name: getattr(view, name)().to_dicts() for name in ("users", "rooms", "memberships", "files")}
        return {**tables, "messages": self.messages(snapshot, workspace=workspace)}

    def projected(self, kind: str, workspace: str = "acme") -> list[dict[str, Any]]:
        table: Table = getattr(schema, kind)
        with self.ledger.read() as db:
            rows = db.execute(select(table).where(table.c.workspace_id == workspace)).all()
        return [dict(row._mapping) for row in rows]

    def held(self, body: bytes, workspace: str = "acme") -> HeldBlob:
        held = self.blobs.put(workspace, [body])
        self.blobs.sync(workspace)
        return held

    def parquet(self, kind: str = "", workspace: str = "acme") -> list[Stored]:
        return below(self.store, f"{workspace}/{kind}".rstrip("/"), "*.parquet")


MESSAGE_COLUMNS = (
    "id", "room_id", "author_id", "thread_id", "thread_started_at", "created_at", "edited_at", "text", "reactions",
    "file_ids", "revision", "import_no", "seen_at", "number", "raw",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    # no test of content survives the end of the machine, and to wait for the disk takes longer than all the rest
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture
def lake(tmp_path: Path, backend: Backend) -> Iterator[Lake]:
    """A lake with an empty workspace `acme`."""
    made = Lake(backend.settings(tmp_path))
    made.add("acme")
    yield made
    made.ledger.close()


# --- rows, with as little said as possible ---------------------------------------------------------------------------


def user(number: int, **said: Any) -> UserRow:
    return UserRow(**{"id": f"U{number}", "username": f"user{number}", "display_name": f"User {number}", **said})


def room(number: int, **said: Any) -> RoomRow:
    return RoomRow(**{"id": f"C{number}", "name": f"room-{number}", "kind": "public", **said})


def member(room_number: int, user_number: int, **said: Any) -> MembershipRow:
    return MembershipRow(room_id=f"C{room_number}", user_id=f"U{user_number}", **said)


def file(number: int, body: HeldBlob | None = None, **said: Any) -> FileRow:
    held = {} if body is None else {
        "storage": "held", "sha256": body.sha256, "md5": body.md5, "crc32": body.crc32, "size": body.size,
    }  # fmt: skip
    return FileRow(
        **{"id": f"F{number}", "name": f"file {number}", "room_id": "C1", "uploaded_at": START, **held, **said}
    )


def message(number: int, room_number: int = 1, **said: Any) -> MessageRow:
    """A message without a thread, so many hours after the first instant."""
    written = said.pop("created_at", START + timedelta(hours=number))
    thread = said.pop("thread", number)
    started = said.pop("thread_started_at", written if thread == number else START + timedelta(hours=thread))
    return MessageRow(**{
        "id": f"C{room_number}/{number}", "room_id": f"C{room_number}", "author_id": "U1",
        "thread_id": f"C{room_number}/{thread}", "thread_started_at": started, "created_at": written,
        "text": f"message {number}", **said,
    })  # fmt: skip
