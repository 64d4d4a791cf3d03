"""Rooms: how each is called, and the folder its pages lie in."""

import re

import msgspec
import polars as pl

from exeunt.archives.names import clean_segment
from exeunt.lake.view import View
from exeunt.layouts.html.people import named
from exeunt.layouts.readable import person_names, readable

KINDS = {
    "public": "Channels",
    "private": "Private channels",
    "group": "Group conversations",
    "direct": "Direct conversations",
}
"""The headings of the list of rooms, in its order."""

_MOST_NAMES = 6


class Room(msgspec.Struct, frozen=True):
    """A room of the export. `label` is for people (`#general`), `folder` is the name of its folder, unescaped."""

    number: int
    id: str
    kind: str
    label: str
    topic: str
    folder: str

    @property
    def address(self) -> str:
        """Where the index speaks of it."""
        return f"index.html#r{self.number}"

    def page(self, name: str) -> str:
        """The member that a page of this room is."""
        return f"rooms/{self.folder}/{name}.html"


def rooms_of(view: View) -> dict[int, Room]:
    """The rooms of the selection by number."""
    return {room.number: room for room in _rooms(view, view.rooms())}


def targets_of(view: View) -> dict[str, tuple[str, str]]:
    """Every room of the workspace by id: what a mention of it shows, and where it leads if it was exported.

    The name of a room that was not asked for may be as private as what is said in it, so only public ones have one.
    """
    asked = {room.id: (room.label, room.address) for room in _rooms(view, view.rooms())}
    open_ones = view.all_rooms().filter(pl.col("kind") == "public")
    return {room.id: (room.label, "") for room in _rooms(view, open_ones)} | asked


def _rooms(view: View, frame: pl.DataFrame) -> list[Room]:
    frame = frame.with_columns(readable(frame["topic"], person_names(view), {}))
    nameless = frame.filter(pl.col("name").str.strip_chars() == "")["id"]
    members = _members(view, nameless) if len(nameless) else {}
    return [
        _room(number, room_id, kind, name.strip() or members.get(room_id, ""), topic)
        for number, room_id, kind, name, topic in frame.select("number", "id", "kind", "name", "topic").iter_rows()
    ]


def _room(number: int, room_id: str, kind: str, name: str, topic: str) -> Room:
    named = name or room_id
    label = "#" + named.removeprefix("#") if kind in ("public", "private") else named
    slug = clean_segment(re.sub(r"[^\w-]+", "-", named.lower()).strip("-_") or "room", 80)
    return Room(number, room_id, kind, label, topic, f"{slug}-{number}")


def _members(view: View, room_ids: pl.Series) -> dict[str, str]:
    """Names for conversations that have none: those of the people in them."""
    people = named(view.users()).select("id", "number", "name")
    inside = view.memberships().filter(pl.col("room_id").is_in(room_ids.implode()))
    listed = inside.join(people, left_on="user_id", right_on="id").sort("room_id", "number")
    names = listed.group_by("room_id", maintain_order=True).agg("name")
    return {room: _listing(all_names) for room, all_names in names.iter_rows()}


def _listing(names: list[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
