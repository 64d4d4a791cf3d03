"""A true export of 2016, where it is at hand."""

import json
import zipfile
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from exeunt.sources.slack import open_slack
from tests.sources.slack.recording import Recording, read

HOUSTON = Path(__file__).parents[4] / "shared" / "data" / "houston-slack.zip"

pytestmark = pytest.mark.skipif(not HOUSTON.exists(), reason=f"the Houston export is not at {HOUSTON}")


@pytest.fixture(scope="module")
def houston() -> Recording:
    return read(HOUSTON)


def test_everything_is_there(houston: Recording) -> None:
    report = houston.report
    assert sum(bool(user.raw) for user in houston.user_rows) == 71
    assert len(houston.room_rows) == 16
    assert report.read["day files"] == 375
    assert len(houston.message_rows) == len({row.id for row in houston.message_rows}) == 1382
    assert report.read["file objects"] == 67
    assert report.read["attachments"] == 145
    assert report.read["reactions"] == 119
    assert [one.where for one in report.skipped] == ["integration_logs.json"]


def test_the_original_json_is_kept_exactly(houston: Recording) -> None:
    with zipfile.ZipFile(HOUSTON) as archive:
        days = "".join(archive.read(name).decode() for name in archive.namelist() if "/" in name)
    assert all(row.raw in days for row in houston.message_rows)


def test_instants_are_exact(houston: Recording) -> None:
    for row in houston.message_rows:
        seconds, _, fraction = json.loads(row.raw)["ts"].partition(".")
        assert row.created_at.replace(microsecond=0) == datetime.fromtimestamp(int(seconds), UTC)
        assert row.created_at.microsecond == int(fraction)


def test_the_end_of_the_newest_day_is_what_it_speaks_of() -> None:
    with open_slack(HOUSTON) as reader:
        assert reader.as_of == datetime(2016, 7, 27, 23, 59, 59, 999_999, UTC)


def test_messages_come_room_by_room_and_by_time(houston: Recording) -> None:
    rooms = [row.room_id for row in houston.message_rows]
    assert sum(before != after for before, after in pairwise(rooms)) == len(set(rooms)) - 1
    for room in set(rooms):
        instants = [row.created_at for row in houston.message_rows if row.room_id == room]
        assert instants == sorted(instants)


def test_old_forms_have_their_kinds(houston: Recording) -> None:
    kinds = Counter(row.kind for row in houston.message_rows)
    assert kinds["join"] == 320
    assert kinds["comment"] == 6
    comment = next(row for row in houston.message_rows if row.kind == "comment")
    assert (comment.author_id, comment.text) == ("U061A5N1G", "Tim, this looks fantastic ")
    assert comment.file_ids == ["F06K2PCM9"]


def test_no_address_keeps_a_token(houston: Recording) -> None:
    assert not [row.url for row in houston.file_rows if "t=" in row.url]
