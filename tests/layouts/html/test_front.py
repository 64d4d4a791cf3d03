"""The front page: what the archive is, and the manifest beside it."""

import hashlib

from exeunt.lake import markers
from exeunt.lake.rows import RoomRow
from exeunt.lake.selection import Selection
from tests.layouts.html.workspace import Elements, World, at, said

ROOMS = [
    RoomRow(id="C1", name="general", kind="public", topic=f"Ask {markers.person('U2')} <first>"),
    RoomRow(id="C2", name="empty", kind="public"), RoomRow(id="G1", name="board", kind="private"),
    RoomRow(id="D1", name="ada, bob", kind="direct"),
]  # fmt: skip


def text_of(page: str) -> str:
    return " ".join(" ".join(Elements(page).words).split())


def test_counts_kinds_and_rooms(world: World) -> None:
    rows = [said(0, "a"), said(1, "b"), said(2, "c", room_id="G1", author_id="U2"), said(3, "d", room_id="D1")]
    exported = world.take(rows, rooms=ROOMS).export()
    front = text_of(exported.read("index.html"))
    assert "Works & <Co>" in front
    assert "Selection everything Asked for by Eve <admin> , 24 December 2024, 18:30 UTC As of snapshot 1" in front
    assert "4 messages 3 rooms 2 people 0 files" in front
    assert "Channels 1 #general 2 messages Ask @Bob Byrne <first> 2024 May Private channels 1 #board 1 message" in front
    assert "Direct conversations 1 ada, bob 1 message" in front
    assert "1 room without a selected message #empty" in front
    assert exported.manifest["counts"] == {"messages": 4, "pages": 3, "rooms": 3, "files_total": 0}
    assert exported.manifest["layout"] == "html"


def test_the_selection_in_words(world: World) -> None:
    world.take([said(0, "needle")], rooms=ROOMS)
    selection = Selection(
        rooms=("C1", "G1"), people=("U1",), since=at(-10), until=at(days=30), text="needle", files=False,
        whole_threads=True, room_kinds=("public",), private_to="U1",
    )  # fmt: skip
    front = text_of(world.export(selection).read("index.html"))
    for words in (
        "Rooms #general, G1", "Kinds of rooms channels, and those one person is in", "Written by Ada Lovelace",
        "Written from 1 May 2024, 09:50 UTC until before 31 May 2024, 10:00 UTC", "Containing “needle”",
        "Threads whole", "Files by name only",
    ):  # fmt: skip
        assert words in front


def test_parts_of_an_archive_unpack_into_one_folder(world: World) -> None:
    rows = [said(n, hashlib.shake_128(bytes([n])).hexdigest(900), at(days=2 * n)) for n in range(200)]
    exported = world.take(rows).export(part_bytes=60_000)
    assert len(exported.archives) > 2
    assert len(exported.names) == len(set(exported.names))
    assert {"index.html", "manifest-0001.json", "manifest-0002.json"} <= set(exported.names)
