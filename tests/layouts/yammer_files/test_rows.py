"""Which files are in `Files.csv`, and what each column says (Yammer contract 1.7, 3.2, 3.4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from exeunt.lake.rows import FileRow
from tests.layouts.yammer_files.conftest import BASE, DAY, Network, held

HEADER = (
    '"id","file_id","name","description","uploader_id","uploader_type","group_id","group_name","reverted_to_id",'
    '"deleted_by_user_id","in_private_group","in_private_conversation","file_api_url","download_url","path",'
    '"uploaded_at","deleted_at","original_network","storage_type","storage_path","archive","size","sha256"\n'
)


def one_of_each(intake: Any) -> list[FileRow]:
    common: dict[str, Any] = {"uploaded_at": DAY, "uploader_id": "U1"}
    return [
        held(intake, "public", b"public", name="Report.PDF", description="the report"),
        held(intake, "private", b"private", room_id="PRI", uploader_id="U2"),
        held(intake, "group", b"group", room_id="GRP"),
        held(intake, "direct", b"direct", room_id="DIR"),
        held(intake, "roomless", b"roomless", room_id="", uploader_id=""),
        held(intake, "elsewhere", b"unknown", room_id="GONE", uploader_id="U9"),
        FileRow(id="external", name="plan.docx", room_id="PUB", storage="external", url="https://files.example.org/1",
                size=7, **common),
        FileRow(id="absent-url", name="b", room_id="PUB", storage="absent", url="HTTP://files.example.org/2", **common),
        FileRow(id="absent", name="c", room_id="PUB", storage="absent", **common),
        FileRow(id="no-address", name="c", room_id="PUB", storage="external", url="javascript:alert(1)", **common),
        FileRow(id="hidden", name="d", room_id="PUB", storage="hidden", reason="over\nthe  limit", **common),
        FileRow(id="damaged", name="e", room_id="PUB", storage="damaged", **common),
        FileRow(id="deleted", name="f", room_id="PUB", storage="deleted", deleted_at=DAY + timedelta(days=2), **common),
    ]  # fmt: skip


@pytest.fixture
def rows(network: Network) -> dict[str, dict[str, str]]:
    """The rows of one file of each kind, by the source's id."""
    network.add("acme", one_of_each)
    return by_source_id(network, network.export().all_rows())


