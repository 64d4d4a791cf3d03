"""The index of words: for each word of a shard, in which blocks of messages it stands.

A word is a run of letters and digits, compared without case, accents and ligatures; of scripts that do not part their
words every character is one, and so is every symbol (an emoji, an arrow, €). `static/search.js` cuts a question the
same way: `fold`, `TOKEN` and `bucket` there are these here.
"""

from typing import cast

import polars as pl

from exeunt.layouts.html.markup import joined, together

BUCKETS = 31
"""Into how many files the words of a shard are divided, by their first two characters."""

_UNPARTED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = rf"[{_UNPARTED}]|[\p{{So}}\p{{Sc}}]|[[\p{{L}}\p{{N}}]--[{_UNPARTED}]]+"

_ASCII_TOKEN = r"[a-z0-9]+|\$"
"""The same for text that is ASCII, as most is."""

SKIP = "~"
STEPS = [chr(code) for code in range(0x21, 0x7E) if chr(code) not in '"/\\']
"""A block is written as its distance from the one before: one character for 1 (`!`) to 90; `~` passes 90."""


def tokens_of(texts: pl.Series) -> pl.DataFrame:
    """The (block, token) of texts of blocks in order, each once: a token is what stands between two spaces."""
    tokens = pl.col("token").str.split(" ").list.unique()
    cut = texts.alias("token").to_frame().with_row_index("block").with_columns(tokens)
    return cut.explode("token", empty_as_null=False, keep_nulls=False)


def word_index(tokens: pl.DataFrame, blocks: int) -> list[str]:
    """The entries `/word steps` of each bucket, sorted by word, for the (block, token) of so many blocks."""
    # Categories of its own number the tokens of this shard alone, from 0 on. Only distinct ones are looked at closely.
    number = tokens["token"].cast(pl.Categorical(pl.Categories.random())).to_physical()
    once = number.arg_unique()
    words, of_token = _words(number.gather(once), tokens["token"].gather(once))
    if words.is_empty():
        return [""] * BUCKETS
    place = _places(tokens["block"], number, of_token, blocks)
    entry = joined("/", pl.col("word"), " ", pl.col("steps"))
    entries = words.with_columns(steps=_steps(place, blocks)).select("bucket", entry=entry)
    found = dict(together(entries, "bucket").iter_rows())
    return [found.get(number, "") for number in range(BUCKETS)]


def folded(text: pl.Expr) -> pl.Expr:
    """The text as it is compared."""
    plain = text.str.normalize("NFKD").str.to_lowercase().str.replace_all(r"\p{M}+", "")
    return plain.str.replace_all("ς", "σ", literal=True)


def bucket(head: str) -> int:
    """In which bucket the words are that begin with these one or two characters."""
    return (5 * ord(head[0]) + ord(head[1:2] or "\0")) % BUCKETS


def _words(numbers: pl.Series, tokens: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The distinct words of tokens, sorted by bucket, and for the number of each token the places of its words."""
    cut = pl.DataFrame({"token": numbers, "word": tokens})
    plain, foreign = cut["word"].str.contains("^[a-z0-9]+$"), cut["word"].str.contains(r"[^\x00-\x7f]")
    ascii_words = pl.col("word").str.to_lowercase().str.extract_all(_ASCII_TOKEN)
    odd = [
        cut.filter(~plain & ~foreign).with_columns(ascii_words),
        cut.filter(foreign).with_columns(folded(pl.col("word")).str.extract_all(_TOKEN)),
    ]
    each = pl.concat([cut.filter(plain), *(part.explode("word").drop_nulls("word") for part in odd)])
    distinct = each.select(pl.col("word").unique()).with_columns(head=pl.col("word").str.head(2))
    heads = distinct["head"].unique().to_list()
    buckets = pl.DataFrame({"head": heads, "bucket": [bucket(head) for head in heads]}, _BUCKET)
    words = distinct.join(buckets, on="head").select("bucket", "word").sort("bucket", "word")
    placed = each.join(words.select("word").with_row_index("place"), on="word", how="left", maintain_order="left")
    return words, placed.select("token", "place")


_BUCKET = {"head": pl.String, "bucket": pl.Int32}


def _places(block: pl.Series, token: pl.Series, of_token: pl.DataFrame, blocks: int) -> pl.DataFrame:
    """Distinct (word, block), sorted. Nearly every token is one word, so it is looked up; the others are joined."""
    size, none = 1 + cast(int, token.max()), 1 + cast(int, of_token["place"].max())
    many = none + 1
    kind = pl.UInt64 if (many + 1) * blocks >> 32 else pl.UInt32
    again = of_token.filter(~pl.col("token").is_first_distinct())["token"]
    table = pl.repeat(none, size, dtype=kind, eager=True).scatter(of_token["token"], of_token["place"].cast(kind))
    word = table.scatter(again, many).gather(token)
    at = pl.DataFrame({"block": block, "token": token, "word": word})
    more = at.select("block", "token").filter(word == many).join(of_token, on="token")
    words = pl.concat([at["word"], more["place"].cast(kind)])
    pair = words * blocks + pl.concat([block, more["block"]]).cast(kind)
    found = _distinct(pair, (many + 1) * blocks).filter(pl.col("pair") < none * blocks)
    of_pair = (pl.col("pair") // blocks).alias("word")
    return found.select(of_pair, block=(pl.col("pair") - of_pair * blocks).cast(pl.Int32))


def _distinct(pair: pl.Series, size: int) -> pl.DataFrame:
    """The distinct values below `size` in order: ticked off on a list where that is short, else sorted."""
    if size <= _TICKS:
        ticked = pl.repeat(0, size, dtype=pl.UInt8, eager=True).scatter(pair, 1)
        return (ticked == 1).arg_true().alias("pair").to_frame()
    pair = pair.sort()
    return pair.alias("pair").filter((pair != pair.shift(1)).fill_null(True)).to_frame()


_TICKS = 1 << 25


def _steps(places: pl.DataFrame, blocks: int) -> pl.Series:
    """The steps of each word, as one text."""
    steps = pl.Series([SKIP * ((n - 1) // len(STEPS)) + STEPS[(n - 1) % len(STEPS)] for n in range(1, blocks + 1)])
    begins = (pl.col("word") != pl.col("word").shift(1)).fill_null(True)
    before = pl.when(begins).then(-1).otherwise(pl.col("block").shift(1))
    at = places.select("word", step=(pl.col("block") - before - 1).cast(pl.UInt32))
    return together(at.select(pl.col("word").set_sorted(), step=steps.gather(at["step"])), "word")["step"]
