import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from exeunt.sources.slack.files import address
from tests.sources.slack.exports import general, message, read_zip, zip_of
from tests.sources.slack.recording import read

FILE = {
    "id": "F1", "name": "plan.pdf", "title": "The plan", "mimetype": "application/pdf", "size": 4, "user": "U2",
    "created": 1577836700, "mode": "hosted", "url_private": "https://files.slack.com/files-pri/T1-F1/plan.pdf",
}  # fmt: skip


def shared(**fields: Any) -> dict[str, Any]:
    return message(files=[FILE | fields])


def test_a_file_without_a_body_is_absent_with_its_address(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(shared(alt_txt="a drawing")))
    row = intake.file("F1")
    assert intake.message_rows[0].file_ids == ["F1"]
    assert (row.storage, row.url) == ("absent", FILE["url_private"])
    assert (row.name, row.title, row.description, row.media_type) == (
        "plan.pdf",
        "The plan",
        "a drawing",
        "application/pdf",
    )
    assert (row.room_id, row.uploader_id, row.size) == ("C1", "U2", 4)
    assert row.uploaded_at == datetime(2019, 12, 31, 23, 58, 20, tzinfo=UTC)


def test_the_old_form_has_one_file(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(message(subtype="file_share", upload=True, file=FILE)))
    assert intake.message_rows[0].file_ids == ["F1"]


def test_a_comment_belongs_to_who_commented(tmp_path: Path) -> None:
    comment = {"id": "Fc1", "user": "U2", "comment": "*nice*"}
    post = message(subtype="file_comment", file=FILE, comment=comment, text="<@U2> commented on …", user=None)
    row = read_zip(tmp_path, general(post)).message_rows[0]
    assert (row.kind, row.author_id, row.text, row.body_html) == ("comment", "U2", "nice", "<b>nice</b>")
    assert row.file_ids == ["F1"]


def test_files_of_a_shared_message_count(tmp_path: Path) -> None:
    post = message(attachments=[{"fallback": "shared", "files": [FILE]}])
    assert read_zip(tmp_path, general(post)).message_rows[0].file_ids == ["F1"]


def test_null_among_files_is_nothing(tmp_path: Path) -> None:
    post = message(files=[None, FILE, "F9", {"name": "x"}], file=None)
    assert read_zip(tmp_path, general(post)).message_rows[0].file_ids == ["F1"]


@pytest.mark.parametrize(
    ("fields", "storage"),
    [
        ({"mode": "tombstone", "name": None, "url_private": None}, "deleted"),
        ({"mode": "hidden_by_limit"}, "hidden"),
        ({"mode": "external", "external_type": "gdrive", "external_url": "https://docs.google.com/1"}, "external"),
        ({"is_external": True, "external_type": "dropbox"}, "external"),
        ({"mode": "snippet", "preview": "print()"}, "absent"),
        ({"mode": "quip", "mimetype": "application/vnd.slack-docs"}, "absent"),
        ({"file_access": "access_denied"}, "absent"),
    ],
)
def test_where_the_bytes_are(tmp_path: Path, fields: dict[str, Any], storage: str) -> None:
    intake = read_zip(tmp_path, general(shared(**fields)))
    assert intake.file("F1").storage == storage
    assert intake.report.read[f"files {storage}"] == 1


def test_an_external_file_says_where_and_of_what_kind(tmp_path: Path) -> None:
    fields = {"mode": "external", "external_type": "gdrive", "external_url": "https://docs.google.com/1"}
    row = read_zip(tmp_path, general(shared(**fields))).file("F1")
    assert (row.url, row.storage_type) == ("https://docs.google.com/1", "gdrive")


