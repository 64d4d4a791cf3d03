"""A window of messages with everything that both forms and the full record say of them, as columns."""

import msgspec
import polars as pl

from exeunt.layouts.html.markup import joined, spread
from exeunt.layouts.readable import readable
from exeunt.layouts.rocketchat.assets import FILE_KEYS, Assets, attachment_json, file_columns
from exeunt.layouts.rocketchat.encoding import as_lists, iso, text_json, texts_json
from exeunt.layouts.rocketchat.names import Names, author
from exeunt.layouts.rocketchat.system import system_text, system_type

COLUMNS = (
    "id", "room_id", "kind", "subtype", "author_id", "author_name", "thread_id", "created_at", "edited_at", "edited_by",
    "text", "mentions", "reactions", "file_ids", "attachments", "is_pinned",
)  # fmt: skip

_CARD = pl.List(pl.Struct(dict.fromkeys(("title", "title_link", "image_url", "from_url"), pl.String)))


class Said(msgspec.Struct, frozen=True):
    """The messages of a slice and what hangs on them.

    `frame` has, beside `COLUMNS`: `username`, `real`, `type` (a system message's, else null), `system` (its text, else
    null), `said` (what the forms show), `ts` and `row`; and as JSON `text_json`, `said_json`, `username_json` and
    `user_json`. `files` are their files in order, joined with the place (`row`) of
    their message; `attachments` are the JSON lists of the JSON form, null where a message has none.
    """

    frame: pl.DataFrame
    files: pl.DataFrame
    attachments: pl.Series


def said(messages: pl.DataFrame, names: Names, assets: Assets | None) -> Said:
    """Look up names, types and files. `assets` may be None where no message carries a file."""
    text = readable(messages["text"], names.people, names.rooms)
    frame = (
        messages.join(names.authors, on="author_id", how="left", maintain_order="left")
        .with_columns(text, username=author(), real=pl.coalesce("real", author()), type=system_type())
        .with_row_index("row")
    )
    special = frame["type"].is_not_null()
    if special.any():
        spoken = frame.filter(special).select(system_text()).to_series()
        frame = frame.with_columns(spread(spoken, special).alias("system"))
    else:
        frame = frame.with_columns(system=pl.lit(None, pl.String))
    own = texts_json(frame["text"]).alias("text_json")
    shown = pl.when(special).then(text_json(pl.coalesce("system", "text"))).otherwise("text_json")
    frame = frame.with_columns(own, said=pl.coalesce("system", "text"), ts=iso("created_at"))
    frame = frame.with_columns(said_json=shown if special.any() else pl.col("text_json"))
    unknown = frame["user_json"].is_null()
    if unknown.any():
        frame = frame.with_columns(
            username_json=pl.coalesce("username_json", text_json(pl.col("username"))),
            user_json=pl.coalesce(
                "user_json",
                joined('{"id":', text_json(pl.col("author_id")), ',"username":', text_json(pl.col("username")),
                       ',"name":', text_json(pl.col("real")), "}"),
            ),
        )  # fmt: skip
    files = _files(frame, assets)
    return Said(frame, files, _attachments(frame, files, names))


def _files(frame: pl.DataFrame, assets: Assets | None) -> pl.DataFrame:
    carried = frame.filter(pl.col("file_ids").list.len() > 0).select("row", id="file_ids").explode("id")
    if carried.is_empty() or assets is None:
        return pl.DataFrame()
    found = carried.join(assets.of(carried["id"].unique()), on="id", maintain_order="left")
    return found.with_columns(first=pl.col("id").first().over("row"), first_name=pl.col("name").first().over("row"))


def _attachments(frame: pl.DataFrame, files: pl.DataFrame, names: Names) -> pl.Series:
    """Files first, then the cards of links and programs."""
    parts = []
    if files.height:
        json = attachment_json(file_columns(), pl.lit(False), pl.col("first"), pl.col("first_name"))
        parts.append(files.select("row", json=json))
    carded = frame.filter(pl.col("attachments") != "")
    if carded.height:
        cards = carded.select("row", card=pl.col("attachments").str.json_decode(_CARD)).explode("card").unnest("card")
        title = readable(cards["title"].fill_null(""), names.people, names.rooms)
        cards = cards.with_columns(pl.when(title != "").then(title).alias("title"))
        own = files.group_by("row").agg(pl.col("first").first(), pl.col("first_name").first()) if files.height else None
        cards = (
            cards.with_columns(first=pl.lit(None, pl.String), first_name=pl.lit(None, pl.String)) if own is None
            else cards.join(own, on="row", how="left", maintain_order="left")
        )  # fmt: skip
        columns = dict.fromkeys(FILE_KEYS, pl.lit(None, pl.String)) | {
            "title": pl.col("title"), "title_link": pl.coalesce("title_link", "from_url"),
            "image_url": pl.col("image_url"),
        }  # fmt: skip
        json = attachment_json(columns, pl.col("first").is_null(), pl.col("first"), pl.col("first_name"))
        parts.append(cards.select("row", json=json))
    if not parts:
        return pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    rows = pl.concat(parts)
    return as_lists(rows, rows["json"], frame.height)


def mentioned_rooms(text: pl.Series) -> pl.Series:
    """The ids of the rooms that each stored text names."""
    return text.str.extract_all("\ue001[^\ue000-\ue00f]*\ue00f").list.eval(pl.element().str.slice(1).str.head(-1))
