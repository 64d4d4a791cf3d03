"""One room of a benchmark: the loop that joins the pieces."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date
from random import Random

import msgspec

from .bench_pool import POOL, REACTIONS, Pool, encode, reactions
from .bodies import KINDS, Body
from .facts import Tally
from .people import Person
from .rhythm import HOUR, SECOND, day_start
from .rooms import Room
from .shelf import Shelf
from .world import World

_WORKDAY = 9 * HOUR
_BUSY_DAY = 4
"""Rooms are silent on some days rather than have fewer messages on a day."""
_THREADS = 32
"""One message in so many gets replies; the like for the following two."""
_REACTED = 16
_EDITED = 32
_FAR = 4096
"""A late answer is at most so many messages away."""

_PICK = POOL - 1

_BLOCKS = b'","blocks":[{"type":"rich_text","block_id":"bEnCh","elements":[{"type":"rich_text_section","elements":['
_WORDS = b',{"type":"text","text":"'
_WORDS_END = b'"}'
_BLOCKS_END = b"]}]"


class BenchRoom:
    """Writes any number of messages of one room, evenly over the days it is busy."""

    def __init__(self, world: World, room: Room, people: list[Person], pool: Pool, rng: Random) -> None:
        self._room = room
        self._people = people
        self._pool = pool
        self._rng = rng
        user_ids = [world.user_id(person) for person in people]
        self._heads = [pool.heads[person.login] for person in people]
        self._user_ids = [user_id.encode() for user_id in user_ids]
        self._reactions = reactions(user_ids, rng)
        self._reacted = [entry.count(b'"U0') for entry in self._reactions]

    def days(
        self, amount: int, calendar: Sequence[date], shelf: Shelf, files: list[str], body_bytes: int, tally: Tally
    ) -> Iterator[tuple[date, bytes]]:
        """The content of each day file; `files` are ids that messages share, evenly among them."""
        if not amount:
            return
        busy = max(1, min(len(calendar), amount // _BUSY_DAY))
        days = [calendar[number * len(calendar) // busy] for number in range(busy)]
        moments = self._moments(amount, [day_start(day) + HOUR for day in days])
        shared = {number * amount // len(files): file_id for number, file_id in enumerate(files)}
        roots: dict[int, int] = {}
        first = 0
        for day in days:
            stop = bisect_left(moments, day_start(day) + HOUR + _WORKDAY, first)
            if stop > first:
                files_today = {
                    number: self._file(shared[number], moments[number], shelf, body_bytes)
                    for number in (range(first, stop) if shared else ())
                    if number in shared
                }
                content = self._messages(range(first, stop), moments, roots, files_today, tally)
                yield day, msgspec.json.format(content, indent=4)
            first = stop

    def _messages(
        self, numbers: range, moments: list[int], roots: dict[int, int], files: dict[int, bytes], tally: Tally
    ) -> bytes:
        """A JSON array. `roots` maps the numbers of coming replies to that of their root, `files` has ready members."""
        draw = self._rng.getrandbits
        begin_texts, begin_elements, endings = self._pool.begin_texts, self._pool.begin_elements, self._pool.endings
        heads, user_ids = self._heads, self._user_ids
        people = len(heads)
        parts: list[bytes] = []
        for number in numbers:
            bits = draw(96)
            author = _author(number) % people
            seconds, micros = divmod(moments[number], SECOND)
            begin, ending = bits & _PICK, endings[bits >> 16 & _PICK]
            ticket = b" TIDE-%d " % (bits >> 32 & 0xFFFF)
            parts += (
                heads[author],
                b'%08x-5c1e-4f0a-9d2b-%012x","ts":"%d.%06d","text":"'
                % (bits >> 48 & 0xFFFFFFFF, number, seconds, micros),
                begin_texts[begin],
                ticket,
                ending.text,
            )
            if bits & 1 << 15:
                parts += (_BLOCKS, begin_elements[begin], _WORDS, ticket, _WORDS_END, ending.elements, _BLOCKS_END)
            else:
                parts.append(b'"')
            chance = bits >> 80
            if number in roots:
                root = roots.pop(number)
                parts.append(
                    b',"thread_ts":"%b","parent_user_id":"%b"'
                    % (_stamp(moments[root]), user_ids[_author(root) % people])
                )
                tally.replies += 1
            elif not chance % _THREADS and (thread := self._thread(number, moments, roots)):
                parts.append(thread)
                tally.threads += 1
            if not (chance >> 5) % _REACTED:
                pick = begin % REACTIONS
                parts.append(self._reactions[pick])
                tally.reactions += self._reacted[pick]
            if not (chance >> 9) % _EDITED:
                parts.append(b',"edited":{"user":"%b","ts":"%d.000000"}' % (user_ids[author], seconds + 90))
                tally.edits += 1
            if number in files:
                parts.append(files[number])
            parts.append(b"},")
        parts[-1] = b"}]"
        tally.messages += len(numbers)
        return b"[" + b"".join(parts)

    def _thread(self, number: int, moments: list[int], roots: dict[int, int]) -> bytes:
        """Makes some of the next messages replies to this one, and now and then one much later."""
        rng = self._rng
        wanted = [number + step * rng.randint(1, 3) for step in range(1, rng.randint(2, 8))]
        if rng.random() < 0.1:
            wanted.append(number + 1 + rng.randrange(min(_FAR, len(moments) - number)))
        answers = [one for one in sorted(set(wanted)) if number < one < len(moments) and one not in roots]
        answers = answers or [next(one for one in range(number + 1, len(moments) + 1) if one not in roots)]
        if answers[0] == len(moments):
            return b""
        roots.update(dict.fromkeys(answers, number))
        replies = [(self._user(one), _stamp(moments[one])) for one in answers]
        users = b",".join(b'"%b"' % user for user in dict.fromkeys(user for user, _ in replies))
        return (
            b',"thread_ts":"%b","reply_count":%d,"reply_users_count":%d,"latest_reply":"%b","reply_users":[%b],'
            b'"replies":[%b],"is_locked":false,"subscribed":false'
        ) % (
            _stamp(moments[number]), len(replies), users.count(b",") + 1, replies[-1][1], users,
            b",".join(b'{"user":"%b","ts":"%b"}' % reply for reply in replies),
        )  # fmt: skip

    def _file(self, file_id: str, instant: int, shelf: Shelf, body_bytes: int) -> bytes:
        body = Body(f"{file_id}.bin", f"{file_id}.bin", KINDS[""], body_bytes, ())
        file = shelf.describe(file_id, body, self._room, self._people[0], instant, False)
        return b',"upload":true,"display_as_bot":false,"files":[%b]' % encode(file)

    def _moments(self, amount: int, starts: list[int]) -> list[int]:
        """One instant a message, increasing, inside the working hours that begin at `starts`."""
        draw = self._rng.getrandbits
        span = len(starts) * _WORKDAY
        step = span // amount
        moments = []
        for number in range(amount):
            day, rest = divmod(number * span // amount + draw(40) % step, _WORKDAY)
            moments.append(starts[day] + rest)
        return moments

    def _user(self, number: int) -> bytes:
        return self._user_ids[_author(number) % len(self._user_ids)]


def _author(number: int) -> int:
    """Who writes the message of that number: always the same, so that threads can name who will answer."""
    return number * 2654435761 >> 7


def _stamp(instant: int) -> bytes:
    return b"%d.%06d" % divmod(instant, SECOND)
