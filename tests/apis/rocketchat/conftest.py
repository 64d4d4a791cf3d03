"""The Rocket.Chat API on a small installation, called as ASGI without a network, with people of every kind."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from exeunt.clock import Clock, utc_now
from exeunt.exports.records import Export
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from tests.apis.yammer.conftest import Client
from tests.conftest import settings_for, wait_for, working

PASSWORD = "a long password"
MARCH = datetime(2024, 3, 15, tzinfo=UTC)
DATES = {"dateFrom": "2024-03-15", "dateTo": "2024-03-22"}
EXPORT = "/api/v1/rooms.export"
MESSAGE = "C1/0"
"""A message of the channel, as the published test cases need one."""

PEOPLE = {
    "U1": ("jane", "jane@example.org"), "U2": ("bob", "bob@example.org"), "U3": ("carol", "carol@example.org"),
    "U4": ("dave", ""), "U5": ("erin", "not an address"),
}  # fmt: skip
ROOMS = {
    "C1": RoomRow(id="C1", name="general", kind="public", creator_id="U2", topic="all of us", created_at=MARCH),
    "C2": RoomRow(id="C2", name="old", kind="public", is_archived=True, created_at=MARCH),
    "G1": RoomRow(id="G1", name="secret", kind="private", created_at=MARCH),
    "G2": RoomRow(id="G2", name="secret talk", kind="private", parent_id="C1", created_at=MARCH),
    "D1": RoomRow(id="D1", name="jane and bob", kind="direct", created_at=MARCH),
}
MEMBERS = [("C1", "U1"), ("C1", "U2"), ("C1", "U3"), ("G1", "U2"), ("D1", "U1"), ("D1", "U2")]


def furnish(installation: Installation, messages: int = 12) -> None:
    """Workspace `acme`: five people, five rooms, a file, messages of one hour after the other."""
    installation.catalog.add_workspace("acme", "Acme", None, installation.clock())
    with importing(
        installation.ledger, installation.lake, installation.blobs, "acme", as_of=MARCH + timedelta(days=400),
        clock=installation.clock,
    ) as intake:  # fmt: skip
        intake.users([UserRow(id=user_id, username=name, display_name=name.title(), real_name=f"{name.title()} Roe",
                              email=email) for user_id, (name, email) in PEOPLE.items()])  # fmt: skip
        intake.rooms(ROOMS.values())
        intake.memberships([MembershipRow(room_id=room, user_id=user) for room, user in MEMBERS])
        held = intake.blob([b"hello\n"])
        intake.files([
            FileRow(id="F1", name="plan of spring.txt", room_id="C1", uploader_id="U1", uploaded_at=MARCH,
                    storage="held", media_type="text/plain", sha256=held.sha256, md5=held.md5, crc32=held.crc32,
                    size=held.size),
        ])  # fmt: skip
        for room in ROOMS:
            intake.messages(_message(room, number) for number in range(messages))
        intake.commit("test", "test")


def _message(room: str, number: int) -> MessageRow:
    message_id = f"{room}/{number}"
    return MessageRow(
        id=message_id, room_id=room, author_id=f"U{number % 2 + 1}", thread_id=message_id,
        thread_started_at=MARCH + timedelta(hours=number), created_at=MARCH + timedelta(hours=number),
        text=f"<b>number</b> {number}\nof {room}", body_html=f"number {number}",
        file_ids=["F1"] if message_id == MESSAGE else [],
    )  # fmt: skip


class Api:
    """A client that is signed in as one person; `profile` is which servers it talks to."""

    def __init__(self, installation: Installation) -> None:
        self.installation, self.client = installation, Client(installation)
        for email, role in (("jane@example.org", "administrator"), ("bob@example.org", "exporter"),
                            ("carol@example.org", "auditor")):  # fmt: skip
            installation.access.add_account(email, "acme", role, PASSWORD)
        self.headers = self.sign_in("jane")

    @property
    def profile(self) -> str:
        return self.installation.settings.rocketchat_profile

    def sign_in(self, user: str) -> dict[str, str]:
        """The two headers of somebody."""
        answer = self.client.post("/api/v1/login", json={"user": user, "password": PASSWORD})
        data = answer.json()["data"]
        return {"X-User-Id": data["userId"], "X-Auth-Token": data["authToken"]}

    def get(self, path: str, *, headers: dict[str, str] | None = None, **query: Any) -> httpx.Response:
        return self.client.get(f"/api/v1/{path}", params=query, headers=self.headers if headers is None else headers)

    def export(self, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return self.client.post(EXPORT, json=body, headers=self.headers if headers is None else headers)

    def finish(self, export_id: str) -> Export:
        with working(self.installation):
            return wait_for(self.installation, export_id)


Make = Callable[..., Api]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes an installation of its own with some settings, and a client of it."""
    made: list[Installation] = []

    def build(clock: Clock = utc_now, **settings: Any) -> Api:
        installation = Installation.create(settings_for(tmp_path, **settings), clock=clock)
        made.append(installation)
        furnish(installation)
        return Api(installation)

    yield build
    for installation in made:
        installation.ledger.close()


@pytest.fixture(scope="module", params=["3.8", "8"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Both profiles, for tests that leave nothing behind that another one would see."""
    settings = settings_for(tmp_path_factory.mktemp("rocketchat"), rocketchat_profile=request.param,
                            quota_running=10_000, rocketchat_max_waiting_exports=10_000)  # fmt: skip
    installation = Installation.create(settings)
    furnish(installation)
    yield Api(installation)
    installation.ledger.close()