@pytest.mark.parametrize("name", ["general/attachments/F1-plan.pdf", "__uploads/F1/plan.pdf"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_body_in_the_archive_is_held(tmp_path: Path, name: str, method: int) -> None:
    body = bytes(range(256)) * 10_000
    members = general(shared(size=len(body))) | {name: body}
    intake = read(zip_of(tmp_path / "e.zip", members, method))
    row = intake.file("F1")
    assert intake.bodies == [body]
    assert (row.storage, row.size, row.sha256, row.crc32) == (
        "held",
        len(body),
        f"sha256 of {len(body)}",
        len(body),
    )
    assert row.reason == ""


def test_a_body_of_another_size_is_kept_with_its_own(tmp_path: Path) -> None:
    row = read_zip(tmp_path, general(shared(size=999)) | {"__uploads/F1/plan.pdf": b"body"}).file("F1")
    assert (row.storage, row.size, row.reason) == ("held", 4, "Slack recorded 999 bytes")


def test_a_file_in_two_rooms_is_one_file(tmp_path: Path) -> None:
    members = general(shared()) | {"other/2020-01-01.json": [shared()], "__uploads/F1/plan.pdf": b"body"}
    intake = read_zip(tmp_path, members)
    assert [row.file_ids for row in intake.message_rows] == [["F1"], ["F1"]]
    assert [row.room_id for row in intake.file_rows] == ["C1"]
    assert intake.bodies == [b"body"]


def test_the_same_body_in_two_rooms_is_read_once(tmp_path: Path) -> None:
    twins = {"general/attachments/F1-plan.pdf": b"body", "other/attachments/F1-plan.pdf": b"body"}
    intake = read_zip(tmp_path, general(shared()) | twins)
    assert intake.bodies == [b"body"]
    assert intake.report.read["file bodies repeated"] == 1
    assert intake.report.skipped == []


def test_two_bodies_of_one_file_are_named(tmp_path: Path) -> None:
    twins = {"general/attachments/F1-plan.pdf": b"body", "other/attachments/F1-plan.pdf": b"other"}
    intake = read_zip(tmp_path, general(shared()) | twins)
    assert (
        intake.skipped("other/attachments") == "general/attachments/F1-plan.pdf was taken as the body of the same file"
    )


def test_bodies_that_no_message_names_are_files_of_their_room(tmp_path: Path) -> None:
    bodies = {
        "general/attachments/F7-cat.png": b"png",
        "lost/attachments/F8-a-b.txt": b"text",
        "__uploads/F9/x.bin": b"x",
        "general/attachments/nameless": b"?",
    }
    intake = read_zip(tmp_path, general() | bodies)
    assert {(row.id, row.name, row.room_id, row.media_type) for row in intake.file_rows} == {
        ("F7", "cat.png", "C1", "image/png"),
        ("F8", "a-b.txt", "folder:lost", "text/plain"),
        ("F9", "x.bin", "", "application/octet-stream"),
        ("nameless", "nameless", "C1", "application/octet-stream"),
    }
    assert {row.storage for row in intake.file_rows} == {"held"}
    assert intake.file_rows[0].uploaded_at.year >= 2024


def test_an_upload_called_like_a_day_is_a_body(tmp_path: Path) -> None:
    intake = read_zip(tmp_path, general(shared()) | {"__uploads/F1/2020-01-01.json": [message()]})
    assert intake.file("F1").storage == "held"
    assert [row.id for row in intake.room_rows] == ["C1"]


def test_a_body_that_cannot_be_read_leaves_a_damaged_file(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "e.zip", general(shared()) | {"__uploads/F1/plan.pdf": b"body" * 100}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"bodybody", b"bodyBODY", 1))
    intake = read(path)
    row = intake.file("F1")
    assert (row.storage, row.reason) == ("damaged", "its checksum does not match")
    assert intake.skipped("__uploads/F1/plan.pdf") == "its checksum does not match"
    assert intake.message_rows[0].file_ids == ["F1"]


def test_a_file_known_by_id_alone_waits_for_a_description(tmp_path: Path) -> None:
    stub = {"id": "F1", "mode": "hidden_by_limit"}
    later = message("1577836900.000000", files=[FILE])
    intake = read_zip(tmp_path, general(message(files=[stub]), later, message("1577837000.0", files=[{"id": "F2"}])))
    assert [(row.id, row.name) for row in intake.file_rows] == [("F1", "plan.pdf"), ("F2", "F2")]


def test_canvases_lists_and_transcripts_need_no_message(tmp_path: Path) -> None:
    canvas = {"id": "F5", "title": "Plan", "mode": "quip", "shares": [{"team": "T1", "channel": "C1"}]}
    members = general(shared()) | {
        "canvases.json": [canvas],
        "lists.json": [{"id": "F6", "name": "to do"}],
        "huddle_transcripts.json": [FILE],
    }
    intake = read_zip(tmp_path, members)
    assert [(row.id, row.room_id) for row in intake.file_rows] == [("F1", "C1"), ("F5", "C1"), ("F6", "")]


@pytest.mark.parametrize(
    ("url", "without"),
    [
        ("https://files.slack.com/a?t=REDACTED", "https://files.slack.com/a"),
        ("https://files.slack.com/a?t=1&pub_secret=2", "https://files.slack.com/a?pub_secret=2"),
        ("https://files.slack.com/a?x=1&token=2", "https://files.slack.com/a?x=1"),
        ("https://docs.google.com/a?t=10", "https://docs.google.com/a?t=10"),
        ("https://notslack.com/a?t=10", "https://notslack.com/a?t=10"),
    ],
)
def test_addresses_lose_their_tokens(url: str, without: str) -> None:
    assert address(url) == without
