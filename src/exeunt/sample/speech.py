"""Turns sentence templates into what a person says in a room."""

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import NamedTuple

from . import phrases_en as en
from .markup import TONES, Bullets, Code, Passage, Piece, Quote, Section, Style, say
from .people import Person
from .phrases_world import WORLD
from .rhythm import DAY, SECOND, clock
from .rooms import Room
from .snippets import PAGES, SNIPPETS
from .world import World

CUSTOM_EMOJI = ("heron-ok", "party-tide", "ship-it-slowly", "buoy")
MOODS = (
    "+1", "tada", "eyes", "heart", "pray", "ocean", "joy", "thinking_face", "white_check_mark", "rocket", "coffee",
    "raised_hands", "clap", "fish", "sweat_smile", "slightly_smiling_face", "muscle", "100", "anchor", *CUSTOM_EMOJI,
)  # fmt: skip
_TONED = ("+1", "wave", "pray", "raised_hands", "clap", "muscle")

_TOKEN = re.compile(
    r"\{(?P<slot>\w+)\}|\*(?P<bold>[^*]+)\*|_(?P<italic>[^_]+)_|~(?P<strike>[^~]+)~|`(?P<code>[^`]+)`"
    r"|:(?P<emoji>[a-z0-9_+-]+):"
)
_STYLES: tuple[Style, ...] = ("bold", "italic", "strike", "code")


class _Part(NamedTuple):
    kind: str
    value: str
    style: Style


@lru_cache(maxsize=4096)
def _parse(template: str, style: Style = "") -> tuple[_Part, ...]:
    parts: list[_Part] = []
    end = 0
    for match in _TOKEN.finditer(template):
        parts.append(_Part("text", template[end : match.start()], style))
        end = match.end()
        name, value = match.lastgroup or "", match[match.lastgroup or 0]
        inner = next((one for one in _STYLES if one == name), None)
        parts.extend(_parse(value, inner) if inner else [_Part(name, value, style)])
    parts.append(_Part("text", template[end:], style))
    return tuple(part for part in parts if part.value)


