"""What one person can read, for that person: every joined room, other people hidden (contract 1.15)."""

from html import escape
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import polars as pl

from exeunt.archives.packs import Entry, PackIndex, PackWriter
from exeunt.archives.parts import ManifestForm
from exeunt.errors import InvalidInput
from exeunt.lake.selection import Group
from exeunt.lake.view import View
from exeunt.lake.written import first_words, windows, written
from exeunt.layouts.attachments import referred
from exeunt.layouts.job import Job, Output, ShardPlan, archive_outputs
from exeunt.layouts.options import RocketChatUserDataOptions
from exeunt.layouts.rocketchat import forms
from exeunt.layouts.rocketchat.assets import assets_of, attach, warnings_of
from exeunt.layouts.rocketchat.encoding import as_bytes
from exeunt.layouts.rocketchat.messages import COLUMNS, said
from exeunt.layouts.rocketchat.names import Names
from exeunt.layouts.rocketchat.room import ONE_ZIP, TYPES, add_joined, archive_name, count_of, message_member
from exeunt.layouts.rocketchat.slices import slices_of
from exeunt.layouts.shardfacts import read_facts, write_facts
from exeunt.layouts.tables import SLICE_ROWS

NO_AVATAR = "the source export did not carry pictures of people"


def options_of(job: Job) -> RocketChatUserDataOptions:
    """The options of this layout."""
    assert isinstance(job.options, RocketChatUserDataOptions)
    return job.options


def joined_rooms(job: Job) -> pl.DataFrame:
    """The rooms the person is a member of, by number, as far as whoever asks may see them."""
    view = job.view
    mine = view.memberships().filter(pl.col("user_id") == options_of(job).person)["room_id"]
    return view.rooms().filter(pl.col("id").is_in(mine.implode()))


def plan(job: Job) -> list[ShardPlan]:
    """Windows of all joined rooms, as many as fill a shard together. Raises `InvalidInput` for an unknown person."""
    _person(job)
    shards: list[list[Group]] = []
    for number in joined_rooms(job)["number"]:
        for window in windows(job.view, number, job.shard_rows):
            if shards and sum(group.rows for group in shards[-1]) + window.rows <= job.shard_rows:
                shards[-1].append(window)
            else:
                shards.append([window])
    return [ShardPlan(number, 0, tuple(groups)) for number, groups in enumerate(shards, 1)]


def _person(job: Job) -> dict[str, Any]:
    found = job.view.users().filter(pl.col("id") == options_of(job).person)
    if found.is_empty():
        raise InvalidInput(f"there is no person {options_of(job).person}")
    return found.row(0, named=True)


_names: WeakKeyDictionary[View, Names] = WeakKeyDictionary()


def _hidden(job: Job) -> Names:
    """`User_<n>` for everybody but the person, counted in the order in which they first write, room by room; who
    never writes comes after them."""
    names = _names.get(job.view)
    if names is None:
        order: dict[str, None] = {}
        for number in joined_rooms(job)["number"]:
            order.update(dict.fromkeys(first_words(job.view, number)))
        order.update(dict.fromkeys(job.view.users()["id"]))
        me = _person(job)
        order.pop(me["id"], None)
        called = {user_id: f"User_{n}" for n, user_id in enumerate(order, 1)}
        names = _names[job.view] = Names(job.view, {**called, me["id"]: me["username"] or me["id"]})
    return names


def render(job: Job, plan: ShardPlan, pack: PackWriter) -> None:
    """One slice for each window, called by the number of its room."""
    names, view, lines = _hidden(job), job.view, forms.json_lines if options_of(job).full else forms.html_lines
    numbers: set[int] = set()
    total = 0
    for window in plan.groups:
        messages = written(view, window, COLUMNS)
        carried = referred(view, messages)
        numbers.update(carried)
        assets = assets_of(job, view) if carried else None
        with pack.member(str(window.room_number)) as member:
            for part in messages.iter_slices(SLICE_ROWS):
                member.write(as_bytes(lines(said(part, names, assets))))
        total += messages.height
        pack.count(f"room {window.room_number}", messages.height)
        job.progress(messages.height, 0)
    pack.count("messages", total)
    write_facts(pack, sorted(numbers))


def assemble(job: Job, packs: list[PackIndex]) -> list[Output]:
    """One ZIP: the person, the list of rooms, each room, files by id, manifest."""
    view, options = job.view, options_of(job)
    rooms = joined_rooms(job)
    numbers = sorted({number for pack in packs for number in read_facts(job, pack, list[int])})
    ids = view.files().filter(pl.col("number").is_in(pl.Series(numbers, dtype=pl.Int64).implode()))["id"]
    known = assets_of(job, view).of(ids)
    with job.pack("frame") as pack:
        head = None if options.full else pack.add("head", forms.HTML_HEAD.encode())
        feed = pack.add("feed", b"\n")
        about = _about(pack, job, rooms)
        frame = pack.seal()
    members = {entry.name: [(frame, entry)] for entry in about}
    for room in rooms.iter_rows(named=True):
        slices = slices_of(packs, str(room["number"]))
        around = [head] if head is not None else []
        empty = [] if any(entry.size for _, entry in slices) else [feed]
        name = message_member(room, "json" if options.full else "html")
        while name in members:
            name = f"{room['id']}-{name}"
        members[name] = [*((frame, entry) for entry in [*around, *empty]), *slices]
    counts = {"messages": count_of(packs), "rooms": rooms.height, "files": 0}
    form = ManifestForm(_head(job), numbered=False, tail={"warnings": warnings_of(known)})
    with job.archive(archive_name(job, options.full), form, limits=ONE_ZIP) as archive:
        add_joined(job, archive, members)
        found = attach(archive, job, view, known)
        archive.missing({"file_id": "avatar", "name": "avatar", "reason": NO_AVATAR})
        counts["files"] = found["files"]
        for word, number in {**found, "files_total": known.height, "rooms": rooms.height}.items():
            job.count(word, number)
        return archive_outputs(archive.seal(counts))


def _about(pack: PackWriter, job: Job, rooms: pl.DataFrame) -> list[Entry]:
    """`user.json` or `user.html`, and `channels.json` where everything is asked for."""
    me = _person(job)
    facts = {
        "username": me["username"],
        "name": me["real_name"] or me["display_name"],
        "statusText": "",
        "emails": [me["email"]] if me["email"] else [],
        "roles": ["admin", "user"] if me["is_admin"] or me["is_owner"] else ["user"],
        "services": ["password"],
    }
    if not options_of(job).full:
        rows = "".join(f"<p><strong>{name}</strong>: {escape(_plain(value))}</p>" for name, value in facts.items())
        return [pack.add("user.html", (forms.HTML_HEAD + rows).encode())]
    listed = [
        {
            "roomId": room["id"],
            # a conversation is called by the names of its people, who stay hidden
            "roomName": room["name"] if room["kind"] in ("public", "private") else room["id"],
            "type": TYPES[room["kind"]],
        }
        for room in rooms.iter_rows(named=True)
    ]
    lines = b"\n".join(msgspec.json.encode(line) for line in listed)
    return [pack.add("user.json", msgspec.json.encode(facts)), pack.add("channels.json", lines)]


def _plain(value: str | list[str]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _head(job: Job) -> dict[str, Any]:
    return {
        "export_id": job.export_id,
        "created_at": job.created_at,
        "requested_by": job.requested_by,
        "user": options_of(job).person,
        "format": "json" if options_of(job).full else "html",
    }
