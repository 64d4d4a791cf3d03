"""How far a Files Export is, while its files are placed."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from exeunt.exports import run
from exeunt.lake.rows import FileRow
from exeunt.layouts.yammer_files import assembly
from tests.layouts.yammer_files.conftest import DAY, Network, held

FILES = 5


def files(intake: Any) -> list[FileRow]:
    elsewhere = FileRow(id="X", name="x", room_id="PUB", uploader_id="U1", uploaded_at=DAY, storage="external",
                        url="https://files.example.org/x")  # fmt: skip
    return [elsewhere, *(held(intake, f"F{n}", b"x" * (n + 1)) for n in range(FILES))]


def written(network: Network) -> list[dict[str, int]]:
    """Everything that the ledger was told of counts, in order."""
    with network.installation.ledger.read() as db:
        return [json.loads(row) for row in db.scalars(text("SELECT counts FROM told"))]


@pytest.fixture
def watched(network: Network) -> Network:
    network.add("acme", files)
    with network.installation.ledger.write() as db:
        db.exec_driver_sql("CREATE TABLE told (counts TEXT)")
        db.exec_driver_sql(
            "CREATE TRIGGER tell AFTER UPDATE OF counts ON exports BEGIN INSERT INTO told VALUES (NEW.counts); END"
        )
    return network


@pytest.mark.parametrize("flat", [False, True])
def test_it_is_told_how_many_files_and_bytes_are_placed(
    watched: Network, monkeypatch: pytest.MonkeyPatch, flat: bool
) -> None:
    monkeypatch.setattr(run, "SHOWN_SECONDS", 0.0)
    monkeypatch.setattr(assembly, "AT_ONCE", 2)
    done = watched.export("acme", options={"flat": flat})
    *going, last = written(watched)
    totals = {"files_total": 6, "files_external": 1, "files_missing": 0, "file_bytes_total": 15}
    assert going == [totals | {"files": files, "file_bytes": size} for files, size in ((2, 3), (4, 10), (5, 15))]
    assert last == done.export.counts
    assert (last["files"], last["file_bytes"], "file_bytes_total" in last) == (5, 15, False)


def test_it_is_told_once_a_second(watched: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "AT_ONCE", 1)
    done = watched.export("acme")
    assert written(watched) == [done.export.counts]
