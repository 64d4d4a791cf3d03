"""What is asked: which rows of a workspace an export takes. Light enough for a process that never reads content."""

from datetime import UTC, datetime

import msgspec

from exeunt.errors import InvalidInput
from exeunt.lake.rows import RoomKind


class Selection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All conditions hold together; an empty list or text asks for nothing special.

    `rooms` and `people` are the source's ids; `people` are authors. The window is `[since, until)` over a message's
    own time of writing. `text` must occur in the plain text, in any case. With `whole_threads` every message of a
    thread is taken as soon as one of them is. Without `files` no bodies are delivered, only their names.
    `room_kinds` is what the one who asks may see, not a wish: whoever creates an export sets it.
    """

    rooms: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    room_kinds: tuple[RoomKind, ...] = ()
    private_to: str = ""
    text: str = ""
    files: bool = True
    whole_threads: bool = False

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            instant: datetime | None = getattr(self, name)
            if instant is not None and instant.tzinfo is None:
                raise InvalidInput("an instant needs a time zone")
            if instant is not None:
                # whatever zone it was said in, content is compared and manifests are written in UTC
                msgspec.structs.force_setattr(self, name, instant.astimezone(UTC))
        if self.since and self.until and self.until <= self.since:
            raise InvalidInput("until must be later than since")


class Snapshot(msgspec.Struct, frozen=True):
    """One state of a workspace's content, forever. `number` counts from 1; 0 is the empty workspace."""

    workspace_id: str
    number: int


class Group(msgspec.Struct, frozen=True, array_like=True):
    """The threads of one room that started in `[since, until)`: what a shard is made of.

    `rows` is how many revisions the catalog counts there, so an upper bound of the messages.
    """

    room_number: int
    since: datetime
    until: datetime
    rows: int
