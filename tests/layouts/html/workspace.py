"""A workspace of given rows, exported as `html` and unpacked."""

import json
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from exeunt.archives.body import Body
from exeunt.archives.extents import Literal
from exeunt.archives.packs import PackWriter
from exeunt.blobs.store import BlobStore
from exeunt.lake.append import importing
from exeunt.lake.catalog import Catalog
from exeunt.lake.rows import FileRow, MembershipRow, MessageRow, RoomRow, UserRow
from exeunt.lake.selection import Selection, Snapshot
from exeunt.lake.view import View
from exeunt.layouts.html import LAYOUT
from exeunt.layouts.job import Job
from exeunt.layouts.options import HtmlOptions
from exeunt.ledger.database import Ledger
from exeunt.ledger.migrate import upgrade
from exeunt.storage.folder import Folder

START = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)
ASKED = datetime(2024, 12, 24, 18, 30, tzinfo=UTC)

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)
"""A picture of one pixel."""


def at(minutes: float = 0, **more: float) -> datetime:
    """An instant some minutes (or `days=`, …) after the first of May 2024, ten o'clock."""
    return START + timedelta(minutes=minutes, **more)


def said(number: int, text: str = "", when: datetime | None = None, **values: Any) -> MessageRow:
    """Message `m<number>` by `U1` in `C1`; `thread` is the number of the message it answers."""
    when = when or at(number)
    root = values.pop("thread", None)
    started = values.pop("started", START + timedelta(minutes=root) if root is not None else when)
    given: dict[str, Any] = {
        "room_id": "C1", "author_id": "U1", "text": text, "body_html": text, "created_at": when,
        "thread_id": f"m{number if root is None else root}", "thread_started_at": started,
    }  # fmt: skip
    return MessageRow(id=f"m{number}", **{**given, **values})


PEOPLE = [
    UserRow(id="U1", username="ada", display_name="Ada Lovelace", real_name="Augusta Ada King"),
    UserRow(id="U2", username="bob", display_name="", real_name="Bob Byrne"),
    UserRow(id="U3", username="carla", display_name=""),
    UserRow(id="B1", username="builder", display_name="Build bot", kind="bot"),
]
ROOMS = [RoomRow(id="C1", name="general", kind="public"), RoomRow(id="C2", name="random", kind="public")]


@dataclass
class Exported:
    """An archive unpacked to `folder`."""

    folder: Path
    archives: list[Path]
    manifest: dict[str, Any]
    counts: dict[str, int]
    names: list[str] = field(default_factory=list)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def page(self, room: str, name: str = "2024-05") -> str:
        """The page of a room by its name and month."""
        (found,) = self.folder.glob(f"rooms/{room}-*/{name}.html")
        return found.read_text("utf-8")

    @property
    def pages(self) -> list[str]:
        """`general/2024-05` for every page, in the order of the archive."""
        found = [name.removeprefix("rooms/").removesuffix(".html") for name in self.names if name.startswith("rooms/")]
        return [f"{folder.rpartition('-')[0]}/{page}" for folder, _, page in (name.partition("/") for name in found)]


@lru_cache(maxsize=1)
def _empty_ledger() -> bytes:
    """The tables, made once: making them takes longer than most exports here."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
        upgrade(ledger)
        ledger.close()
        return Path(folder, "ledger.sqlite").read_bytes()


class World:
    """A workspace in a folder of its own."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        (path / "ledger.sqlite").write_bytes(_empty_ledger())
        self.ledger = Ledger(f"sqlite:///{path / 'ledger.sqlite'}")
        self.catalog = Catalog(self.ledger)
        self.blobs = BlobStore(Folder(path / "blobs"))
        self.catalog.add_workspace("w", "Works & <Co>", None, START)

    def take(
        self, messages: Iterable[MessageRow], *, users: list[UserRow] = PEOPLE, rooms: list[RoomRow] = ROOMS,
        files: Iterable[FileRow] = (), memberships: Iterable[MembershipRow] = (),
        bodies: dict[str, bytes] | None = None,
    ) -> "World":  # fmt: skip
        """Import rows; `bodies` are the bytes of files that are held, by id."""
        with importing(
            self.ledger, Folder(self.path / "lake"), self.blobs, "w", as_of=at(days=900), clock=lambda: START
        ) as lake:
            lake.users(users)
            lake.rooms(rooms)
            lake.memberships(memberships)
            for file in files:
                if file.id in (bodies or {}):
                    blob = lake.blob([bodies[file.id]])  # type: ignore[index]
                    file.storage, file.size, file.crc32 = "held", blob.size, blob.crc32
                    file.sha256, file.md5 = blob.sha256, blob.md5
                lake.files([file])
            by_room = sorted(messages, key=lambda row: (row.room_id, row.created_at))
            for room in rooms:
                lake.messages([row for row in by_room if row.room_id == room.id])
            lake.commit("test", "test")
        return self

    def job(self, selection: Selection, export_id: str, shard_rows: int, part_bytes: int, **options: Any) -> Job:
        workspace = self.catalog.workspace("w")
        head: Snapshot = self.catalog.head("w")
        view = View(self.catalog, Folder(self.path / "lake"), workspace, head, selection)
        return Job(
            export_id=export_id, api="native", layout="html", requested_by="Eve <admin>", created_at=ASKED,
            selection=selection, options=HtmlOptions(**options), views=(view,), blobs=self.blobs, place="",
            shard_rows=shard_rows, part_bytes=part_bytes, public_url="", progress=lambda messages, size: None,
        )  # fmt: skip

    def export(
        self, selection: Selection | None = None, *, export_id: str = "x1", shard_rows: int = 131_072,
        part_bytes: int = 4_000_000_000, **options: Any,
    ) -> Exported:  # fmt: skip
        """Plan, render, assemble, and unpack every part into one folder."""
        job = self.job(selection or Selection(), export_id, shard_rows, part_bytes, **options)
        packs = []
        for plan in LAYOUT.plan(job):
            name = f"shard-{plan.number:05d}.pack"
            with PackWriter(job.folder / name, job.key(name)) as pack:
                LAYOUT.render(job, plan, pack)
                packs.append(pack.seal())
        folder = self.path / f"unpacked-{export_id}"
        archives, names = [], []
        for output in LAYOUT.assemble(job, packs):
            target = self.path / f"{export_id}-{output.name}"
            with Body(output.index) as body, target.open("wb") as out:
                for extent in body.extents():
                    if isinstance(extent, Literal):
                        out.write(extent.data)
                    else:
                        out.writelines(self.blobs.read(extent.blob, extent.offset, extent.length))
            with zipfile.ZipFile(target) as archive:
                names += archive.namelist()
                archive.extractall(folder)
            archives.append(target)
        manifests = [json.loads((folder / name).read_bytes()) for name in names if name.startswith("manifest")]
        return Exported(folder, archives, manifests[0], job.counts, names)

    def close(self) -> None:
        self.ledger.close()


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader sees, all in one."""
        return "".join(self.words)

    def values(self, tag: str, name: str) -> list[str]:
        """The values of one attribute."""
        return [attrs[name] or "" for found, attrs in self.found if found == tag and name in attrs]
