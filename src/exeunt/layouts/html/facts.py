"""What each shard tells the assembly."""

from datetime import datetime

import msgspec


class PageFacts(msgspec.Struct, frozen=True, array_like=True):
    """A page with messages. `name` is that of its file without `.html`."""

    room_number: int
    name: str
    messages: int
    last_at: datetime | None


class ShardFacts(msgspec.Struct, frozen=True):
    """A shard's pages, how much each listed person wrote by number, others by name, and what else it refers to."""

    pages: list[PageFacts]
    people: dict[int, int]
    others: dict[str, int]
    mentioned: list[int]
    files: list[int]
    blocks: int
