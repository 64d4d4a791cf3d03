from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exeunt.errors import InvalidInput, NotFound
from exeunt.sources.slack import open_slack
from tests.sources.slack.exports import GENERAL, USERS, folder_of, general, message, read_zip, zip_of
from tests.sources.slack.recording import Recording, read


def test_every_listing_has_its_kind_of_room(tmp_path: Path) -> None:
    mpim = {"id": "G3", "name": "mpdm-ann--bob--cat-1", "members": ["U1", "U2", "U3"]}
    intake = read_zip(
        tmp_path,
        general()
        | {
            "groups.json": [{"id": "G2", "name": "secret", "members": ["U1"], "creator": "U1"}],
            "mpims.json": [mpim],
            "dms.json": [{"id": "D4", "members": ["U2", "U1"]}],
            "file_conversations.json": [{"id": "C5", "name": "FC:F1:Plan", "members": ["U1"]}],
            "secret/2020-01-01.json": [message()],
            "mpdm-ann--bob--cat-1/2020-01-01.json": [message()],
            "D4/2020-01-01.json": [message()],
            "FC:F1:Plan/2020-01-01.json": [message()],
        },
    )
    assert {row.id: (row.kind, row.name) for row in intake.room_rows} == {
        "C1": ("public", "general"),
        "G2": ("private", "secret"),
        "G3": ("group", "mpdm-ann--bob--cat-1"),
        "D4": ("direct", "Ann, Bob Ray"),
        "C5": ("private", "FC:F1:Plan"),
    }
    assert {row.room_id for row in intake.message_rows} == {"G2", "G3", "D4", "C5"}


def test_the_facts_of_a_channel(tmp_path: Path) -> None:
    room = GENERAL | {
        "created": "1500000000", "updated": 1600000000123, "is_archived": True, "is_general": True, "is_shared": True,
        "topic": {"value": "talk", "creator": "U1"}, "purpose": {"value": "all of us"},
    }  # fmt: skip
    row = read_zip(tmp_path, general() | {"channels.json": [room]}).room("C1")
    assert (row.topic, row.description, row.creator_id) == ("talk", "all of us", "U1")
    assert row.is_archived
    assert row.is_default
    assert row.is_shared
    assert row.created_at == datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
    assert row.updated_at == datetime(2020, 9, 13, 12, 26, 40, 123000, UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("R&amp;D &lt;3 a &gt; b", "R&D <3 a > b"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("<https://x.org/?a=1&amp;b=2|the &lt;plan&gt;>", "the <plan> (https://x.org/?a=1&b=2)"),
        ("<https://x.org/wiki>", "https://x.org/wiki"),
        ("<mailto:ann@x.org|ann@x.org>", "ann@x.org"),
        ("ask <@U1>, <@U9|cat>, <@U8> or <!here>", "ask @Ann, @cat, @U8 or @here"),
        ("see <#C1|general> and <#C7>", "see #general and #C7"),
        # the name of a private room is not for everybody who reads a topic, and rooms are listed in any order
        ("see <#G2|secret>", "see #G2"),
        ("*as* _it_ `is` :tada:\n- <> < a", "*as* _it_ `is` :tada:\n- <> < a"),
        ("\ue000U1\ue00f", "\ufffdU1\ufffd"),
    ],
)
def test_topics_and_descriptions_are_readable_text(tmp_path: Path, written: str, read: str) -> None:
    room = {"id": "C0", "name": "first", "topic": {"value": written}, "purpose": {"value": written}}
    groups = [{"id": "G2", "name": "secret", "members": ["U1"]}]
    intake = read_zip(tmp_path, general() | {"channels.json": [room, GENERAL], "groups.json": groups})
    assert (intake.room("C0").topic, intake.room("C0").description) == (read, read)


