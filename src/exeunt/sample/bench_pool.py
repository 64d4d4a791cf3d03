"""Pieces of messages, encoded once: a benchmark's message is four or five of them joined.

Everything here is compact JSON in bytes; text is the inside of a JSON string.
"""

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from .markup import Code, Passage, Section, mrkdwn, rich_text
from .people import Person, card_json
from .phrases_en import OPENERS, TAILS
from .rhythm import DAY
from .rooms import Room
from .snippets import SNIPPETS
from .speech import MOODS, Speaker
from .world import World

POOL = 1 << 11
"""Beginnings and endings; with a number between them hardly any two messages are equal."""
REACTIONS = 1 << 5
PER_ROOM = 64
"""At most so many people write in one room."""
_CODE_EVERY = 16


@dataclass(frozen=True, slots=True)
class Ending:
    """The second half of a message: as text, and as what follows the first half's elements in a rich_text block."""

    text: bytes
    elements: bytes


@dataclass(frozen=True, slots=True)
class Pool:
    """What every room draws from; the first three lists have `POOL` entries."""

    heads: dict[str, bytes]
    """By login: the beginning of that person's messages, up to the number of the `client_msg_id`."""

    begin_texts: list[bytes]
    begin_elements: list[bytes]
    endings: list[Ending]


def encode(value: Any) -> bytes:
    """Compact JSON with Slack's escapes."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/").encode()


def inside(text: str) -> bytes:
    """The inside of a JSON string."""
    return encode(text)[1:-1]


def make_pool(world: World, people: list[Person], last_day_start: int, rng: Random) -> Pool:
    """Sentences of all topics that mention any of `people`."""
    room = Room("pool", "public", 1, "", " ".join(OPENERS))
    speaker = Speaker(world, room, people, rng)
    # slack-export-viewer, which benchmarks compare with, stops at a room's mention inside blocks
    sentences = [sentence for topic in OPENERS.values() for sentence in topic if "{room}" not in sentence]

    def section(templates: list[str] | tuple[str, ...]) -> Passage:
        return speaker.sentence(rng.choice(templates), people[0], last_day_start - rng.randrange(700) * DAY)

    begins = [section(sentences) for _ in range(POOL)]
    endings = []
    for number in range(POOL):
        if number % _CODE_EVERY:
            passage = section(TAILS if number % 3 else sentences)
            endings.append(Ending(inside(mrkdwn(passage)), b"," + _elements(passage) + b"]}"))
        else:
            code: Passage = [Code(rng.choice(SNIPPETS))]
            block = encode(rich_text(code, "")[0]["elements"][0])
            endings.append(Ending(inside("\n" + mrkdwn(code)), b"]}," + block))
    return Pool(
        _heads(world, people),
        [inside(mrkdwn(passage)) for passage in begins],
        [_elements(passage) for passage in begins],
        endings,
    )


def _heads(world: World, people: list[Person]) -> dict[str, bytes]:
    made = {}
    for person in people:
        user_id = world.user_id(person)
        card = encode(card_json(person, world.seed, world.team_id))
        made[person.login] = (
            b'{"user":"%b","type":"message","team":"%b","user_team":"%b","source_team":"%b","user_profile":%b,'
            b'"client_msg_id":"' % (user_id.encode(), *[world.team_id.encode()] * 3, card)
        )
    return made


def reactions(user_ids: list[str], rng: Random) -> list[bytes]:
    """`REACTIONS` ready members `,"reactions":[…]`; the people in one are its occurrences of `"U0`."""
    made = []
    for _ in range(REACTIONS):
        names = dict.fromkeys(rng.choices(MOODS, k=rng.choice((1, 1, 2, 3))))
        lists = [(name, rng.sample(user_ids, min(len(user_ids), rng.choice((1, 1, 2, 4))))) for name in names]
        listed = [{"name": name, "users": users, "count": len(users)} for name, users in lists]
        made.append(b',"reactions":' + encode(listed))
    return made


def _elements(passage: Passage) -> bytes:
    section = passage[0]
    assert isinstance(section, Section)
    return encode(rich_text(passage, "")[0]["elements"][0]["elements"])[1:-1]
