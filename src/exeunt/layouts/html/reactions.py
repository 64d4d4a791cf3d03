"""Reactions: one chip for each emoji, with its count, and the names of those who chose it as its title."""

from html import escape

import polars as pl

from exeunt.layouts.html.emojis import character
from exeunt.layouts.html.escape import escaped, joined


def reactions(cells: pl.Series, people: pl.DataFrame) -> pl.Series:
    """The chips of each of these non-empty lists of reactions, as one text a list."""
    each = cells.alias("cell").to_frame().with_row_index("row").explode("cell").unnest("cell").with_row_index("chip")
    emoji = each.select(pl.col("name").unique(maintain_order=True))["name"].to_list()
    shown = pl.DataFrame({"name": emoji, "emoji": [escape(character(name)) for name in emoji]})
    chips = each.join(shown, on="name", how="left", maintain_order="left").with_columns(names=_names(each, people))
    chip = joined('<li title="', pl.col("names"), '">', pl.col("emoji"), " ", pl.col("count").cast(pl.String), "</li>")
    lists = chips.select("row", chip=chip).group_by("row", maintain_order=True).agg(pl.col("chip").str.join(""))
    return lists.select(joined("<ul class=r>", pl.col("chip"), "</ul>")).to_series()


def _names(each: pl.DataFrame, people: pl.DataFrame) -> pl.Series:
    users = each.select("chip", id="users").explode("id", empty_as_null=True)
    named = users.join(people.select("id", "name"), on="id", how="left", maintain_order="left")
    name = pl.coalesce(pl.col("name").replace("", None), pl.col("id"))
    listed = named.select("chip", name=name).group_by("chip", maintain_order=True).agg(pl.col("name").str.join(", "))
    return listed.select(escaped(pl.col("name"))).to_series()
