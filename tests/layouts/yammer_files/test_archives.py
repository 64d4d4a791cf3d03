"""The archives of a Files Export: members, nesting, limits, what each tells of itself (Yammer contract 3.4, 6)."""

import hashlib
import shutil
import subprocess
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from exeunt.exports.run import Runner
from exeunt.lake.rows import FileRow
from exeunt.layouts.yammer_files import LAYOUT
from tests.layouts.yammer_files.conftest import DAY, Network, Opened, held, read_csv

ODD_TIME = DAY + timedelta(hours=5, minutes=7, seconds=9)


def some_files(intake: Any) -> list[FileRow]:
    return [
        held(intake, "A", b"a" * 1000, name="a.pdf", uploaded_at=ODD_TIME),
        FileRow(id="B", name="b.doc", storage="external", url="https://x.example.org/b", uploaded_at=DAY),
        held(intake, "C", b"", name="empty"),
        held(intake, "D", b"a" * 1000, name="same bytes.pdf"),
        FileRow(id="E", name="e.doc", storage="absent", uploaded_at=DAY),
        held(intake, "F", bytes(range(256)) * 20, name="f.bin", room_id="DIR"),
    ]


def check(opened: Opened) -> None:
    """Invariants 9 to 13 of the contract, whatever was exported."""
    everything = opened.all_rows()
    archives = [archive for archive in opened.archives if archive.role == "archive"]
    gathered = []
    for archive in archives:
        whole = opened.zip(archive.name)
        assert whole.testzip() is None
        manifest = opened.manifest(archive.name)
        assert manifest["archive"] == archive.name
        seen: dict[str, bytes] = {}
        for name in whole.namelist():
            if name.endswith(".zip"):
                inner = opened.inner(name, archive.name)
                assert inner.testzip() is None
                seen |= {f"{name}!/{member}": inner.read(member) for member in inner.namelist()}
            seen[name] = whole.read(name)
        entries = {entry["path"]: entry for entry in manifest["entries"]}
        assert len(entries) == len(manifest["entries"])
        assert entries.keys() == seen.keys() - {"manifest.json"}
        for path, entry in entries.items():
            assert entry["size"] == len(seen[path])
            if path.endswith(".zip"):
                assert entry["crc32"] == f"{zlib.crc32(seen[path]):08x}"
                assert "sha256" not in entry
                assert len(entry["etag"]) == 32
            else:
                assert entry["sha256"] == hashlib.sha256(seen[path]).hexdigest()
        rows = []
        for table in (name for name in whole.namelist() if name.endswith("Files.csv")):
            folder = table.removesuffix("Files.csv")
            mine = opened.rows(table, archive.name)
            rows += mine
            _check_log(opened, folder, mine, archive.name)
            for row in mine:
                if row["path"]:
                    inside = f"{folder}{row['archive']}!/{row['path']}" if row["archive"] else folder + row["path"]
                    assert len(seen[inside]) == int(row["size"])
                    assert hashlib.sha256(seen.pop(inside)).hexdigest() == row["sha256"]
        assert not [path for path in seen if "files/" in path]
        assert manifest["counts"]["exported"] == len(rows)
        gathered += rows
    assert sorted(gathered, key=lambda row: int(row["id"])) == sorted(everything, key=lambda row: int(row["id"]))
    assert len({row["id"] for row in everything}) == len(everything)
    assert [archive.role for archive in opened.archives] == ["archive"] * len(archives) + ["metadata"]


def _check_log(opened: Opened, folder: str, rows: list[dict[str, str]], archive: str) -> None:
    log = opened.text(f"{folder}log.txt", archive).splitlines()
    names = ["exported", "included", "externally stored", "missing"]
    number = [int(line.removeprefix(f"Number of {name} FILES: ")) for line, name in zip(log, names, strict=False)]
    included = sum(bool(row["path"]) for row in rows)
    assert number[0] == len(rows) == sum(number[1:])
    assert number[1] == included
    assert len([line for line in log if line.startswith("ERROR FILES ")]) == number[3]


def test_the_nested_archive(network: Network) -> None:
    network.add("acme", some_files)
    opened = network.export()
    assert opened.zip().namelist() == ["request.txt", "Files.csv", "log.txt", "files-0001.zip", "manifest.json"]
    inner = opened.inner("files-0001.zip")
    rows = opened.rows()
    assert inner.namelist() == [row["path"] for row in rows if row["path"]]
    assert [archive.name for archive in opened.archives] == ["files.zip", "Files.csv"]
    assert opened.archives[1].content_type == "text/csv; charset=utf-8"
    assert opened.data["Files.csv"] == opened.zip().read("Files.csv")
    check(opened)


