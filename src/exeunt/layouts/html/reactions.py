"""Reactions: one chip for each emoji, with its count, and the names of those who chose it as its title."""

from html import escape

import polars as pl

from exeunt.layouts.emojis import character
from exeunt.layouts.html.markup import escaped, joined, together


def reactions(cells: pl.Series, people: pl.DataFrame) -> pl.Series:
    """The chips of each of these non-empty lists of reactions, as one text a list."""
    each = cells.alias("cell").to_frame().with_row_index("row").explode("cell").unnest("cell")
    emoji = each["name"].unique(maintain_order=True).to_list()
    shown = pl.DataFrame({"name": emoji, "emoji": [escape(character(name)) for name in emoji]}, _EMOJI)
    named = people.filter(pl.col("name") != "")
    name = pl.element().replace(named["id"], named["name"])
    chip = joined(
        '<li title="', escaped(pl.col("users").list.eval(name).list.join(", ")), '">', pl.col("emoji"), " ",
        pl.col("count").cast(pl.String), "</li>",
    )  # fmt: skip
    chips = each.join(shown, on="name", how="left", maintain_order="left").select("row", chip=chip)
    return together(chips, "row").select(joined("<ul class=r>", pl.col("chip"), "</ul>")).to_series()


_EMOJI = {"name": pl.String, "emoji": pl.String}
