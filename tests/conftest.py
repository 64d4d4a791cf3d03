"""What many tests share: an installation with a little content, and a real server on it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from exeunt.config import Settings
from exeunt.exports.records import Export
from exeunt.exports.service import Request
from exeunt.exports.worker import Worker
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.ledger.database import Ledger
from exeunt.ledger.migrate import upgrade
from tests.backends import EMBEDDED, LARGE, Backend, Large, variables
from tests.servers import PostgreSQL, S3Server, postgresql_server, s3_server

JANUARY = datetime(2024, 1, 1, tzinfo=UTC)


def settings_for(path: Path, **values: object) -> Settings:
    """Settings of an installation below `path`."""
    return Settings(data=str(path / "installation"), min_free_bytes=1024, **values)  # type: ignore[arg-type]


def fill(installation: Installation, workspace: str = "acme", messages: int = 60, body: bytes = b"hello\n") -> None:
    """A workspace of two people and two rooms, one file held and one elsewhere."""
    installation.catalog.add_workspace(workspace, workspace.title(), None, installation.clock())
    with importing(
        installation.ledger, installation.lake, installation.blobs, workspace,
        as_of=JANUARY + timedelta(days=400), clock=installation.clock,
    ) as intake:  # fmt: skip
        intake.users([UserRow(id=f"U{n}", username=f"user{n}", display_name=f"User {n}",
                              email=f"user{n}@example.org") for n in (1, 2)])  # fmt: skip
        intake.rooms([RoomRow(id="C1", name="general", kind="public"), RoomRow(id="G1", name="secret", kind="private")])
        intake.memberships([MembershipRow(room_id="G1", user_id="U2")])
        held = intake.blob([body])
        intake.files([
            FileRow(id="F1", name="ünï file.txt", room_id="C1", uploader_id="U1", uploaded_at=JANUARY, storage="held",
                    media_type="text/plain", sha256=held.sha256, md5=held.md5, crc32=held.crc32, size=held.size),
            FileRow(id="F2", name="elsewhere.pdf", room_id="C1", uploader_id="U2", uploaded_at=JANUARY,
                    storage="external", url="https://files.example.org/elsewhere.pdf"),
        ])  # fmt: skip
        for room in ("C1", "G1"):
            intake.messages(_message(room, n) for n in range(messages // 2))
        intake.commit("test", "test")


def _message(room: str, n: int) -> MessageRow:
    root = n // 3 * 3
    return MessageRow(
        id=f"{room}/{n}", room_id=room, author_id=f"U{n % 2 + 1}", thread_id=f"{room}/{root}",
        thread_started_at=JANUARY + timedelta(hours=root), created_at=JANUARY + timedelta(hours=n),
        text=f"message {n}", body_html=f"message {n}", file_ids=["F1", "F2"] if (room, n) == ("C1", 0) else [],
    )  # fmt: skip


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of the session."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server of the session."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def backends(request: pytest.FixtureRequest) -> Callable[[str], Backend]:
    """A backend by name; the servers of one are started when it is first asked for."""
    made: dict[str, Backend] = {EMBEDDED: Backend()}

    def named(name: str) -> Backend:
        if name not in made:
            server, bucket = request.getfixturevalue("postgresql"), request.getfixturevalue("s3")
            template: list[str] = []
            made[name] = Large(server, bucket, lambda: template[0] if template else _template(server, template))
        return made[name]

    return named


def _template(server: PostgreSQL, known: list[str]) -> str:
    known.append(server.database())
    ledger = Ledger(Settings(database_url=known[0]).ledger_url)
    upgrade(ledger)
    ledger.close()
    return known[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is marked `both` and has a backend runs once on each."""
    if metafunc.definition.get_closest_marker("both") and "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", [EMBEDDED, LARGE], indirect=True)


@pytest.fixture
def backend(request: pytest.FixtureRequest, backends: Callable[[str], Backend]) -> Iterator[Backend]:
    """SQLite and a folder, unless the test is marked to run on `both`."""
    chosen = backends(getattr(request, "param", EMBEDDED))
    yield chosen
    chosen.tidy()


@pytest.fixture
def large(backends: Callable[[str], Backend]) -> Iterator[Backend]:
    """PostgreSQL and a bucket."""
    chosen = backends(LARGE)
    yield chosen
    chosen.tidy()


@pytest.fixture
def installation(tmp_path: Path, backend: Backend) -> Iterator[Installation]:
    """An installation that holds workspace `acme`."""
    made = Installation.create(backend.settings(tmp_path / "installation"))
    fill(made)
    yield made
    made.ledger.close()


@contextmanager
def working(installation: Installation) -> Iterator[Worker]:
    """A worker in this process, its rounds in a thread."""
    worker, stop = Worker(installation), threading.Event()
    worker.start()

    def rounds() -> None:
        while not stop.wait(0.02):
            worker.round()

    thread = threading.Thread(target=rounds)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join()
        assert worker.stop(5.0) == []


def wait_for(installation: Installation, export_id: str, seconds: float = 60.0) -> Export:
    """The export once it has ended."""
    until = time.monotonic() + seconds
    while (export := installation.exports.get(export_id)).state.unfinished:
        assert time.monotonic() < until, f"export {export_id} is still {export.state} after {seconds} s"
        time.sleep(0.02)
    return export


@pytest.fixture
def exported(installation: Installation) -> Callable[..., Export]:
    """Run an export of `acme` to its end."""

    def run(layout: str = "jsonl", **values: object) -> Export:
        asked = Request(workspaces=("acme",), api="native", layout=layout, **values)  # type: ignore[arg-type]
        export = installation.exports.create(asked)
        with working(installation):
            return wait_for(installation, export.id)

    return run


@contextmanager
def serving(installation: Installation, *arguments: str, **environment: str) -> Iterator[str]:
    """A real `exeunt serve` on a free port; gives the base URL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EXEUNT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "exeunt", "serve", "--port", "0", *arguments],
        env={**kept, **variables(installation.settings), **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    log: list[str] = []
    try:
        assert process.stdout is not None
        assert process.stderr is not None
        reader = threading.Thread(target=lambda: log.extend(process.stderr), daemon=True)  # type: ignore[arg-type]
        reader.start()
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found, "".join(log)
        yield found[0]
    finally:
        process.terminate()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        reader.join(5)
        assert process.stderr is not None
        process.stderr.close()
