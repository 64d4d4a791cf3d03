"""Taking content in: against reading and parsing it, and against reading and hashing it."""

import hashlib
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from isal import isal_zlib

from bench.child import task
from bench.data import WORKSPACE, empty_installation, on_disk, remove, scratch, slack_export
from bench.findings import Finding, Sizes, median, ratio

STEP = 1 << 20


def messages(sizes: Sizes) -> list[Finding]:
    """Messages without bodies: markup parsed, compared with what is there, durable in the lake."""
    source = slack_export(sizes.import_messages)
    ours, theirs = [], []
    with _folder() as folder:
        for number in range(sizes.rounds):
            theirs.append(float(task(parse_seconds, source).said))
            ours.append(_imported(source, folder / str(number)))
    slower = ratio(ours, theirs)
    return [
        Finding(
            what=f"import of {sizes.import_messages:,} messages, against reading the zip and parsing it with orjson",
            measured=f"{slower:.1f} × ({median(ours):.1f} s against {median(theirs):.2f} s)", target="≤ 12 ×",
            reached=slower <= 12,
        )
    ]  # fmt: skip


def bodies(sizes: Sizes) -> list[Finding]:
    """File bodies: written once, their three sums taken, durable before the import is committed."""
    source = slack_export(sizes.bodies, sizes.bodies, sizes.body_bytes)
    ours, theirs = [], []
    with _folder() as folder:
        for number in range(sizes.rounds):
            theirs.append(float(task(hash_seconds, source).said))
            ours.append(_imported(source, folder / str(number)))
    remove(source)
    slower = ratio(ours, theirs)
    return [
        Finding(
            what=f"import of {sizes.bodies:,} bodies of {sizes.body_bytes / 1e3:g} kB with a message each, against "
            "reading them from the zip and taking the same sums (SHA-256, MD5, CRC-32)",
            measured=f"{slower:.2f} × ({median(ours):.1f} s against {median(theirs):.1f} s)", target="≤ 1.5 ×",
            reached=slower <= 1.5,
            why="each body is also written under a name of its own, and all of them are on the disk before the commit",
        )
    ]  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that goes when all rounds are over: to make files where as many were just deleted is slower."""
    folder = scratch("import")
    try:
        yield folder
    finally:
        remove(folder)


def _imported(source: Path, data: Path) -> float:
    empty_installation(data).ledger.close()
    on_disk(data)
    return float(task(import_seconds, source, data).said)


def import_seconds(source: str, data: str) -> float:
    """Our import, from the opened file to the commit; for a process of its own."""
    from exeunt.config import Settings
    from exeunt.installation import Installation
    from exeunt.lake.append import importing
    from exeunt.sources.slack import open_slack

    installation = Installation(Settings(data=data))
    begun = time.perf_counter()
    reader = open_slack(Path(source))
    with importing(
        installation.ledger, installation.lake, installation.blobs, WORKSPACE, as_of=reader.as_of,
        clock=installation.clock,
    ) as intake:  # fmt: skip
        reader.read(intake)
        intake.commit("slack", source)
    return time.perf_counter() - begun


def parse_seconds(source: str) -> float:
    """Every JSON member read with the standard library and parsed with orjson; for a process of its own."""
    loads = import_module("orjson").loads
    begun = time.perf_counter()
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".json"):
                loads(archive.read(member))
    return time.perf_counter() - begun


def hash_seconds(source: str) -> float:
    """Every other member read in steps, with the sums that we keep; for a process of its own."""
    begun = time.perf_counter()
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".json"):
                continue
            sha256, md5, crc32 = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
            with archive.open(member) as body:
                while piece := body.read(STEP):
                    sha256.update(piece)
                    md5.update(piece)
                    crc32 = isal_zlib.crc32(piece, crc32)
    return time.perf_counter() - begun
