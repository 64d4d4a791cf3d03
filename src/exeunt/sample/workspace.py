"""Writes one whole workspace export: the listings, the day files of every room, the file bodies."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from .conversation import Conversation
from .events import room_events
from .facts import SampleFacts, Tally
from .ids import slack_id
from .odd_texts import Odd
from .people import bot_user_json, user_json
from .rhythm import DAY, SECOND, SPAN_DAYS, day_start
from .rooms import LISTINGS, Room, listing_json
from .scene import Scene, Script
from .shares import split
from .shelf import Shelf
from .speech import Speaker
from .world import WorkspacePlan, World
from .writer import ExportZip, slack_json

Progress = Callable[[int, int], None]
"""Told how many messages are written, and how many there will be."""

_MODERN_FROM = 0.25
"""The part of the time span before rich text."""
_LINKED = ("hosted", "snippet", "space", "email", "quip", "list")
_HIDDEN = ("hidden_by_limit", "file_access")


def write_workspace(
    path: Path,
    plan: WorkspacePlan,
    odd: Sequence[Odd],
    *,
    messages: int,
    files: int,
    seed: int,
    large_file_bytes: int,
    progress: Progress | None,
    last_day: date,
) -> SampleFacts:
    """Write the export of `plan` and count it.

    `messages` counts everything in the day files; fewer than the scripted ones (about 450 at home) are made up to
    them. `files` counts those with bodies, the one of `large_file_bytes` among them (0: none).
    """
    first_day = last_day - timedelta(days=SPAN_DAYS - 1)
    world = World(plan, seed)
    tally = Tally()
    rng = Random(f"{world.seed}/plan")
    scripts = {room.key: _script(room, world, odd, first_day, rng) for room in plan.rooms}
    amounts = _amounts(plan.rooms, scripts, messages)
    total = sum(amounts.values())
    shared = split(files, {room.key: float(amounts[room.key]) for room in plan.rooms})
    pins: dict[str, list[dict[str, Any]]] = {}
    days_written: Counter[date] = Counter()
    told = 0
    with ExportZip(path, datetime.combine(last_day + timedelta(days=1), time(), UTC)) as archive:
        shelf = Shelf(world, archive, tally, files, large_file_bytes, Random(f"{world.seed}/files"))
        archive.add("users.json", slack_json(_users(world, day_start(first_day) // SECOND)))
        archive.add("integration_logs.json", slack_json(_integrations(world, day_start(first_day) // SECOND)))
        for room in plan.rooms:
            members = world.members(room)
            room_rng = Random(f"{world.seed}/room/{room.key}")
            speaker = Speaker(world, room, members, room_rng)
            scene = Scene(world, room, members, speaker, shelf, room_rng)
            first, last = _life(room, first_day)
            modern_from = day_start(first_day) + int(SPAN_DAYS * _MODERN_FROM) * DAY
            talk = Conversation(scene, scripts[room.key], amounts[room.key], shared[room.key], first, last, modern_from)
            for day, written in talk.days():
                archive.add(f"{world.folder(room)}/{day}.json", slack_json(written))
                days_written[day] += 1
                for message in written:
                    tally.message(message)
                if progress and (tally.messages - told) * 200 >= total:
                    told = tally.messages
                    progress(told, total)
            pins[room.key] = scene.pins
        for kind, name in LISTINGS.items():
            listed = [room for room in plan.rooms if room.kind == kind and room.listed]
            archive.add(name, slack_json([_listing(world, room, first_day, pins[room.key]) for room in listed]))
    if progress:
        progress(total, total)
    return _facts(world, tally, days_written)


def _script(room: Room, world: World, odd: Sequence[Odd], first_day: date, rng: Random) -> Script:
    if not room.share:
        return []
    first, last = _life(room, first_day)
    begin, end = day_start(first) + 9 * 3600 * SECOND, day_start(last + timedelta(days=1))
    script = room_events(room, world.members(room), begin, end, rng)
    return script + [(begin + int((end - begin) * at), maker) for key, at, maker in odd if key == room.key]


def _life(room: Room, first_day: date) -> tuple[date, date]:
    """The first and the last day of a room."""
    first = first_day + timedelta(days=int(SPAN_DAYS * room.begins))
    return first, first_day + timedelta(days=max(1, int(SPAN_DAYS * room.ends)) - 1)


def _amounts(rooms: Sequence[Room], scripts: dict[str, Script], messages: int) -> dict[str, int]:
    """Each room's messages: its script, one more if anybody writes there, and its share of the rest."""
    least = {room.key: len(scripts[room.key]) + (room.share > 0) for room in rooms}
    spare = split(max(0, messages - sum(least.values())), {room.key: room.share for room in rooms})
    return {key: least[key] + spare[key] for key in least}


def _users(world: World, updated: int) -> list[dict[str, Any]]:
    people = [user_json(person, world.seed, world.team_id, updated) for person in world.plan.people]
    bots = [bot_user_json(bot, world.seed, world.team_id, updated) for bot in world.plan.bots if bot.has_user]
    return people + bots


def _integrations(world: World, begin: int) -> list[dict[str, Any]]:
    """Both forms of a line of integration_logs.json; dates are seconds as text."""
    owner = world.plan.people[0]
    log: list[dict[str, Any]] = []
    for number, bot in enumerate(world.plan.bots):
        entry: dict[str, Any] = {
            "user_id": world.user_id(owner),
            "user_name": owner.login,
            "date": str(begin + number * 86_400),
            "change_type": "added",
        }
        if bot.has_user:
            entry |= {"app_type": bot.name, "app_id": slack_id(world.seed, "A", bot.key), "scope": "bot,chat:write"}
        else:
            entry |= {"service_id": str(39_311_288_000 + number), "service_type": bot.name, "scope": "incoming-webhook"}
        log.append(entry)
    return log


def _listing(world: World, room: Room, first_day: date, pins: list[dict[str, Any]]) -> dict[str, Any]:
    people = world.members(room)
    members = [world.user_id(person) for person in people if person.role != "deleted" or room.kind == "dm"]
    created = day_start(_life(room, first_day)[0]) // SECOND
    return listing_json(room, world.room_id(room), world.folder(room), world.user_id(people[0]), members, created, pins)


def _facts(world: World, tally: Tally, days_written: Counter[date]) -> SampleFacts:
    plan = world.plan
    listed = [room for room in plan.rooms if room.listed]
    return SampleFacts(
        users=len(plan.people) + sum(bot.has_user for bot in plan.bots),
        bots=len(plan.bots),
        guests=sum(person.role in ("guest", "single_channel_guest") for person in plan.people),
        deleted_users=sum(person.role == "deleted" for person in plan.people),
        rooms=dict(Counter(str(room.kind) for room in listed)),
        archived_rooms=sum(room.archived for room in listed),
        rooms_without_folder=sum(not room.share for room in listed),
        folders_without_listing=len(plan.rooms) - len(listed),
        messages=tally.messages,
        threads=tally.threads,
        replies=tally.replies,
        broadcasts=tally.subtypes["thread_broadcast"],
        edits=tally.edits,
        reactions=tally.reactions,
        subtypes=dict(sorted(tally.subtypes.items())),
        files=len(tally.bodies),
        linked_files=tally.without_body(*_LINKED),
        external_files=tally.without_body("external"),
        deleted_files=tally.without_body("tombstone"),
        hidden_files=tally.without_body(*_HIDDEN),
        bytes=sum(tally.bodies.values()),
        largest_file=max(tally.bodies.values(), default=0),
        day_files=sum(days_written.values()),
        first_day=min(days_written),
        last_day=max(days_written),
    )
