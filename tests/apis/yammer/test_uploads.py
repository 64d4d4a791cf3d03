"""Single files, shown and delivered (Yammer contract 1.2b)."""

import hashlib
import io
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow
from exeunt.ledger.schema import audit, files, rooms
from tests.apis.yammer.conftest import Yammer
from tests.conftest import JANUARY

FILES = "/yammer/api/v1/uploaded_files"


def row_of(yammer: Yammer, file_id: str, workspace: str = "acme") -> Any:
    with yammer.installation.ledger.read() as db:
        return db.execute(select(files).where(files.c.workspace_id == workspace, files.c.id == file_id)).one()


def change(yammer: Yammer, file_id: str, **values: object) -> None:
    with yammer.installation.ledger.write() as db:
        db.execute(update(files).where(files.c.workspace_id == "acme", files.c.id == file_id).values(**values))


def test_a_file_is_shown(yammer: Yammer) -> None:
    row = row_of(yammer, "F1")
    with yammer.installation.ledger.read() as db:
        group = db.scalar(select(rooms.c.number).where(rooms.c.workspace_id == "acme", rooms.c.id == "C1"))
    shown = yammer.call("GET", f"{FILES}/{row.version_number}.json").json()
    uploader = shown.pop("uploader_id")
    assert uploader > 0
    assert shown == {
        "id": row.version_number, "file_id": row.number, "name": "ünï file.txt", "description": "",
        "content_type": "text/plain", "size": 6, "group_id": group, "created_at": "2024-01-01T00:00:00Z",
        "download_url": f"http://localhost{FILES}/{row.version_number}/download",
    }  # fmt: skip
    assert list(yammer.call("GET", f"{FILES}/{row.number}/").json()) == [
        "id", "file_id", "name", "description", "content_type", "size", "uploader_id", "group_id", "created_at",
        "download_url"]  # fmt: skip


@pytest.mark.parametrize("suffix", ["/download", "/download.json", "/download/"])
def test_a_held_file_is_delivered(yammer: Yammer, suffix: str) -> None:
    path = f"{FILES}/{row_of(yammer, 'F1').version_number}{suffix}"
    got = yammer.call("GET", path)
    assert (got.status_code, got.content) == (200, b"hello\n")
    assert got.headers["content-type"] == "text/plain"
    assert got.headers["content-disposition"] == (
        "attachment; filename=\"_n_ file.txt\"; filename*=UTF-8''%C3%BCn%C3%AF%20file.txt"
    )
    head = yammer.call("HEAD", path)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "6")
    part = yammer.client.get(path, headers={"Authorization": f"Bearer {yammer.token}", "Range": "bytes=1-2",
                                            "If-Range": got.headers["etag"]})  # fmt: skip
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"el", "bytes 1-2/6")
    beyond = yammer.client.get(path, headers={"Authorization": f"Bearer {yammer.token}", "Range": "bytes=6-"})
    assert (beyond.status_code, beyond.json()) == (416, "Range not satisfiable")


