"""The CSV zip of Rocket.Chat's importer: what comes in, what is named, what is refused (contract, appendix)."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exeunt.errors import InvalidInput, NotFound
from exeunt.lake import markers
from exeunt.sources.rocketchat_csv import Limits, open_rocketchat_csv
from tests.cli.running import ADMIN, Commands
from tests.sources.slack.recording import Recording

USERS = [["jane", "jane@example.org", "Jane Röe"], ["bob", "bob@example.org", 'Bob "B" Doe']]
CHANNELS = [["general", "jane", "public", "bob;jane"], ["secret", "bob", "private", "jane"]]
AT = 1_479_162_481_336


def table(rows: list[list[Any]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def make(path: Path, **members: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv").replace("/MACOSX", "__MACOSX"), content)
    return path


def read(path: Path) -> Recording:
    with open_rocketchat_csv(path) as reader:
        intake = Recording()
        reader.read(intake)
        return intake


def test_people_rooms_and_messages(tmp_path: Path) -> None:
    talk = [["jane", AT + 1, "later"], ["bob", AT, 'Hello @jane, see #secret and @here: "x"\n<b>']]
    found = read(make(tmp_path / "x.zip", Users_csv=table(USERS), channels_csv=table(CHANNELS),
                      general__1_csv=table(talk), directmessages__a_csv=table([["jane", "bob", AT, "psst"]]),
                      __MACOSX__users_csv="junk"))  # fmt: skip
    assert [(u.id, u.email, u.real_name) for u in found.user_rows] == [
        ("jane", "jane@example.org", "Jane Röe"), ("bob", "bob@example.org", 'Bob "B" Doe'),
    ]  # fmt: skip
    assert [(r.id, r.kind, r.creator_id) for r in found.room_rows] == [
        ("general", "public", "jane"), ("secret", "private", "bob"), ("dm:bob:jane", "direct", ""),
    ]  # fmt: skip
    assert {(m.room_id, m.user_id, m.role) for m in found.membership_rows} >= {
        ("general", "jane", "owner"), ("general", "bob", "member"), ("dm:bob:jane", "bob", "member"),
    }  # fmt: skip
    private, first, second = found.message_rows
    assert (private.room_id, private.text) == ("dm:bob:jane", "psst")
    assert first.created_at == datetime(2016, 11, 14, 22, 28, 1, 336_000, tzinfo=UTC)
    assert second.text == "later"
    jane, secret, here = markers.person("jane"), markers.room("secret"), markers.everyone("here")
    assert first.text == f'Hello {jane}, see {secret} and {here}: "x"\n<b>'
    assert first.body_html == f"Hello {jane}, see {secret} and {here}: &quot;x&quot;<br>&lt;b&gt;"
    assert first.mentions == ["jane"]
    assert found.report.skipped == []


def test_bad_rows_are_named_with_file_and_line_and_the_rest_comes_in(tmp_path: Path) -> None:
    talk = 'jane,1,fine\nbob,notatime,x\n\nbob\n"bob\nby",2,ok\n,3,x\nbob,-4,x\n'
    found = read(make(tmp_path / "x.zip", users_csv=table([*USERS, ["jane", "x", "y"], ["short"]]),
                      channels_csv=table([*CHANNELS, ["odd", "jane", "open", "bob"], ["general", "a", "public", ""]]),
                      general__1_csv=talk, readme="?", directmessages__a_csv="jane,,1,x\njane,bob,1\n"))  # fmt: skip
    assert [(one.where, one.reason) for one in found.report.skipped] == [
        ("readme", "it is no part of Rocket.Chat's CSV import"),
        ("users.csv, line 3", "the user name 'jane' stands there twice; the first was read"),
        ("users.csv, line 4", "it has 1 columns instead of 3"),
        ("channels.csv, line 3", "a room is private or public, not 'open'"),
        ("channels.csv, line 4", "the room 'general' stands there twice; the first was read"),
        ("directmessages/a.csv, line 1", "it names nobody it was sent to"),
        ("directmessages/a.csv, line 2", "it has 3 columns instead of 4"),
        ("general/1.csv, line 2", "its time is no number of milliseconds: 'notatime'"),
        ("general/1.csv, line 4", "it has 1 columns instead of 3"),
        ("general/1.csv, line 7", "its first column is empty"),
        ("general/1.csv, line 8", "its time is no number of milliseconds: '-4'"),
    ]
    assert [m.text for m in found.message_rows] == ["fine", "ok"]
    assert "bob\nby" in {u.id for u in found.user_rows}


def test_a_room_that_is_listed_nowhere_is_not_open(tmp_path: Path) -> None:
    found = read(make(tmp_path / "x.zip", elsewhere__deep__file_csv="", elsewhere__1_csv=table([["zoe", AT, "hi"]])))
    assert [(r.id, r.kind) for r in found.room_rows] == [("elsewhere", "private")]
    assert [u.username for u in found.user_rows] == ["zoe"]


def test_equal_rows_are_two_messages_and_the_same_zip_again_is_nothing_new(tmp_path: Path) -> None:
    path = make(tmp_path / "x.zip", general__1_csv=table([["jane", AT, "hi"]] * 3))
    first, second = read(path), read(path)
    ids = [message.id for message in first.message_rows]
    assert len(set(ids)) == 3
    assert [message.id for message in second.message_rows] == ids


def test_not_utf8_and_a_megabyte(tmp_path: Path) -> None:
    long = "x" * 1_000_000
    found = read(make(tmp_path / "x.zip", general__1_csv=b"jane,1,\xff\n" + table([["bob", 2, long]]).encode()))
    assert [message.text for message in found.message_rows] == ["\ufffd", long]
    assert [one.reason for one in found.report.repaired] == ["it is not all UTF-8"]


def test_what_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_rocketchat_csv(tmp_path / "none.zip")
    for number, members in enumerate(({"readme": "?"}, {"__MACOSX__users_csv": table(USERS)})):
        with pytest.raises(InvalidInput, match="holds no CSV import"):
            open_rocketchat_csv(make(tmp_path / f"{number}.zip", **members))
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InvalidInput, match="not a zip"):
        open_rocketchat_csv(tmp_path / "text.zip")
    with pytest.raises(InvalidInput, match="nothing valid"):
        read(make(tmp_path / "bad.zip", users_csv="x\n", general__1_csv="jane,notatime,x\n"))


def test_a_zip_that_asks_for_too_much_is_read_as_far_as_it_may(tmp_path: Path) -> None:
    path = make(tmp_path / "x.zip", users_csv=table(USERS), general__1_csv=table([["jane", AT, "hi"]]))
    with open_rocketchat_csv(path, Limits(max_entries=1)) as reader:
        intake = Recording()
        reader.read(intake)
    assert intake.message_rows == []
    assert "more than 1 members" in intake.report.skipped[0].reason


def test_the_command_takes_it_in_and_an_empty_one_changes_nothing(tmp_path: Path) -> None:
    exeunt = Commands(tmp_path / "data")
    assert exeunt("init", *ADMIN, typed="a long password").code == 0
    bad = make(tmp_path / "bad.zip", general__1_csv="jane,notatime,x\n")
    assert exeunt("import", "rocketchat-csv", str(bad), "--workspace", "acme").code == 1
    path = make(tmp_path / "x.zip", users_csv=table(USERS), general__1_csv=table([["jane", AT, "hi"]]))
    said = exeunt("import", "rocketchat-csv", str(path), "--workspace", "acme", "--json").json()
    assert (said["import_no"], said["snapshot"], said["report"]["added"]["messages"]) == (1, 1, 1)
    again = exeunt("import", "rocketchat-csv", str(path), "--workspace", "acme", "--json").json()
    assert (again["snapshot"], json.dumps(again["report"]["added"])) == (1, json.dumps(dict.fromkeys(
        again["report"]["added"], 0)))  # fmt: skip
