"""Reads a whole zip in one go: people, rooms, then the messages file by file.

The format has no ids, so names are: a person is the user name, a room its name, a conversation both user names. A
message is told by its room, its time and a digest of who said what, so reading the same zip again changes nothing.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from exeunt.clock import EPOCH
from exeunt.errors import InvalidInput, NotFound
from exeunt.lake.rows import MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.sources.intake import Intake
from exeunt.sources.rocketchat_csv.tables import instant, rows
from exeunt.sources.rocketchat_csv.texts import marked
from exeunt.sources.slack.limits import Limits
from exeunt.sources.slack.zips import ZipArchive

USERS, CHANNELS, DIRECT = "users.csv", "channels.csv", "directmessages"
NOISE = "__MACOSX"


def open_rocketchat_csv(path: Path, limits: Limits | None = None) -> "RocketChatCsvReader":
    """The CSV zip at `path`. Raises `NotFound` or `InvalidInput` when there is nothing that could be one."""
    if not path.exists():
        raise NotFound(f"there is no file {path}")
    if not path.is_file():
        raise InvalidInput(f"{path} is not a zip file")
    return RocketChatCsvReader(path, limits or Limits())


class RocketChatCsvReader:
    """One opened zip; `close` it or use it in a `with`. Reading it again says the same again."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path, self._limits = path, limits
        self._archive = ZipArchive(path, limits)
        self._users: list[tuple[str, int]] = []
        self._channels: list[tuple[str, int]] = []
        self._talk: dict[str, list[tuple[str, int]]] = {}
        self._other: list[str] = []
        for name, ref in self._archive.entries():
            self._place(name, ref)
        if not (self._users or self._channels or self._talk):
            self.close()
            raise InvalidInput(f"{path} holds no CSV import of Rocket.Chat: no users, channels or messages were found")

    def _place(self, name: str, ref: int) -> None:
        if NOISE in name:
            return
        first, slash, rest = name.partition("/")
        if slash and rest.partition("/")[0].lower().endswith(".csv"):
            self._talk.setdefault(first, []).append((name, ref))
        elif not slash and name.lower() in (USERS, CHANNELS):
            (self._users if name.lower() == USERS else self._channels).append((name, ref))
        else:
            self._other.append(name)

    @property
    def as_of(self) -> datetime:
        """The newest time that a member of the zip has."""
        refs = [ref for files in (self._users, self._channels, *self._talk.values()) for _, ref in files]
        return max((at for ref in refs if (at := self._archive.stat(ref).changed_at)), default=EPOCH)

    def read(self, intake: Intake) -> None:
        """Hands everything over. Raises `InvalidInput` when nothing in it is valid."""
        self._archive.rewind()
        for name in self._other:
            intake.report.skip(name, "it is no part of Rocket.Chat's CSV import")
        intake.report.take_over(self._archive.problems)
        taken = _Import(self._archive, self._limits, intake)
        taken.people(self._users)
        taken.rooms(self._channels, [room for room in sorted(self._talk) if room.lower() != DIRECT])
        for room in sorted(self._talk):
            for name, ref in sorted(self._talk[room]):
                taken.messages(name, ref, None if room.lower() == DIRECT else room)
        taken.rest()
        if not taken.valid:
            raise InvalidInput(f"{self._path} holds nothing valid")
        intake.progress(self._archive.total, self._archive.total)

    def close(self) -> None:
        """Lets go of the archive."""
        self._archive.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Import:
    """One reading of a zip into one intake."""

    def __init__(self, archive: ZipArchive, limits: Limits, intake: Intake) -> None:
        self._archive, self._limits, self._intake, self._report = archive, limits, intake, intake.report
        self._people: dict[str, None] = {}
        self._unlisted: dict[str, None] = {}
        self._rooms: dict[str, None] = {}
        self._conversations: dict[str, None] = {}
        self._same: Counter[str] = Counter()
        self.valid = False

    def _rows(self, name: str, ref: int, columns: int) -> Iterator[tuple[str, list[str]]]:
        """(where, fields) of the rows that have all columns."""
        for line, fields in rows(self._archive, name, ref, self._limits, self._report):
            where = f"{name}, line {line}"
            if len(fields) < columns:
                self._report.skip(where, f"it has {len(fields)} columns instead of {columns}")
            elif not fields[0].strip():
                self._report.skip(where, "its first column is empty")
            else:
                yield where, fields
        self._intake.progress(min(self._archive.done, self._archive.total), self._archive.total)

    def people(self, files: list[tuple[str, int]]) -> None:
        """`users.csv`: user name, e-mail address, full name."""
        found: list[UserRow] = []
        for name, ref in files:
            for where, (username, email, full, *_) in self._rows(name, ref, 3):
                username = username.strip()
                if username in self._people:
                    self._report.skip(where, f"the user name {username!r} stands there twice; the first was read")
                    continue
                self._people[username] = None
                full = full.strip()
                found.append(UserRow(id=username, username=username, display_name=full or username, real_name=full,
                                     email=email.strip(), raw=_raw([username, email, full])))  # fmt: skip
        self._hand_over_people(found)

    def _hand_over_people(self, found: list[UserRow]) -> None:
        self.valid |= bool(found)
        self._intake.users(found)

    def rooms(self, files: list[tuple[str, int]], folders: list[str]) -> None:
        """`channels.csv`: name, creator, `private` or `public`, members; then folders that are listed nowhere."""
        found: list[RoomRow] = []
        members: list[MembershipRow] = []
        for name, ref in files:
            for where, (room, creator, kind, *others) in self._rows(name, ref, 3):
                room, creator, kind = room.strip(), creator.strip(), kind.strip().lower()
                if kind not in ("private", "public"):
                    self._report.skip(where, f"a room is private or public, not {kind[:40]!r}")
                    continue
                if room in self._rooms:
                    self._report.skip(where, f"the room {room!r} stands there twice; the first was read")
                    continue
                self._rooms[room] = None
                found.append(RoomRow(id=room, name=room, kind="private" if kind == "private" else "public",
                                     creator_id=creator, raw=_raw([room, creator, kind, *others])))  # fmt: skip
                inside = [creator, *(others[0].split(";") if others else ())]
                for person in dict.fromkeys(one.strip() for one in inside):
                    if person:
                        self._know(person)
                        role = "owner" if person == creator else "member"
                        members.append(MembershipRow(room_id=room, user_id=person, role=role))  # type: ignore[arg-type]
        for room in folders:
            if room not in self._rooms:
                # what is not known to be open is not shown to everybody
                self._rooms[room] = None
                self._report.read["rooms without a listing"] += 1
                found.append(RoomRow(id=room, name=room, kind="private"))
        self.valid |= bool(members or (files and found))
        self._intake.rooms(found)
        self._intake.memberships(members)
        self._intake.members_complete({member.room_id for member in members})

    def _know(self, username: str) -> None:
        if username not in self._people:
            self._unlisted[username] = None

    def messages(self, name: str, ref: int, room: str | None) -> None:
        """One file: user name, milliseconds, text; in conversations whom it was sent to stands second."""
        found: dict[str, list[MessageRow]] = {}
        self._same.clear()
        for where, fields in self._rows(name, ref, 3 if room else 4):
            sender = fields[0].strip()
            to, time, text = ("", *fields[1:3]) if room else (fields[1].strip(), *fields[2:4])
            at = instant(time)
            if at is None:
                self._report.skip(where, f"its time is no number of milliseconds: {time[:40]!r}")
            elif not room and not to:
                self._report.skip(where, "it names nobody it was sent to")
            else:
                place = room or self._conversation(sender, to)
                found.setdefault(place, []).append(self._message(place, sender, at, text, fields))
        for place in sorted(found):
            self.valid = True
            self._intake.messages(sorted(found[place], key=lambda row: (row.created_at, row.id)))

    def _conversation(self, one: str, other: str) -> str:
        pair = sorted({one, other})
        room_id = "dm:" + ":".join(pair)
        if room_id not in self._conversations:
            self._conversations[room_id] = None
            for person in pair:
                self._know(person)
            self._intake.rooms([RoomRow(id=room_id, name=" and ".join(pair), kind="direct")])
            self._intake.memberships([MembershipRow(room_id=room_id, user_id=person) for person in pair])
        return room_id

    def _message(self, room: str, sender: str, at: datetime, text: str, fields: list[str]) -> MessageRow:
        self._know(sender)
        plain, html, mentions = marked(text, self._people, self._rooms)
        digest = hashlib.blake2b("\0".join((sender, text)).encode("utf-8", "replace"), digest_size=6).hexdigest()
        message_id = f"{room}/{int((at - EPOCH).total_seconds() * 1000)}-{digest}"
        self._same[message_id] += 1
        if self._same[message_id] > 1:
            message_id += f"-{self._same[message_id]}"
        return MessageRow(
            id=message_id, room_id=room, author_id=sender, thread_id=message_id, thread_started_at=at, created_at=at,
            text=plain, body_html=html, mentions=mentions, raw=_raw(fields),
        )  # fmt: skip

    def rest(self) -> None:
        """People that only messages and lists of members name."""
        if self._unlisted:
            self._report.read["users without a listing"] += len(self._unlisted)
        self._intake.users([UserRow(id=name, username=name, display_name=name) for name in self._unlisted])


def _raw(fields: list[str]) -> str:
    return msgspec.json.encode(fields).decode()
