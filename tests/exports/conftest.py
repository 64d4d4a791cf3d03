"""Content that makes several shards, a clock and ids that are arguments, and real worker processes to end."""

import hashlib
import io
import json
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from exeunt.archives.body import Body
from exeunt.archives.packs import PackIndex, PackWriter
from exeunt.archives.reading import BodyReader
from exeunt.clock import Clock, IdSource
from exeunt.config import Settings
from exeunt.exports import run
from exeunt.exports.records import Export
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, Reaction, RoomRow, UserRow
from exeunt.layouts.job import Job, Layout, Output, ShardPlan
from exeunt.layouts.registry import load
from exeunt.ledger.schema import export_shards
from tests.backends import Backend
from tests.conftest import working
from tests.stored import below

JANUARY = datetime(2024, 1, 1, tzinfo=UTC)
TODAY = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
SHARD_ROWS = 100


def clock_at(instant: datetime) -> Clock:
    """A clock that stands still."""
    return lambda: instant


def ids_from(first: int = 1) -> IdSource:
    """Ids that count up: the same in every run."""
    numbers = count(first)
    return lambda: f"{next(numbers):032x}"


SMALL = {"shard_rows": SHARD_ROWS, "heartbeat_seconds": 0.5, "dead_after_seconds": 3.0}
"""Small shards and short breaths."""


def make(path: Path, *, clock: Clock, ids: IdSource, backend: Backend | None = None, **values: object) -> Installation:
    """An empty installation below `path`."""
    settings = (backend or Backend()).settings(path / "data", **{**SMALL, **values})
    return Installation.create(settings, clock=clock, ids=ids)


def hasty(installation: Installation) -> Installation:
    """The same without waiting for the disk, which on a busy machine takes longer than all the rest."""
    installation.blobs.sync = lambda workspace_id="": None  # type: ignore[method-assign]
    if not installation.ledger.is_sqlite:
        return installation
    quick = "PRAGMA synchronous=OFF"
    event.listen(installation.ledger.engine, "connect", lambda opened, _: opened.execute(quick).close())
    return installation


def fill(
    installation: Installation, workspace: str = "acme", *, rooms: int = 4, months: int = 3, per_month: int = 60,
    files: int = 6,
) -> None:  # fmt: skip
    """A workspace of ten people whose rooms are public and private by turns, threads of three, files in the first."""
    installation.catalog.add_workspace(workspace, workspace.title(), None, installation.clock())
    with importing(
        installation.ledger, installation.lake, installation.blobs, workspace,
        as_of=JANUARY + timedelta(days=800), clock=installation.clock,
    ) as intake:  # fmt: skip
        intake.users([UserRow(id=f"U{n}", username=f"user{n}", display_name=f"User {n}",
                              email=f"user{n}@example.org") for n in range(10)])  # fmt: skip
        kinds = ("public", "private")
        intake.rooms([RoomRow(id=f"C{n}", name=f"room-{n}", kind=kinds[n % 2]) for n in range(rooms)])  # type: ignore[arg-type]
        intake.memberships([MembershipRow(room_id=f"C{n}", user_id="U1") for n in range(1, rooms, 4)])
        held = [intake.blob([b"body of file %d\n" % n * (n + 1)]) for n in range(files)]
        intake.files([
            FileRow(id=f"F{n}", name=f"file {n}.txt", room_id="C0", uploader_id="U1", media_type="text/plain",
                    uploaded_at=JANUARY + timedelta(hours=n), storage="held", sha256=b.sha256, md5=b.md5,
                    crc32=b.crc32, size=b.size) for n, b in enumerate(held)
        ])  # fmt: skip
        for room in range(rooms):
            intake.messages(_talk(f"C{room}", months, per_month, files if room == 0 else 0))
        intake.commit("test", workspace)


