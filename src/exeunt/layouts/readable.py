"""Stored text made readable: markers become names. For layouts that deliver plain text."""

import polars as pl

from exeunt.lake.markers import EMOJI, EVERYONE, PERSON
from exeunt.lake.view import View
from exeunt.layouts.emojis import character

_ANY = "[\ue000-\ue003]"
_WHOLE = "[\ue000-\ue003][^\ue000-\ue00f]*\ue00f"


def person_names(view: View) -> dict[str, str]:
    """How each person is called, by id: display name, else real name, else user name."""
    users = view.users()
    named = pl.coalesce(
        *(pl.when(pl.col(c) != "").then(pl.col(c)) for c in ("display_name", "real_name", "username", "id"))
    )
    return dict(users.select("id", named.alias("name")).iter_rows())


def room_names(view: View) -> dict[str, str]:
    """How each room is called, by id: those the selection reaches and public ones. Others keep their id, since the
    name of a private room is not for everybody who may read a message that mentions it."""
    rooms = view.all_rooms()
    known = rooms.filter((pl.col("kind") == "public") | pl.col("id").is_in(view.rooms()["id"].implode()))
    return dict(known.select("id", "name").iter_rows())


def readable(text: pl.Series, people: dict[str, str], rooms: dict[str, str]) -> pl.Series:
    """The column with every marker replaced by `@name`, `#room` or the emoji itself."""
    marked = text.filter(text.str.contains(_ANY))
    if marked.is_empty():
        return text
    markers = marked.str.extract_all(_WHOLE).explode().unique().sort().to_list()
    words = [_word(marker, people, rooms) for marker in markers if marker]
    return text.str.replace_many([m for m in markers if m], words)


def _word(marker: str, people: dict[str, str], rooms: dict[str, str]) -> str:
    kind, key = marker[0], marker[1:-1]
    if kind == PERSON:
        return "@" + people.get(key, key)
    if kind == EVERYONE:
        return "@" + key.removeprefix("@")
    if kind == EMOJI:
        return character(key)
    return "#" + rooms.get(key, key)