def by_source_id(network: Network, rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    from sqlalchemy import select

    from exeunt.ledger.schema import files

    with network.installation.ledger.read() as db:
        names: dict[str, str] = {str(r.version_number): r.id for r in db.execute(select(files))}
    return {names[row["id"]]: row for row in rows}


def test_the_header_has_the_published_order_with_ours_at_the_end(network: Network) -> None:
    network.add("acme", one_of_each)
    assert network.export().data["Files.csv"].decode().startswith(HEADER)


def test_every_file_of_the_window_has_a_row_whatever_its_bytes(rows: dict[str, dict[str, str]]) -> None:
    assert len(rows) == 13
    ids = [int(row["id"]) for row in rows.values()]
    assert ids == sorted(ids)
    assert all(0 < int(row[name]) < 2**63 for row in rows.values() for name in ("id", "file_id"))


def test_a_held_file_in_full(network: Network, rows: dict[str, dict[str, str]]) -> None:
    row = rows["public"]
    directory = _numbers(network)
    assert row == {
        "id": row["id"], "file_id": row["file_id"], "name": "Report.PDF", "description": "the report",
        "uploader_id": directory["U1"], "uploader_type": "User", "group_id": directory["PUB"],
        "group_name": "the public one", "reverted_to_id": "", "deleted_by_user_id": "", "in_private_group": "false",
        "in_private_conversation": "false", "file_api_url": f"{BASE}/api/v1/uploaded_files/{row['id']}",
        "download_url": f"{BASE}/api/v1/uploaded_files/{row['id']}/download", "path": f"files/{row['id']}.PDF",
        "uploaded_at": "2024-03-01T00:00:00Z", "deleted_at": "", "original_network": "acme", "storage_type": "Yammer",
        "storage_path": "Yammer", "archive": "files-0001.zip", "size": "6",
        "sha256": "efa1f375d76194fa51a3556a97e641e61685f914d446979da50a551a4333ffd7",
    }  # fmt: skip


def _numbers(network: Network) -> dict[str, str]:
    from sqlalchemy import select

    from exeunt.ledger.schema import rooms, users

    with network.installation.ledger.read() as db:
        return {r.id: str(r.number) for table in (rooms, users) for r in db.execute(select(table.c.id, table.c.number))}


def test_rooms_become_groups_and_conversations(rows: dict[str, dict[str, str]]) -> None:
    found = {
        name: (row["group_name"], row["in_private_group"], row["in_private_conversation"]) for name, row in rows.items()
    }
    assert found["public"] == ("the public one", "false", "false")
    assert found["private"] == ("the private one", "true", "false")
    assert found["group"] == ("", "false", "true")
    assert found["direct"] == ("", "false", "true")
    assert found["roomless"] == ("", "false", "false")
    assert rows["group"]["group_id"] == ""


def test_an_unknown_uploader_and_room_are_empty_and_the_row_stays(rows: dict[str, dict[str, str]]) -> None:
    for name in ("roomless", "elsewhere"):
        row = rows[name]
        assert (row["uploader_id"], row["uploader_type"], row["group_id"]) == ("", "", "")
        assert row["path"]


@pytest.mark.parametrize(("name", "url"), [("external", "https://files.example.org/1"),
                                           ("absent-url", "HTTP://files.example.org/2")])  # fmt: skip
def test_a_file_kept_elsewhere_has_its_own_address_and_no_path(
    rows: dict[str, dict[str, str]], name: str, url: str
) -> None:
    row = rows[name]
    assert row["download_url"] == url
    assert (row["path"], row["archive"], row["sha256"]) == ("", "", "")
    assert (row["storage_type"], row["storage_path"]) == ("External", "External")
    assert row["file_api_url"] == f"{BASE}/api/v1/uploaded_files/{row['id']}"


def test_externally_stored_files_can_be_called_sharepoint(network: Network) -> None:
    network.add("acme", one_of_each)
    rows = by_source_id(network, network.export(options={"sharepoint": True}).all_rows())
    assert (rows["external"]["storage_type"], rows["external"]["storage_path"]) == ("SharePoint", "SharePoint")
    assert rows["public"]["storage_type"] == "Yammer"


def test_files_without_bytes_or_address_are_missing_with_a_reason(network: Network) -> None:
    network.add("acme", one_of_each)
    opened = network.export()
    rows = by_source_id(network, opened.all_rows())
    ids = {rows[name]["id"]: name for name in ("absent", "no-address", "hidden", "damaged", "deleted")}
    lines = dict(line.removeprefix("ERROR FILES ").split(": ", 1) for line in opened.text("log.txt").splitlines()[4:])
    assert lines.keys() == ids.keys()
    reasons = {ids[number]: reason for number, reason in lines.items()}
    assert reasons["hidden"] == "withheld by the source (a limit of its plan): over the limit"
    assert {item["id"]: item["reason"] for item in opened.manifest()["missing"]} == {
        int(number): reason for number, reason in lines.items()
    }
    assert rows["deleted"]["deleted_at"] == "2024-03-03T00:00:00Z"
    assert all(rows[name]["path"] == "" and rows[name]["storage_type"] == "Yammer" for name in reasons)


@pytest.mark.parametrize(
    ("since", "until", "there"),
    [(0, 1, True), (-1, 0, False), (1, 2, False), (-1, 1, True), (2, 3, True), (1, 2.5, True), (2.5, 3, False)],
)
def test_a_file_is_in_when_it_was_uploaded_or_deleted_in_the_half_open_window(
    network: Network, since: float, until: float, there: bool
) -> None:
    network.add("acme", lambda intake: [held(intake, "F", b"x", deleted_at=DAY + timedelta(days=2))])
    opened = network.export(since=DAY + timedelta(days=since), until=DAY + timedelta(days=until))
    assert bool(opened.all_rows()) == there
    assert bool(opened.archives) == there


def test_a_window_without_bounds_holds_everything(network: Network) -> None:
    network.add("acme", one_of_each)
    opened = network.export(since=None, until=None)
    assert len(opened.all_rows()) == 13
    assert "since: \nuntil: \n" in opened.text("request.txt")


Chosen = Callable[[dict[str, str]], dict[str, Any]]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (lambda n: {"options": {"groups": [int(n["PRI"])]}}, {"private"}),
        (lambda n: {"options": {"groups": [int(n["PRI"]), 1]}}, {"private"}),
        (lambda n: {"options": {"groups": [int(n["GRP"])]}}, set()),
        (lambda n: {"options": {"users": [int(n["U2"])]}}, {"private"}),
        (lambda n: {"options": {"users": [int(n["U2"])], "groups": [int(n["PUB"])]}}, set()),
        (lambda n: {"people": ("U2",)}, {"private"}),
        (lambda n: {"text": "report"}, {"public"}),
        (lambda n: {"rooms": ("DIR",)}, {"direct"}),
        (lambda n: {"room_kinds": ("private", "direct")}, {"private", "direct"}),
    ],
)
def test_filters_hold_together(network: Network, chosen: Chosen, expected: set[str]) -> None:
    network.add("acme", one_of_each)
    opened = network.export(**chosen(_numbers(network)))
    assert set(by_source_id(network, opened.all_rows())) == expected


