"""How much an archive may ask of us. Headers of an archive are claims; what is counted here is what was really read."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What an import takes from one archive at most. A member over a limit is named in the report and left out.

    `max_ratio` is how many bytes one packed byte may become, for a member and for the archive as a whole; it counts
    only past `ratio_from_bytes`, because small texts full of repetition pack better than that honestly.
    """

    max_entries: int = 5_000_000
    max_total_bytes: int = 2 << 40
    max_member_bytes: int = 64 << 30
    max_json_bytes: int = 256 << 20
    max_ratio: int = 200
    ratio_from_bytes: int = 100 << 20


class Unreadable(Exception):
    """A member cannot be read to its end; the message is one sentence for the report."""


class Meter:
    """Counts what an archive inflates to, member by member and altogether, and stops what grows too large."""

    def __init__(self, limits: Limits, archive_bytes: int) -> None:
        self.limits = limits
        self.archive_bytes = archive_bytes
        self.total = 0

    def take(self, amount: int, member_bytes: int, packed_bytes: int) -> None:
        """`amount` more bytes came out of a member that has given `member_bytes` so far from `packed_bytes`."""
        self.total += amount
        limits = self.limits
        if member_bytes > limits.ratio_from_bytes and member_bytes > limits.max_ratio * packed_bytes:
            raise Unreadable(f"it inflates to more than {limits.max_ratio} times its packed size")
        if member_bytes > limits.max_member_bytes:
            raise Unreadable(f"it is larger than {limits.max_member_bytes} bytes")
        self.check()

    def check(self) -> None:
        """Raises when the archive as a whole has given more than it may."""
        limits = self.limits
        if self.total > limits.max_total_bytes:
            raise Unreadable(f"the archive holds more than {limits.max_total_bytes} bytes in all")
        if self.total > limits.ratio_from_bytes and self.total > limits.max_ratio * self.archive_bytes:
            raise Unreadable(f"the archive as a whole inflates to more than {limits.max_ratio} times its size")
