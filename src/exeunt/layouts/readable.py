"""Stored text made readable: markers become names. For layouts that deliver plain text."""

from functools import lru_cache

import emoji
import polars as pl

from exeunt.lake.markers import EMOJI, EVERYONE, PERSON
from exeunt.lake.view import View

_ANY = "[\ue000-\ue003]"
_WHOLE = "[\ue000-\ue003][^\ue000-\ue00f]*\ue00f"
_TONES = {f"skin-tone-{tone}": chr(0x1F3F9 + tone) for tone in range(2, 7)}


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


@lru_cache(maxsize=4096)
def emoji_text(name: str) -> str:
    """The characters of an emoji by its short name, or `:name:` for one that Unicode does not have."""
    base, _, tone = name.partition("::")
    text = emoji.emojize(f":{base}:", language="alias")
    return f":{name}:" if text == f":{base}:" else text + _TONES.get(tone, "")


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
        return emoji_text(key)
    return "#" + rooms.get(key, key)