def test_where_rooms_are_withheld_so_are_files_of_no_known_room(network: Network) -> None:
    network.add("acme", one_of_each)
    rows = by_source_id(network, network.export(room_kinds=("public",)).all_rows())
    assert {"private", "group", "direct", "roomless", "elsewhere"} & rows.keys() == set()
    assert "public" in rows


def test_without_file_bodies_rows_say_so(network: Network) -> None:
    network.add("acme", one_of_each)
    opened = network.export(files=False)
    rows = by_source_id(network, opened.all_rows())
    assert rows["public"]["path"] == ""
    assert f"ERROR FILES {rows['public']['id']}: the export was asked for without file bodies" in opened.text("log.txt")


def test_a_removed_and_a_shortened_body_are_missing_and_nothing_fails(network: Network) -> None:
    network.add("acme", lambda intake: [held(intake, n, n.encode() * 9) for n in ("kept", "gone", "short")])
    keys = [key for key, _ in network.installation.blobs.sizes("held/acme")]
    for key in keys:
        path = network.installation.blobs.path(key)
        if path.read_bytes().startswith(b"gone"):
            path.unlink()
        elif path.read_bytes().startswith(b"short"):
            path.write_bytes(b"short")
    opened = network.export()
    rows = by_source_id(network, opened.all_rows())
    assert [bool(rows[name]["path"]) for name in ("kept", "gone", "short")] == [True, False, False]
    errors = opened.text("log.txt").splitlines()[4:]
    assert sorted(errors) == sorted(
        f"ERROR FILES {rows[name]['id']}: the bytes that were kept are missing or damaged" for name in ("gone", "short")
    )
    assert opened.export.counts["files_missing"] == 2


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.pdf", ".pdf"), ("A.B.TaR", ".TaR"), ("none", ""), ("dot.", ""), ("x.y z", ""), ("x.ünï", ""),
     ("x." + "a" * 16, "." + "a" * 16), ("x." + "a" * 17, ""), ("../../etc/passwd", ""), ("a.\u202egpj", ""),
     ("x.txt\n", ""), ("C:\\x.exe", ".exe")],
)  # fmt: skip
def test_member_names_are_ids_with_a_plain_suffix(network: Network, name: str, extension: str) -> None:
    network.add("acme", lambda intake: [held(intake, "F", b"x", name=name)])
    opened = network.export(options={"flat": True})
    (row,) = opened.all_rows()
    assert row["name"] == name
    assert row["path"] == f"files/{row['id']}{extension}"
    assert row["path"] in opened.zip().namelist()


def test_text_comes_back_unchanged_through_a_reader(network: Network) -> None:
    hostile = '=cmd|"x",\r\n;\'\t🎉 \u202e'
    network.add("acme", lambda intake: [held(intake, "F", b"x", name=hostile, description="-1+1")])
    (row,) = network.export().all_rows()
    assert (row["name"], row["description"]) == (hostile, "-1+1")
    (row,) = network.export(options={"safe_csv": True}).all_rows()
    assert (row["name"], row["description"]) == ("'" + hostile, "'-1+1")


def test_nuls_are_left_out_and_counted(network: Network) -> None:
    network.add("acme", lambda intake: [held(intake, "F", b"x", name="a\0b\0.txt")])
    opened = network.export()
    (row,) = opened.all_rows()
    assert row["name"] == "ab.txt"
    assert "Number of removed U+0000 characters: 2\n" in opened.text("log.txt")
