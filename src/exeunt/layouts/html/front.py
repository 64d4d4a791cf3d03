"""The front page: what the archive holds, and the way to every page of it."""

from collections import defaultdict
from urllib.parse import quote

import msgspec

from exeunt.layouts.html import shell
from exeunt.layouts.html.asked import asked
from exeunt.layouts.html.facts import PageFacts
from exeunt.layouts.html.pages import title_of
from exeunt.layouts.html.rooms import KINDS, Room
from exeunt.layouts.job import Job
from exeunt.layouts.options import HtmlOptions


class Month(msgspec.Struct, frozen=True):
    """A page as its room's entry shows it."""

    label: str
    title: str
    address: str
    messages: int


class Entry(msgspec.Struct, frozen=True):
    """A room with its pages by year."""

    room: Room
    messages: int
    years: list[tuple[str, list[Month]]]


def front_page(
    job: Job, rooms: dict[int, Room], pages: list[PageFacts], counts: list[tuple[str, int]], *, unnamed_files: bool
) -> bytes:
    """`index.html`. Rooms stand by kind and name, those without a message apart."""
    assert isinstance(job.options, HtmlOptions)
    of_room: dict[int, list[PageFacts]] = defaultdict(list)
    for page in pages:
        of_room[page.room_number].append(page)
    entries = [_entry(room, of_room[room.number]) for room in sorted(rooms.values(), key=_order)]
    kinds = [
        (heading, [entry for entry in entries if entry.room.kind == kind and entry.messages])
        for kind, heading in KINDS.items()
    ]
    return shell.page(
        "index.html", root="", search=job.options.search, workspace=job.view.workspace.name, asked=asked(job, rooms),
        requested_by=job.requested_by, created_at=job.created_at, snapshot=job.view.snapshot.number, counts=counts,
        kinds=[(heading, listed) for heading, listed in kinds if listed],
        silent=[entry for entry in entries if not entry.messages], unnamed_files=unnamed_files,
    )  # fmt: skip


def _order(room: Room) -> tuple[str, int]:
    return room.label.casefold(), room.number


def _entry(room: Room, pages: list[PageFacts]) -> Entry:
    years: dict[str, list[Month]] = defaultdict(list)
    for page in pages:
        title = title_of(page.name)
        label = title[:3] + (f" {title.rpartition(' ')[2]}" if ", part " in title else "")
        month = Month(label, title, quote(room.page(page.name)), page.messages)
        years[page.name[:4]].append(month)
    return Entry(room, sum(page.messages for page in pages), list(years.items()))