def test_the_flat_archive(network: Network) -> None:
    network.add("acme", some_files)
    opened = network.export(options={"flat": True})
    paths = [row["path"] for row in opened.rows() if row["path"]]
    assert opened.zip().namelist() == ["request.txt", "Files.csv", "log.txt", *paths, "manifest.json"]
    assert {row["archive"] for row in opened.rows()} == {""}
    assert opened.manifest()["layout"] == "flat"
    check(opened)


def test_files_are_stored_and_bear_their_time_generated_members_1980(network: Network) -> None:
    network.add("acme", some_files)
    opened = network.export()
    for info in opened.zip().infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert (info.compress_type == zipfile.ZIP_STORED) == info.filename.endswith(".zip")
    first = opened.inner("files-0001.zip").infolist()[0]
    assert (first.date_time, first.compress_type) == ((2024, 3, 1, 5, 7, 8), zipfile.ZIP_STORED)
    assert all(info.flag_bits & ~0x800 == 0 for info in opened.zip().infolist())


def test_request_and_log_in_words(network: Network) -> None:
    network.add("acme", some_files)
    number = network.installation.catalog.workspace("acme").number
    until = DAY + timedelta(days=1, microseconds=500_000)
    opened = network.export(until=until, options={"include_ens": True, "users": [5, 7], "safe_csv": True, "groups": []})
    assert opened.archives == []
    opened = network.export(until=until, options={"include_ens": True})
    assert opened.text("request.txt") == (
        f"user_request_id: {opened.export.id}\nrequested_by: ann@example.org\nsince: 2024-03-01T00:00:00Z\n"
        f"until: 2024-03-02T00:00:00.500000Z\nnetwork: {number}\ninclude_ens: true\nlayout: nested\n"
    )
    missing = next(row["id"] for row in opened.rows() if row["name"] == "e.doc")
    assert opened.text("log.txt") == (
        "Number of exported FILES: 6\nNumber of included FILES: 4\nNumber of externally stored FILES: 1\n"
        "Number of missing FILES: 1\n"
        f"ERROR FILES {missing}: the source export did not carry the file's bytes\n"
    )
    manifest = opened.manifest()
    assert list(manifest)[:8] == ["manifest_version", "request_id", "kind", "since", "until", "networks", "layout",
                                  "archive"]  # fmt: skip
    assert manifest["counts"] == {"exported": 6, "included": 4, "external": 1, "missing": 1}
    assert manifest["networks"] == [number]


def test_filters_are_written_to_the_request(network: Network) -> None:
    network.add("acme", some_files)
    number = int(next(row["uploader_id"] for row in network.export().all_rows() if row["uploader_id"]))
    opened = network.export(options={"users": [number, 99]})
    assert opened.text("request.txt").endswith(f"layout: nested\nuser: {number},99\n")


def test_names_of_people_reach_no_place_but_the_name_column(network: Network) -> None:
    network.add("acme", lambda intake: [held(intake, "A", b"a", name="secret-word.txt"),
                                        FileRow(id="B", name="secret-word.doc", uploaded_at=DAY)])  # fmt: skip
    opened = network.export()
    for member in ("manifest.json", "log.txt", "request.txt"):
        assert "secret-word" not in opened.text(member)
    assert "secret-word" not in " ".join(opened.inner("files-0001.zip").namelist())


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("part_max", [2_000, 20_000])
def test_archives_and_nested_archives_keep_their_limits(network: Network, flat: bool, part_max: int) -> None:
    sizes = [300, 1_000, 40_000, 10, 900, 900, 15_000, 1, 0, 7_000, 7_000, 7_000]
    network.add("acme", lambda intake: [
        *(held(intake, f"F{n}", bytes([n]) * size, name=f'"{n}"' * 20) for n, size in enumerate(sizes)),
        *(FileRow(id=f"X{n}", name="x" * 50, uploaded_at=DAY, storage="absent") for n in range(10)),
    ])  # fmt: skip
    limit = 40_000
    opened = network.export(options={"flat": flat, "archive_max_bytes": limit, "part_max_bytes": part_max})
    check(opened)
    names = [archive.name for archive in opened.archives]
    assert names == ["files.zip", *(f"files.{n}.zip" for n in range(2, len(names))), "Files.csv"]
    assert len(names) > 3
    numbers = []
    for name in names[:-1]:
        rows = opened.rows(archive=name)
        inside = [row for row in rows if row["path"]]
        assert len(opened.data[name]) <= limit or len(inside) == 1
        assert name == "files.zip" or len(inside) == len(rows)
        for member in (m for m in opened.zip(name).namelist() if m.startswith("files-")):
            numbers.append(member)
            inner = opened.inner(member, name)
            assert len(opened.zip(name).read(member)) <= part_max or len(inner.namelist()) == 1
    assert numbers == ([] if flat else [f"files-{n:04d}.zip" for n in range(1, len(numbers) + 1)])


