"""Messages of a room: a page of them, or its history backwards from an instant (1.14)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from exeunt.apis.rocketchat import words
from exeunt.apis.rocketchat.answers import Answer, ok
from exeunt.apis.rocketchat.calls import Call
from exeunt.apis.rocketchat.dates import MILLISECOND, NotADate, parse
from exeunt.apis.rocketchat.paging import page
from exeunt.apis.rocketchat.rooms import Family, find
from exeunt.lake.roster import RoomFacts
from exeunt.layouts.asking import Answer as Found
from exeunt.layouts.asking import Question

HISTORY = 20
"""How many messages a history has where nothing is said."""


def ask(call: Call, room: RoomFacts, **values: Any) -> Found:
    """Messages of one room. Raises `Unavailable`."""
    question = Question(workspace_id=call.workspace_id, room_id=room.id, room_number=room.number, **values)
    return call.services.asking.ask(question)


def messages(family: Family) -> Callable[[Call], Answer]:
    """GET `*.messages`."""

    def handler(call: Call) -> Answer:
        room = find(call, family)
        offset, count = page(call)
        mentioned = tuple(part for part in call.query.get("mentionIds", "").split(",") if part)
        if call.query.get("starredIds"):
            # no source says who starred what
            return ok({"messages": [], "count": 0, "offset": offset, "total": 0})
        found = ask(call, room, offset=offset, count=count, mentioning=mentioned,
                    pinned=call.query.get("pinned") == "true")  # fmt: skip
        shown = raw(found.messages)
        return ok({"messages": shown, "count": len(shown), "offset": offset, "total": found.total})

    return handler


def history(family: Family) -> Callable[[Call], Answer]:
    """GET `*.history`; the bounds are exclusive unless `inclusive=true`, to the millisecond."""

    def handler(call: Call) -> Answer:
        room = find(call, family)
        latest, oldest = _instant(call, "latest"), _instant(call, "oldest")
        inclusive = call.query.get("inclusive") == "true"
        until = latest or call.installation.clock()
        since = oldest
        if inclusive and latest:
            until = latest + MILLISECOND
        if not inclusive and oldest:
            since = oldest + MILLISECOND
        offset, count = page(call, HISTORY, None)
        found = ask(call, room, since=since, until=until, offset=offset, count=count,
                    replies=call.query.get("showThreadMessages", "true") != "false")  # fmt: skip
        return ok({"messages": raw(found.messages)})

    return handler


def _instant(call: Call, name: str) -> datetime | None:
    try:
        found = parse(call.query.get(name))
    except NotADate as error:
        raise words.parameters() from error
    return found.at.replace(microsecond=found.at.microsecond // 1000 * 1000) if found else None


def raw(objects: list[bytes]) -> list[msgspec.Raw]:
    """Objects that are JSON already."""
    return [msgspec.Raw(text) for text in objects]
