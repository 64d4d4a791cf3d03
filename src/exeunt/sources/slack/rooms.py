"""Rooms of an export: public channels, private ones, group conversations, direct ones, and who is in them."""

import re
from collections import ChainMap
from collections.abc import Container, Iterable, Iterator

import msgspec
from msgspec import Raw

from exeunt.lake.rows import MembershipRow, RoomKind, RoomRow
from exeunt.sources.slack import decode, wire
from exeunt.sources.slack.instants import at_seconds
from exeunt.sources.slack.limits import Unreadable
from exeunt.sources.slack.people import People
from exeunt.sources.slack.remarks import readable

KINDS: dict[str, RoomKind] = {
    "channels.json": "public",
    "groups.json": "private",
    "mpims.json": "group",
    "dms.json": "direct",
    "file_conversations.json": "private",
}
"""`file_conversations.json` lists the rooms in which comments on canvases stand; only their members see them."""

_CONVERSATION_ID = re.compile(r"[CDG][A-Z0-9]{7,}").fullmatch


class Place(msgspec.Struct):
    """What the messages of a room need to know of it; `pins` are the `ts` of pinned messages."""

    id: str
    pins: frozenset[str] = frozenset()


class Listed(msgspec.Struct, frozen=True):
    """A room of a listing with its members; `complete` when nobody else was in it."""

    room: RoomRow
    members: list[MembershipRow]
    complete: bool


class Rooms:
    """Every room by its id and by the folder that its messages are in."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._by_id: dict[str, Place] = {}
        self._by_folder: dict[str, Place] = {}
        self._open_names: dict[str, str] = {}

    def __contains__(self, room_id: object) -> bool:
        return room_id in self._by_id

    def place(self, folder: str) -> Place | None:
        """The listed room whose messages are in this folder: under its name or, for direct ones, under its id."""
        return self._by_folder.get(folder) or self._by_id.get(folder)

    def listed(self, raw: Raw | bytes, kind: RoomKind) -> Listed | None:
        """One listed room with its members; None for one that was listed before."""
        room, _ = decode.read(decode.without_nul(raw), wire.Room)
        if not room.id:
            raise Unreadable("it has no id")
        if room.id in self._by_id:
            return None
        place = Place(room.id, frozenset(pin.id for pin in room.pins or () if pin.id))
        self._by_id[room.id] = place
        if room.name:
            self._by_folder.setdefault(room.name, place)
        kind = "direct" if room.is_im else "group" if room.is_mpim else kind
        if kind == "public" and room.is_private:
            kind = "private"
        members = list(dict.fromkeys(room.members or ([room.user] if room.user else [])))
        row = RoomRow(
            id=room.id,
            name=room.name or self._of_members(members) or room.id,
            kind=kind,
            topic=_value(room.topic),
            description=_value(room.purpose),
            is_archived=bool(room.is_archived),
            is_default=bool(room.is_general),
            is_shared=bool(room.is_shared or room.is_ext_shared or room.is_org_shared),
            creator_id=room.creator or "",
            created_at=at_seconds(room.created),
            updated_at=at_seconds(room.updated),
            raw=decode.text(raw)[0],
        )
        if row.kind == "public":
            self._open_names[row.id] = row.name
        # an archived room is listed without members, which does not mean that nobody may read in it any more
        complete = room.members is not None and bool(room.members or not room.is_archived)
        return Listed(row, list(self._memberships(row, members)), complete)

    def explain(self, rows: Iterable[RoomRow], known: Container[str]) -> None:
        """Make topics and descriptions readable, once every room is listed that they may speak of."""
        names = ChainMap(self._open_names, self._people.names)
        for row in rows:
            row.topic = readable(row.topic, known, names)
            row.description = readable(row.description, known, names)

    def unlisted(self, folder: str, name: str) -> RoomRow:
        """The room of a folder that no listing has, called `name` when the folder itself has no name.

        Its name is all that is known of it. A folder whose name is a conversation's id keeps that id, so that a
        complete export finds the same room again; one that can only be a direct or a group conversation is one. Any
        other is private: nobody said that it is public, and what an incomplete export hides must not become open.
        """
        name = folder or name
        is_id = _CONVERSATION_ID(name) is not None
        kind: RoomKind = "direct" if is_id and name[0] == "D" else "group" if name.startswith("mpdm-") else "private"
        row = RoomRow(id=name if is_id else f"folder:{name}", name=name, kind=kind)
        self._by_id[row.id] = self._by_folder[folder] = Place(row.id)
        return row

    def _of_members(self, members: list[str]) -> str:
        names = sorted((self._people.names.get(member, member) for member in members), key=str.casefold)
        return ", ".join(names)

    @staticmethod
    def _memberships(room: RoomRow, members: list[str]) -> Iterator[MembershipRow]:
        owns = room.kind in ("public", "private")
        for member in members:
            role = "owner" if owns and member == room.creator_id else "member"
            yield MembershipRow(room_id=room.id, user_id=member, role="owner" if role == "owner" else "member")


def _value(remark: wire.Remark | None) -> str:
    return (remark.value if remark else None) or ""
