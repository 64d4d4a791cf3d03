"""One workspace with its ids: who is who, who is where."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from .ids import hex_id, slack_id
from .people import Bot, Person
from .rooms import Room

Layout = Literal["uploads", "attachments"]


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """What is fixed about a workspace before a seed is known."""

    key: str
    """The first label of its Slack host name."""
    people: Sequence[Person]
    bots: Sequence[Bot]
    rooms: Sequence[Room]
    layout: Layout
    """Where file bodies lie: `__uploads/<id>/<name>`, or `<room>/attachments/<id>-<name>`."""
    handles: Sequence[str]
    """User groups that can be mentioned."""


class World:
    """A plan and a seed; every id follows from the two."""

    def __init__(self, plan: WorkspacePlan, seed: int) -> None:
        self.plan = plan
        self.seed = int(hex_id(seed, plan.key, 12), 16)
        self.team_id = slack_id(self.seed, "T", plan.key)
        self.host = f"{plan.key}.slack.com"
        self._people = {person.login: person for person in plan.people}
        self._user_ids = {person.login: slack_id(self.seed, "U", person.login) for person in plan.people}

    def person(self, login: str) -> Person:
        """The person with that login."""
        return self._people[login]

    def user_id(self, person: Person) -> str:
        """Their id here; the same address has another id in another workspace."""
        return self._user_ids[person.login]

    def bot_id(self, bot: Bot) -> str:
        """The B… id of an integration."""
        return slack_id(self.seed, "B", bot.key)

    def bot_user_id(self, bot: Bot) -> str:
        """The account of an app that has one."""
        return slack_id(self.seed, "U", f"bot/{bot.key}")

    def room_id(self, room: Room) -> str:
        """C… for public rooms and newer private ones, G… for older private ones, D… for direct messages."""
        if room.kind == "dm":
            return slack_id(self.seed, "D", room.key)
        older = room.kind in ("private", "group_dm") and room.begins < 0.3
        return slack_id(self.seed, "G" if older else "C", room.key)

    def folder(self, room: Room) -> str:
        """The folder of the day files: the name, the id of a direct message, the `mpdm-…` name of a group of people."""
        if room.kind == "dm":
            return self.room_id(room)
        return f"mpdm-{room.key.replace(' ', '--')}-1" if room.kind == "group_dm" else room.key

    def members(self, room: Room) -> list[Person]:
        """Who is in a room, deleted people included, in the order of the plan."""
        if room.kind in ("dm", "group_dm"):
            return [self._people[login] for login in dict.fromkeys(room.key.split())]
        teams = set(room.members.split())
        return [person for person in self.plan.people if teams & set(person.teams.split())]

    def handle_id(self, handle: str) -> str:
        """The S… id of a user group."""
        return slack_id(self.seed, "S", handle)

    @cached_property
    def public_rooms(self) -> list[Room]:
        """Rooms that may be mentioned everywhere."""
        return [room for room in self.plan.rooms if room.kind == "public" and room.listed]

    @cached_property
    def file_token(self) -> str:
        """What an export adds to the addresses of its files as `?t=`."""
        return "-".join(("xoxe", "0" * 11, "0" * 13, hex_id(self.seed, "file token", 32)))
