"""What an export's archive holds, by name alone: listings, day files by room folder, file bodies, and everything else.

The layout is Slack's ("How to read Slack data exports", slack.com/help/articles/220556107): listings in the root and
one folder a conversation with one JSON file a day. File bodies are where slackdump and slack-advanced-exporter put
them: `<folder>/attachments/<FileID>-<name>` or `__uploads/<FileID>/<name>`.
"""

import re
from array import array
from collections import Counter
from datetime import UTC, date, datetime, time

import msgspec

from exeunt.sources.intake import Report
from exeunt.sources.slack.archive import Archive

USERS = ("users.json", "org_users.json")
ROOMS = ("channels.json", "groups.json", "mpims.json", "dms.json", "file_conversations.json")
FILES = ("canvases.json", "lists.json", "huddle_transcripts.json")
"""Files that no message needs to name: a canvas, a list and the transcript of a huddle."""

_LISTINGS = frozenset(USERS + ROOMS + FILES)
_NOT_TAKEN = {
    "integration_logs.json": "the log of app activity has no place among rooms, messages and files",
    "content_flags.json": "reports of flagged content have no place among rooms, messages and files",
    ".slack-manifest.json": "it holds only a checksum of the export",
}
_DAY = re.compile(r"(?:(.+)/)?(\d{4})-(\d\d)-(\d\d)\.json", re.DOTALL)
_ATTACHED = re.compile(r"(?:(.+)/)?attachments/([^/]+)", re.DOTALL)
_UPLOADED = re.compile(r"(?:[^/]+/)?__uploads/([^/]+)/(.+)", re.DOTALL)
_NOISE = re.compile(r"(?:.*/)?(?:__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)", re.DOTALL)
_REF_BITS = 37
"""A day file is one integer, its day above its ref: a ref is a position in a directory of at most 128 GiB."""


class Body(msgspec.Struct, frozen=True):
    """A file body by its name in the archive; `folder` is the room folder it lies in, None in the uploads folder."""

    file_id: str
    name: str
    folder: str | None


def body_of(name: str) -> Body | None:
    """The file body that a member is, by its name, or None."""
    if found := _UPLOADED.fullmatch(name):
        return Body(found[1], found[2], None)
    if found := _ATTACHED.fullmatch(name):
        file_id, dash, rest = found[2].partition("-")
        if dash and rest and file_id.isalnum():
            return Body(file_id, rest, found[1] or "")
        return Body(found[2], found[2], found[1] or "")
    return None


class Contents:
    """The index of an archive. It holds 8 bytes a day file and one entry of a dictionary a file body."""

    def __init__(self, archive: Archive) -> None:
        self.problems = Report()
        self.listings: dict[str, int] = {}
        self.days: dict[str, array[int]] = {}
        self.bodies: dict[str, int] = {}
        self.repeated_bodies = array("Q")
        self.newest: date | None = None
        self._listed: dict[str, int] = {}
        newest = 0
        for name, ref in archive.entries():
            day = _DAY.fullmatch(name)
            # An uploaded file may be called like a day.
            if day is not None and "__uploads/" not in name:
                number = int(day[2]) * 10_000 + int(day[3]) * 100 + int(day[4])
                self.days.setdefault(day[1] or "", array("Q")).append(number << _REF_BITS | ref)
                newest = max(newest, number if _as_date(number) else 0)
            else:
                self._take(name, ref)
        self.newest = _as_date(newest)
        self._find_root()

    @property
    def is_export(self) -> bool:
        """Whether anything of this archive is part of an export at all."""
        return bool(self.listings or self.days)

    def of_room(self, folder: str, report: Report) -> list[tuple[str, int]]:
        """(name, ref) of a room's day files in order of days; of two of one day the first in the archive counts."""
        found: list[tuple[str, int]] = []
        for packed in sorted(self.days[folder]):
            number = packed >> _REF_BITS
            name = f"{number // 10_000:04}-{number // 100 % 100:02}-{number % 100:02}.json"
            name = f"{folder}/{name}" if folder else name
            if found and found[-1][0] == name:
                report.skip(name, "the archive holds this name twice; the first was read")
            else:
                found.append((name, packed & (1 << _REF_BITS) - 1))
        return found

    def _take(self, name: str, ref: int) -> None:
        base = name.rpartition("/")[2]
        if base in _LISTINGS and name.count("/") <= 1:
            if self._listed.setdefault(name, ref) != ref:
                self.problems.skip(name, "the archive holds this name twice; the first was read")
        elif body := body_of(name):
            if self.bodies.setdefault(body.file_id, ref) != ref:
                self.repeated_bodies.append(ref)
        elif base in _NOT_TAKEN and name.count("/") <= 1:
            self.problems.skip(name, _NOT_TAKEN[base])
        elif not _NOISE.fullmatch(name):
            reason = "pictures of users are not kept" if "__avatars/" in name else "it is no part of a Slack export"
            self.problems.skip(name, reason)

    def _find_root(self) -> None:
        """Whoever packs an unpacked export again often packs its folder: the root is where the listings are."""
        roots = Counter(name.rpartition("/")[0] for name in self._listed)
        if "" in roots or not (roots or self.days):
            root = ""
        elif roots:
            root = roots.most_common(1)[0][0]
        else:
            tops = {folder.partition("/")[0] for folder in self.days if "/" in folder}
            root = tops.pop() if len(tops) == 1 and all("/" in folder for folder in self.days) else ""
        for name, ref in self._listed.items():
            folder, _, base = name.rpartition("/")
            if folder == root:
                self.listings[base] = ref
            else:
                self.problems.skip(name, "it stands outside the export's root folder")
        self._root = root
        if root:
            outer, self.days = self.days, {}
            for folder, days in outer.items():
                self.days.setdefault(self.below_root(folder), array("Q")).extend(days)

    def below_root(self, folder: str) -> str:
        """A folder's path seen from the export's root."""
        return "" if folder == self._root else folder.removeprefix(self._root + "/")


def _as_date(number: int) -> date | None:
    try:
        return date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        return None


def end_of(day: date) -> datetime:
    """The last instant of a day in UTC."""
    return datetime.combine(day, time(23, 59, 59, 999_999), UTC)
