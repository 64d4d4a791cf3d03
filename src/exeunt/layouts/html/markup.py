"""Escaping and joining as expressions: what stands between any text of the data and the markup of a page."""

import polars as pl

_SPECIAL = ["&", "<", ">", '"', "'"]
_ENTITIES = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]


def escaped(text: pl.Expr) -> pl.Expr:
    """A text as HTML text or as the value of a quoted attribute."""
    return text.str.replace_many(_SPECIAL, _ENTITIES)


def is_link(address: pl.Expr) -> pl.Expr:
    """Whether an address may become a link: web and mail only, no `javascript:`, no `file:`, and no markers in it."""
    return address.str.contains(r"^(?i)(https?://|mailto:)[^\s\x{e000}-\x{e00f}]+$")


def joined(*parts: str | pl.Expr) -> pl.Expr:
    """Pieces of markup in a row: a text stands for itself, and a null is nothing."""
    return pl.concat_str([pl.lit(part) if isinstance(part, str) else part for part in parts], ignore_nulls=True)


def together(rows: pl.DataFrame, by: str, between: str = "") -> pl.DataFrame:
    """The texts of rows that stand together under one value of `by`, joined; every other column is such a text."""
    # Twice as slow when the aggregation joins: it then builds every text alone.
    listed = rows.group_by(by, maintain_order=True).agg(pl.all())
    return listed.with_columns(pl.exclude(by).list.join(between))


def spread(values: pl.Series, where: pl.Series) -> pl.Series:
    """`values`, one for each true of `where` in order, put back into the places they came from; null elsewhere."""
    return values.gather(pl.select(pl.when(where).then(where.cast(pl.UInt32).cum_sum() - 1)).to_series())