def test_a_download_is_written_down(yammer: Yammer) -> None:
    number = row_of(yammer, "F1").version_number
    yammer.call("GET", f"{FILES}/{number}/download")
    with yammer.installation.ledger.read() as db:
        entry = db.execute(select(audit).order_by(audit.c.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject, entry.client) == ("file:download", str(number), "192.0.2.7")


def test_a_file_kept_elsewhere_is_a_redirect(yammer: Yammer) -> None:
    number = row_of(yammer, "F2").version_number
    path = f"{FILES}/{number}/download"
    assert yammer.call("GET", path).headers["location"] == "https://files.example.org/elsewhere.pdf"
    assert yammer.call("GET", f"{FILES}/{number}").json()["download_url"] == "https://files.example.org/elsewhere.pdf"
    change(yammer, "F2", url="https://files.example.org/ünï\r\nX: 1?a=%20b", storage="absent")
    moved = yammer.call("GET", path)
    assert moved.status_code == 302
    assert moved.headers["location"] == "https://files.example.org/%C3%BCn%C3%AF%0D%0AX:%201?a=%20b"
    for url in ("", "javascript:alert(1)", "ftp://x"):
        change(yammer, "F2", url=url)
        assert yammer.call("GET", path).status_code == 404


@pytest.mark.parametrize("media", ["text/html\r\nSet-Cookie: a=1", "", "ünï/code", "x" * 200 + "/y"])
def test_a_media_type_cannot_be_more_than_one(yammer: Yammer, media: str) -> None:
    change(yammer, "F1", media_type=media)
    got = yammer.call("GET", f"{FILES}/{row_of(yammer, 'F1').version_number}/download")
    assert (got.status_code, got.headers["content-type"]) == (200, "application/octet-stream")
    assert "set-cookie" not in got.headers


def test_unknown_and_foreign_files_are_the_same_404(yammer: Yammer) -> None:
    foreign = row_of(yammer, "F1", "stranger").version_number
    answers = [yammer.call("GET", f"{FILES}/{n}{end}") for n in (foreign, 1, "x", 10**18, 10**30, "-1")
               for end in ("", "/download")]  # fmt: skip
    assert {(a.status_code, a.text) for a in answers} == {
        (404, '{"response":{"message":"Not Found","code":0,"stat":"fail"}}')
    }


def test_files_of_an_external_network_are_within_reach(yammer: Yammer) -> None:
    number = row_of(yammer, "F1", "partner").version_number
    assert yammer.call("GET", f"{FILES}/{number}/download").status_code == 200


@pytest.mark.parametrize("room", ["G1", "", "GONE"])
def test_files_of_withheld_rooms_are_unknown(yammer: Yammer, room: str) -> None:
    access = yammer.installation.access
    token = access.create_token("user1@example.org", "acme", api="yammer", scopes=["export:download"])[0]
    number = row_of(yammer, "F1").version_number
    assert yammer.call("GET", f"{FILES}/{number}", token=token).status_code == 200
    change(yammer, "F1", room_id=room)
    for end in ("", "/download"):
        assert yammer.call("GET", f"{FILES}/{number}{end}", token=token).status_code == 404
        assert yammer.call("GET", f"{FILES}/{number}{end}").status_code == 200


@pytest.mark.parametrize("storage", ["deleted", "hidden", "damaged"])
def test_a_file_without_bytes_is_shown_but_not_delivered(yammer: Yammer, storage: str) -> None:
    change(yammer, "F1", storage=storage)
    number = row_of(yammer, "F1").version_number
    assert yammer.call("GET", f"{FILES}/{number}").status_code == 200
    assert yammer.call("GET", f"{FILES}/{number}/download").status_code == 404


def test_a_lost_body_is_500_and_never_a_short_file(yammer: Yammer) -> None:
    row = row_of(yammer, "F1")
    yammer.installation.blobs.remove(f"held/acme/{row.sha256[:2]}/{row.sha256}")
    answer = yammer.call("GET", f"{FILES}/{row.version_number}/download")
    assert (answer.status_code, answer.json()) == (500, "The export service is temporarily unavailable")


def test_every_download_url_of_the_csv_works(yammer: Yammer) -> None:
    import csv

    request_id = yammer.create()
    yammer.finish(request_id)
    link = yammer.call("GET", f"/yammer/api/v1/export/requests/{request_id}").json()["data"][-1]
    for row in csv.DictReader(io.StringIO(yammer.client.get(link).text, newline="")):
        shown = yammer.call("GET", row["file_api_url"]).json()
        assert (str(shown["id"]), str(shown["file_id"]), shown["name"]) == (row["id"], row["file_id"], row["name"])
        assert shown["download_url"] == row["download_url"]
        answer = yammer.call("GET", row["file_api_url"] + "/download")
        assert answer.status_code == (200 if row["path"] else 302)


# --- older versions ---------------------------------------------------------------------------------------------------


def import_newer(yammer: Yammer, days: int, body: bytes, **said: object) -> None:
    """A younger export in which the file has other bytes."""
    made = yammer.installation
    with importing(made.ledger, made.lake, made.blobs, "acme", as_of=JANUARY + timedelta(days=days),
                   clock=made.clock) as intake:  # fmt: skip
        held = intake.blob([body])
        fields = {"name": "newer.txt", "room_id": "C1", "uploader_id": "U1", "media_type": "text/x-new", **said}
        intake.files([FileRow(id="F1", uploaded_at=JANUARY, storage="held", sha256=held.sha256, md5=held.md5,
                              crc32=held.crc32, size=held.size, **fields)])  # type: ignore[arg-type]  # fmt: skip
        intake.commit("test", "test")


def test_links_to_an_older_version_give_that_version(yammer: Yammer) -> None:
    first = row_of(yammer, "F1")
    import_newer(yammer, 500, b"second body")
    second = row_of(yammer, "F1")
    import_newer(yammer, 600, b"third", name="third.txt")
    expected = [
        (first.version_number, "ünï file.txt", b"hello\n"), (second.version_number, "newer.txt", b"second body"),
        (row_of(yammer, "F1").version_number, "third.txt", b"third"),
    ]  # fmt: skip
    for version, name, body in expected:
        shown = yammer.call("GET", f"{FILES}/{version}").json()
        assert (shown["id"], shown["file_id"], shown["name"], shown["size"]) == (
            version,
            first.number,
            name,
            len(body),
        )
        got = yammer.call("GET", f"{FILES}/{version}/download")
        assert (got.status_code, got.content) == (200, body)
        assert shown["download_url"].endswith(f"/{version}/download")
    assert yammer.call("GET", f"{FILES}/{first.number}/download").content == b"third"


def test_download_urls_of_an_older_csv_work_after_a_newer_import(yammer: Yammer) -> None:
    import csv

    request_id = yammer.create()
    yammer.finish(request_id)
    link = yammer.call("GET", f"/yammer/api/v1/export/requests/{request_id}").json()["data"][-1]
    rows = list(csv.DictReader(io.StringIO(yammer.client.get(link).text, newline="")))
    import_newer(yammer, 500, b"second body")
    (row,) = [row for row in rows if row["path"]]
    answer = yammer.call("GET", row["download_url"])
    assert hashlib.sha256(answer.content).hexdigest() == row["sha256"]


def test_an_older_version_is_withheld_with_its_file(yammer: Yammer) -> None:
    access = yammer.installation.access
    token = access.create_token("user1@example.org", "acme", api="yammer", scopes=["export:download"])[0]
    older = row_of(yammer, "F1").version_number
    import_newer(yammer, 500, b"second body")
    assert yammer.call("GET", f"{FILES}/{older}", token=token).status_code == 200
    change(yammer, "F1", room_id="G1")
    for end in ("", "/download"):
        assert yammer.call("GET", f"{FILES}/{older}{end}", token=token).status_code == 404
    with yammer.installation.ledger.write() as db:
        db.execute(delete(files).where(files.c.workspace_id == "acme", files.c.id == "F1"))
    assert yammer.call("GET", f"{FILES}/{older}").status_code == 404
