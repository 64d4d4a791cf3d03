"""CSV text exactly as a wire contract wants it: every field in quotes, quotes doubled, LF, null as an empty field."""

from collections.abc import Iterator

import polars as pl

NUL = "\x00"

STEP_ROWS = 32_768
"""Rows rendered at once, so that memory does not grow with the table."""


def quoted_csv(rows: pl.DataFrame, *, safe: bool = False) -> Iterator[bytes]:
    """Header and rows in pieces, UTF-8 without a mark; U+0000 is left out.

    With `safe`, cells that a spreadsheet would run as a formula get a `'`.
    """
    text = pl.col(pl.String).str.replace_all(NUL, "", literal=True)
    if safe:
        text = guarded(text)
    for at in range(0, max(rows.height, 1), STEP_ROWS):
        piece = rows.slice(at, STEP_ROWS).with_columns(text)
        yield piece.write_csv(include_header=at == 0, quote_style="always", line_terminator="\n").encode()


def guarded(column: pl.Expr) -> pl.Expr:
    """Text that a spreadsheet would run as a formula, with `'` before it."""
    return pl.when(column.str.contains(r"^[=+\-@\t\r]")).then(pl.lit("'") + column).otherwise(column).name.keep()


def removed_nuls(rows: pl.DataFrame) -> int:
    """How many U+0000 `quoted_csv` leaves out of these rows."""
    counts = rows.select(pl.col(pl.String).str.count_matches(NUL, literal=True).sum())
    return int(counts.sum_horizontal().item() or 0) if counts.width else 0


def row_bytes(rows: pl.DataFrame) -> pl.Series:
    """An upper bound of what each row takes in `quoted_csv`."""
    # a number or boolean takes at most 24 characters, and every field two quotes and a comma
    widths: list[pl.Expr] = [pl.lit(30 * rows.width)]
    for name, kind in rows.schema.items():
        if kind == pl.String:
            text = pl.col(name).fill_null("")
            widths.append(text.str.len_bytes() + text.str.count_matches('"', literal=True))
    return rows.select(pl.sum_horizontal(widths).cast(pl.Int64)).to_series()