def test_members_and_the_owner(tmp_path: Path) -> None:
    room = GENERAL | {"members": ["U1", "U2", "U2"]}
    intake = read_zip(tmp_path, general() | {"channels.json": [room], "dms.json": [{"id": "D4", "user": "U2"}]})
    assert [(row.room_id, row.user_id, row.role) for row in intake.membership_rows] == [
        ("C1", "U1", "owner"),
        ("C1", "U2", "member"),
        ("D4", "U2", "member"),
    ]


@pytest.mark.parametrize(
    ("said", "complete"),
    [
        ({"members": ["U1"]}, True),
        ({"members": []}, True),
        ({"members": ["U1"], "is_archived": True}, True),
        # Slack lists archived rooms so, whoever was in them
        ({"members": [], "is_archived": True}, False),
        ({}, False),
        ({"members": None}, False),
        ({"members": "U1"}, False),
        ({"user": "U1"}, False),
    ],
)
def test_a_list_of_members_is_complete_where_there_is_one(tmp_path: Path, said: dict[str, Any], complete: bool) -> None:
    room = {"id": "G2", "name": "secret", **said}
    intake = read_zip(tmp_path, general() | {"groups.json": [room]})
    assert intake.complete_rooms == (["C1", "G2"] if complete else ["C1"])


def test_a_channel_without_a_folder_is_a_room(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, {"users.json": USERS, "channels.json": [GENERAL]})
    assert [row.id for row in intake.room_rows] == ["C1"]
    assert intake.message_rows == []


@pytest.mark.parametrize(
    ("folder", "room_id", "kind"),
    [
        # no listing says that it is public, so it is open to its members only, of whom none is known
        ("lounge", "folder:lounge", "private"),
        ("mpdm-a--b--c-1", "folder:mpdm-a--b--c-1", "group"),
        ("D012345678", "D012345678", "direct"),
        ("C012345678", "C012345678", "private"),
    ],
)
def test_a_folder_without_a_listing_is_a_room(tmp_path: Path, folder: str, room_id: str, kind: str) -> None:
    intake = read_zip(tmp_path, general(message()) | {f"{folder}/2020-01-01.json": [message()]})
    row = intake.room(room_id)
    assert (row.name, row.kind) == (folder, kind)
    assert intake.report.read["rooms without a listing"] == 1
    assert [row.room_id for row in intake.message_rows] == ["C1", room_id]


def test_a_folder_named_like_the_id_of_a_channel_is_that_channel(tmp_path: Path) -> None:
    members = general() | {"C1/2020-01-01.json": [message()]}
    assert [row.room_id for row in read_zip(tmp_path, members).message_rows] == ["C1"]


def test_the_facts_of_users(tmp_path: Path) -> None:
    users = [
        {
            "id": "U1", "name": "ann", "real_name": "Ann Lee", "tz": "Europe/Oslo", "updated": 1600000000,
            "is_admin": True, "is_primary_owner": True, "deleted": True,
            "profile": {"first_name": "Ann", "last_name": "Lee", "email": "ann@x.org", "title": "Cook", "phone": "7",
                        "image_512": "https://a/512.png", "display_name": ""},
        },
        {"id": "U2", "name": "bob", "is_ultra_restricted": True},
        {"id": "U3", "is_bot": True, "profile": {"real_name": "Robot\u0000"}},
    ]  # fmt: skip
    intake = read_zip(tmp_path, general() | {"users.json": users})
    ann = intake.user("U1")
    assert (ann.username, ann.display_name, ann.real_name, ann.first_name) == ("ann", "Ann Lee", "Ann Lee", "Ann")
    assert (ann.email, ann.title, ann.phone, ann.time_zone) == ("ann@x.org", "Cook", "7", "Europe/Oslo")
    assert (ann.is_admin, ann.is_owner, ann.is_disabled, ann.is_guest) == (True, True, True, False)
    assert ann.updated_at == datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)
    assert intake.user("U2").is_guest
    assert (intake.user("U3").kind, intake.user("U3").display_name) == ("bot", "Robot\ufffd")


