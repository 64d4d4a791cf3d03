"""Time to ready with many files, whose bytes no export reads; against no files, and against packing them."""

import hashlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from isal import isal_zlib

from bench.child import exeunt, task
from bench.data import WORKSPACE, empty_installation, kept
from bench.findings import Finding, Sizes, median, ratio
from bench.serving import export, forget, working
from exeunt.archives.body import Body
from exeunt.archives.extents import Slice
from exeunt.archives.reading import BodyReader
from exeunt.blobs.store import BlobStore, held_key
from exeunt.lake.append import importing
from exeunt.lake.rows import FileRow, MessageRow, RoomRow, UserRow
from exeunt.storage.folder import Folder

START = datetime(2024, 1, 1, tzinfo=UTC)
ROOMS, PEOPLE = 50, 500
WHY_COLD = "each file costs a header, a directory record, a line of the manifest and a check before the link exists"
WHY_PACK = (
    "zeros that the kernel makes up are read at memory speed; an export of {messages:,} messages, its durable steps "
    "and the check of every header before the link exists are counted on our side"
)


def virtual(sizes: Sizes) -> list[Finding]:
    """A cold process that exports everything: with files and without, in turns."""
    bare = _installation(sizes.file_messages, 0, 0)
    some = _installation(sizes.file_messages, sizes.files, sizes.file_bytes)
    many = _installation(sizes.file_messages, sizes.many_files, sizes.many_file_bytes)
    without, with_some, with_many = [], [], []
    for _ in range(sizes.rounds):
        without.append(_cold(bare))
        with_some.append(_cold(some))
        with_many.append(_cold(many))
    slower, much_slower = ratio(with_some, without), ratio(with_many, without)
    shape = f"{sizes.file_messages:,} messages as JSONL"
    return [
        Finding(
            what=f"time to ready with {sizes.files:,} files of {sizes.file_bytes / 1e6:g} MB, cold process, {shape}, "
            "against the same without files",
            measured=f"{slower:.2f} × ({median(with_some):.2f} s against {median(without):.2f} s)", target="≤ 1.2 ×",
            reached=slower <= 1.2, why=WHY_COLD,
        ),
        Finding(
            what=f"the same with {sizes.many_files:,} files of {sizes.many_file_bytes / 1e3:g} kB",
            measured=f"{much_slower:.2f} × ({median(with_many):.2f} s)", target="", reached=None,
        ),
        _packed(some, sizes),
    ]  # fmt: skip


def _packed(data: Path, sizes: Sizes) -> Finding:
    with working(data):
        forget(data, export(data, "jsonl"))
        times = []
        for _ in range(max(3, sizes.rounds)):
            made = export(data, "jsonl")
            times.append(made.seconds)
            forget(data, made)
        made = export(data, "jsonl")
    packing = task(zipstream_seconds, data, made.export_id).said
    forget(data, made)
    faster = packing / median(times)
    return Finding(
        what=f"time to ready with {sizes.files:,} files of {sizes.file_bytes / 1e6:g} MB, running worker, against "
        "building the same archive with zipstream-ng, stored",
        measured=f"{faster:.0f} × faster ({median(times):.2f} s against {packing:.1f} s)", target="≥ 100 ×",
        reached=faster >= 100, why=WHY_PACK.format(messages=sizes.file_messages),
    )  # fmt: skip


def _cold(data: Path) -> float:
    ran = exeunt(data, "export", "create", "--workspace", WORKSPACE, "--layout", "jsonl", "--wait", "--json")
    BlobStore(Folder(data / "blobs")).remove_made(ran.said["id"])
    return ran.seconds


def zipstream_seconds(data: str, export_id: str) -> float:
    """The members of our own archive, packed by zipstream-ng and thrown away; for a process of its own."""
    import zipfile
    from importlib import import_module

    packer = import_module("zipstream")
    blobs = BlobStore(Folder(Path(data) / "blobs"))
    paths: list[tuple[str, Path]] = []
    generated: list[tuple[str, bytes]] = []
    parts = sorted((blobs.path("made") / export_id).rglob("*.body"))
    if not parts:
        raise RuntimeError(f"export {export_id} has no archive to pack again")
    for index in parts:
        with Body(index) as body, BodyReader(body, blobs) as reader, zipfile.ZipFile(reader) as archive:
            held = [e.blob for e in body.extents() if isinstance(e, Slice) and e.blob.key.startswith("held/")]
            names = archive.namelist()
            paths += zip((n for n in names if n.startswith("files/")), (blobs.path(b.key) for b in held), strict=True)
            generated += [(name, archive.read(name)) for name in names if not name.startswith("files/")]
    begun = time.perf_counter()
    stream = packer.ZipStream(compress_type=packer.ZIP_STORED)
    for name, content in generated:
        stream.add(content, name)
    for name, path in paths:
        stream.add_path(str(path), name)
    with open("/dev/null", "wb") as out:
        for piece in stream:
            out.write(piece)
    return time.perf_counter() - begun


def _installation(messages: int, files: int, size: int) -> Path:
    """Messages, some of which carry one or more of so many files; every body is sparse, and no two are equal."""

    def make(path: Path) -> None:
        installation = empty_installation(path)
        rows = list(_bodies(installation.blobs, files, size))
        end = START + timedelta(minutes=messages)
        with importing(
            installation.ledger, installation.lake, installation.blobs, WORKSPACE, as_of=end,
            clock=installation.clock,
        ) as intake:  # fmt: skip
            intake.users(UserRow(id=f"U{n}", username=f"u{n}", display_name=f"Person {n}") for n in range(PEOPLE))
            intake.rooms(RoomRow(id=f"C{n:03}", name=f"room-{n}", kind="public") for n in range(ROOMS))
            intake.files(rows)
            for room in range(ROOMS):
                intake.messages(_message(n, rows, messages) for n in range(room, messages, ROOMS))
            intake.commit("bench", path.name)
        installation.ledger.close()

    return kept(f"files-{messages}-{files}x{size}", make)


def _message(number: int, files: list[FileRow], messages: int) -> MessageRow:
    first, end = len(files) * number // messages, len(files) * (number + 1) // messages
    written = START + timedelta(minutes=number)
    name = f"C{number % ROOMS:03}/{number}"
    return MessageRow(
        id=name, room_id=f"C{number % ROOMS:03}", author_id=f"U{number % PEOPLE}", thread_id=name,
        thread_started_at=written, created_at=written, text=f"Report {number} is attached, please read it by Friday.",
        body_html=f"Report {number} is attached, please read it by Friday.",
        file_ids=[file.id for file in files[first:end]],
    )  # fmt: skip


def _bodies(blobs: BlobStore, files: int, size: int) -> Iterator[FileRow]:
    zeros = bytes(max(0, size - 16))

    def body(number: int) -> FileRow:
        head = f"{number:016d}".encode()
        sha256, crc32 = hashlib.sha256(head), isal_zlib.crc32(zeros, isal_zlib.crc32(head))
        sha256.update(zeros)
        path = blobs.path(held_key(WORKSPACE, sha256.hexdigest()))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.open("wb") as out:
            out.write(head)
            out.truncate(size)
        return FileRow(
            id=f"F{number}", name=f"report-{number}.pdf", room_id=f"C{number % ROOMS:03}", storage="held", size=size,
            media_type="application/pdf", uploaded_at=START + timedelta(seconds=number), sha256=sha256.hexdigest(),
            crc32=crc32,
        )  # fmt: skip

    with ThreadPoolExecutor(2) as threads:
        yield from threads.map(body, range(files))
