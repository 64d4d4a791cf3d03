"""What a sample holds, counted while it is written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Message = dict[str, Any]
"""One element of a day file, in Slack's form."""


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """Counts of one written sample. Bytes are those of file bodies, before compression."""

    users: int
    """Entries of users.json, bots and deleted ones included."""
    bots: int
    guests: int
    deleted_users: int
    rooms: dict[str, int]
    """Listed rooms by kind: public, private, group_dm, dm."""
    archived_rooms: int
    rooms_without_folder: int
    folders_without_listing: int
    messages: int
    """Elements of all day files, of every subtype."""
    threads: int
    """Messages with at least one reply."""
    replies: int
    """Messages with another's `thread_ts`, broadcast ones included."""
    broadcasts: int
    edits: int
    reactions: int
    """One for each person and emoji on a message."""
    subtypes: dict[str, int]
    files: int
    """Files whose bytes are in the archive; the following four have none there."""
    linked_files: int
    """Hosted by Slack, canvases and lists among them: an address, a token, no body."""
    external_files: int
    deleted_files: int
    hidden_files: int
    """Hidden by the plan's limit, or not for the one who exported."""
    bytes: int
    largest_file: int
    day_files: int
    first_day: date
    last_day: date


@dataclass(slots=True)
class Tally:
    """Sees every message once; distinct file ids are what it remembers of them."""

    messages: int = 0
    threads: int = 0
    replies: int = 0
    edits: int = 0
    reactions: int = 0
    subtypes: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, int] = field(default_factory=dict)
    file_kinds: dict[str, str] = field(default_factory=dict)

    def message(self, message: Message) -> None:
        """Count one message of a day file."""
        self.messages += 1
        self.threads += bool(message.get("reply_count"))
        self.replies += message.get("thread_ts", message["ts"]) != message["ts"]
        self.edits += "edited" in message
        self.reactions += sum(len(reaction["users"]) for reaction in message.get("reactions", ()))
        if "subtype" in message:
            self.subtypes[message["subtype"]] += 1
        for file in (*message.get("files", ()), *((message["file"],) if "file" in message else ())):
            self.file_kinds[file["id"]] = file.get("mode", "hosted")

    def body(self, file_id: str, size: int) -> None:
        """Count a body that was written for a file."""
        self.bodies[file_id] = size

    def without_body(self, *modes: str) -> int:
        """How many files of these modes have no body."""
        return sum(mode in modes for file_id, mode in self.file_kinds.items() if file_id not in self.bodies)
