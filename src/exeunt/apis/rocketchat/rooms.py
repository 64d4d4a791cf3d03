"""Rooms: those somebody is in, one by id or name, lists of channels, groups and conversations, members (1.14)."""

from collections.abc import Callable
from typing import Any

import msgspec

from exeunt.apis.rocketchat import words
from exeunt.apis.rocketchat.answers import Answer, ok
from exeunt.apis.rocketchat.calls import Call
from exeunt.apis.rocketchat.dates import NotADate, parse
from exeunt.apis.rocketchat.objects import TYPES, direct_object, member_object, room_object
from exeunt.apis.rocketchat.paging import order, page
from exeunt.apis.rocketchat.roles import can_access, is_admin, reach
from exeunt.lake.roster import RoomFacts, Wanted
from exeunt.lake.rows import RoomKind

CONVERSATIONS: tuple[RoomKind, ...] = ("group", "direct")


class Family(msgspec.Struct, frozen=True):
    """Channels, groups or conversations: their kinds of rooms, their keys, and the words of their errors."""

    kinds: tuple[RoomKind, ...]
    many: str
    one: str
    called: str
    none_given: str
    code_none: str
    hides: bool


CHANNELS = Family(("public",), "channels", "channel", "channel", words.NO_ROOM_GIVEN,
                  "error-roomid-param-not-provided", False)  # fmt: skip
GROUPS = Family(("private",), "groups", "group", "group", words.NO_ROOM_GIVEN, "error-room-param-not-provided", True)
DIRECT = Family(CONVERSATIONS, "ims", "room", "direct message", words.NO_ROOM_ID, "error-room-param-not-provided", True)

Handler = Callable[[Call], Answer]


def require_sight(call: Call) -> None:
    """Raises `Failure` for who may not look at rooms at all."""
    if "workspace:read" not in call.me.principal.scopes or reach(call) is None:
        raise words.forbidden()


def find(call: Call, family: Family | None, *, archived_too: bool = True) -> RoomFacts:
    """The room that `roomId` or `roomName` names, if this person may know of it. Raises `Failure`."""
    require_sight(call)
    room_id, name = call.query.get("roomId", ""), call.query.get("roomName", "")
    given, none_given = '"roomId" or "roomName"', family.none_given if family else words.NO_ROOM_GIVEN
    if family is DIRECT and not room_id:
        room_id = _conversation_with(call, call.query.get("username", ""))
    if not room_id and (not name or family is DIRECT):
        raise words.coded(family.code_none if family else "error-roomid-param-not-provided", none_given)
    if family is DIRECT:
        given = '"roomId"'
    room = call.roster.room(call.workspace_id, room_id) if room_id else call.roster.room_named(call.workspace_id, name)
    called = family.called if family else "channel"
    if room is None or (family is not None and room.kind not in family.kinds):
        raise words.no_match(called, given)
    if not can_access(call, room):
        raise words.no_match(called, given) if family and family.hides else words.no_access()
    if room.is_archived and not archived_too:
        raise words.archived(room.name)
    return room


def _conversation_with(call: Call, username: str) -> str:
    """The id of the conversation of two with this person; empty when there is none."""
    if not username:
        return ""
    mine, _ = call.roster.rooms(call.workspace_id, Wanted(kinds=("direct",), joined=call.me.id))
    people = call.roster.members_of(call.workspace_id, [room.id for room in mine])
    for room in mine:
        if username in {person.username for person in people[room.id]} and username != call.me.username:
            return room.id
    return "unknown"


def info(family: Family | None) -> Handler:
    """GET rooms.info, channels.info, groups.info."""

    def handler(call: Call) -> Answer:
        room = find(call, family, archived_too=False)
        return ok({family.one if family else "room": _shown(call, [room])[0]})

    return handler


def rooms_get(call: Call) -> Answer:
    """GET rooms.get: the rooms somebody is in that changed since an instant."""
    require_sight(call)
    try:
        since = parse(call.query.get("updatedSince"))
    except NotADate as error:
        raise words.bad_updated_since() from error
    wanted = Wanted(joined=call.me.id, changed_after=since.at if since else None)
    found, _ = call.roster.rooms(call.workspace_id, wanted)
    return ok({"update": _shown(call, found), "remove": []})


def listing(family: Family, *, joined: bool, all_of_them: bool = False) -> Handler:
    """GET of a list. `all_of_them` needs the permission `view-room-administration`."""

    def handler(call: Call) -> Answer:
        require_sight(call)
        if all_of_them and not is_admin(call):
            raise words.forbidden()
        offset, count = page(call)
        wanted = Wanted(
            kinds=family.kinds, joined=call.me.id if joined else None, reach=None if all_of_them else reach(call)
        )
        found, total = call.roster.rooms(call.workspace_id, wanted, offset=offset, count=count, order=order(call))
        return ok({family.many: _shown(call, found), "offset": offset, "count": len(found), "total": total})

    return handler


def members(family: Family) -> Handler:
    """GET of who is in a room."""

    def handler(call: Call) -> Answer:
        room = find(call, family)
        offset, count = page(call)
        found, total = call.roster.members(
            call.workspace_id, room.id, text=call.query.get("filter", ""), offset=offset, count=count
        )
        shown = [member_object(person) for person in found]
        return ok({"members": shown, "count": len(found), "offset": offset, "total": total})

    return handler


def _shown(call: Call, rooms: list[RoomFacts]) -> list[dict[str, Any]]:
    direct = [room.id for room in rooms if TYPES[room.kind] == "d"]
    people = call.roster.members_of(call.workspace_id, direct) if direct else {}
    return [direct_object(room, people[room.id]) if room.id in people else room_object(room) for room in rooms]
