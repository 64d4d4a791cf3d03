"""Files below a message: pictures to look at, others by name, and why one is not there."""

from urllib.parse import quote

import polars as pl

from exeunt.layouts.attachments import WHY_MISSING, member_name
from exeunt.layouts.html.markup import escaped, is_link, joined, together

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
"""What every browser shows and none runs."""

_ACTIVE = r"(?i)\.(x?html?|xht|svgz?|xml|xsl|mht|mhtml|js)$"
"""Names that a browser would open as a page with scripts of its own: these are offered for saving."""


class Shown:
    """The files below some messages, a text a message: as `html`, and by their `names` for the search.

    `numbers` are the files of the workspace that occur, whether their bytes are held or not.
    """

    def __init__(self, cells: pl.Series, files: pl.DataFrame, *, linked: bool, root: str) -> None:
        each = cells.alias("id").to_frame().with_row_index("row").explode("id")
        known = files.filter(pl.col("id").is_in(each["id"].unique().implode()))
        self.numbers: list[int] = known["number"].sort().to_list()
        found = each.join(_rendered(known, linked, root), on="id", how="left", maintain_order="left")
        unknown = joined("<li>", escaped(pl.col("id")), " <small>not in the source</small></li>")
        lines = together(found.select("row", html=pl.col("html").fill_null(unknown)), "row")
        self.html = lines.select(joined("<ul class=f>", pl.col("html"), "</ul>")).to_series()
        self.names = together(found.select("row", name=pl.col("name").fill_null("")), "row", " ")["name"]


def _rendered(files: pl.DataFrame, linked: bool, root: str) -> pl.DataFrame:
    columns = files.select("number", "name").iter_rows()
    address = pl.Series("address", [root + quote(member_name(*row)) for row in columns], dtype=pl.String)
    name = escaped(pl.coalesce(pl.col("name").replace("", None), pl.lit("file")))
    picture = joined('<a href="', pl.col("address"), '"><img loading=lazy src="', pl.col("address"), '" alt="', name,
                     '"></a>')  # fmt: skip
    saving = pl.when(pl.col("name").str.contains(_ACTIVE)).then(pl.lit(" download"))
    link = joined('<a href="', pl.col("address"), '"', saving, ">", name, "</a>", _small(size_of(pl.col("size"))))
    held = pl.when(pl.col("media_type").is_in(PICTURES)).then(picture).otherwise(link)
    why = pl.col("storage").replace_strict(WHY_MISSING, default="not held", return_dtype=pl.String)
    reason = pl.when(pl.col("reason") != "").then(joined(": ", escaped(pl.col("reason"))))
    url = escaped(pl.col("url"))
    away = pl.when(is_link(pl.col("url"))).then(joined(' <a href="', url, '">', url, "</a>"))
    html = (
        pl.when(pl.col("storage") != "held").then(joined(name, _small(joined(why, reason)), away))
        .when(linked).then(held)
        .otherwise(joined(name, _small(size_of(pl.col("size")))))
    )  # fmt: skip
    return files.with_columns(address).select("id", "name", html=joined("<li>", html, "</li>"))


def listing(files: pl.DataFrame, *, linked: bool) -> bytes:
    """Every one of these files as an item of a list on a page at the root."""
    return "".join(_rendered(files, linked, "")["html"]).encode()


def _small(text: pl.Expr) -> pl.Expr:
    return joined(" <small>", text, "</small>")


def size_of(count: pl.Expr) -> pl.Expr:
    """A number of bytes for people: `812 bytes`, `14 kB`, `3.2 MB`."""
    tenths = (count / 100_000).round().cast(pl.Int64)
    megabytes = joined((tenths // 10).cast(pl.String), ".", (tenths % 10).cast(pl.String), " MB")
    return (
        pl.when(count < 1000).then(joined(count.cast(pl.String), " bytes"))
        .when(count < 999_500).then(joined((count / 1000).round().cast(pl.Int64).cast(pl.String), " kB"))
        .otherwise(megabytes)
    )  # fmt: skip
