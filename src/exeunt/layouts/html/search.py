"""The search of a shard: its words by bucket, and its messages in blocks that the search page reads when it must.

The page can fetch nothing from a folder, but it can add scripts: every file here is one that hands its content over.
"""

from collections.abc import Callable

import polars as pl

from exeunt.archives.packs import PackWriter
from exeunt.lake.markers import END
from exeunt.layouts.html.markup import joined, spread, together
from exeunt.layouts.html.transcript import Transcript
from exeunt.layouts.html.words import tokens_of, word_index

BLOCK = 1024
"""Messages a block. A rare word costs the reader one block; smaller ones make the index larger and slower to build."""

_LITERAL = ["\\", '"', "\n", "\r", "\t"]
_IN_LITERAL = ["\\\\", '\\"', " ", " ", " "]
_SPECIAL = '[\\\\"\n\r\t]'
NEW_LINE = "\\n"

END_OF_MESSAGE = f" {NEW_LINE} "
"""The spaces keep a word from growing together with its neighbour: words are cut out of whole blocks."""


def write_search(pack: PackWriter, shard: int, transcript: Transcript, pages: list[tuple[str, str]]) -> int:
    """Write the search of one shard; `pages` are the (address, room) of its pages. Returns how many blocks it has."""
    texts, names = _texts(transcript), transcript.authors["name"]
    frame = transcript.frame.select(
        "page", "who", "number", second=pl.col("created_at").dt.epoch("s"),
        block=pl.int_range(pl.len(), dtype=pl.UInt32) // BLOCK,
    )  # fmt: skip
    blocks = (len(texts) + BLOCK - 1) // BLOCK
    joint = together(frame.select("block", text=texts), "block", END_OF_MESSAGE)["text"]
    tokens = pl.concat([tokens_of(joint), _tokens_of_names(frame, names)])
    for at, lines in enumerate(word_index(tokens, blocks)):
        pack.add(f"search/{shard}/w{at}.js", f'exeunt("{shard}/w{at}","{lines}/")\n'.encode())
    metas = together(frame.select("block", meta=_metas(frame, names, pages)), "block", NEW_LINE)["meta"]
    for at in range(blocks):
        with pack.member(f"search/{shard}/t{at}.js") as member:
            member.write(f'exeunt("{shard}/t{at}","{metas[at]}","'.encode())
            member.write(joint.slice(at, 1).cast(pl.Binary).item())
            member.write(b'")\n')
    return blocks


def _texts(transcript: Transcript) -> pl.Series:
    """What each message says, and what stands with it, as the inside of a literal."""
    text, more = transcript.frame["text"], transcript.more
    said = pl.concat([text, more.drop_nulls().alias("text")])
    plain = _where(said, pl.col("text").str.contains(END, literal=True), transcript.links.in_text)
    done = _literal(plain)
    if len(done) == len(text):
        return done
    parts = pl.DataFrame({"text": done.head(len(text)), "more": spread(done.tail(-len(text)), more.is_not_null())})
    return parts.select(pl.concat_str("text", "more", separator=" ", ignore_nulls=True)).to_series()


def _literal(texts: pl.Series) -> pl.Series:
    """The texts as the inside of string literals, each on one line."""
    return _where(texts, pl.col("text").str.contains(_SPECIAL), _escape)


def _escape(text: pl.Expr) -> pl.Expr:
    return text.str.replace_many(_LITERAL, _IN_LITERAL)


def _where(texts: pl.Series, some: pl.Expr, change: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Change the few texts that need it: finding them is much cheaper than changing all."""
    frame = texts.to_frame("text")
    few = frame.select(some).to_series()
    changed = frame.filter(few).select(change(pl.col("text"))).to_series()
    return frame.select(pl.coalesce(pl.lit(spread(changed, few)), "text")).to_series()


def _tokens_of_names(frame: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Whoever writes in a block is found there too."""
    pairs = frame.select("block", "who").unique().sort("block", "who")
    words = pairs.select("block", token=names.gather(pairs["who"]).str.split(" "))
    return words.explode("token", empty_as_null=False, keep_nulls=False)


def _metas(frame: pl.DataFrame, names: pl.Series, pages: list[tuple[str, str]]) -> pl.Series:
    """For each message its number and second, as what they add to those of the one before in its block, and its author.

    Where a block or a page begins, a line with the page stands before.
    """
    begins = (pl.col("block") != pl.col("block").shift(1)).fill_null(True)
    turns = begins | (pl.col("page") != pl.col("page").shift(1))

    def added(name: str) -> pl.Expr:
        return (pl.col(name) - pl.when(begins).then(0).otherwise(pl.col(name).shift(1))).cast(pl.String)

    named = pl.DataFrame(pages, {"address": pl.String, "room": pl.String}, orient="row")
    headings = named.select(
        joined(">", _escape(pl.col("address")), NEW_LINE, _escape(pl.col("room")), NEW_LINE)
    ).to_series()
    at = frame.select(page=pl.when(turns).then("page"), number=added("number"), second=added("second"))
    at = at.with_columns(page=headings.gather(at["page"]), name=_literal(names).gather(frame["who"]))
    c = pl.col
    return at.select(joined(c("page"), c("number"), " ", c("second"), " ", c("name"))).to_series()
