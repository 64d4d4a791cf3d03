"""`messages.full.jsonl`: everything that is known of each message, one object a line, every key in each."""

import msgspec
import polars as pl

from exeunt.layouts.html.markup import joined, spread
from exeunt.layouts.readable import readable
from exeunt.layouts.rocketchat.assets import FILE_KEYS, file_columns
from exeunt.layouts.rocketchat.encoding import as_lists, iso, object_json, text_json
from exeunt.layouts.rocketchat.messages import Said, mentioned_rooms
from exeunt.layouts.rocketchat.names import Names

MEMBER = "messages.full.jsonl"

KEYS = (
    "id", "rid", "ts", "updatedAt", "editedAt", "editedBy", "user", "alias", "type", "text", "systemText", "threadId",
    "threadCount", "discussionId", "mentions", "channels", "urls", "reactions", "pinned", "starredBy", "attachments",
    "files", "encrypted", "hidden", "custom",
)  # fmt: skip

_ADDRESS = r"https?://[^\s<>\x{e000}-\x{e00f}]+"
_BARE = (
    ',"mentions":[],"channels":[],"urls":[],"reactions":[],"pinned":false,"starredBy":[],"attachments":[],"files":[]'
)
_END = ',"encrypted":false,"hidden":false,"custom":{}}\n'


def full_lines(said: Said, stored: pl.Series, names: Names, replies: pl.DataFrame) -> pl.Series:
    """One object a message. `stored` are the texts as the lake has them, `replies` what `lake.written.replies` says."""
    frame = said.frame.join(replies, left_on="id", right_on="thread_id", how="left", maintain_order="left")
    tails = _tails(said, stored, names)
    frame = frame.with_columns(tails.alias("tail"), _editors(frame, names).alias("editor"))
    alias = pl.col("author_name")
    known = (alias == "") | (alias == pl.col("username")) | (alias == pl.col("real"))
    return frame.select(
        joined(
            '{"id":', text_json(pl.col("id")), ',"rid":', text_json(pl.col("room_id")), ',"ts":"', iso("created_at"),
            '","updatedAt":"', _iso_or("edited_at", "created_at"), '","editedAt":',
            _or_null(pl.col("edited_at").is_not_null(), joined('"', iso("edited_at"), '"')),
            ',"editedBy":', pl.col("editor").fill_null("null"),
            ',"user":{"id":', text_json(pl.col("author_id")), ',"username":', text_json(pl.col("username")),
            ',"name":', text_json(pl.col("real")), '},"alias":',
            _or_null(~known, text_json(alias)),
            ',"type":', _text_or_null("type"), ',"text":', text_json(pl.col("text")),
            ',"systemText":', _text_or_null("system"), ',"threadId":',
            _or_null(pl.col("thread_id") != pl.col("id"), text_json(pl.col("thread_id"))),
            ',"threadCount":', pl.col("count").cast(pl.String).fill_null("null"), ',"discussionId":null',
            pl.col("tail").fill_null(_BARE), _END,
        )
    ).to_series()  # fmt: skip


