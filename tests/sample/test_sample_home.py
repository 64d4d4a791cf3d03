"""The home sample: the form of a Slack export, every kind of message, the same bytes again."""

import json
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from exeunt.sample import LAST_DAY, SampleFacts, write_home

LARGE = 3_000_000
PACIFIC = timedelta(hours=-8)

Message = dict[str, Any]


class Home(NamedTuple):
    path: Path
    facts: SampleFacts
    listings: dict[str, list[dict[str, Any]]]
    days: dict[tuple[str, str], list[Message]]
    uploads: dict[str, zipfile.ZipInfo]

    @property
    def messages(self) -> list[Message]:
        return [message for day in self.days.values() for message in day]

    @property
    def files(self) -> list[Message]:
        return [file for m in self.messages for file in (*m.get("files", ()), *([m["file"]] if "file" in m else ()))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("home") / "home.zip"
    facts = write_home(path, messages=2_500, files=80, large_file_bytes=LARGE)
    listings, days, uploads = {}, {}, {}
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            folder, _, name = info.filename.partition("/")
            if not name:
                listings[folder] = json.loads(archive.read(info))
            elif folder == "__uploads":
                uploads[name.partition("/")[0]] = info
            else:
                days[folder, name.removesuffix(".json")] = json.loads(archive.read(info))
    return Home(path, facts, listings, days, uploads)


def test_times_in_the_archive_are_fixed(home: Home) -> None:
    with zipfile.ZipFile(home.path) as archive:
        assert {info.date_time for info in archive.infolist()} == {(2026, 7, 1, 0, 0, 0)}


def test_the_facts_are_true(home: Home) -> None:
    facts, messages = home.facts, home.messages
    assert facts.messages == len(messages) == 2_500
    assert facts.day_files == len(home.days)
    assert facts.users == len(home.listings["users.json"])
    assert facts.subtypes == dict(Counter(m["subtype"] for m in messages if "subtype" in m))
    assert facts.threads == sum(1 for m in messages if m.get("reply_count"))
    assert facts.replies == sum(1 for m in messages if m.get("thread_ts", m["ts"]) != m["ts"])
    assert facts.edits == sum(1 for m in messages if "edited" in m)
    assert facts.reactions == sum(r["count"] for m in messages for r in m.get("reactions", ()))
    assert facts.files == len(home.uploads) == 80
    assert facts.bytes == sum(info.file_size for info in home.uploads.values())
    assert facts.largest_file == LARGE or facts.largest_file > LARGE
    modes = {file["id"]: file["mode"] for file in home.files}
    assert facts.deleted_files == sum(mode == "tombstone" for mode in modes.values())
    assert facts.external_files == sum(mode == "external" for mode in modes.values())
    assert facts.linked_files >= 10
    assert facts.hidden_files >= 4
    listed = {"public": "channels.json", "private": "groups.json", "group_dm": "mpims.json", "dm": "dms.json"}
    assert facts.rooms == {kind: len(home.listings[name]) for kind, name in listed.items()}
    assert facts.first_day >= LAST_DAY - timedelta(days=730)
    assert facts.last_day <= LAST_DAY


def test_folders_and_listings_differ_as_intended(home: Home) -> None:
    folders = {folder for folder, _ in home.days}
    named = {
        *(room["name"] for name in ("channels.json", "groups.json", "mpims.json") for room in home.listings[name]),
        *(room["id"] for room in home.listings["dms.json"]),
    }
    assert len(named) >= 20
    assert named - folders == {"empty-orchard"}
    assert folders - named == {"old-newsroom"}
    assert all(folder.startswith("mpdm-") for folder in {room["name"] for room in home.listings["mpims.json"]})
    assert any(room["is_archived"] for room in home.listings["channels.json"])
    assert any(room.get("pins") for room in home.listings["channels.json"])


def test_every_role_and_script_is_among_the_users(home: Home) -> None:
    users = home.listings["users.json"]
    for role in (
        "is_admin",
        "is_owner",
        "is_primary_owner",
        "is_restricted",
        "is_ultra_restricted",
        "is_bot",
        "deleted",
    ):
        assert any(user.get(role) for user in users), role
    names = "".join(user["profile"]["real_name"] for user in users)
    for letter in "Дת田文김ليरáøıΣầ":
        assert letter in names, letter
    addresses = [user["profile"]["email"] for user in users if "email" in user["profile"]]
    assert len(set(addresses)) == len(addresses) >= 40
    assert {address.partition("@")[2] for address in addresses} == {"example.org", "example.net"}
    assert any("email" not in user["profile"] for user in users if not user["is_bot"])
    assert len({user["id"] for user in users}) == len(users)


def test_days_hold_their_own_messages_in_order(home: Home) -> None:
    seen: set[tuple[str, str]] = set()
    for (folder, day), messages in home.days.items():
        stamps = [message["ts"] for message in messages]
        assert stamps == sorted(stamps)
        for stamp in stamps:
            assert (folder, stamp) not in seen
            seen.add((folder, stamp))
            written = datetime.fromtimestamp(int(stamp.partition(".")[0]), UTC) + PACIFIC
            assert written.date() == date.fromisoformat(day)


def test_threads_name_replies_that_exist(home: Home) -> None:
    by_place = {(folder, m["ts"]): m for (folder, _), messages in home.days.items() for m in messages}
    late = 0
    for (folder, stamp), root in by_place.items():
        for reply in root.get("replies", ()):
            answer = by_place[folder, reply["ts"]]
            assert answer["thread_ts"] == stamp
            assert answer["user"] == reply["user"]
            assert answer.get("parent_user_id") == root.get("user")
            late += float(reply["ts"]) - float(stamp) > 14 * 86_400
        assert len(root.get("replies", ())) in (0, root.get("reply_count", 0))
    assert late


def test_nearly_every_kind_of_line_is_there(home: Home) -> None:
    wanted = """
        bot_add bot_message channel_archive channel_unarchive channel_join channel_leave channel_name channel_purpose
        channel_topic group_archive group_join group_leave group_purpose group_topic channel_canvas_updated
        channel_convert_to_private channel_posting_permissions file_comment file_mention file_share huddle_thread
        me_message pinned_item reminder_add slackbot_response thread_broadcast tombstone
    """
    assert set(wanted.split()) <= set(home.facts.subtypes)
    assert any("bot_id" in m and "user" not in m and "username" in m for m in home.messages)
    assert any("bot_profile" in m and "user" in m for m in home.messages)


def test_texts_hold_all_markup(home: Home) -> None:
    text = "\n".join(message["text"] for message in home.messages)
    for piece in (
        "<@U", "|general>", "<!here>", "<!subteam^S", "<!date^", "<https://www.example.org/", "<mailto:", "```", "`",
        "&gt; ", "• ", "    ◦ ", "1. ", "*", "_", "~", ":tada:", "::skin-tone-", "&amp;", "&lt;script&gt;", "=1+1",
        "+49", "-2", "@SUM", "。", "ي", "ש", "Д", "<javascript:", "<@U0GHOST0000>", "\u202e",
    ):  # fmt: skip
        assert piece in text, piece
    assert "<script" not in text


def test_newer_messages_have_every_element_of_rich_text(home: Home) -> None:
    kinds: set[str] = set()
    styles: set[str] = set()

    def walk(element: Any) -> None:
        if isinstance(element, list):
            for one in element:
                walk(one)
        elif isinstance(element, dict):
            kinds.add(str(element.get("type")))
            if isinstance(element.get("style"), dict):
                styles.update(element["style"])
            walk(element.get("elements", []))

    with_blocks = [m for m in home.messages if "blocks" in m]
    for message in with_blocks:
        walk(message["blocks"])
    assert kinds >= {
        "rich_text", "rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted", "text", "user",
        "channel", "usergroup", "broadcast", "link", "emoji", "date", "section", "header", "context", "actions", "call",
    }  # fmt: skip
    assert styles == {"bold", "italic", "strike", "code"}
    spoken = [m for m in home.messages if "client_msg_id" in m]
    assert len(with_blocks) > len(spoken) * 0.8
    plain = [m for m in home.messages if "user" in m and "subtype" not in m and "client_msg_id" not in m]
    assert not any("blocks" in m for m in plain if "bot_id" not in m and m["text"] != "A call happened")
    assert min(float(m["ts"]) for m in spoken) > min(float(m["ts"]) for m in home.messages) + 100 * 86_400


def test_reactions_and_attachments_are_complete(home: Home) -> None:
    reactions = [reaction for m in home.messages for reaction in m.get("reactions", ())]
    names = {reaction["name"] for reaction in reactions}
    assert "heron-ok" in names
    assert any("::skin-tone-" in name for name in names)
    assert all(reaction["count"] == len(reaction["users"]) for reaction in reactions)
    fields = {key for m in home.messages for card in m.get("attachments", ()) for key in card}
    assert fields >= {"title", "title_link", "text", "fields", "color", "fallback", "from_url", "is_msg_unfurl"}


def test_file_objects_come_in_every_form(home: Home) -> None:
    modes = {file["mode"] for file in home.files}
    assert modes == {
        "hosted", "snippet", "external", "tombstone", "hidden_by_limit", "file_access", "quip", "list", "space",
        "email",
    }  # fmt: skip
    assert {file["external_type"] for file in home.files if file["mode"] == "external"} >= {"gdrive", "unknown"}
    assert any("file" in m for m in home.messages)
    assert any(len(m.get("files", ())) > 1 for m in home.messages)
    assert any("?t=xoxe-" in file.get("url_private", "") for file in home.files)
    for file in home.files:
        if file["id"] in home.uploads:
            info = home.uploads[file["id"]]
            assert info.file_size == file["size"]
            assert info.filename == f"__uploads/{file['id']}/{file['name']}"
    assert set(home.uploads) <= {file["id"] for file in home.files}


def test_every_odd_name_and_the_large_file_are_there(home: Home) -> None:
    names = Counter(info.filename.rpartition("/")[2] for info in home.uploads.values())
    assert names["image.png"] == 2
    for piece in (
        "🌊",
        "測定",
        "Отчёт",
        "تقرير",
        "דוח",
        ".exe",
        "  three",
        "cafe\u0301",
        "|",
        "no extension",
    ):
        assert any(piece in name for name in names), piece
    assert max(len(name) for name in names) > 200
    assert min(info.file_size for info in home.uploads.values()) == 0
    large = next(info for info in home.uploads.values() if info.file_size == LARGE)
    assert large.compress_type == zipfile.ZIP_STORED
    with zipfile.ZipFile(home.path) as archive:
        lines = archive.read(large).split(b"\n")
    assert lines[0].startswith(b"# block 00000000")
    assert all(len(line) == 63 for line in lines[:-1])
