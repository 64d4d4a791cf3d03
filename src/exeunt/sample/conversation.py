"""The story of one room, told day by day, so that memory holds one day and the replies still to come."""

import heapq
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from .bots import bot_message
from .facts import Message
from .markup import mrkdwn
from .odd_files import external_file, stub
from .people import Person
from .rhythm import DAY, HOUR, SECOND, Rhythm, day_of, day_start, ts
from .scene import Maker, Scene, Script, file_share, react, spoken, with_files

_REPLY_SHARE = {"public": 0.42, "private": 0.38, "group_dm": 0.2, "dm": 0.1}
_LATE = 0.08
"""The part of the replies that come weeks after the thread was thought finished."""
_BROADCAST = 0.03


class _Reply(NamedTuple):
    instant: int
    order: int
    author: Person
    root: Message
    broadcast: bool


class Conversation:
    """Writes exactly `amount` messages between two days, the script's among them, and shares `files` bodies."""

    def __init__(
        self, scene: Scene, script: Script, amount: int, files: int, first: date, last: date, modern_from: int
    ) -> None:
        """`modern_from` is the instant since when messages have blocks; both days are included."""
        self._scene = scene
        self._script = sorted(script, key=lambda item: item[0])
        self._first, self._last = first, last
        self._end = day_start(last + timedelta(days=1))
        self._modern_from = modern_from
        self._pending: list[_Reply] = []
        self._used: set[int] = set()
        self._order = 0
        rng = scene.rng
        eager = [0.0 if person.role == "deleted" else rng.uniform(0.2, 2.0) for person in scene.members]
        early = [rng.uniform(0.2, 2.0) for _ in scene.members]
        offsets = [person.offset_hours for person in scene.members]
        self._rhythms = (Rhythm(offsets, early, rng), Rhythm(offsets, eager if any(eager) else early, rng))
        spare = max(0, amount - len(script))
        replies = int(spare * _REPLY_SHARE[scene.room.kind])
        self._roots = spare - replies
        self._threads = self._plan_threads(replies)
        self._files = self._plan_files(files)

    def days(self) -> Iterator[tuple[date, list[Message]]]:
        """Every day on which something was written, with its messages in order."""
        counts = self._rhythm(0).spread(self._roots, self._first, self._last)
        script = iter(self._script)
        upcoming = next(script, None)
        root = 0
        for index, count in enumerate(counts):
            day = self._first + timedelta(days=index)
            final = day == self._last
            self._used = {reply.instant for reply in self._pending}
            rhythm = self._rhythm(index / len(counts))
            moments = [(self._free(rhythm.instant(day)), -1) for _ in range(count)]
            today: list[Message] = []
            scripted: list[Maker] = []
            while upcoming is not None and (final or day_of(upcoming[0]) <= day):
                moments.append((self._free(max(upcoming[0], day_start(day))), len(scripted)))
                scripted.append(upcoming[1])
                upcoming = next(script, None)
            for instant, at in sorted(moments):
                self._enter(instant)
                if at >= 0:
                    today.append(scripted[at](self._scene))
                    continue
                today.append(self._say(root, rhythm))
                root += 1
            while self._pending and (final or day_of(self._pending[0].instant) == day):
                today.append(self._answer(heapq.heappop(self._pending)))
            if today:
                today.sort(key=lambda message: str(message["ts"]))
                yield day, today

    def _plan_threads(self, replies: int) -> dict[int, int]:
        """How many replies the roots of that number get; the counts sum up to `replies`."""
        rng = self._scene.rng
        sizes: list[int] = []
        left = replies
        while left and len(sizes) < self._roots:
            size = 1 + int(rng.expovariate(0.4) * (8 if rng.random() < 0.02 else 1))
            sizes.append(min(size, left))
            left -= sizes[-1]
        sizes[-1:] = [sizes[-1] + left] if sizes else []
        return dict(zip(rng.sample(range(self._roots), len(sizes)), sizes, strict=True))

    def _plan_files(self, files: int) -> dict[int, int]:
        """How many files the roots of that number share; the counts sum up to `files`."""
        rng = self._scene.rng
        sizes: list[int] = []
        while files and len(sizes) < self._roots:
            sizes.append(min(files, rng.choice((1, 1, 1, 1, 2, 3))))
            files -= sizes[-1]
        sizes[-1:] = [sizes[-1] + files] if sizes else []
        return dict(zip(rng.sample(range(self._roots), len(sizes)), sizes, strict=True))

    def _rhythm(self, passed: float) -> Rhythm:
        """Deleted people have fallen silent in the second half."""
        return self._rhythms[passed >= 0.5]

    def _free(self, instant: int) -> int:
        while instant in self._used:
            instant += 1
        self._used.add(instant)
        return instant

    def _enter(self, instant: int) -> None:
        self._scene.instant = instant
        self._scene.old = instant < self._modern_from

    def _say(self, number: int, rhythm: Rhythm) -> Message:
        scene = self._scene
        author = scene.members[rhythm.author(scene.instant)]
        shared = self._files.get(number, 0)
        if shared:
            message = self._share(author, shared)
        elif scene.room.bot and scene.rng.random() < scene.room.bot_share:
            message = bot_message(scene)
        else:
            message = spoken(scene, author, scene.speaker.open(author, scene.instant, scene.old))
            if not scene.old and scene.rng.random() < 0.004:
                file = stub(scene, "tombstone") if scene.rng.random() < 0.5 else external_file(scene, author, "gdrive")
                message = with_files(message, [file])
        if scene.rng.random() < 0.2:
            react(scene, message)
        if number in self._threads:
            self._open_thread(message, self._threads[number], rhythm)
        scene.recent = message
        return message

    def _share(self, author: Person, count: int) -> Message:
        scene = self._scene
        hosted = [scene.shelf.hosted(scene.room, author, scene.instant, scene.speaker, scene.old) for _ in range(count)]
        if scene.old and count == 1:
            comment = scene.speaker.open(author, scene.instant, True) if scene.rng.random() < 0.5 else []
            return file_share(scene, author, hosted[0], mrkdwn(comment))
        message = spoken(scene, author, scene.speaker.open(author, scene.instant, scene.old))
        if scene.rng.random() < 0.3:
            message |= {"text": ""}
            message.pop("blocks", None)
            message.pop("attachments", None)
        return with_files(message, hosted)

    def _open_thread(self, root: Message, count: int, rhythm: Rhythm) -> None:
        """Plans who answers when; the texts are written when their day comes."""
        scene = self._scene
        rng = scene.rng
        circle = rng.sample(scene.members, min(len(scene.members), rng.choice((2, 3, 3, 4, 6))))
        replies = []
        moment = scene.instant
        for _ in range(count):
            moment += int(rng.expovariate(1 / (20 * 60 * SECOND))) + SECOND
            late = rng.random() < _LATE
            instant = moment + (int(rng.uniform(15, 70) * DAY) + rng.randrange(HOUR) if late else 0)
            if instant >= self._end:
                instant = rng.randrange(scene.instant + 1, self._end)
            instant = self._free(instant)
            awake = scene.members[rhythm.author(instant)]
            author = awake if awake in circle or rng.random() < 0.4 else rng.choice(circle)
            if author.role == "deleted" and rhythm is self._rhythms[1]:
                author = awake
            self._order += 1
            reply = _Reply(instant, self._order, author, root, rng.random() < _BROADCAST)
            heapq.heappush(self._pending, reply)
            replies.append({"user": scene.world.user_id(author), "ts": ts(instant)})
        replies.sort(key=lambda reply: reply["ts"])
        users = list(dict.fromkeys(reply["user"] for reply in replies))
        root |= {
            "thread_ts": root["ts"],
            "reply_count": count,
            "reply_users_count": len(users),
            "latest_reply": replies[-1]["ts"],
            "reply_users": users,
            "replies": replies,
            "is_locked": False,
            "subscribed": False,
        }

    def _answer(self, reply: _Reply) -> Message:
        scene = self._scene
        self._enter(reply.instant)
        message = spoken(scene, reply.author, scene.speaker.reply(reply.author, reply.instant, scene.old))
        message["thread_ts"] = reply.root["ts"]
        if "user" in reply.root:
            message["parent_user_id"] = reply.root["user"]
        if reply.broadcast:
            kept = ("type", "user", "bot_id", "text", "ts", "thread_ts", "reply_count", "latest_reply", "reply_users")
            copy = {key: reply.root[key] for key in kept if key in reply.root}
            message |= {"subtype": "thread_broadcast", "root": copy}
        if scene.rng.random() < 0.12:
            react(scene, message)
        return message
