"""Exports of any number of plain messages, for benchmarks: the same form, written as fast as joining bytes goes."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

from .bench_pool import PER_ROOM, make_pool
from .bench_room import BenchRoom
from .facts import SampleFacts, Tally
from .ids import slack_id
from .people import ZONES, Person, user_json
from .rhythm import LAST_DAY, SECOND, SPAN_DAYS, day_start
from .rooms import LISTINGS, Room, RoomKind, listing_json
from .shares import split
from .shelf import Shelf
from .world import WorkspacePlan, World
from .writer import ExportZip, slack_json

BODY_BYTES = 65_536
_BLOCK = 1 << 20
_FIRST = ("Ada", "Bo", "Chidi", "Dana", "Emre", "Fatima", "Goran", "Hana", "Ines", "Jürgen", "Kaja", "Ludmila", "Mwai")
_LAST = ("Aalto", "Bauer", "Castro", "Dahl", "Eze", "Fukuda", "Grünwald", "Hoxha", "Iyer", "Jansen", "Kimura", "Łoś")


def write_bench(
    path: Path,
    *,
    messages: int,
    rooms: int = 200,
    users: int = 2000,
    bodies: int = 0,
    body_bytes: int = BODY_BYTES,
    seed: int = 1,
    days: int = SPAN_DAYS,
    progress: Callable[[int, int], None] | None = None,
    last_day: date = LAST_DAY,
) -> SampleFacts:
    """Write `messages` messages of `users` people over the working days of `days` days that end on `last_day`.

    Rooms are of very different size, seven in ten public, two private, one a direct message. Every message has its
    author's card, every second one blocks. `bodies` files (no room has more than messages) of `body_bytes` random bytes
    each lie in `__uploads`.
    """
    people = _people(users)
    plan = WorkspacePlan("bench", people, (), _rooms(rooms), "uploads", ("everybody-on-call",))
    world = World(plan, seed)
    rng = Random(f"{world.seed}/bench")
    tally = Tally()
    day_files = 0
    calendar = [day for day in (last_day - timedelta(days=days - 1 - n) for n in range(days)) if day.weekday() < 5]
    amounts = split(messages, {room.key: room.share for room in plan.rooms})
    with_bodies = split(bodies, {key: float(amount) for key, amount in amounts.items()})
    with ExportZip(path, datetime.combine(last_day + timedelta(days=1), time(), UTC), level=0) as archive:
        shelf = Shelf(world, archive, tally, 0, 0, rng)
        noise = rng.randbytes(_BLOCK)
        created = day_start(calendar[0]) // SECOND
        archive.add("users.json", slack_json([user_json(one, world.seed, world.team_id, created) for one in people]))
        archive.add("integration_logs.json", b"[]")
        pool = make_pool(world, people, day_start(last_day), rng)
        listings: dict[RoomKind, list[dict[str, Any]]] = {kind: [] for kind in LISTINGS}
        for room in plan.rooms:
            members = rng.sample(people, 2 if room.kind == "dm" else min(users, PER_ROOM))
            ids = [world.user_id(person) for person in members]
            folder = world.folder(room)
            listings[room.kind].append(listing_json(room, world.room_id(room), folder, ids[0], ids, created, []))
            files = [
                slack_id(world.seed, "F", f"{room.key}/{number}")
                for number in range(min(with_bodies[room.key], amounts[room.key]))
            ]
            talk = BenchRoom(world, room, members, pool, rng)
            for day, content in talk.days(amounts[room.key], calendar, shelf, files, body_bytes, tally):
                archive.add(f"{folder}/{day}.json", content)
                day_files += 1
            for file_id in files:
                archive.stream(f"__uploads/{file_id}/{file_id}.bin", body_bytes, _noise(file_id, body_bytes, noise))
                tally.body(file_id, body_bytes)
            if progress:
                progress(tally.messages, messages)
        for kind, name in LISTINGS.items():
            archive.add(name, slack_json(listings[kind]))
    return SampleFacts(
        users=users, bots=0, guests=0, deleted_users=0,
        rooms={str(kind): len(listed) for kind, listed in listings.items()},
        archived_rooms=0, rooms_without_folder=sum(not amount for amount in amounts.values()),
        folders_without_listing=0, messages=tally.messages, threads=tally.threads, replies=tally.replies,
        broadcasts=0, edits=tally.edits, reactions=tally.reactions, subtypes={}, files=len(tally.bodies),
        linked_files=0, external_files=0, deleted_files=0, hidden_files=0, bytes=sum(tally.bodies.values()),
        largest_file=body_bytes if tally.bodies else 0, day_files=day_files,
        first_day=calendar[0], last_day=calendar[-1],
    )  # fmt: skip


def _people(count: int) -> list[Person]:
    zones = list(ZONES)
    names = [f"{first} {last}" for first, last in product(_FIRST, _LAST)]
    made = []
    for number in range(count):
        login = f"person{number}"
        name = f"{names[number % len(names)]} {number // len(names) + 1}"
        zone = zones[number % len(zones)]
        made.append(Person(login, name, name, "", zone, "en", "", f"{login}@example.org"))
    return made


def _rooms(count: int) -> list[Room]:
    """The first is the largest; the hundredth is about thirty times smaller."""
    kinds: tuple[RoomKind, ...] = (
        "public",
        "public",
        "private",
        "public",
        "public",
        "dm",
        "public",
        "private",
        "public",
        "public",
    )
    return [
        Room(f"room-{number:04d}", kinds[number % len(kinds)], 1 / (number + 3), "", "", general=not number)
        for number in range(count)
    ]


def _noise(file_id: str, size: int, noise: bytes) -> Iterator[bytes]:
    """`size` bytes that begin with the id, so that no two bodies are equal."""
    head = file_id.encode()[:size]
    yield head
    for at in range(len(head), size, len(noise)):
        yield noise[: size - at]
