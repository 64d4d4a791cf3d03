"""A disk that is full in the middle of a job: the export fails and says so, nothing is sealed, the rest lives on."""

import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from exeunt.errors import Unavailable
from exeunt.exports.records import State
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import MessageRow, RoomRow
from tests.conftest import wait_for, working
from tests.exports.conftest import (
    JANUARY,
    TODAY,
    Gate,
    asked,
    clock_at,
    delivered,
    ids_from,
    made_files,
    make,
    messages_of,
)

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MiB of its own."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("only root may mount a file system of its own")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


@pytest.fixture
def made(small_disk: Path) -> Iterator[Installation]:
    """An installation whose exports need some 10 MiB."""
    installation = make(small_disk, clock=clock_at(TODAY), ids=ids_from(), shard_rows=500)
    installation.catalog.add_workspace("acme", "Acme", None, TODAY)
    rng = random.Random(1)
    with importing(
        installation.ledger, installation.lake, installation.blobs, "acme", as_of=TODAY, clock=installation.clock
    ) as intake:
        intake.rooms([RoomRow(id="C1", name="room", kind="public")])
        intake.messages(
            MessageRow(id=f"C1/{n}", room_id="C1", thread_id=f"C1/{n}", text=rng.randbytes(5000).hex(),
                       thread_started_at=JANUARY + timedelta(hours=n), created_at=JANUARY + timedelta(hours=n))
            for n in range(2000)
        )  # fmt: skip
        intake.commit("test", "test")
    yield installation
    installation.ledger.close()


def fill_up(disk: Path, leave: int) -> Path:
    """Take all space but so many bytes."""
    filler, page = disk / "filler", os.statvfs(disk).f_frsize
    with filler.open("wb") as out:
        # whoever else writes may take a page between the question and the answer
        while (free := os.statvfs(disk).f_bavail * page - leave) > 0:
            with suppress(OSError):
                os.posix_fallocate(out.fileno(), out.seek(0, os.SEEK_END), max(page, free // 2 // page * page))
    return filler


@pytest.mark.parametrize("leave", [0, 3 * MIB])
@pytest.mark.parametrize("where", ["at once", "render", "assemble"])
def test_a_job_that_finds_the_disk_full_fails_and_says_so(
    made: Installation, small_disk: Path, monkeypatch: pytest.MonkeyPatch, where: str, leave: int
) -> None:
    held = set(small_disk.rglob("*.parquet"))
    gate = Gate(monkeypatch, **({} if where == "at once" else {where: True}))
    with working(made):
        filler = fill_up(small_disk, 3 * MIB) if where == "at once" else small_disk / "filler"
        export = asked(made, slot="one")
        if where != "at once":
            assert gate.reached.wait(60)
            try:
                fill_up(small_disk, leave)
            finally:
                gate.stops_at[where] = False
                gate.open.set()
        failed = wait_for(made, export.id)
        if where == "assemble" and leave:
            assert failed.state is State.COMPLETED
            return
        assert (failed.state, failed.error) == (State.FAILED, "storage is full")
        assert made.exports.archives(export.id) == []
        assert made.exports.urls(export.id, "http://x") == []
        filler.unlink()
        again = wait_for(made, asked(made, slot="one").id)
        assert again.state is State.COMPLETED
    assert {name.partition("/")[0] for name in made_files(made)} == {again.id}
    assert len(messages_of(delivered(made, again.id)[0])) == 2000
    assert set(small_disk.rglob("*.parquet")) == held


def test_an_import_that_finds_the_disk_full_changes_nothing(made: Installation, small_disk: Path) -> None:
    filler = fill_up(small_disk, 2 * MIB)
    rng = random.Random(2)
    with pytest.raises((OSError, Unavailable)), importing(  # noqa: PT012
        made.ledger, made.lake, made.blobs, "acme", as_of=TODAY, clock=made.clock
    ) as intake:  # fmt: skip
        intake.blob([rng.randbytes(MIB)])
        intake.blob(rng.randbytes(MIB // 4) for _ in range(16))
    assert made.catalog.head("acme").number == 1
    assert list(made.blobs.sizes("held")) == list(made.blobs.sizes("incoming")) == []
    filler.unlink()
    with importing(made.ledger, made.lake, made.blobs, "acme", as_of=TODAY, clock=made.clock) as intake:
        intake.rooms([RoomRow(id="C2", name="other", kind="public")])
        intake.commit("test", "test")
    assert made.catalog.head("acme").number == 2
