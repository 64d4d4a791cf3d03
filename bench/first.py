"""The first range of a very large archive, asked of a server that was just started, and a range at its end."""

import http.client
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from bench.data import WORKSPACE, empty_installation, kept, on_disk
from bench.findings import Finding, Sizes, median, ratio
from bench.serving import ours
from exeunt.archives.packs import PackWriter
from exeunt.archives.zips import Content, ZipWriter
from exeunt.blobs.store import made_prefix
from exeunt.config import Settings
from exeunt.exports.run import Runner
from exeunt.exports.service import Request
from exeunt.installation import Installation
from exeunt.layouts.job import Output

FEWER = 1_000
RANGE = 1_024
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def after_restart(sizes: Sizes) -> list[Finding]:
    """A new server for every pair of requests, the large archive and the small one in turns."""
    large, small = _sealed(sizes.range_members), _sealed(FEWER)
    first: dict[Path, list[float]] = {large: [], small: []}
    last: dict[Path, list[float]] = {large: [], small: []}
    for _ in range(2 * sizes.rounds + 1):
        for data in (large, small):
            link, length = _link(data)
            with ours(data, "--no-worker") as server:
                time.sleep(0.3)
                first[data].append(_range(server.base, link, 0, length))
                last[data].append(_range(server.base, link, length - RANGE, length))
    found = []
    for place, times in (("first range", first), ("a range at its end, right after it,", last)):
        slower = ratio(times[large], times[small])
        found.append(
            Finding(
                what=f"{place} of an archive with {sizes.range_members:,} members after a restart, against "
                f"{FEWER:,} members",
                measured=f"{slower:.2f} × ({1000 * median(times[large]):.1f} ms against "
                f"{1000 * median(times[small]):.1f} ms)",
                target="≤ 2 ×", reached=slower <= 2,
            )
        )  # fmt: skip
    return found


def _range(base: str, link: str, first: int, length: int) -> float:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    last = min(length, first + RANGE) - 1
    begun = time.perf_counter()
    connection.request("GET", link, headers={"Range": f"bytes={first}-{last}"})
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - begun
    connection.close()
    if answer.status != 206 or len(body) != last + 1 - first:
        raise RuntimeError(f"a range was answered {answer.status} with {len(body)} bytes")
    return took


def _link(data: Path) -> tuple[str, int]:
    installation = Installation(Settings(data=str(data)))
    export = installation.exports.list(WORKSPACE)[0]
    ((archive, link),) = installation.exports.urls(export.id, "")
    installation.ledger.close()
    return link, archive.length


def _sealed(members: int) -> Path:
    """An installation with one sealed archive of so many members of a few bytes, in one part."""

    def make(path: Path) -> None:
        installation = empty_installation(path)
        export = installation.exports.create(Request(workspaces=(WORKSPACE,), api="native", layout="csv",
                                                     keep_seconds=30 * 86_400))  # fmt: skip
        folder = installation.blobs.path(made_prefix(export.id))
        with PackWriter(folder / "all.pack", f"{made_prefix(export.id)}/all.pack") as pack:
            entry = pack.add("member", b"a few bytes\n", deflate=False)
            index = pack.seal()
        content = Content((index.slice_of(entry),), entry.size, entry.crc32, entry.sha256)
        with ZipWriter(folder / "part-0001.body") as archive:
            for number in range(members):
                archive.add(f"room-{number % 997}/{number:07d}.txt", content, WHEN)
            facts = archive.seal()
        output = Output(1, "archive", "members.zip", "application/zip", folder / "part-0001.body", facts, members)
        Runner(installation)._complete(export.id, export.attempts, [output], {})
        installation.ledger.close()
        on_disk(path)

    return kept(f"members-{members}", make)
