"""`messages.full.jsonl`: everything that is known of each message, one object a line, every key in each."""

import msgspec
import polars as pl

from exeunt.layouts.html.markup import joined, spread
from exeunt.layouts.readable import readable
from exeunt.layouts.rocketchat.assets import FILE_KEYS, file_columns
from exeunt.layouts.rocketchat.encoding import as_lists, iso, object_json, text_json, texts_json
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
_ALONE = ',"systemText":null,"threadId":null,"threadCount":null,"discussionId":null'
_END = ',"encrypted":false,"hidden":false,"custom":{}}\n'


def full_lines(said: Said, stored: pl.Series, names: Names, replies: pl.DataFrame) -> pl.Series:
    """One object a message. `stored` are the texts as the lake has them, `replies` what `lake.written.replies` says.

    Most messages have few of the keys set, so what the others have is made apart and put in its place.
    """
    frame = said.frame.join(replies, left_on="id", right_on="thread_id", how="left", maintain_order="left")
    alias = pl.col("author_name")
    named = (alias != "") & (alias != pl.col("username")) & (alias != pl.col("real"))
    replied = (pl.col("thread_id") != pl.col("id")) | pl.col("count").is_not_null() | pl.col("system").is_not_null()
    parts = {
        "edited": _where(frame, pl.col("edited_at").is_not_null() | (pl.col("edited_by") != ""), _edited(names)),
        "called": _where(frame, named | pl.col("type").is_not_null(), _called(named)),
        "thread": _where(frame, replied, _thread()),
        "tail": _tails(said, stored, names),
        "id_json": texts_json(frame["id"]),
        "room_json": texts_json(frame["room_id"]),
    }
    return frame.with_columns(**parts).select(
        joined(
            '{"id":', pl.col("id_json"), ',"rid":', pl.col("room_json"), ',"ts":"', pl.col("ts"),
            pl.coalesce("edited", joined('","updatedAt":"', pl.col("ts"), '","editedAt":null,"editedBy":null,"user":')),
            pl.col("user_json"), pl.col("called").fill_null(',"alias":null,"type":null,"text":'),
            pl.col("text_json"), pl.col("thread").fill_null(_ALONE), pl.col("tail").fill_null(_BARE), _END,
        )
    ).to_series()  # fmt: skip


def _where(frame: pl.DataFrame, condition: pl.Expr, text: pl.Expr) -> pl.Series:
    """The text for the rows of which the condition holds, null for the others; made for those rows only."""
    where = frame.select(condition).to_series()
    if not where.any():
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    return spread(frame.filter(where).select(text).to_series(), where)


def _edited(names: Names) -> pl.Expr:
    at, by = pl.col("edited_at").is_not_null(), pl.col("edited_by")
    editor = object_json(id=by, username=by.replace(names.people))
    return joined(
        '","updatedAt":"', pl.coalesce(iso("edited_at"), "ts"), '","editedAt":',
        _or_null(at, joined('"', iso("edited_at"), '"')), ',"editedBy":', _or_null(by != "", editor), ',"user":',
    )  # fmt: skip


def _called(named: pl.Expr) -> pl.Expr:
    kind = pl.col("type")
    return joined(',"alias":', _or_null(named, text_json(pl.col("author_name"))), ',"type":',
                  _or_null(kind.is_not_null(), text_json(kind)), ',"text":')  # fmt: skip


def _thread() -> pl.Expr:
    system, thread = pl.col("system"), pl.col("thread_id")
    return joined(
        ',"systemText":', _or_null(system.is_not_null(), text_json(system)), ',"threadId":',
        _or_null(thread != pl.col("id"), text_json(thread)), ',"threadCount":',
        pl.col("count").cast(pl.String).fill_null("null"), ',"discussionId":null',
    )  # fmt: skip


def _or_null(condition: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(text).otherwise(pl.lit("null"))


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
