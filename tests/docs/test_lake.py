"""The tables of `docs/lake.md` against the columns of the lake, and its list of elements against the sample's HTML."""

import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from exeunt.lake import markers
from exeunt.lake.append import BATCH_ROWS
from exeunt.lake.catalog import Catalog
from exeunt.lake.columns import ASSIGNED, INSTANT, KEYS, REACTIONS, TABLES
from exeunt.lake.compaction import MERGED_ROWS, MOST_SMALL, SMALL_ROWS
from exeunt.lake.lease import LIFE
from exeunt.lake.segments import ROW_GROUP
from exeunt.lake.view import newest
from exeunt.ledger.numbers import FIRST
from tests.docs.documents import DOCS, table_after
from tests.docs.workspace import Workspace

LAKE = DOCS / "lake.md"

TYPES = {
    "string": pl.String,
    "int32": pl.Int32,
    "int64": pl.Int64,
    "boolean": pl.Boolean,
    "timestamp": INSTANT,
    "list&lt;string&gt;": pl.List(pl.String),
    "list&lt;struct&gt;": REACTIONS,
}


def _columns(heading: str) -> list[tuple[str, object]]:
    return [(row[0].strip("`"), TYPES[row[1]]) for row in table_after(LAKE, heading)]


@pytest.mark.parametrize("table", TABLES)
def test_a_table_has_the_documented_columns_in_order(table: str) -> None:
    assert _columns(table) == list(TABLES[table].items())


def test_the_columns_that_every_table_has_are_the_assigned_ones() -> None:
    assert _columns("Tables") == list(ASSIGNED.items())


@pytest.mark.parametrize("table", TABLES)
def test_a_table_is_documented_with_its_key(table: str) -> None:
    section = LAKE.read_text().partition(f"### {table}\n")[2].partition("\n| column")[0]
    assert tuple(re.findall(r"`(\w+)`", section.partition("Key:")[2])) == KEYS[table]


def test_the_files_of_a_lake_have_the_documented_columns(workspace: Workspace) -> None:
    for kind in TABLES:
        (path,) = workspace.segments(kind)
        assert list(pl.read_parquet_schema(path).items()) == _columns(kind)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}


def test_body_html_of_the_sample_holds_all_documented_elements_and_no_others(workspace: Workspace) -> None:
    documented = {tag for row in _elements() for tag in re.findall(r"<(\w+)", row[0])}
    seen = _Elements()
    for (path,) in [workspace.segments("messages")]:
        for body in pl.read_parquet(path, columns=["body_html"])["body_html"].to_list():
            seen.feed(body)
    assert seen.found == documented
    assert seen.attributes == {("a", "href")}


def _elements() -> list[list[str]]:
    text = LAKE.read_text()
    start = text.index("`body_html` holds only these elements")
    return [line.split("|")[1:-1] for line in text[start:].split("\n\n")[1].splitlines()[2:]]


def test_the_markers_are_the_documented_ones() -> None:
    rows = table_after(LAKE, "Text: markers and HTML")
    characters = [re.findall(r"U\+([0-9A-F]{4})", row[0]) for row in rows]
    opening = (markers.PERSON, markers.ROOM, markers.EMOJI, markers.EVERYONE)
    assert [tuple(chr(int(code, 16)) for code in codes) for codes in characters] == [(o, markers.END) for o in opening]


ORDERS = {
    "messages": ["deleted_at", "edited_at", "created_at", "seen_at", "import_no", "revision"],
    "users": ["updated_at", "seen_at", "import_no", "revision"],
    "rooms": ["updated_at", "seen_at", "import_no", "revision"],
    "files": ["seen_at", "import_no", "revision"],
    "memberships": ["seen_at", "import_no", "revision"],
}


def test_the_documented_order_of_revisions_names_columns_in_that_order() -> None:
    rows = table_after(LAKE, "Revisions, and which one is the newest")
    written = {name: re.findall(r"`(\w+)`", row[1]) for row in rows for name in row[0].split(", ")}
    assert written == ORDERS


@pytest.mark.parametrize("table", TABLES)
def test_each_step_of_that_order_decides_when_the_steps_before_are_equal(table: str) -> None:
    steps = [name for name in ORDERS[table] if name not in ("created_at", "deleted_at")]
    for at, step in enumerate(steps):
        higher = _rows(table, steps, {name: 2 if name == step else 1 for name in steps[: at + 1]}, later=1)
        lower = _rows(table, steps, dict.fromkeys(steps[: at + 1], 1), later=2)
        for pair in ([higher, lower], [lower, higher]):
            kept = newest(pl.concat(pair), KEYS[table])
            assert kept.height == 1
            assert kept[step].to_list() == higher[step].to_list()


def _rows(table: str, steps: list[str], values: dict[str, int], later: int) -> pl.DataFrame:
    numbers = {name: values.get(name, later) for name in steps}
    columns: dict[str, pl.Series] = {key: pl.Series(key, ["x"]) for key in KEYS[table]}
    for name, number in {**numbers, **({"created_at": 1, "deleted_at": None} if table == "messages" else {})}.items():
        columns[name] = pl.Series(name, [number]).cast(TABLES[table][name])
    return pl.DataFrame(columns)


def test_a_deletion_is_newer_than_any_edit() -> None:
    row = {"id": "x", "created_at": 1, "seen_at": 1, "import_no": 1, "revision": 1}
    edited, deleted = {**row, "edited_at": 9, "deleted_at": None}, {**row, "edited_at": None, "deleted_at": 1}
    for rows in ([edited, deleted], [deleted, edited]):
        frame = pl.DataFrame(rows, schema_overrides={name: TABLES["messages"][name] for name in edited})
        assert newest(frame, KEYS["messages"])["deleted_at"].is_not_null().to_list() == [True]


def test_sizes_of_segments_are_the_documented_ones() -> None:
    text = LAKE.read_text()
    assert f"segments of at most {BATCH_ROWS:,} rows" in text
    assert f"row groups of {ROW_GROUP:,} rows" in text
    assert f"more than {MOST_SMALL} message segments of a workspace have fewer than {SMALL_ROWS:,} rows" in text
    assert f"into segments of up to {MERGED_ROWS:,} rows" in text
    assert f"one counter that starts at {FIRST:,}" in text
    assert f"It lasts {LIFE.total_seconds():.0f} seconds" in text


def test_the_catalog_keeps_what_the_page_says_of_segments(workspace: Workspace) -> None:
    installation = workspace.installation()
    catalog: Catalog = installation.catalog
    (segment,) = catalog.segments(catalog.head("team"), "messages")
    path: Path = installation.lake.path(segment.key)
    assert re.fullmatch(r"team/messages/000001-[0-9a-f]{24}\.parquet", segment.key)
    assert path.stat().st_size == segment.size
