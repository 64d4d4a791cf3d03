"""The export of one room: its messages in one form, the full record beside it, its files (contract 1.8)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import polars as pl

from exeunt.archives.names import clean_segment
from exeunt.archives.packs import Entry, PackIndex, PackWriter
from exeunt.archives.parts import ArchiveWriter, Limits, ManifestForm
from exeunt.archives.zips import Content
from exeunt.errors import InvalidInput
from exeunt.lake.view import View
from exeunt.lake.written import replies, windows, written
from exeunt.layouts.attachments import referred, selected_files
from exeunt.layouts.job import Job, Output, ShardPlan, archive_outputs
from exeunt.layouts.options import RocketChatOptions
from exeunt.layouts.rocketchat import forms, full
from exeunt.layouts.rocketchat.assets import assets_of, attach, warnings_of
from exeunt.layouts.rocketchat.encoding import as_bytes
from exeunt.layouts.rocketchat.messages import COLUMNS, said
from exeunt.layouts.rocketchat.names import Names
from exeunt.layouts.rocketchat.slices import joined_content, slices_of
from exeunt.layouts.shardfacts import read_facts, write_facts
from exeunt.layouts.tables import SLICE_ROWS

MESSAGES = "messages"
"""What a shard calls its slice of the messages; the archive gives the member its name."""

ONE_ZIP = Limits(part_bytes=1 << 62, part_members=1 << 62)
"""An export is one ZIP and never split (contract, section 3)."""

TYPES = {"public": "c", "private": "p", "group": "d", "direct": "d"}


def options_of(job: Job) -> RocketChatOptions:
    """The options of this layout."""
    assert isinstance(job.options, RocketChatOptions)
    return job.options


def room_of(view: View) -> dict[str, Any]:
    """The only room that the selection reaches. Raises `InvalidInput`."""
    rooms = view.rooms()
    if rooms.height != 1:
        raise InvalidInput(f"the layout rocketchat exports one room; the selection reaches {rooms.height}")
    return rooms.row(0, named=True)


def plan(job: Job) -> list[ShardPlan]:
    """Windows of time, each a shard. Raises `InvalidInput` for a selection that is not one room by time."""
    if job.selection.whole_threads:
        raise InvalidInput("the layout rocketchat goes by time: whole threads cannot be asked for")
    room = room_of(job.view)
    if options_of(job).empty:
        return []
    found = windows(job.view, room["number"], job.shard_rows)
    return [ShardPlan(number, 0, (window,)) for number, window in enumerate(found, 1)]


_names: WeakKeyDictionary[View, Names] = WeakKeyDictionary()


def names_of(view: View) -> Names:
    """The names of a view, looked up once for all its shards."""
    names = _names.get(view)
    if names is None:
        names = _names[view] = Names(view)
    return names


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """The slices of the messages and of the full record that one window makes."""
    options, view, (window,) = options_of(job), job.view, plan.groups
    messages = written(view, window, COLUMNS)
    names, in_json = names_of(view), options.format == "json"
    numbers = referred(view, messages)
    assets = assets_of(job, view) if numbers else None
    answered = replies(view, window) if options.full else None
    parts = [said(part, names, assets) for part in messages.iter_slices(SLICE_ROWS)]
    with pack.member(MESSAGES) as member:
        for part in parts:
            member.write(as_bytes(forms.json_lines(part) if in_json else forms.html_lines(part)))
    job.progress(0, 0)
    if answered is not None:
        with pack.member(full.MEMBER) as member:
            for part, stored in zip(parts, messages.iter_slices(SLICE_ROWS), strict=True):
                member.write(as_bytes(full.full_lines(part, stored["text"], names, answered)))
    pack.count("messages", messages.height)
    job.progress(messages.height, 0)
    write_facts(pack, numbers)


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """One ZIP: messages, full record, files by id, manifest."""
    view, options = job.view, options_of(job)
    room = room_of(view)
    numbers = [number for pack in packs for number in read_facts(job, pack, list[int])]
    files = selected_files(view, numbers) if not options.empty else view.files().head(0)
    known = assets_of(job, view).of(files["id"]) if files.height else files.with_columns(why=pl.lit(None, pl.String))
    with job.pack("frame") as pack:
        head = pack.add("head", forms.HTML_HEAD.encode()) if options.format == "html" else None
        # a room without messages is one line feed (contract 1.9)
        feed = pack.add("feed", b"\n") if not count_of(packs) else None
        frame = pack.seal()
    around = [(frame, entry) for entry in (head, feed) if entry is not None]
    members = {message_member(room, options.format): [*around, *slices_of(packs, MESSAGES)]}
    if options.full:
        members[full.MEMBER] = slices_of(packs, full.MEMBER)
    counts = {"messages": count_of(packs), "files": 0}
    form = ManifestForm(_head(job, room), numbered=False, tail={"warnings": warnings_of(known)})
    with job.archive(archive_name(job, options.format == "json"), form, limits=ONE_ZIP) as archive:
        add_joined(job, archive, members)
        found = attach(archive, job, view, known)
        counts["files"] = found["files"]
        for word, number in {**found, "files_total": known.height}.items():
            job.count(word, number)
        return archive_outputs(archive.seal(counts))


def count_of(packs: list[PackIndex]) -> int:
    """The messages of all packs."""
    return sum(pack.counts.get("messages", 0) for pack in packs)


def add_joined(job: Job, archive: ArchiveWriter, members: dict[str, list[tuple[PackIndex, Entry]]]) -> None:
    """Add members made of slices, in order; their hashes are taken beside each other."""
    with ThreadPoolExecutor(max(1, len(members))) as threads:
        waiting = [threads.submit(joined_content, job.blobs, slices, _alive(job)) for slices in members.values()]
        for name, content in zip(members, waiting, strict=True):
            found: Content = content.result()
            archive.add(name, found)


def _alive(job: Job) -> Callable[[], None]:
    return lambda: job.progress(0, 0)


def message_member(room: dict[str, Any], form: str) -> str:
    """The name of the member that holds the messages of a room."""
    if form == "html":
        return clean_segment(f"{room['id']}.html")
    plain = room["name"] if room["kind"] in ("public", "private") else ""
    return clean_segment(f"{plain or room['id']}.json")


def archive_name(job: Job, data: bool) -> str:
    """`2024-03-26-jane-data`, without the extension."""
    options = job.options
    who = options.who or job.view.workspace.id
    name = f"{job.created_at:%Y-%m-%d}-{who}{'-data' if data else ''}"
    return clean_segment(f"{name}-{job.export_id}" if options.id_in_name else name, 250)


def _head(job: Job, room: dict[str, Any]) -> dict[str, Any]:
    return {
        "export_id": job.export_id,
        "created_at": job.created_at,
        "requested_by": job.requested_by,
        "room": {"id": room["id"], "name": room["name"], "type": TYPES[room["kind"]]},
        "date_from": _instant(job.selection.since),
        "date_to": _instant(job.selection.until),
        "format": options_of(job).format,
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
