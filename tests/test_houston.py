"""A real Slack export, in and out in every layout."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from exeunt.archives.body import Body
from exeunt.archives.reading import BodyReader
from exeunt.archives.verify import verify_archive
from exeunt.exports.records import State
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.sources.slack import open_slack
from tests.conftest import settings_for, wait_for, working

HOUSTON = Path(__file__).parents[2] / "shared" / "data" / "houston-slack.zip"

pytestmark = pytest.mark.skipif(not HOUSTON.exists(), reason="the Houston export is not here")


@pytest.fixture(scope="module")
def houston(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation.create(settings_for(tmp_path_factory.mktemp("houston")))
    made.catalog.add_workspace("houston", "Houston", None, made.clock())
    with open_slack(HOUSTON) as reader, importing(
        made.ledger, made.lake, made.blobs, "houston", as_of=reader.as_of, clock=made.clock
    ) as intake:  # fmt: skip
        reader.read(intake)
        intake.commit("slack", HOUSTON.name)
    yield made
    made.ledger.close()


def export(installation: Installation, layout: str, target: Path) -> zipfile.ZipFile:
    asked = installation.exports.create(Request(workspaces=("houston",), api="native", layout=layout))
    with working(installation):
        assert wait_for(installation, asked.id).state is State.COMPLETED
    archive = installation.exports.archives(asked.id)[0]
    with Body(installation.blobs.path(archive.index_key)) as body, BodyReader(body, installation.blobs) as reader:
        target.write_bytes(reader.read())
    assert verify_archive(target).problems == []
    return zipfile.ZipFile(target)


def test_as_json_lines_every_message_is_there_with_its_reactions(houston: Installation, tmp_path: Path) -> None:
    with export(houston, "jsonl", tmp_path / "a.zip") as archive:
        messages = [json.loads(line) for line in archive.read("messages.jsonl").splitlines()]
        rooms = archive.read("rooms.jsonl").splitlines()
    assert len({message["id"] for message in messages}) == len(messages) == 1382
    assert len(rooms) == 16
    assert sum(len(message["reactions"]) for message in messages) == 119


def test_as_csv_a_plain_reader_sees_the_same_number_of_rows(houston: Installation, tmp_path: Path) -> None:
    with export(houston, "csv", tmp_path / "a.zip") as archive:
        text = archive.read("messages.csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 1382
    assert all(row["author"] and row["time"] for row in rows)


def test_as_a_transcript_each_room_has_its_pages(houston: Installation, tmp_path: Path) -> None:
    with export(houston, "html", tmp_path / "a.zip") as archive:
        names = archive.namelist()
    assert names[0] == "index.html"
    assert len({name.split("/")[1] for name in names if name.startswith("rooms/")}) >= 10


def test_as_yammer_files_every_file_object_is_a_row(houston: Installation, tmp_path: Path) -> None:
    with export(houston, "yammer-files", tmp_path / "a.zip") as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("Files.csv").decode(), newline="")))
    assert len(rows) == 61
    assert all(row["download_url"].startswith("http") for row in rows if row["storage_type"] != "Yammer")
    assert not any("xoxe" in row["download_url"] for row in rows)
