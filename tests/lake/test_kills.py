"""`exeunt import` killed at any time: the lake is as before or as after, and nothing stays of what was half done."""

import os
import random
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from exeunt.blobs.store import BlobStore
from exeunt.clock import utc_now
from exeunt.config import Settings
from exeunt.installation import Installation
from exeunt.lake.columns import KEYS
from exeunt.lake.segments import verify_segment
from exeunt.lake.selection import Selection, Snapshot
from exeunt.lake.view import View
from exeunt.sample import write_bench
from exeunt.storage.folder import Folder
from tests.lake.conftest import MESSAGE_COLUMNS
from tests.processes import Process, environment, until

SEED = int(os.environ.get("EXEUNT_KILL_SEED") or random.randrange(10**6))

ASSIGNED = {"number", "version_number", "room_number"}
"""What an import that was killed has used up."""

TABLES = ("users", "rooms", "memberships", "files")


class Held:
    """What an installation's folder holds, looked at from outside."""

    def __init__(self, data: Path) -> None:
        self.installation = Installation(Settings(data=str(data)))

    def close(self) -> None:
        self.installation.ledger.close()

    def snapshot(self) -> int:
        return self.installation.catalog.head("acme").number

    def content(self, number: int) -> dict[str, pl.DataFrame]:
        """Everything in a snapshot but the numbers."""
        catalog, root = self.installation.catalog, self.installation.lake
        view = View(catalog, root, catalog.workspace("acme"), Snapshot("acme", number), Selection())
        tables: dict[str, pl.DataFrame] = {name: getattr(view, name)() for name in TABLES}
        tables["messages"] = view.messages(view.groups(), MESSAGE_COLUMNS)
        numbered = pl.concat([table["number"] for table in tables.values() if "number" in table.columns])
        assert numbered.n_unique() == len(numbered)
        return {name: table.drop(ASSIGNED, strict=False).sort(KEYS[name]) for name, table in tables.items()}

    def rows(self) -> dict[str, int]:
        """How many rows each table of the catalog and each projection has."""
        names = ("imports", "snapshots", "segments", "segment_groups", *TABLES)
        with self.installation.ledger.read() as db:
            return {name: db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}

    def check_tidy(self) -> None:
        """Every file is named by the catalog, and everything that is named is there and sound."""
        root, blobs = self.installation.lake, self.installation.blobs
        segments = self.installation.catalog.all_segments("acme")
        assert {key for key, _ in root.walk("")} == {segment.key for segment in segments}
        assert [problem for s in segments if (problem := verify_segment(root, s))] == []
        held = set(self.content(self.snapshot())["files"].filter(storage="held")["sha256"])
        assert {key.rpartition("/")[2] for key, _ in blobs.sizes("held")} == held
        assert [wrong for _, wrong in blobs.scrub("acme") if wrong] == []
        assert list(blobs.sizes("incoming")) == []


def same(one: dict[str, pl.DataFrame], other: dict[str, pl.DataFrame]) -> bool:
    return one.keys() == other.keys() and all(table.equals(other[name]) for name, table in one.items())


def importing(data: Path, export: Path) -> Process:
    """A real import that has begun: it holds the lease, or has ended already."""
    before = fence(data)
    process = Process("import", "slack", str(export), "--workspace", "acme", "--json", env=environment(data))
    until(lambda: process.running.poll() is not None or fence(data) != before)
    return process


def fence(data: Path) -> int | None:
    with closing(sqlite3.connect(data / "ledger.sqlite")) as db:
        found: tuple[int] | None = db.execute("SELECT fence FROM leases").fetchone()
    return found and found[0]


class Undisturbed:
    """An installation with one import behind it and another one to come; what both look like undisturbed."""

    def __init__(self, folder: Path, messages: int, bodies: int) -> None:
        self.data, self.export = folder / "data", folder / "second.zip"
        write_bench(folder / "first.zip", messages=1000, rooms=10, users=30, bodies=4, body_bytes=4096, days=60, seed=2)
        write_bench(self.export, messages=messages, rooms=20, users=60, bodies=bodies, days=60)
        made = Installation.create(Settings(data=str(self.data)))
        made.catalog.add_workspace("acme", "Acme", None, utc_now())
        made.ledger.close()
        assert importing(self.data, folder / "first.zip").finish() == 0
        done = folder / "undisturbed"
        shutil.copytree(self.data, done)
        process = importing(done, self.export)
        begun = time.monotonic()
        assert process.finish() == 0, process.said
        self.seconds = time.monotonic() - begun
        with closing(Held(done)) as held:
            self.before, self.after = held.content(1), held.content(2)
            self.rows = held.rows()
            held.check_tidy()
        assert len(self.after["messages"]) > len(self.before["messages"])


def check_killed(base: Undisturbed, data: Path) -> bool:
    """Whether the import is visible, and then as a whole."""
    with closing(Held(data)) as held:
        number = held.snapshot()
        assert same(held.content(1), base.before)
        if number == 1:
            assert held.rows()["imports"] == held.rows()["snapshots"] == 1
            assert all(held.rows()[kind] == len(base.before[kind]) for kind in TABLES)
            return False
        assert number == 2
        assert same(held.content(2), base.after)
        assert held.rows() == base.rows
        return True


def disturb(base: Undisturbed, data: Path, rng: random.Random, kills: int) -> None:
    shutil.copytree(base.data, data)
    for _ in range(kills):
        process = importing(data, base.export)
        time.sleep(rng.uniform(0, base.seconds))
        process.kill()
        if check_killed(base, data):
            break
    last = importing(data, base.export)
    assert last.finish() == 0, last.said
    with closing(Held(data)) as held:
        assert held.snapshot() == 2
        assert same(held.content(1), base.before)
        assert same(held.content(2), base.after)
        held.check_tidy()
    shutil.rmtree(data)


@pytest.mark.parametrize(
    ("kills", "messages", "bodies"), [(4, 5000, 20), pytest.param(52, 40_000, 60, marks=pytest.mark.long)],
    ids=["few", "many"],
)  # fmt: skip
def test_a_killed_import_is_seen_whole_or_not_at_all(tmp_path: Path, kills: int, messages: int, bodies: int) -> None:
    print(f"EXEUNT_KILL_SEED={SEED}")
    rng = random.Random(SEED)
    base = Undisturbed(tmp_path, messages, bodies)
    for number in range(0, kills, 2):
        disturb(base, tmp_path / f"run-{number}", rng, 2)


def test_what_a_killed_import_placed_goes_though_it_is_never_repeated(tmp_path: Path) -> None:
    base = Undisturbed(tmp_path, 2000, 40)
    process = importing(base.data, base.export)
    until(
        lambda: (
            len(list(BlobStore(Folder(base.data / "blobs")).sizes("held"))) > 6 or process.running.poll() is not None
        )
    )
    process.kill()
    assert importing(base.data, tmp_path / "first.zip").finish() == 0
    with closing(Held(base.data)) as held:
        if held.snapshot() == 1:
            assert len(list(held.installation.blobs.sizes("held"))) == 4
        held.check_tidy()
