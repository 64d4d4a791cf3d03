"""JSON and HTML texts as expressions: lines are joined from pieces, as keys come and go with what a message has."""

from collections.abc import Iterable
from urllib.parse import quote

import polars as pl

from exeunt.layouts.html.markup import spread

TIME = "%Y-%m-%dT%H:%M:%S%.3fZ"


def text_json(column: pl.Expr) -> pl.Expr:
    """A text as a JSON string: what must be escaped is, and nothing else."""
    return pl.struct(x=column).struct.json_encode().str.strip_prefix('{"x":').str.strip_suffix("}")


def texts_json(texts: pl.Series) -> pl.Series:
    """The same for a column most of whose texts have nothing to escape: only the others are gone through."""
    special = texts.str.contains(r'["\\\x00-\x1f]')
    plain = texts.to_frame("x").select(pl.concat_str(pl.lit('"'), "x", pl.lit('"'))).to_series()
    if not special.any():
        return plain
    encoded = spread(texts.filter(special).to_frame("x").select(text_json(pl.col("x"))).to_series(), special)
    return pl.select(pl.when(special).then(encoded).otherwise(plain)).to_series()


def object_json(*, optional: Iterable[str] = (), **columns: pl.Expr) -> pl.Expr:
    """A JSON object a row with these keys in order; `optional` ones are left out where they are null.

    A quote inside of a text is escaped, so no text can look like a key. The first key is never null.
    """
    fields = [column.alias(name) for name, column in columns.items()]
    encoded, absent = pl.struct(fields).struct.json_encode(), list(optional)
    if absent:
        encoded = encoded.str.replace_many([f'"{name}":null,' for name in absent], [""] * len(absent))
    last = next(reversed(columns))
    return encoded.str.replace(f',"{last}":null}}', "}", literal=True) if last in absent else encoded


def iso(column: str) -> pl.Expr:
    """`2024-03-26T18:24:21.994Z`; without the zone it takes half the time."""
    return pl.col(column).dt.replace_time_zone(None).dt.strftime(TIME)


def as_lists(rows: pl.DataFrame, texts: pl.Series, height: int) -> pl.Series:
    """JSON lists, one a message: `rows` has the place (`row`) of the message of each text, in order."""
    listed = rows.select("row").with_columns(text=texts).group_by("row", maintain_order=True).agg("text")
    joined = listed.select("row", list=pl.concat_str(pl.lit("["), pl.col("text").list.join(","), pl.lit("]")))
    places = pl.DataFrame({"row": pl.int_range(height, dtype=pl.UInt32, eager=True)})
    return places.join(joined, on="row", how="left", maintain_order="left")["list"]


def percent(text: str) -> str:
    """One segment of a path, percent-encoded."""
    return quote(text, safe="")


def as_bytes(lines: pl.Series) -> bytes:
    """The lines as they are, one after the other, in UTF-8."""
    joined: bytes | None = lines.to_frame("line").select(pl.col("line").str.join("").cast(pl.Binary)).item()
    return joined or b""