def test_users_of_an_organisation_and_slackbot(tmp_path: Path) -> None:
    members = general() | {"users.json": USERS, "org_users.json": [USERS[0], {"id": "U3", "name": "cat"}]}
    intake = read_zip(tmp_path, members)
    assert [row.id for row in intake.user_rows] == ["U1", "U2", "U3", "USLACKBOT"]
    assert intake.report.read["entries repeated"] == 1


def test_slackbot_is_not_made_twice(tmp_path: Path) -> None:
    members = general() | {"users.json": [{"id": "USLACKBOT", "name": "slackbot"}]}
    assert [(row.id, row.kind) for row in read_zip(tmp_path, members).user_rows] == [("USLACKBOT", "bot")]


def test_an_entry_that_is_no_user_costs_itself(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general() | {"users.json": [{"name": "x"}, 3, USERS[0] | {"updated": [1]}]})
    assert [row.id for row in intake.user_rows] == ["U1", "USLACKBOT"]
    assert intake.skipped("users.json, entry 1") == "it has no id"
    assert intake.skipped("users.json, entry 2") == "it is not a JSON object"


def test_null_for_an_empty_listing_is_nothing(tmp_path: Path) -> None:
    assert read_zip(tmp_path, general() | {"dms.json": b"null\n"}).report.skipped == []


@pytest.mark.parametrize("wrapped", ["", "Acme Slack export/"])
def test_a_folder_reads_as_its_zip(tmp_path: Path, wrapped: str) -> None:
    members = general(message(), message("1577836900.000000", text="*b*"))
    members |= {"notes/2020-02-01.json": [message()], "general/attachments/F1-a.txt": b"body"}
    members = {wrapped + name: content for name, content in members.items()}
    from_folder = read(folder_of(tmp_path / "export", members))
    from_zip = read(zip_of(tmp_path / "export.zip", members))
    assert from_folder.message_rows == from_zip.message_rows
    assert from_folder.room_rows == from_zip.room_rows
    assert {row.room_id for row in from_zip.message_rows} == {"C1", "folder:notes"}
    assert from_folder.file("F1").room_id == from_zip.file("F1").room_id == "C1"
    assert from_folder.steps[-1][0] == from_folder.steps[-1][1] > 0


def test_one_room_alone_is_called_like_its_archive(tmp_path: Path) -> None:
    intake = read(zip_of(tmp_path / "lounge.zip", {"2020-01-01.json": [message()]}))
    assert [(row.id, row.name) for row in intake.room_rows] == [("folder:lounge", "lounge")]


def test_reading_again_says_the_same(tmp_path: Path) -> None:
    first, second = Recording(), Recording()
    with open_slack(zip_of(tmp_path / "e.zip", general(message(), **{"odd.txt": b"?"}))) as reader:
        reader.read(first)
        reader.read(second)
    assert first.message_rows == second.message_rows
    assert first.report == second.report


def test_as_of_is_the_end_of_the_newest_day(tmp_path: Path) -> None:
    members = general(message(), **{"x/2021-02-03.json": [], "x/2021-02-31.json": []})
    with open_slack(zip_of(tmp_path / "e.zip", members)) as reader:
        assert reader.as_of == datetime(2021, 2, 3, 23, 59, 59, 999_999, UTC)


def test_as_of_without_days_is_a_time_of_the_archive(tmp_path: Path) -> None:
    with open_slack(zip_of(tmp_path / "e.zip", {"users.json": USERS})) as reader:
        assert reader.as_of.year >= 2024


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_slack(tmp_path / "nowhere.zip")
    (tmp_path / "text.zip").write_bytes(b"hello")
    with pytest.raises(InvalidInput, match="not a zip"):
        open_slack(tmp_path / "text.zip")
    with pytest.raises(InvalidInput, match="no Slack export"):
        open_slack(zip_of(tmp_path / "other.zip", {"readme.txt": b"hello"}))
    with pytest.raises(InvalidInput, match="no Slack export"):
        open_slack(folder_of(tmp_path / "folder", {"readme.txt": b"hello"}))
