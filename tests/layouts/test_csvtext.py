"""CSV as a wire contract wants it, read back by the standard library."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exeunt.layouts import csvtext
from exeunt.layouts.csvtext import quoted_csv, removed_nuls, row_bytes

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ROWS = st.lists(st.tuples(TEXT | st.none(), st.integers(-(2**62), 2**62) | st.none(), st.booleans() | st.none(), TEXT))
SCHEMA = {"a": pl.String, "b": pl.Int64, "c": pl.Boolean, "d": pl.String}


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).replace("\0", "")


@given(ROWS)
def test_every_cell_comes_back(rows: list[tuple[object, ...]]) -> None:
    table = pl.DataFrame(rows, SCHEMA, orient="row")
    data = b"".join(quoted_csv(table))
    read = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    assert read == [list(SCHEMA), *([_cell(value) for value in row] for row in rows)]
    assert data.startswith(b'"a","b","c","d"\n')
    assert data.endswith(b'"\n')
    assert removed_nuls(table) == sum(str(row[0]).count("\0") + str(row[3]).count("\0") for row in rows)


@given(ROWS)
def test_rows_take_no_more_than_their_bound(rows: list[tuple[object, ...]]) -> None:
    for row in rows:
        table = pl.DataFrame([row], SCHEMA, orient="row")
        header = len(b"".join(quoted_csv(table.clear())))
        assert len(b"".join(quoted_csv(table))) - header <= row_bytes(table).item()


def test_pieces_make_one_table_with_one_header(monkeypatch: pytest.MonkeyPatch) -> None:
    table = pl.DataFrame({"a": [f"row {n}" for n in range(10)]})
    whole = b"".join(quoted_csv(table))
    monkeypatch.setattr(csvtext, "STEP_ROWS", 3)
    pieces = list(quoted_csv(table))
    assert (len(pieces), b"".join(pieces)) == (4, whole)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_safe_cells_begin_with_an_apostrophe(text: str) -> None:
    data = b"".join(quoted_csv(pl.DataFrame({"a": [text, "plain", "1=1"]}), safe=True))
    assert data.decode() == f'"a"\n"\'{text}"\n"plain"\n"1=1"\n'


def test_numbers_are_no_formulas() -> None:
    assert b"".join(quoted_csv(pl.DataFrame({"a": [-1]}), safe=True)) == b'"a"\n"-1"\n'
