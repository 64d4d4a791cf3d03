"""An intake that keeps what it is handed in lists."""

from collections.abc import Iterable
from pathlib import Path

from exeunt.blobs.store import HeldBlob
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.sources.intake import Report
from exeunt.sources.slack import Limits, open_slack


class Recording:
    def __init__(self) -> None:
        self.report = Report()
        self.user_rows: list[UserRow] = []
        self.room_rows: list[RoomRow] = []
        self.membership_rows: list[MembershipRow] = []
        self.complete_rooms: list[str] = []
        self.file_rows: list[FileRow] = []
        self.message_rows: list[MessageRow] = []
        self.bodies: list[bytes] = []
        self.steps: list[tuple[int, int]] = []
        self.batches: list[int] = []

    def users(self, rows: Iterable[UserRow]) -> None:
        self.user_rows += rows

    def rooms(self, rows: Iterable[RoomRow]) -> None:
        self.room_rows += rows

    def memberships(self, rows: Iterable[MembershipRow]) -> None:
        self.membership_rows += rows

    def members_complete(self, room_ids: Iterable[str]) -> None:
        self.complete_rooms += room_ids

    def files(self, rows: Iterable[FileRow]) -> None:
        self.file_rows += rows

    def messages(self, rows: Iterable[MessageRow]) -> None:
        before = len(self.message_rows)
        self.message_rows += rows
        self.batches.append(len(self.message_rows) - before)

    def blob(self, chunks: Iterable[bytes]) -> HeldBlob:
        body = b"".join(chunks)
        self.bodies.append(body)
        return HeldBlob("key", f"sha256 of {len(body)}", "md5", len(body), len(body))

    def progress(self, done: int, total: int) -> None:
        self.steps.append((done, total))

    def user(self, user_id: str) -> UserRow:
        return next(row for row in self.user_rows if row.id == user_id)

    def room(self, room_id: str) -> RoomRow:
        return next(row for row in self.room_rows if row.id == room_id)

    def file(self, file_id: str) -> FileRow:
        return next(row for row in self.file_rows if row.id == file_id)

    def message(self, message_id: str) -> MessageRow:
        return next(row for row in self.message_rows if row.id == message_id)

    def skipped(self, where: str) -> str:
        """The reasons given for everything skipped whose place begins so, as one text."""
        return "; ".join(one.reason for one in self.report.skipped if one.where.startswith(where))

    def repaired(self, where: str) -> str:
        """The same of what came in though something was wrong with it."""
        return "; ".join(one.reason for one in self.report.repaired if one.where.startswith(where))


def read(path: Path, limits: Limits | None = None) -> Recording:
    intake = Recording()
    with open_slack(path, limits) as reader:
        reader.read(intake)
    return intake
