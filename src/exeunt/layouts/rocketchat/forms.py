"""The two published forms of a room's messages: JSON Lines (contract 1.9) and HTML (1.10), to the letter."""

import polars as pl

from exeunt.layouts.html.markup import escaped, joined
from exeunt.layouts.rocketchat.encoding import text_json
from exeunt.layouts.rocketchat.messages import Said
from exeunt.layouts.rocketchat.system import IN_ITALICS

HTML_HEAD = (
    '<meta http-equiv="content-type" content="text/html; charset=utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:;\">"
)

DATE = "%a, %d %b %Y %H:%M:%S GMT"


def json_lines(said: Said) -> pl.Series:
    """One object a message and line."""
    frame = said.frame.with_columns(said.attachments.alias("listed"))
    return frame.select(
        joined(
            '{"msg":', pl.col("said_json"), ',"username":', pl.col("username_json"), ',"ts":"', pl.col("ts"), '"',
            pl.when(pl.col("listed").is_not_null()).then(joined(',"attachments":', pl.col("listed"))),
            pl.when(pl.col("type").is_not_null()).then(joined(',"type":', text_json(pl.col("type")))),
            "}\n",
        )
    ).to_series()  # fmt: skip


def html_lines(said: Said) -> pl.Series:
    """One paragraph a message: its lines, and a line feed that parts it from the next or ends the file."""
    text = escaped(pl.col("said"))
    frame = said.frame.with_columns(_links(said).alias("links"))
    return frame.select(
        joined(
            "<p><strong>", escaped(pl.col("username")), "</strong> (",
            pl.col("created_at").dt.replace_time_zone(None).dt.strftime(DATE), "):<br/>\n",
            pl.when(pl.col("type").is_in(IN_ITALICS)).then(joined("<i>", text, "</i>")).otherwise(text),
            pl.col("links"), "\n</p>\n",
        )
    ).to_series()  # fmt: skip


def _links(said: Said) -> pl.Series:
    """A line for each file; one without bytes is named and leads nowhere."""
    if said.files.is_empty():
        return pl.repeat(None, said.frame.height, dtype=pl.String, eager=True)
    label = escaped(pl.when(pl.col("called") != "").then("called").otherwise(pl.lit("Message Attachments")))
    linked = joined('<a href="', escaped(pl.col("href")), '">', label, "</a>")
    line = joined("\n<br/>", pl.when(pl.col("why").is_null()).then(linked).otherwise(label))
    lines = said.files.select("row", line=line).group_by("row", maintain_order=True).agg("line")
    listed = lines.with_columns(pl.col("line").list.join(""))
    return said.frame.select("row").join(listed, on="row", how="left", maintain_order="left")["line"]
