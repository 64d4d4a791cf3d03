"""The members, fields and columns in `docs/formats.md` against archives that were really made."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from exeunt.archives.verify import verify_archive
from exeunt.lake.columns import TABLES
from exeunt.layouts.options import OPTIONS
from tests.docs.documents import DOCS, table_after
from tests.docs.workspace import Workspace

FORMATS = DOCS / "formats.md"


def _codes(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _patterns(heading: str) -> list[re.Pattern[str]]:
    """What member names the table of a layout allows."""
    names = [name for row in table_after(FORMATS, heading) for name in _codes(row[0])]
    names += [name for row in table_after(FORMATS, heading) for name in re.findall(r"`([^`]+\.[a-z]+)`", row[1])]
    found = []
    for name in names:
        pattern = re.escape(name.removesuffix("…")) + (".+" if name.endswith("…") else "")
        for word, meaning in (("<number>", r"\d+"), ("<name>", r"[^/]+"), ("<YYYY\\-MM>", r"\d{4}-\d\d"),
                              ("0001", r"\d{4}")):  # fmt: skip
            pattern = pattern.replace(word, meaning)
        found.append(re.compile(pattern))
    return found


def _manifest(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, Any] = json.loads(archive.read("manifest.json"))
        return found


def _lines(path: Path, name: str) -> list[dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        return [json.loads(line) for line in archive.read(name).decode().rstrip("\n").split("\n")]


@pytest.mark.parametrize("layout", ["html", "jsonl", "csv"])
def test_an_archive_has_the_documented_members_and_no_others(workspace: Workspace, layout: str) -> None:
    (path,) = workspace.archive(layout)
    allowed = _patterns(layout)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert [name for name in names if not any(pattern.fullmatch(name) for pattern in allowed)] == []
    assert names[-1] == "manifest.json"
    for row in table_after(FORMATS, layout):
        for name in _codes(row[0]):
            if not re.search("[<…]", name) and "where there are any" not in row[1]:
                assert name in names
    assert verify_archive(path).problems == []


def test_messages_in_jsonl_have_the_documented_fields_in_order(workspace: Workspace) -> None:
    fields = [row[0].strip("`") for row in table_after(FORMATS, "Fields of a message")]
    (plain,), (with_raw,) = workspace.archive("jsonl"), workspace.archive("jsonl", "raw=true")
    assert list(_lines(with_raw, "messages.jsonl")[0]) == fields
    assert list(_lines(plain, "messages.jsonl")[0]) == fields[:-1]


def test_fields_of_messages_have_the_documented_types(workspace: Workspace) -> None:
    types: dict[str, tuple[type, ...]] = {
        "text": (str,), "integer": (int,), "boolean": (bool,), "time": (str, type(None)), "list of texts": (list,),
        "list of objects": (list,),
    }  # fmt: skip
    rows = table_after(FORMATS, "Fields of a message")
    (path,) = workspace.archive("jsonl", "raw=true")
    for message in _lines(path, "messages.jsonl"):
        for name, kind, _ in rows:
            assert isinstance(message[name.strip("`")], types[kind]), (name, message)


@pytest.mark.parametrize("table", ["users", "rooms", "memberships", "files"])
def test_tables_in_jsonl_have_the_columns_of_the_lake(workspace: Workspace, table: str) -> None:
    (plain,), (with_raw,) = workspace.archive("jsonl"), workspace.archive("jsonl", "raw=true")
    hidden = {"import_no", "seen_at", "content_hash"}
    expected = [name for name in TABLES[table] if name not in hidden] + (["member"] if table == "files" else [])
    assert list(_lines(with_raw, f"{table}.jsonl")[0]) == expected
    # the source's own JSON has whatever the columns leave out, and is there only for whoever asks for it
    assert list(_lines(plain, f"{table}.jsonl")[0]) == [name for name in expected if name != "raw"]


def test_tables_in_csv_have_the_documented_columns(workspace: Workspace) -> None:
    (path,) = workspace.archive("csv")
    with zipfile.ZipFile(path) as archive:
        for row in table_after(FORMATS, "Columns"):
            (name,) = _codes(row[0])
            data = archive.read(name)
            assert data.startswith(b"\xef\xbb\xbf")
            head = next(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
            assert head == _codes(row[1])
            assert b"\r\n" in data


def test_safe_cells_differ_from_verbatim_ones_by_an_apostrophe_only(workspace: Workspace) -> None:
    def cells(path: Path) -> list[str]:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("messages.csv").decode("utf-8-sig")
        return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]

    (verbatim,), (safe,) = workspace.archive("csv"), workspace.archive("csv", "safe=true")
    changed = [(before, after) for before, after in zip(cells(verbatim), cells(safe), strict=True) if before != after]
    assert changed
    assert all(after == "'" + before and before[0] in "=+-@\t\r" for before, after in changed)
    assert not [cell for cell in cells(safe) if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


@pytest.mark.parametrize("layout", ["html", "jsonl", "csv"])
def test_a_manifest_has_the_documented_keys_in_order(workspace: Workspace, layout: str) -> None:
    (path,) = workspace.archive(layout)
    rows = table_after(FORMATS, "The manifest")
    manifest = _manifest(path)
    assert list(manifest) == [name for row in rows for name in _codes(row[0])]
    explained = {row[0].strip("`"): _codes(row[1]) for row in rows}
    assert set(manifest["workspaces"][0]) == set(explained["workspaces"])
    assert set(manifest["selection"]) == set(explained["selection"])
    assert {key for member in manifest["members"] for key in member} == set(explained["members"])
    assert {key for item in manifest["missing"] for key in item} == set(explained["missing"])
    assert set(explained["counts"]) <= set(manifest["counts"])


def test_parts_have_the_documented_names_and_make_one_tree(workspace: Workspace) -> None:
    paths = workspace.archive("jsonl", EXEUNT_PART_BYTES="700000")
    assert len(paths) > 1
    assert [path.name for path in paths] == [f"team-jsonl-{number:04d}.zip" for number in range(1, len(paths) + 1)]
    seen: list[str] = []
    for number, path in enumerate(paths, 1):
        assert verify_archive(path).problems == []
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist()[-1] == f"manifest-{number:04d}.json"
            seen += archive.namelist()
    assert len(seen) == len(set(seen))
    (whole,) = workspace.archive("jsonl")
    with zipfile.ZipFile(whole) as archive:
        assert {name for name in seen if "manifest" not in name} == set(archive.namelist()) - {"manifest.json"}


def test_messages_of_several_shards_have_the_documented_names(workspace: Workspace) -> None:
    (path,) = workspace.archive("csv", EXEUNT_SHARD_ROWS="100")
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("messages")]
    assert names == [f"messages-{number:04d}.csv" for number in range(1, len(names) + 1)]
    assert len(names) > 1


def test_the_options_of_a_layout_are_the_documented_ones_with_their_defaults() -> None:
    rows = {row[0].strip("`"): row[2] for row in table_after(FORMATS, "Formats")}
    assert set(rows) == set(OPTIONS)
    for layout in ("html", "jsonl", "csv"):
        ((name, value),) = re.findall(r"`(\w+)` \(default `(\w+)`\)", rows[layout])
        assert OPTIONS[layout].__struct_fields__ == (name,)
        assert {"true": True, "false": False}[value] is getattr(OPTIONS[layout](), name)