def _or_null(condition: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(text).otherwise(pl.lit("null"))


def _text_or_null(column: str) -> pl.Expr:
    return _or_null(pl.col(column).is_not_null(), text_json(pl.col(column)))


def _iso_or(column: str, other: str) -> pl.Expr:
    return pl.coalesce(iso(column), iso(other))


def _editors(frame: pl.DataFrame, names: Names) -> pl.Series:
    """Who edited, which few messages say."""
    edited = frame["edited_by"] != ""
    if not edited.any():
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    editors = frame.filter(edited).select(id="edited_by", username=pl.col("edited_by").replace(names.people))
    json = editors.select(object_json(id=pl.col("id"), username=pl.col("username"))).to_series()
    return spread(json, edited)


def _tails(said: Said, stored: pl.Series, names: Names) -> pl.Series:
    """The keys from `mentions` to `files` of the messages that have any of them; null for the others."""
    frame = said.frame
    has_rooms, has_urls = stored.str.contains("\ue001", literal=True), frame["text"].str.contains("://", literal=True)
    rich = frame.select(
        (pl.col("mentions").list.len() > 0) | (pl.col("reactions").list.len() > 0) | (pl.col("file_ids").list.len() > 0)
        | (pl.col("attachments") != "") | pl.col("is_pinned") | has_rooms | has_urls
    ).to_series()  # fmt: skip
    if not rich.any():
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    few = frame.filter(rich).with_columns(stored.filter(rich).alias("stored")).rename({"row": "place"})
    few = few.with_row_index("row")
    lists = {
        "mentions": mention_lists(few, names),
        "channels": channel_lists(few, few["stored"], names),
        "urls": url_lists(few),
        "reactions": _reactions(few, names),
        "attachments": _attachments(said, few, names),
        "files": _files(said, few),
    }
    few = few.with_columns(**{f"{name}_json": values.fill_null("[]") for name, values in lists.items()})
    pinned = pl.when("is_pinned").then(pl.lit("true")).otherwise(pl.lit("false"))
    pieces: list[str | pl.Expr] = []
    for name in ("mentions", "channels", "urls", "reactions"):
        pieces += [f',"{name}":', pl.col(f"{name}_json")]
    pieces += [',"pinned":', pinned, ',"starredBy":[]']
    for name in ("attachments", "files"):
        pieces += [f',"{name}":', pl.col(f"{name}_json")]
    return spread(few.select(joined(*pieces)).to_series(), rich)


def _exploded(few: pl.DataFrame, lists: pl.Series | None, column: str) -> pl.DataFrame:
    """`row` and one value of a list column a row."""
    table = few.select("row", column) if lists is None else few.select("row").with_columns(lists.alias(column))
    return table.filter(pl.col(column).list.len() > 0).explode(column)


def mention_lists(few: pl.DataFrame, names: Names) -> pl.Series:
    """Whom each message mentions, as JSON; null for nobody. A row has its place in `row`."""
    each = _exploded(few, None, "mentions")
    person = each.select(
        object_json(id=pl.col("mentions"), username=pl.col("mentions").replace(names.people))
    ).to_series()
    return as_lists(each, person, few.height)


def channel_lists(few: pl.DataFrame, stored: pl.Series, names: Names) -> pl.Series:
    """Which rooms the stored texts name, as JSON; null for none."""
    each = _exploded(few, mentioned_rooms(stored), "rooms")
    room = each.select(object_json(id=pl.col("rooms"), name=pl.col("rooms").replace(names.rooms))).to_series()
    return as_lists(each, room, few.height)


def url_lists(few: pl.DataFrame) -> pl.Series:
    """The addresses in the texts, as JSON; null for none."""
    each = _exploded(few, few["text"].str.extract_all(_ADDRESS), "urls")
    return as_lists(each, each.select(text_json(pl.col("urls"))).to_series(), few.height)


def _reactions(few: pl.DataFrame, names: Names) -> pl.Series:
    each = _exploded(few, None, "reactions").unnest("reactions")
    people = each.select(pl.col("users").list.eval(pl.element().replace(names.people))).to_series()
    json = each.with_columns(people.alias("users")).select(
        object_json(emoji=joined(":", pl.col("name"), ":"), usernames=pl.col("users"))
    )
    return as_lists(each, json.to_series(), few.height)


def _attachments(said: Said, few: pl.DataFrame, names: Names) -> pl.Series:
    """What Rocket.Chat would hold of a file, then the cards as they are stored."""
    parts = []
    if said.files.height:
        json = said.files.select(object_json(optional=FILE_KEYS, **file_columns(), description=pl.col("description")))
        parts.append(said.files.select(place="row").with_columns(json.to_series().alias("json")))
    cards = few.filter(pl.col("attachments") != "")
    if cards.height:
        text = readable(cards["attachments"], _in_json(names.people), _in_json(names.rooms))
        parts.append(cards.select("place", json=text.str.strip_prefix("[").str.strip_suffix("]")))
    if not parts:
        return pl.repeat(None, few.height, dtype=pl.String, eager=True)
    each = pl.concat(parts).join(few.select("place", "row"), on="place", maintain_order="left")
    return as_lists(each, each["json"], few.height)


def _in_json(names: dict[str, str]) -> dict[str, str]:
    return {key: msgspec.json.encode(name).decode()[1:-1] for key, name in names.items()}


def _files(said: Said, few: pl.DataFrame) -> pl.Series:
    if said.files.is_empty():
        return pl.repeat(None, few.height, dtype=pl.String, eager=True)
    each = said.files.rename({"row": "place"}).join(few.select("place", "row"), on="place", maintain_order="left")
    json = each.select(
        object_json(
            id=pl.col("id"), name=pl.col("name"), type=pl.col("media_type"), size=pl.col("size"),
            sha256=pl.when(pl.col("sha256") != "").then("sha256"),
            member=pl.when(pl.col("why").is_null()).then("member"), missing=pl.col("why"),
        )
    )  # fmt: skip
    return as_lists(each, json.to_series(), few.height)
