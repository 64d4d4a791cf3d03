"""What was asked, in words: the selection as the front page tells it."""

from datetime import datetime

from exeunt.layouts.html.rooms import Room
from exeunt.layouts.html.shell import moment
from exeunt.layouts.job import Job
from exeunt.layouts.readable import person_names

_KINDS = {"public": "channels", "private": "private channels", "group": "group conversations", "direct": "direct ones"}
_MOST = 30


def asked(job: Job, rooms: dict[int, Room]) -> list[tuple[str, str]]:
    """Every condition of the selection as (what it is about, what it says); none stands for everything."""
    wanted = job.selection
    found = []
    if wanted.rooms:
        names = {room.id: room.label for room in rooms.values()}
        found.append(("Rooms", _listing([names.get(room_id, room_id) for room_id in wanted.rooms])))
    if wanted.room_kinds:
        kinds = _listing([_KINDS[kind] for kind in wanted.room_kinds])
        found.append(("Kinds of rooms", kinds + (", and those one person is in" if wanted.private_to else "")))
    if wanted.people:
        people = person_names(job.view)
        found.append(("Written by", _listing([people.get(user_id, user_id) for user_id in wanted.people])))
    if wanted.since or wanted.until:
        found.append(("Written", _window(wanted.since, wanted.until)))
    if wanted.text:
        found.append(("Containing", f"“{wanted.text}”"))
    if found and wanted.whole_threads:
        found.append(("Threads", "whole, as soon as one message of them was asked for"))
    if not found:
        found.append(("Selection", "everything"))
    if not wanted.files:
        found.append(("Files", "by name only"))
    return found


def _window(since: datetime | None, until: datetime | None) -> str:
    words = [f"from {moment(since)}"] if since else []
    return " ".join([*words, f"until before {moment(until)}"] if until else words)


def _listing(names: list[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
