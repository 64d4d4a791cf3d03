"""Messages as a table: one row a message with readable names, for the layouts that machines and spreadsheets read."""

from weakref import WeakKeyDictionary

import polars as pl

from exeunt.lake.view import View
from exeunt.layouts.attachments import member_name
from exeunt.layouts.emojis import character
from exeunt.layouts.readable import person_names, readable, room_names

COLUMNS = (
    "id", "number", "room_id", "kind", "subtype", "author_id", "author_name", "thread_id", "is_broadcast",
    "created_at", "edited_at", "edited_by", "deleted_at", "deleted_by", "title", "text", "mentions", "reactions",
    "file_ids", "attachments", "is_pinned", "permalink", "revision",
)  # fmt: skip


SLICE_ROWS = 16_384
"""How many rows of a shard are made into text at once: memory is bounded, and caches hold what is worked on."""


def timed(column: str | pl.DataType, form: str) -> pl.Expr:
    """An instant, or all columns that hold one, in a form of its own. Without the zone it takes half the time."""
    return pl.col(column).dt.replace_time_zone(None).dt.strftime(form)


class Names:
    """The names of one view."""

    def __init__(self, view: View) -> None:
        self.people = person_names(view)
        self.rooms = room_names(view)
        users, rooms, files = view.users(), view.all_rooms(), view.files()
        text = {"author_id": pl.String, "_known": pl.String}
        self.authors = pl.DataFrame({"author_id": list(self.people), "_known": list(self.people.values())}, text)
        self.emails = users.select(author_id="id", author_email="email")
        self.room_table = rooms.select(room_id="id", room="name", room_kind="kind")
        delivered = view.selection.files
        self.file_names = files.select(
            file_id="id",
            file=pl.struct("number", "name", "storage").map_elements(
                lambda f: member_name(f["number"], f["name"]) if delivered and f["storage"] == "held" else f["name"],
                return_dtype=pl.String,
            ),
        )


_names: WeakKeyDictionary[View, Names] = WeakKeyDictionary()


def names_of(view: View) -> Names:
    """The names of a view, looked up once for all its shards."""
    names = _names.get(view)
    if names is None:
        names = _names[view] = Names(view)
    return names


def with_names(messages: pl.DataFrame, names: Names) -> pl.DataFrame:
    """Add `author`, `room`, `room_kind` and `is_reply`; markers in `text` become names."""
    author = pl.coalesce("_known", pl.when(pl.col("author_name") != "").then("author_name"), "author_id")
    return (
        messages.join(names.authors, on="author_id", how="left", maintain_order="left")
        .join(names.room_table, on="room_id", how="left", maintain_order="left")
        .with_columns(
            readable(messages["text"], names.people, names.rooms).alias("text"),
            author=author,
            is_reply=pl.col("thread_id") != pl.col("id"),
        )
    )


def reaction_words(messages: pl.DataFrame) -> pl.Series:
    """`👍 3; 🎉 1` for each message, empty without reactions."""
    chips = (
        messages.select("number", "reactions")
        .filter(pl.col("reactions").list.len() > 0)
        .explode("reactions")
        .unnest("reactions")
    )
    if chips.is_empty():
        return pl.Series("reactions", [""], pl.String).new_from_index(0, messages.height)
    words = {name: character(name) for name in chips["name"].unique().to_list()}
    joined = (
        chips.with_columns(pl.col("name").replace_strict(words, default=pl.col("name")))
        .group_by("number", maintain_order=True)
        .agg(pl.format("{} {}", "name", "count").str.join("; ").alias("words"))
    )
    return messages.select("number").join(joined, on="number", how="left", maintain_order="left")["words"].fill_null("")


def file_words(messages: pl.DataFrame, names: Names) -> pl.Series:
    """The files of each message, joined by `; `: the member's name where the archive holds it, else the file's name."""
    held = messages.select("number", file_id="file_ids").filter(pl.col("file_id").list.len() > 0).explode("file_id")
    if held.is_empty():
        return pl.Series("files", [""], pl.String).new_from_index(0, messages.height)
    joined = (
        held.join(names.file_names, on="file_id", how="left", maintain_order="left")
        .group_by("number", maintain_order=True)
        .agg(pl.coalesce("file", "file_id").str.join("; ").alias("words"))
    )
    return messages.select("number").join(joined, on="number", how="left", maintain_order="left")["words"].fill_null("")
