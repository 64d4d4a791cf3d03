"""A small workspace: four people, a room of each kind, two messages in each, and who is a member of what."""

from datetime import UTC, datetime, timedelta

from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import MembershipRow, MessageRow, RoomKind, RoomRow, UserRow

START = datetime(2024, 5, 1, 12, tzinfo=UTC)
KINDS: tuple[RoomKind, ...] = ("public", "private", "group", "direct")


class TurnedClock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


def populate(installation: Installation, workspace_id: str, prefix: str = "") -> None:
    """Ann is in every room of hers (`…-ann`), Bob in his; `public-ann` and so on are the ids, after the prefix."""
    people = [
        UserRow(id=prefix + "U-bot", username="bot", display_name="Bot", email="ann@x.org", kind="bot"),
        UserRow(id=prefix + "U-old-ann", username="old", display_name="Old", email="ann@x.org", is_disabled=True),
        UserRow(id=prefix + "U-ann", username="ann", display_name="Ann", email="Ann@X.org"),
        UserRow(id=prefix + "U-bob", username="bob", display_name="Bob", email="bob@x.org"),
    ]
    rooms = [RoomRow(id=f"{prefix}{kind}-{who}", name=f"{kind} {who}", kind=kind)
             for kind in KINDS for who in ("ann", "bob")]  # fmt: skip
    members = [MembershipRow(room_id=room.id, user_id=f"{prefix}U-{room.id.rsplit('-', 1)[1]}") for room in rooms]
    with importing(
        installation.ledger, installation.lake, installation.blobs, workspace_id, as_of=START,
        clock=installation.clock, progress=lambda done, total: None,
    ) as intake:  # fmt: skip
        intake.users(people)
        intake.rooms(rooms)
        intake.memberships(members)
        for room in rooms:
            intake.messages(_messages(room.id, f"{prefix}U-{room.id.rsplit('-', 1)[1]}"))
        intake.commit("test", "world")


def _messages(room_id: str, author_id: str) -> list[MessageRow]:
    found = []
    for minute in range(2):
        at = START + timedelta(minutes=minute)
        found.append(
            MessageRow(id=f"{room_id}-{minute}", room_id=room_id, author_id=author_id, thread_id=f"{room_id}-{minute}",
                       thread_started_at=at, created_at=at, text=f"secret of {room_id}", body_html="x")
        )  # fmt: skip
    return found