class Speaker:
    """The voice of one room."""

    def __init__(self, world: World, room: Room, members: list[Person], rng: Random) -> None:
        self._world = world
        self._room = room
        self._members = members
        self._rng = rng
        self._topics = room.topics.split()
        self._author = members[0]
        self._instant = 0
        self._old = False
        self._slots: dict[str, Callable[[], Piece]] = {
            "person": self._person,
            "room": self._mention_room,
            "team": self._team,
            "here": lambda: Piece("broadcast", rng.choices(("here", "channel", "everyone"), (8, 3, 1))[0]),
            "mail": self._mail,
            "link": self._link,
            "doc": lambda: Piece("link", f"https://docs.example.org/d/{rng.randrange(10**6)}", rng.choice(PAGES)[1]),
            "when": self._when,
            "emoji": lambda: Piece("emoji", self.emoji()),
            "n": lambda: say(str(rng.choice((2, 3, 4, 5, 7, 8, 11, 12, 14, 17, 20, 24, 31, 40, 48, 60, 90, 120, 365)))),
            "pct": lambda: say(str(rng.randrange(3, 100))),
            "hour": lambda: say(f"{rng.randrange(8, 18)}:{rng.choice(('00', '15', '30', '45'))}"),
            "weekday": lambda: say(rng.choice(en.WEEKDAYS)),
            "thing": lambda: say(rng.choice(en.THINGS)),
            "place": lambda: say(rng.choice(en.PLACES)),
            "project": lambda: say(rng.choice(en.PROJECTS)),
            "version": lambda: say(f"{rng.randrange(3, 6)}.{rng.randrange(20)}.{rng.randrange(8)}"),
            "ticket": lambda: say(f"TIDE-{rng.randrange(100, 9000)}"),
            "station": lambda: say(f"{rng.choice(('LX', 'BG', 'HF', 'YK', 'VP', 'GD'))}-{rng.randrange(1, 40):02d}"),
        }

    def open(self, author: Person, instant: int, old: bool = False) -> Passage:
        """A message that starts something; `old` writes mentions with the name beside the id, as years ago."""
        self._author, self._instant, self._old = author, instant, old
        form = self._rng.random()
        if form < 0.80:
            return [Section(self._talk(author))]
        lead = Section(self._pieces(self._rng.choice(en.LIST_LEADS)))
        if form < 0.84:
            return [lead, Bullets(self._items())]
        if form < 0.86:
            return [lead, Bullets(self._items(), ordered=True)]
        if form < 0.88:
            return [lead, Bullets(self._items()), Bullets(self._items(), indent=1)]
        if form < 0.92:
            return [Section(self._talk(author)), Code(self._rng.choice(SNIPPETS))]
        if form < 0.95:
            return [Quote([say(self._rng.choice(en.QUOTES))]), Section(self._talk(author))]
        if form < 0.975:
            return [Section([self._link()])]
        return [Section(self._pieces(self._rng.choice(en.REPLIES)))]

    def reply(self, author: Person, instant: int, old: bool = False) -> Passage:
        """A message that answers."""
        self._author, self._instant, self._old = author, instant, old
        if self._speaks_own(author):
            return [Section(self._pieces(self._rng.choice(WORLD[author.language][1])))]
        form = self._rng.random()
        if form < 0.04:
            return [Section(self._pieces(self._rng.choice(en.REPLIES))), Code(self._rng.choice(SNIPPETS))]
        if form < 0.30:
            return [Section(self._talk(author))]
        return [Section(self._pieces(self._rng.choice(en.REPLIES)))]

    def sentence(self, template: str, author: Person, instant: int) -> Passage:
        """One given template, filled in."""
        self._author, self._instant, self._old = author, instant, False
        return [Section(self._pieces(template))]

    def prose(self, sentences: int) -> str:
        """Plain text for documents, one sentence a line."""
        lines = []
        for _ in range(sentences):
            pieces = self._pieces(self._rng.choice(en.OPENERS[self._rng.choice(self._topics)]))
            lines.append("".join(_plain(piece) for piece in pieces))
        return "\n".join(lines)

    def emoji(self) -> str:
        """A name as Slack writes it: standard, the workspace's own, or with a skin tone."""
        name = self._rng.choice(MOODS)
        if name in _TONED and self._rng.random() < 0.3:
            return f"{name}::skin-tone-{self._rng.choice(list(TONES))}"
        return name

    def _talk(self, author: Person) -> list[Piece]:
        own = self._speaks_own(author)
        openers = WORLD[author.language][0] if own else en.OPENERS[self._rng.choice(self._topics)]
        pieces = self._pieces(self._rng.choice(openers))
        extra = self._rng.random()
        if extra < 0.35 and not own:
            pieces += [say(" "), *self._pieces(self._rng.choice(en.TAILS))]
        elif extra > 0.94:
            pieces += [say("\n\n"), *self._pieces(self._rng.choice(openers))]
        return pieces

    def _speaks_own(self, author: Person) -> bool:
        if author.language not in WORLD:
            return False
        return self._rng.random() < (0.85 if author.language == self._room.language else 0.07)

    def _items(self) -> list[list[Piece]]:
        return [self._pieces(item) for item in self._rng.sample(en.LIST_ITEMS, self._rng.randint(2, 5))]

    def _pieces(self, template: str) -> list[Piece]:
        pieces: list[Piece] = []
        for part in _parse(template):
            piece = self._piece(part)
            if pieces and piece.kind == "text" == pieces[-1].kind and piece.style == pieces[-1].style:
                pieces[-1] = say(pieces[-1].value + piece.value, piece.style)
            else:
                pieces.append(piece)
        return pieces

    def _piece(self, part: _Part) -> Piece:
        if part.kind == "text":
            return say(part.value, part.style)
        if part.kind == "emoji":
            return Piece("emoji", part.value)
        piece = self._slots[part.value]()
        return say(piece.value, part.style) if piece.kind == "text" else piece

    def _person(self) -> Piece:
        others = [member for member in self._members if member is not self._author] or self._members
        person = self._rng.choice(others)
        return Piece("person", self._world.user_id(person), person.login if self._old else "")

    def _mention_room(self) -> Piece:
        room = self._rng.choice(self._world.public_rooms)
        return Piece("room", self._world.room_id(room), room.key)

    def _team(self) -> Piece:
        handle = self._rng.choice(self._world.plan.handles)
        return Piece("team", self._world.handle_id(handle), handle)

    def _mail(self) -> Piece:
        address = self._rng.choice(("harbour@example.org", "captain@example.net"))
        return Piece("mail", address, address)

    def _link(self) -> Piece:
        path, title, _ = self._rng.choice(PAGES)
        query = self._rng.choice(("", f"?page={self._rng.randrange(1, 9)}&lang=en"))
        return Piece("link", f"https://www.example.org/{path}{query}", title if self._rng.random() < 0.5 else "")

    def _when(self) -> Piece:
        moment = self._instant + self._rng.randrange(1, 40) * DAY
        return Piece("date", str(moment // SECOND), clock(moment).strftime("%Y-%m-%d %H:%M UTC"))


def _plain(piece: Piece) -> str:
    return piece.label or (f":{piece.value}:" if piece.kind == "emoji" else piece.value)
