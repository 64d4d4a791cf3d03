"""Cards: what programs attach to a message, and what a link or a shared message looked like."""

import msgspec
import polars as pl

from exeunt.layouts.html.markup import escaped, is_link, joined, together

_TEXTS = ("pretext", "author_name", "title", "text", "footer", "fallback")
_ADDRESSES = ("title_link", "from_url", "image_url", "color")
_FIELDS = pl.List(pl.Struct({"title": pl.String, "value": pl.String}))
_CARDS = pl.List(pl.Struct({**dict.fromkeys(_TEXTS + _ADDRESSES, pl.String), "fields": _FIELDS}))
_MOODS = ["good", "warning", "danger"]


class Cards:
    """The cards below some messages, each message's given as the JSON text of a list. Markers stay as they are."""

    def __init__(self, texts: pl.Series) -> None:
        lists = _decoded(texts.alias("card")).to_frame().with_row_index("row")
        self._cards = lists.explode("card", empty_as_null=True, keep_nulls=True).unnest("card")
        fields = self._cards.select("fields").with_row_index("at").explode("fields").drop_nulls("fields")
        self._fields = fields.unnest("fields")

    def html(self) -> pl.Series:
        """The cards of each message in a row."""
        title, author = _linked("title", "title_link"), _linked("author_name", "from_url")
        picture = pl.when(is_link(pl.col("image_url"))).then(_anchor("image_url", pl.lit("picture")))
        said = pl.any_horizontal(pl.col("pretext", "author_name", "title", "text", "fields").is_not_null())
        mood = pl.when(pl.col("color").is_in(_MOODS)).then(joined(" ", pl.col("color")))
        card = joined(
            '<div class="c', mood, '" dir=auto>', _within("p", _text("pretext")), _within("small", author),
            _within("b", title), _within("p", _text("text")), _within("dl", pl.col("fields")),
            pl.when(~said).then(_within("p", _text("fallback"))), picture, _within("small", _text("footer")), "</div>",
        )  # fmt: skip
        term = joined("<dt>", _text("title").fill_null(""), "<dd>", _text("value").fill_null(""))
        return _by_message(self._with_fields(term, "").select("row", card=card), "")

    def plain(self) -> pl.Series:
        """The words of each message's cards, for the search."""
        term = pl.concat_str("title", "value", separator=" ", ignore_nulls=True)
        card = pl.concat_str(*_TEXTS, "fields", separator=" ", ignore_nulls=True)
        return _by_message(self._with_fields(term, " ").select("row", card=card), " ")

    def said(self) -> pl.Series:
        """The text that a reader makes of each message's cards when the message has none of its own."""
        term = pl.concat_str("title", "value", separator=": ", ignore_nulls=True)
        said = pl.concat_str("pretext", "author_name", "title", "text", "fields", separator="\n", ignore_nulls=True)
        card = pl.when(said != "").then(said).otherwise(pl.col("fallback").fill_null(""))
        return _by_message(self._with_fields(term, "\n").select("row", card=card), "\n")

    def _with_fields(self, term: pl.Expr, between: str) -> pl.DataFrame:
        """The cards, each with the terms of its fields joined to one text, or null."""
        listed = together(self._fields.select("at", fields=term), "at", between)
        return self._cards.drop("fields").with_row_index("at").join(listed, on="at", how="left", maintain_order="left")


def _text(column: str) -> pl.Expr:
    return escaped(pl.col(column)).str.replace_all("\n", "<br>", literal=True)


def _by_message(cards: pl.DataFrame, between: str) -> pl.Series:
    return together(cards, "row", between)["card"]


def _within(tag: str, content: pl.Expr) -> pl.Expr:
    return pl.when(content.is_not_null()).then(joined(f"<{tag}>", content, f"</{tag}>"))


def _anchor(address: str, label: pl.Expr) -> pl.Expr:
    return joined('<a href="', escaped(pl.col(address)), '">', label, "</a>")


def _linked(column: str, address: str) -> pl.Expr:
    label = _text(column)
    return pl.when(is_link(pl.col(address)) & label.is_not_null()).then(_anchor(address, label)).otherwise(label)


def _decoded(texts: pl.Series) -> pl.Series:
    try:
        return texts.str.json_decode(_CARDS)
    except pl.exceptions.ComputeError:
        # One odd text must not cost the shard: what is not as it should be is shown as it stands.
        return pl.Series(texts.name, [_lenient(text) for text in texts], dtype=_CARDS)


class _Field(msgspec.Struct):
    title: str | None = None
    value: str | None = None


class _Card(msgspec.Struct):
    pretext: str | None = None
    author_name: str | None = None
    title: str | None = None
    text: str | None = None
    footer: str | None = None
    fallback: str | None = None
    title_link: str | None = None
    from_url: str | None = None
    image_url: str | None = None
    color: str | None = None
    fields: list[_Field] | None = None


def _lenient(text: str) -> list[dict[str, object]]:
    try:
        cards = msgspec.json.decode(text, type=list[_Card], strict=False)
    except msgspec.DecodeError:
        cards = [_Card(text=text)]
    found: list[dict[str, object]] = msgspec.to_builtins(cards)
    return found
