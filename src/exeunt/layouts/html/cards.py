"""Cards: what programs attach to a message, and what a link or a shared message looked like."""

import msgspec
import polars as pl

from exeunt.layouts.html.escape import escaped, is_link, joined
from exeunt.layouts.html.references import References

_TEXTS = ("pretext", "author_name", "title", "text", "footer", "fallback")
_ADDRESSES = ("title_link", "from_url", "image_url", "color")
_FIELDS = pl.List(pl.Struct({"title": pl.String, "value": pl.String}))
_CARDS = pl.List(pl.Struct({**dict.fromkeys(_TEXTS + _ADDRESSES, pl.String), "fields": _FIELDS}))
_MOODS = ["good", "warning", "danger"]


class Cards:
    """The cards below some messages, each message's given as the JSON text of a list."""

    def __init__(self, texts: pl.Series) -> None:
        self._cards = _decoded(texts.alias("card")).to_frame().with_row_index("row").explode("card").unnest("card")
        fields = self._cards.select("fields").with_row_index("at").explode("fields").drop_nulls("fields")
        self._fields = fields.unnest("fields")

    def texts(self) -> list[pl.Series]:
        """Everything in which markers may stand."""
        words = [self._cards[name] for name in _TEXTS] + [self._fields["title"], self._fields["value"]]
        return [word.drop_nulls() for word in words]

    def html(self, references: References) -> pl.Series:
        """The cards of each message in a row."""

        def text(column: str) -> pl.Expr:
            return references.in_html(escaped(pl.col(column))).str.replace_all("\n", "<br>", literal=True)

        term = joined("<dt>", text("title"), "<dd>", text("value"))
        title, author = _linked(text("title"), "title_link"), _linked(text("author_name"), "from_url")
        picture = pl.when(is_link(pl.col("image_url"))).then(_anchor("image_url", pl.lit("picture")))
        said = pl.any_horizontal(pl.col("pretext", "author_name", "title", "text", "fields").is_not_null())
        mood = pl.when(pl.col("color").is_in(_MOODS)).then(joined(" ", pl.col("color")))
        card = joined(
            '<div class="c', mood, '" dir=auto>', _within("p", text("pretext")), _within("small", author),
            _within("b", title), _within("p", text("text")), _within("dl", pl.col("fields")),
            pl.when(~said).then(_within("p", text("fallback"))), picture, _within("small", text("footer")), "</div>",
        )  # fmt: skip
        return self._with_fields(self._fields.select("at", term=term)).select(
            pl.col("row"), card=card
        ).group_by("row", maintain_order=True).agg(pl.col("card").str.join(""))["card"]

    def plain(self, references: References) -> pl.Series:
        """The words of each message's cards, for the search."""
        words = [references.in_text(pl.col(name)) for name in _TEXTS]
        field = self._fields.select("at", term=_spaced(pl.col("title"), pl.col("value")))
        cards = self._with_fields(field, " ").select("row", card=_spaced(*words, references.in_text(pl.col("fields"))))
        return cards.group_by("row", maintain_order=True).agg(pl.col("card").str.join(" "))["card"]

    def _with_fields(self, terms: pl.DataFrame, between: str = "") -> pl.DataFrame:
        """The cards with their fields, each one's `term`, joined into one text."""
        listed = terms.group_by("at", maintain_order=True).agg(fields=pl.col("term").str.join(between))
        return self._cards.drop("fields").with_row_index("at").join(listed, on="at", how="left", maintain_order="left")


def _spaced(*words: pl.Expr) -> pl.Expr:
    return pl.concat_str(words, separator=" ", ignore_nulls=True)


def _within(tag: str, content: pl.Expr) -> pl.Expr:
    return pl.when(content.is_not_null()).then(joined(f"<{tag}>", content, f"</{tag}>"))


def _anchor(address: str, label: pl.Expr) -> pl.Expr:
    return joined('<a href="', escaped(pl.col(address)), '">', label, "</a>")


def _linked(label: pl.Expr, address: str) -> pl.Expr:
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
