"""`exeunt audit`."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from exeunt.config import Settings
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.ledger.schema import archives, downloads
from tests.access.world import START
from tests.cli.running import ADMIN, Commands


@pytest.fixture
def exeunt(tmp_path: Path) -> Commands:
    commands = Commands(tmp_path / "data")
    assert commands("init", *ADMIN, typed="correct horse\n").code == 0
    return commands


def test_the_newest_entries_stand_last(exeunt: Commands) -> None:
    exeunt("workspace", "add", "second")
    lines = exeunt("audit").out.splitlines()
    assert lines[0].split() == ["id", "at", "workspace", "who", "api", "action", "subject", "client"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3"]
    assert "second" in lines[-1]
    assert "workspace:add" in lines[-1]
    assert len(exeunt("audit", "--limit", "1").out.splitlines()) == 2


def test_entries_can_be_chosen_by_workspace_and_followed(exeunt: Commands) -> None:
    exeunt("workspace", "add", "second")
    assert [e["id"] for e in exeunt("audit", "--workspace", "acme", "--json").json()] == [1, 2]
    assert [e["id"] for e in exeunt("audit", "--after", "1", "--json").json()] == [2, 3]
    assert [e["id"] for e in exeunt("audit", "--after", "1", "--limit", "1", "--json").json()] == [2]
    assert exeunt("audit", "--after", "3", "--json").json() == []


def test_an_unknown_workspace_is_named(exeunt: Commands) -> None:
    done = exeunt("audit", "--workspace", "nowhere")
    assert (done.code, done.err) == (1, "no workspace nowhere")


def test_it_shows_who_fetched_what(exeunt: Commands) -> None:
    installation = Installation(Settings(data=str(exeunt.data)))
    export = installation.exports.create(Request(workspaces=("acme",), api="native", layout="jsonl"))
    with installation.ledger.write() as db:
        db.execute(
            insert(archives).values(
                id="a1", export_id=export.id, part=1, role="archive", name="acme.zip", content_type="application/zip",
                length=7, etag="e", crc32=0, members=1, index_key="k", sealed_at=START,
            )
        )  # fmt: skip
        db.execute(
            insert(downloads).values(
                id="d1", archive_id="a1", link_id="l1", client="192.0.2.1", first_at=START, last_at=START, requests=2,
                bytes=7, ranges="[[0,7]]", outcome="complete",
            )
        )  # fmt: skip
    (line,) = exeunt("audit", "--downloads", "--workspace", "acme").out.splitlines()[1:]
    assert line.split() == [
        "2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z", export.id, "acme.zip", "192.0.2.1", "2", "7", "complete",
    ]  # fmt: skip
    assert exeunt("audit", "--downloads", "--json").json()[0]["ranges"] == "[[0,7]]"
    exeunt("workspace", "add", "second")
    assert exeunt("audit", "--downloads", "--workspace", "second", "--json").json() == []
