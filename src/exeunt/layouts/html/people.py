"""People: the name each goes by, and the colour and initials of the circle that stands for a picture."""

import polars as pl

from exeunt.layouts.html.markup import escaped, joined

COLOURS = 12
"""How many colours of circles the style sheet knows."""

_MARK = "[\\p{L}\\p{N}]"


def named(users: pl.DataFrame) -> pl.DataFrame:
    """Everybody by `id`: `number`, `name` (empty when nothing names them) and `is_bot`."""
    names = [pl.col(column).str.strip_chars().replace("", None) for column in ("display_name", "real_name", "username")]
    return users.select("id", "number", name=pl.coalesce(*names, pl.lit("")), is_bot=pl.col("kind") == "bot")


def authors(frame: pl.DataFrame, people: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Whoever wrote the messages of a frame, and for each message which of them.

    Authors have `number` (null for one the workspace does not list), `name`, and as HTML `label`, their name, and
    `face`, with what makes the circle before it.
    """
    said = frame.select("author_id", "author_name", bot=pl.col("kind") == "bot")
    distinct = said.unique(maintain_order=True).with_row_index("who")
    place = said.join(distinct, on=said.columns, how="left", maintain_order="left", nulls_equal=True)
    known = distinct.join(people, left_on="author_id", right_on="id", how="left", maintain_order="left")
    name = pl.coalesce(*(pl.col(c).replace("", None) for c in ("name", "author_name", "author_id")), pl.lit("Somebody"))
    known = known.with_columns(name=name, is_bot=pl.col("bot") | pl.col("is_bot").fill_null(False))
    return known.select("number", "name", label=escaped(pl.col("name")), face=face()), place["who"]


def face() -> pl.Expr:
    """The name of `number`, `name`, `is_bot`, with the colour and initials that the style sheet makes a circle of."""
    colour = (pl.col("number").fill_null(pl.col("name").str.len_bytes()) % COLOURS).cast(pl.String)
    robot = pl.when(pl.col("is_bot")).then(pl.lit(" <small>bot</small>"))
    return joined("<b class=c", colour, ' data-i="', initials(), '">', escaped(pl.col("name")), "</b>", robot)


def initials() -> pl.Expr:
    """One or two capitals out of `name`: of its first and last word."""
    first = pl.col("name").str.extract(f"({_MARK})")
    last = pl.col("name").str.extract(rf"[^\p{{L}}\p{{N}}]({_MARK})[\p{{L}}\p{{M}}\p{{N}}]*[^\p{{L}}\p{{N}}]*$")
    return joined(first.fill_null("?"), last).str.to_uppercase()