def test_several_networks_have_a_folder_each(network: Network) -> None:
    network.add("beta", some_files)
    network.add("acme", some_files)
    network.add("void", lambda intake: [])
    opened = network.export("acme", "beta", "void")
    beta, acme, void = (network.installation.catalog.workspace(name).number for name in ("beta", "acme", "void"))
    assert beta < acme < void
    assert opened.zip().namelist() == [
        "Networks.csv", "request.txt", f"{beta}/Files.csv", f"{beta}/log.txt", f"{acme}/Files.csv", f"{acme}/log.txt",
        f"{void}/Files.csv", f"{void}/log.txt", f"{beta}/files-0001.zip", f"{acme}/files-0002.zip", "manifest.json",
    ]  # fmt: skip
    rows = opened.all_rows()
    assert [row["original_network"] for row in rows] == ["beta"] * 6 + ["acme"] * 6
    assert opened.manifest()["networks"] == [beta, acme, void]
    assert f"network: {beta},{acme},{void}\n" in opened.text("request.txt")
    networks = read_csv(opened.zip().read("Networks.csv"))
    assert list(networks[0]) == ["id", "permalink", "name", "url", "paid", "created_at", "moderated", "usage_policy",
                                 "number_of_users", "secure_browser_token"]  # fmt: skip
    assert [(row["id"], row["permalink"], row["number_of_users"]) for row in networks] == [
        (str(beta), "beta", "2"), (str(acme), "acme", "2"), (str(void), "void", "2")]  # fmt: skip
    check(opened)
    check(network.export("beta", "acme", options={"flat": True, "archive_max_bytes": 15_000}))


def test_the_same_job_gives_the_same_bytes_however_often_it_is_assembled(network: Network) -> None:
    network.add("acme", some_files)
    made = network.installation
    opened = network.export(options={"archive_max_bytes": 15_000})
    before = {a.name: (a.etag, a.length, a.crc32) for a in opened.archives}
    job = Runner(made)._job(opened.export.id, lambda messages, size: None)
    files = []
    for _ in range(2):
        outputs = LAYOUT.assemble(job, [])
        assert {o.name: (o.facts.etag, o.facts.length, o.facts.crc32) for o in outputs} == before
        files.append([output.index.read_bytes() for output in outputs])
        shutil.rmtree(job.folder)
    assert files[0] == files[1]


def test_nothing_but_index_files_and_generated_text_is_written(network: Network) -> None:
    network.add("acme", lambda intake: [held(intake, f"F{n}", bytes([n]) * 100_000) for n in range(5)])
    opened = network.export()
    written = sum(size for _, size in network.installation.blobs.sizes(f"made/{opened.export.id}"))
    assert written < 20_000
    assert len(opened.data["files.zip"]) > 500_000


def test_a_window_without_files_has_no_outputs(network: Network) -> None:
    network.add("acme", some_files)
    opened = network.export(since=DAY + timedelta(days=5))
    assert opened.archives == []
    assert opened.export.counts == {"messages": 0, "files_total": 0, "files": 0, "files_external": 0,
                                    "files_missing": 0, "file_bytes": 0}  # fmt: skip


@pytest.mark.parametrize("command", [["unzip", "-t"], ["7z", "t"], ["bsdtar", "-tf"]], ids=lambda command: command[0])
def test_other_readers_open_both_levels(network: Network, tmp_path: Path, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    network.add("acme", some_files)
    opened = network.export()
    outer, inner = tmp_path / "files.zip", tmp_path / "files-0001.zip"
    outer.write_bytes(opened.data["files.zip"])
    inner.write_bytes(opened.zip().read("files-0001.zip"))
    for path in (outer, inner):
        subprocess.run([*command, str(path)], check=True, capture_output=True)


def test_hourly_exports_together_are_the_daily_one(network: Network) -> None:
    network.add("acme", lambda intake: [
        held(intake, f"F{n}", bytes([n]), uploaded_at=DAY + timedelta(minutes=37 * n),
             deleted_at=DAY + timedelta(minutes=90 * n) if n % 3 == 0 else None)
        for n in range(30)
    ])  # fmt: skip
    published = slice(0, 18)
    daily = network.export(until=DAY + timedelta(days=1)).all_rows()
    hourly: dict[str, dict[str, str]] = {}
    for hour in range(24):
        start = DAY + timedelta(hours=hour)
        for row in network.export(since=start, until=start + timedelta(hours=1)).all_rows():
            hourly[row["id"]] = row
    assert [list(row.values())[published] for row in daily] == [
        list(hourly[number].values())[published] for number in sorted(hourly, key=int)
    ]
