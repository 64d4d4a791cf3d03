"""Lists of rooms on Rocket.Chat's API: how they grow with the number of rooms."""

import http.client
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench.data import WORKSPACE, empty_installation, kept
from bench.findings import Finding, Sizes
from bench.serving import ours
from exeunt.config import Settings
from exeunt.installation import Installation
from exeunt.lake.append import importing
from exeunt.lake.rows import MembershipRow, RoomRow, UserRow

PERSON = "person@example.org"
START = datetime(2024, 1, 1, tzinfo=UTC)
LATE = 10
"""Rooms that changed after everything else."""


def joined(rooms: int) -> Path:
    """An installation with somebody who is in so many rooms."""

    def make(path: Path) -> None:
        installation = empty_installation(path)
        with importing(installation.ledger, installation.lake, installation.blobs, WORKSPACE, as_of=START,
                       clock=installation.clock) as intake:  # fmt: skip
            intake.users([UserRow(id="U1", username="person", display_name="Person", email=PERSON)])
            intake.rooms(
                RoomRow(id=f"R{n}", name=f"room-{n}", kind="public", created_at=START,
                        updated_at=START + timedelta(days=2 if n < LATE else 1)) for n in range(rooms)
            )  # fmt: skip
            intake.memberships(MembershipRow(room_id=f"R{n}", user_id="U1") for n in range(rooms))
            intake.commit("bench", "bench")
        installation.access.add_account(PERSON, WORKSPACE, "exporter")
        installation.ledger.close()

    return kept(f"rooms-{rooms}", make)


def lists(sizes: Sizes) -> list[Finding]:
    """`rooms.get` with many rooms against few, whole and of ten that changed."""
    few, many = (100, 1_000) if sizes.quick else (1_000, 10_000)
    since = quote((START + timedelta(days=1, hours=12)).isoformat().replace("+00:00", "Z"))
    whole, changed = {}, {}
    for rooms in (few, many):
        data = joined(rooms)
        installation = Installation(Settings(data=str(data)))
        token, record = installation.access.create_token(PERSON, WORKSPACE, api="rocketchat")
        installation.ledger.close()
        headers = {"X-Auth-Token": token, "X-User-Id": record.user_id}
        with ours(data, "--no-worker", EXEUNT_ROCKETCHAT_RATE_LIMIT_CALLS="0") as server:
            whole[rooms] = _milliseconds(server.base, "", headers, rooms)
            changed[rooms] = _milliseconds(server.base, f"?updatedSince={since}", headers, LATE)
    found = []
    for what, times, most in (("", whole, 12.0), (f" of {LATE} that changed", changed, 2.0)):
        ratio = times[many] / times[few]
        found.append(
            Finding(
                what=f"`rooms.get`{what}, with {many:,} rooms against {few:,}",
                measured=f"{ratio:.1f} × ({times[many]:.1f} ms against {times[few]:.1f} ms, the median)",
                target=f"≤ {most:.0f} ×", reached=ratio <= most,
            )
        )  # fmt: skip
    return found


def _milliseconds(base: str, query: str, headers: dict[str, str], rooms: int) -> float:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=60)
    times = []
    for number in range(23):
        begun = time.perf_counter()
        connection.request("GET", f"/api/v1/rooms.get{query}", headers=headers)
        answer = connection.getresponse()
        data = answer.read()
        if number > 2:  # the first ones warm up
            times.append(1000 * (time.perf_counter() - begun))
        if answer.status != 200 or data.count(b'"_id":"R') != rooms:
            raise RuntimeError(f"rooms.get answered {answer.status} with {data.count(b'_id')} rooms")
    connection.close()
    return statistics.median(times)
