"""A room's archive against the lake, read back by code that shares nothing with what wrote it (1.8 to 1.11)."""

import hashlib
import json
import re
import shutil
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from exeunt.errors import ExeuntError
from exeunt.lake import markers
from exeunt.lake.rows import FileRow, MessageRow, Reaction, RoomRow
from exeunt.layouts.rocketchat.full import KEYS
from tests.layouts.rocketchat.conftest import CHANNEL, MARCH, Archive, World, said

HOSTILE = '<img src=x onerror="alert(1)"> \' &amp; \\ \u2028 \x07 \t日本語 🎉'


class Paragraphs(HTMLParser):
    """The published HTML form, read: who, when, what, and where the links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, Any]] = []
        self._into = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "p":
            self.found.append({"strong": "", "text": "", "i": False, "links": []})
            self._into = "text"
        elif tag in ("strong", "i"):
            self._into = "strong" if tag == "strong" else "text"
            self.found[-1]["i"] |= tag == "i"
        elif tag == "a":
            self.found[-1]["links"].append([dict(attrs)["href"], ""])
            self._into = "a"
        else:
            assert tag in ("br", "meta"), tag

    def handle_endtag(self, tag: str) -> None:
        self._into = "between" if tag == "p" else "text"

    def handle_data(self, data: str) -> None:
        if self._into == "a":
            self.found[-1]["links"][-1][1] += data
        elif self._into == "between":
            assert data == "\n"
        elif self.found:
            self.found[-1][self._into] += data


def read_html(archive: Archive, member: str = "C1.html") -> list[dict[str, Any]]:
    parser = Paragraphs()
    parser.feed(archive.text(member))
    for paragraph in parser.found:
        when, _, text = paragraph["text"].removeprefix(" (").partition("):\n")
        paragraph |= {"when": when, "text": text}
    return parser.found


def check(archive: Archive) -> None:
    """What holds for every archive: the manifest tells all members, the full record is complete and in order."""
    manifest = archive.manifest
    listed = {member["name"]: member for member in manifest["members"]}
    own = [name for name in archive.names if not name.startswith("manifest (") and not name.endswith("/")]
    assert [name for name in own if name in listed] == list(listed)
    for name, member in listed.items():
        data = archive.zip.read(name)
        assert (member["size"], member["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    full = archive.full
    assert all(tuple(message) == KEYS for message in full)
    assert [message["ts"] for message in full] == sorted(message["ts"] for message in full)
    assert len(full) == manifest["counts"]["messages"] == archive.counts["messages"]
    if manifest["format"] == "json":
        lines = archive.text(archive.names[0])
        assert lines == "\n" or len(lines.rstrip("\n").split("\n")) == len(full)


def test_the_example_of_the_published_form(world: World) -> None:
    world.take_in([CHANNEL], [said(1, "hello", author_id="U1", at=MARCH + timedelta(days=25, seconds=66261,
                                                                                    milliseconds=994))])  # fmt: skip
    archive = world.export()
    assert archive.text("general.json") == '{"msg":"hello","username":"jane","ts":"2024-03-26T18:24:21.994Z"}\n'
    assert world.export(options={"format": "html"}).text("C1.html") == (
        '<meta http-equiv="content-type" content="text/html; charset=utf-8"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:;\">"
        "<p><strong>jane</strong> (Tue, 26 Mar 2024 18:24:21 GMT):<br/>\nhello\n</p>\n"
    )


def test_an_empty_room(world: World) -> None:
    world.take_in([CHANNEL], [])
    for form, member, content in (("json", "general.json", "\n"), ("html", "C1.html", None)):
        archive = world.export(options={"format": form})
        check(archive)
        assert archive.names == [member, "messages.full.jsonl", "assets/", "manifest.json"]
        assert archive.text("messages.full.jsonl") == ""
        if content:
            assert archive.text(member) == content
        else:
            assert re.fullmatch(r"<meta [^>]*><meta [^>]*>\n", archive.text(member))


def test_every_row_of_the_lake_comes_out_with_its_texts_undone(world: World) -> None:
    texts = [HOSTILE, "two\nlines", "x" * 1_000_000, '"', "\\u0041", "</p><script>alert(1)</script>", "&lt;b&gt;"]
    world.take_in([CHANNEL], [said(n, text) for n, text in enumerate(texts)])
    archive = world.export()
    check(archive)
    assert [line["msg"] for line in archive.objects("general.json")] == texts
    assert [line["text"] for line in archive.full] == texts
    html = world.export(options={"format": "html"})
    check(html)
    shown = [paragraph["text"].removesuffix("\n") for paragraph in read_html(html)]
    assert shown == [text.replace("\r", "\n") for text in texts]
    assert "<script" not in html.text("C1.html")
    assert "&amp;lt;b&amp;gt;" in html.text("C1.html")


def test_order_is_by_time_and_id_whatever_the_threads_and_the_size_of_shards(world: World) -> None:
    late = MARCH + timedelta(days=80)
    rows = [said(n, at=MARCH + timedelta(days=n // 4, hours=n % 3)) for n in range(200)]
    rows += [
        said(n, thread_id="C1/3", thread_started_at=MARCH, at=late + timedelta(seconds=n)) for n in range(500, 520)
    ]
    rows += [said(n, at=late) for n in (900, 901, 902)]
    world.take_in([CHANNEL], rows)
    wanted = [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id))]
    archives = [world.export(shard_rows=size) for size in (1, 7, 1000)]
    for archive in archives:
        check(archive)
        assert [message["id"] for message in archive.full] == wanted
        root = next(message for message in archive.full if message["id"] == "C1/3")
        assert (root["threadCount"], root["threadId"]) == (20, None)
        assert archive.full[wanted.index("C1/500")]["threadId"] == "C1/3"
    for member in ("general.json", "messages.full.jsonl"):
        assert len({archive.text(member) for archive in archives}) == 1


def test_a_range_in_days_is_its_days_one_after_the_other(world: World) -> None:
    rows = [said(n, at=MARCH + timedelta(hours=7 * n)) for n in range(30)]
    edge = MARCH + timedelta(days=3)
    rows += [said(100, at=edge - timedelta(milliseconds=1)), said(101, at=edge)]
    world.take_in([CHANNEL], rows)
    whole = world.export(since=MARCH, until=MARCH + timedelta(days=8)).text("general.json")
    days = [world.export(since=MARCH + timedelta(days=n), until=MARCH + timedelta(days=n + 1)) for n in range(8)]
    assert "".join(day.text("general.json") for day in days) == whole
    assert [m["id"] for m in days[2].full][-1] == "C1/100"
    assert next(m["id"] for m in days[3].full) == "C1/101"


def test_revisions_and_deleted_messages(world: World) -> None:
    world.take_in([CHANNEL], [said(1, "first"), said(2, "gone soon")])
    edited = said(1, "second", edited_at=MARCH + timedelta(hours=2), edited_by="U2")
    world.take_in([CHANNEL], [edited, said(2, "gone soon", deleted_at=MARCH + timedelta(hours=3))])
    (message,) = world.export().full
    assert (message["text"], message["editedBy"], message["editedAt"], message["updatedAt"]) == (
        "second", {"id": "U2", "username": "bob"}, "2024-03-01T02:00:00.000Z", "2024-03-01T02:00:00.000Z",
    )  # fmt: skip


SYSTEM: list[tuple[dict[str, Any], str, str, bool]] = [
    ({"kind": "join"}, "uj", "joined the channel", True),
    ({"kind": "leave"}, "ul", "left the channel", True),
    ({"kind": "system", "subtype": "ult"}, "ult", "left this team", False),
    ({"kind": "system", "subtype": "ujt"}, "ujt", "joined this team", False),
    ({"kind": "system", "subtype": "au"}, "au", "added X", True),
    ({"kind": "system", "subtype": "ru"}, "ru", "removed X", True),
    ({"kind": "system", "subtype": "r"}, "r", "changed room name to X", True),
    ({"kind": "system", "subtype": "added-user-to-team"}, "added-user-to-team", "added @X to this team", False),
    ({"kind": "system", "subtype": "removed-user-from-team"}, "removed-user-from-team",
     "removed @X from this team", False),
    ({"kind": "system", "subtype": "user-added-room-to-team"}, "user-added-room-to-team",
     "added #X to this team", False),
    ({"kind": "system", "subtype": "user-converted-to-team"}, "user-converted-to-team",
     "converted #X to a team", False),
    ({"kind": "system", "subtype": "user-converted-to-channel"}, "user-converted-to-channel",
     "converted #X to channel", False),
    ({"kind": "system", "subtype": "user-deleted-room-from-team"}, "user-deleted-room-from-team",
     "deleted #X", False),
    ({"kind": "system", "subtype": "user-removed-room-from-team"}, "user-removed-room-from-team",
     "removed #X from this team", False),
    ({"kind": "system", "subtype": "livechat-started"}, "livechat-started", "Chat started", False),
    ({"kind": "system", "subtype": "livechat-close"}, "livechat-close", "Conversation Finished", True),
    ({"kind": "system", "subtype": "wm"}, "wm", "Welcome jane.", True),
    ({"kind": "topic"}, "room_changed_topic", "X", False),
    ({"kind": "system", "subtype": "something-else"}, "something-else", "X", False),
]  # fmt: skip


def test_what_a_room_itself_says(world: World) -> None:
    world.take_in([CHANNEL], [said(n, "X", author_id="U1", **values) for n, (values, *_) in enumerate(SYSTEM)])
    archive, html = world.export(), world.export(options={"format": "html"})
    assert [(m["type"], m["msg"]) for m in archive.objects("general.json")] == [(t, text) for _, t, text, _ in SYSTEM]
    assert [(p["text"].strip(), p["i"]) for p in read_html(html)] == [(text, italic) for *_, text, italic in SYSTEM]
    assert {m["text"] for m in archive.full} == {"X"}
    kept = {m["type"]: m["systemText"] for m in archive.full}
    assert kept["uj"] == "joined the channel"
    assert kept["room_changed_topic"] is None
    assert list(archive.objects("general.json")[0]) == ["msg", "username", "ts", "type"]


def test_a_source_that_tells_of_the_old_name_too(world: World) -> None:
    text = 'has renamed the channel from "old" to "new"'
    world.take_in([CHANNEL], [said(1, text, kind="rename", subtype="channel_name")])
    (message,) = world.export().objects("general.json")
    assert (message["type"], message["msg"]) == ("r", "changed room name to new")


def some_files(intake: Any) -> list[FileRow]:
    def held(file_id: str, name: str, data: bytes, **values: Any) -> FileRow:
        blob = intake.blob([data])
        return FileRow(id=file_id, name=name, room_id="C1", uploader_id="U1", uploaded_at=MARCH, storage="held",
                       sha256=blob.sha256, md5=blob.md5, crc32=blob.crc32, size=blob.size, **values)  # fmt: skip

    return [
        held("F1", "../../x", b"one", title="<i>A title</i>"),
        held("f1", "../../X", b"two"),
        held("F2", "photo of us.png", b"three", media_type="image/png"),
        held("F3", "é" * 300 + ".txt", b"four"),
        FileRow(id="F4", name="elsewhere", room_id="C1", uploaded_at=MARCH, storage="external", url="https://x.org/f"),
    ]


def test_files_links_and_what_is_missing(world: World) -> None:
    cards = json.dumps([{"title": 'Card "one"', "title_link": "https://x.org/1", "text": markers.person("U2")}],
                       ensure_ascii=False)  # fmt: skip
    rows = [
        said(1, "all", file_ids=["F1", "f1", "F2", "F3", "F4"]),
        said(2, "card", attachments=cards),
        said(3, "none"),
    ]
    world.take_in([CHANNEL], rows, some_files)
    archive, html = world.export(), world.export(options={"format": "html"})
    check(archive)
    check(html)
    inside = [name for name in html.names if name.startswith("assets/")]
    assert len({name.lower() for name in inside}) == 4
    assert not any(part in ("", ".", "..") for name in inside for part in name.split("/"))
    links = [link for paragraph in read_html(html) for link in paragraph["links"]]
    assert [unquote(href).removeprefix("./") for href, _ in links] == [
        member["name"] for file_id in ("F1", "f1", "F2", "F3") for member in html.manifest["members"]
        if member.get("source_id") == file_id
    ]  # fmt: skip
    assert links[0][1] == "<i>A title</i>"
    assert "elsewhere" in read_html(html)[0]["text"]
    assert html.manifest["missing"] == [
        {"file_id": "F4", "name": "elsewhere", "reason": "kept outside the workspace, at its address"}
    ]
    assert len(html.manifest["warnings"]) == 1
    first, second, third = archive.objects("general.json")
    assert list(first) == ["msg", "username", "ts", "attachments"]
    assert [a["fileId"] for a in first["attachments"]] == ["F1"] * 5
    image = first["attachments"][2]
    assert image == {
        "type": "file", "title": "photo of us.png", "title_link": "/file-upload/F2/photo%20of%20us.png",
        "image_url": "/file-upload/F2/photo%20of%20us.png", "image_type": "image/png", "image_size": 5,
        "url": "/file-upload/F2/photo%20of%20us.png", "remote": False, "fileId": "F1", "fileName": "../../x",
    }  # fmt: skip
    assert second["attachments"] == [
        {"title": 'Card "one"', "title_link": "https://x.org/1", "url": "https://x.org/1", "remote": True}
    ]
    assert "attachments" not in third
    whole = archive.full
    assert [file["missing"] is None for file in whole[0]["files"]] == [True] * 4 + [False]
    assert all((file["member"] in archive.names) for file in whole[0]["files"] if file["member"])
    assert whole[1]["attachments"] == [{"title": 'Card "one"', "title_link": "https://x.org/1", "text": "@bob"}]


def test_a_body_that_was_lost_is_missing_and_the_export_is_done(world: World) -> None:
    world.take_in([CHANNEL], [said(1, file_ids=["F2"])], some_files)
    for path in world.installation.blobs.path("held/acme").rglob("*"):
        if path.is_file() and path.stat().st_size == 5:
            path.unlink()
    archive = world.export(options={"format": "html"})
    check(archive)
    assert "the bytes that were kept are missing" in {item["reason"] for item in archive.manifest["missing"]}
    assert read_html(archive)[0]["links"] == []


def test_the_full_record_of_a_message_that_has_everything(world: World) -> None:
    text = f"see {markers.room('C1')} {markers.person('U2')} {markers.emoji('tada')} https://x.org/a?b=1"
    row = MessageRow(
        id="C1/1", room_id="C1", author_id="U1", author_name="Automaton", thread_id="C1/0", thread_started_at=MARCH,
        created_at=MARCH, text=text, mentions=["U2"], reactions=[Reaction("+1", ["U2", "U9"], 2)], is_pinned=True,
    )  # fmt: skip
    world.take_in([CHANNEL], [row])
    (message,) = world.export().full
    assert {key: message[key] for key in KEYS if key not in ("ts", "updatedAt")} == {
        "id": "C1/1", "rid": "C1", "editedAt": None, "editedBy": None,
        "user": {"id": "U1", "username": "jane", "name": "Jane Roe"}, "alias": "Automaton", "type": None,
        "text": "see #general @bob 🎉 https://x.org/a?b=1", "systemText": None, "threadId": "C1/0", "threadCount": None,
        "discussionId": None, "mentions": [{"id": "U2", "username": "bob"}],
        "channels": [{"id": "C1", "name": "general"}], "urls": ["https://x.org/a?b=1"],
        "reactions": [{"emoji": ":+1:", "usernames": ["bob", "U9"]}], "pinned": True, "starredBy": [],
        "attachments": [], "files": [], "encrypted": False, "hidden": False, "custom": {},
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a/../b", "..", "CON", "x" * 300, "manifest", "messages.full", "assets"])
def test_names_of_rooms_stay_inside(world: World, name: str, tmp_path: Path) -> None:
    world.take_in([RoomRow(id="C1", name=name, kind="public")], [said(1)])
    archive = world.export()
    check(archive)
    assert archive.manifest["counts"]["messages"] == 1
    (tmp_path / "out").mkdir()
    archive.zip.extractall(tmp_path / "out")
    assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == len(archive.names) - 1
    if name == "manifest":
        assert archive.names == ["manifest.json", "messages.full.jsonl", "assets/", "manifest (2).json"]
    shutil.rmtree(tmp_path / "out")


def test_a_conversation_is_called_by_its_id(world: World) -> None:
    world.take_in([RoomRow(id="D1", name="jane and bob", kind="direct")], [said(1, room_id="D1")])
    assert world.export("D1").names[0] == "D1.json"


def test_a_selection_that_is_not_one_room_by_time(world: World) -> None:
    world.take_in([CHANNEL, RoomRow(id="C2", name="other", kind="public")], [said(1)])
    for selection in ({"room": "nowhere"}, {"whole_threads": True}):
        with pytest.raises(ExeuntError):
            world.export(**selection)


def test_people_of_a_room_whom_nobody_lists(world: World) -> None:
    world.take_in([CHANNEL], [said(1, author_id="B1", author_name="robot"), said(2, author_id="B2"), said(3)])
    assert [m["username"] for m in world.export().objects("general.json")] == ["robot", "B2", "bob"]
    assert [m["user"]["name"] for m in world.export().full] == ["robot", "B2", "Bob Doe"]