def _talk(room: str, months: int, per_month: int, files: int) -> Iterator[MessageRow]:
    step = timedelta(days=28) / per_month
    for month in range(months):
        start = datetime(2024 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for n in range(per_month):
            number, root = month * per_month + n, n // 3 * 3
            yield MessageRow(
                id=f"{room}/{number}", room_id=room, author_id=f"U{number % 10}",
                thread_id=f"{room}/{month * per_month + root}", thread_started_at=start + root * step,
                created_at=start + n * step, text=f"message {number} for \ue000U{number % 7}\ue00f, \ue002tada\ue00f",
                body_html=f"message {number}", file_ids=[f"F{number}"] if number < files else [],
                reactions=[Reaction("+1", ["U1", "U2"], 2)] if n % 10 == 0 else [],
            )  # fmt: skip


def asked(installation: Installation, layout: str = "jsonl", **values: object) -> Export:
    """An export of `acme` that waits for a worker."""
    request = Request(workspaces=("acme",), api="native", layout=layout, **values)  # type: ignore[arg-type]
    return installation.exports.create(request)


def done_at_once(installation: Installation, export_id: str) -> None:
    """Do all the work of an export in this thread, without the job engine."""
    runner, stop = run.Runner(installation), threading.Event()
    for number in runner.plan(export_id):
        runner.shard(export_id, number, stop)
    runner.finish(export_id, stop)


def delivered(installation: Installation, export_id: str) -> list[bytes]:
    """The bytes of every archive of a finished export, in order."""
    found = []
    for archive in installation.exports.archives(export_id):
        with (
            Body(installation.blobs.content(archive.index_key)) as body,
            BodyReader(body, installation.blobs) as reader,
        ):
            found.append(reader.read())
    return found


def made_files(installation: Installation) -> set[str]:
    """Everything that exports have written, by its path below `made/`, the partial and the forgotten too."""
    drafts = installation.blobs.path("made")
    drafted = {path.relative_to(drafts).as_posix() for path in drafts.rglob("*") if path.is_file()}
    return {key.removeprefix("made/") for key, _ in installation.blobs.sizes("made")} | drafted


def shard_runs(installation: Installation, export_id: str) -> dict[int, int]:
    """How often each finished shard was begun; every one of them has its pack, whole."""
    s = export_shards.c
    with installation.ledger.read() as db:
        rows = db.execute(select(s.number, s.runs, s.pack_sha256, s.pack_size, s.done_at).where(
            s.export_id == export_id)).all()  # fmt: skip
    packs = {}
    for pack in below(installation.blobs.storage, f"made/{export_id}", "shard-*.pack"):
        data = pack.read_bytes()
        packs[hashlib.sha256(data).digest()] = len(data)
    done = [row for row in rows if row.done_at is not None]
    assert [row.number for row in done if packs.get(row.pack_sha256) != row.pack_size] == []
    return {row.number: row.runs for row in done}


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda file: None)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Backend], Settings]:
    """An installation with content, and with the job database that a worker makes when it first starts."""

    @cache
    def template_of(backend: Backend) -> Settings:
        made = make(tmp_path_factory.mktemp("template"), clock=clock_at(TODAY), ids=ids_from(10**9), backend=backend)
        fill(made)
        with working(made):
            pass
        made.ledger.close()
        backend.keep(made.settings)
        return made.settings

    return template_of


Opener = Callable[..., Installation]


@pytest.fixture
def opened(template: Callable[[Backend], Settings], backend: Backend, tmp_path: Path) -> Iterator[Opener]:
    """Open a copy of the template with a clock, ids and settings of one's own."""
    made: list[Installation] = []

    def open_copy(*, clock: Clock | None = None, ids: IdSource | None = None, **values: object) -> Installation:
        folder = tmp_path / str(len(made)) / "data"
        folder.parent.mkdir()
        settings = backend.copied(template(backend), folder, **{**SMALL, **values})
        made.append(hasty(Installation(settings, clock=clock or clock_at(TODAY), ids=ids or ids_from())))
        return made[-1]

    yield open_copy
    for one in made:
        one.ledger.close()


@pytest.fixture
def installation(opened: Opener) -> Installation:
    """An installation of several shards whose clock stands still and whose ids count."""
    return opened()


class Hands:
    """A clock that is set by hand."""

    def __init__(self, now: datetime = TODAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Gate:
    """Stops the work of a layout where it is told to, until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, render: bool = False, assemble: bool = False) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        self.stops_at = {"render": render, "assemble": assemble}
        self.error: BaseException | None = None
        monkeypatch.setattr(run, "load", self._load)

    def _load(self, name: str) -> Layout:
        layout = load(name)

        def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
            layout.render(job, plan, pack)
            self._stop("render")

        def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
            outputs = layout.assemble(job, packs)
            self._stop("assemble")
            return outputs

        return Layout(layout.name, layout.plan, render, assemble)

    def _stop(self, where: str) -> None:
        if self.stops_at[where]:
            self.reached.set()
            assert self.open.wait(60)
            if self.error is not None:
                raise self.error


def members_of(archive: bytes) -> dict[str, bytes]:
    """The members of a ZIP by name, each of them checked."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def manifest_of(archive: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members_of(archive)["manifest.json"])
    return found


def messages_of(archive: bytes) -> list[dict[str, Any]]:
    """The messages of an archive in JSON Lines, in order."""
    members = members_of(archive)
    return [json.loads(line) for name in members if name.startswith("messages") for line in members[name].splitlines()]
