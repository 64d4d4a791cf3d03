"""Reads a whole export in one go: listings, then room by room and day by day, then what nobody named."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from msgspec import Raw

from exeunt.clock import EPOCH
from exeunt.errors import InvalidInput, NotFound
from exeunt.lake.rows import FileRow
from exeunt.sources.intake import Intake
from exeunt.sources.slack import contents, decode, wire
from exeunt.sources.slack.archive import Archive
from exeunt.sources.slack.contents import Contents
from exeunt.sources.slack.days import json_objects
from exeunt.sources.slack.files import Files, shared_in
from exeunt.sources.slack.folder import FolderArchive
from exeunt.sources.slack.limits import Limits, Unreadable
from exeunt.sources.slack.mrkdwn import Markup
from exeunt.sources.slack.people import People
from exeunt.sources.slack.roomdays import RoomDays
from exeunt.sources.slack.rooms import KINDS, Listed, Place, Rooms
from exeunt.sources.slack.zips import ZipArchive

R = TypeVar("R")
_BATCH = 1000


def open_slack(path: Path, limits: Limits | None = None) -> "SlackReader":
    """The Slack export at `path`: the zip as Slack or slackdump made it, or a folder with the same content.

    Raises `NotFound` or `InvalidInput` when there is nothing that could be one. What is broken in it is no error:
    it is named in the report of `read`.
    """
    limits = limits or Limits()
    if not path.exists():
        raise NotFound(f"there is no file or folder {path}")
    if not path.is_dir() and not path.is_file():
        raise InvalidInput(f"{path} is neither a zip file nor a folder")
    archive: Archive = FolderArchive(path, limits) if path.is_dir() else ZipArchive(path, limits)
    return SlackReader(path, limits, archive)


class SlackReader:
    """One opened export; `close` it or use it in a `with`. Reading it again says the same again."""

    def __init__(self, path: Path, limits: Limits, archive: Archive) -> None:
        self._name = path.stem
        self._limits = limits
        self._archive = archive
        self._contents = Contents(archive)
        if not self._contents.is_export:
            archive.close()
            raise InvalidInput(f"{path} holds no Slack export: neither a listing nor a day of messages was found")

    @property
    def as_of(self) -> datetime:
        """The end of the newest day with messages; without any, the newest time that a listing in the archive has."""
        if self._contents.newest:
            return contents.end_of(self._contents.newest)
        stats = (self._archive.stat(ref) for ref in self._contents.listings.values())
        return max((stat.changed_at for stat in stats if stat.changed_at), default=EPOCH)

    def read(self, intake: Intake) -> None:
        """Hands everything over: users, rooms and members, messages and files room by room, then what is left."""
        _Import(self._archive, self._contents, self._limits, intake, self._name).run()

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
    """One reading of an archive into one intake.

    The intake counts the rows it is given; what is counted here as read is what it cannot see: day files, reactions,
    attachments, where the bodies of files are.
    """

    def __init__(self, archive: Archive, index: Contents, limits: Limits, intake: Intake, name: str) -> None:
        self._archive = archive
        self._contents = index
        self._limits = limits
        self._intake = intake
        self._report = intake.report
        self._name = name
        self._people = People()
        self._rooms = Rooms(self._people)
        self._known = _Known(self._people, self._rooms)
        self._files = Files(archive, index, intake, self._tick)
        archive.rewind()

    def run(self) -> None:
        self._report.take_over(self._archive.problems)
        self._report.take_over(self._contents.problems)
        self._read_users()
        self._read_rooms()
        markup = Markup(self._known)
        for folder in self._folders():
            place = self._rooms.place(folder) or self._unlisted(folder)
            days = RoomDays(place, self._people, markup, self._files, self._intake)
            for name, ref in self._contents.of_room(folder, self._report):
                days.add(name, self._objects(name, ref))
            days.finish()
        self._read_listed_files()
        self._hand_over_rest()
        self._intake.progress(self._archive.total, self._archive.total)

    def _tick(self) -> None:
        self._intake.progress(min(self._archive.done, self._archive.total), self._archive.total)

    def _objects(self, name: str, ref: int) -> list[tuple[int, Raw | bytes]]:
        found = json_objects(self._archive, ref, name, self._limits, self._report)
        self._tick()
        return found

    def _folders(self) -> list[str]:
        """The folders with messages: listed rooms first, so that a name is never taken by a folder without one."""
        return sorted(self._contents.days, key=lambda folder: (self._rooms.place(folder) is None, folder))

    def _listed(self, name: str, take: Callable[[Raw | bytes], R | None]) -> Iterator[R]:
        """What `take` makes of the objects of a listing, if the archive has it."""
        ref = self._contents.listings.get(name)
        for number, raw in self._objects(name, ref) if ref is not None else ():
            try:
                row = take(raw)
            except Unreadable as error:
                self._report.skip(f"{name}, entry {number}", str(error))
                continue
            if row is None:
                self._report.read["entries repeated"] += 1
            else:
                yield row

    def _read_users(self) -> None:
        for name in contents.USERS:
            self._intake.users(self._listed(name, self._people.row))
        self._intake.users(self._people.slackbot())

    def _read_rooms(self) -> None:
        rooms: list[Listed] = []
        for name in contents.ROOMS:
            rooms += self._listed(name, partial(self._rooms.listed, kind=KINDS[name]))
        self._rooms.explain((listed.room for listed in rooms), self._known)
        self._intake.rooms([listed.room for listed in rooms])
        self._intake.memberships(member for listed in rooms for member in listed.members)
        self._intake.members_complete(listed.room.id for listed in rooms if listed.complete)

    def _unlisted(self, folder: str) -> Place:
        row = self._rooms.unlisted(folder, self._name)
        self._intake.rooms([row])
        self._report.read["rooms without a listing"] += 1
        return Place(row.id)

    def _read_listed_files(self) -> None:
        """Canvases, lists and transcripts of huddles, which need no message to exist."""
        for name in contents.FILES:
            for _ in self._listed(name, self._named_file):
                if len(self._files.ready) >= _BATCH:
                    self._flush_files()
        self._flush_files()

    def _named_file(self, raw: Raw | bytes) -> str:
        room_id = shared_in(decode.read(raw, wire.File)[0].shares)
        file_id = self._files.named(raw, room_id, EPOCH)
        if not file_id:
            raise Unreadable("it has no id")
        return file_id

    def _flush_files(self) -> None:
        rows, self._files.ready = self._files.ready, []
        self._intake.files(rows)

    def _hand_over_rest(self) -> None:
        rest: list[FileRow] = []
        for row in self._files.remaining(self._room_of):
            rest.append(row)
            if len(rest) >= _BATCH:
                self._intake.files(rest)
                rest = []
        self._intake.files(rest)
        bots = list(self._people.unlisted_bots())
        if bots:
            self._report.read["bots without a listing"] += len(bots)
        self._intake.users(bots)

    def _room_of(self, folder: str) -> str:
        folder = self._contents.below_root(folder)
        return (self._rooms.place(folder) or self._unlisted(folder)).id


class _Known:
    """Whether an id is one of the people or rooms that this archive describes."""

    def __init__(self, people: People, rooms: Rooms) -> None:
        self._names = people.names
        self._rooms = rooms

    def __contains__(self, target: object) -> bool:
        return target in self._names or target in self._rooms
