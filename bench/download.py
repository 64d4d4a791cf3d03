"""Whole downloads over the loopback: a computed archive against the same bytes as one static file in nginx."""

import shutil
import subprocess
import time
from pathlib import Path

import msgspec

from bench.child import exeunt
from bench.data import WORKSPACE, empty_installation, kept, on_disk, scratch
from bench.findings import Finding, Sizes, median, ratio
from bench.machine import cpu_seconds
from bench.serving import Server, export, nginx, ours, program, working

STATIC = "archive.zip"
RANGES = 4


class Hosted(msgspec.Struct, frozen=True):
    """An installation with an archive to download: its link below the server's address, and its length."""

    data: Path
    link: str
    length: int


def hosted(sizes: Sizes) -> Hosted:
    """An archive of so many members and bytes, imported and exported the usual way."""
    from exeunt.sample import write_bench

    each = sizes.download_bytes // sizes.download_members

    def make(path: Path) -> None:
        source = path.with_suffix(".zip")
        write_bench(source, messages=sizes.download_members, bodies=sizes.download_members, body_bytes=each,
                    rooms=20, users=100)  # fmt: skip
        empty_installation(path).ledger.close()
        exeunt(path, "import", "slack", str(source), "--workspace", WORKSPACE, "--json")
        source.unlink()
        on_disk(path)

    data = kept(f"download-{sizes.download_bytes}", make)
    with working(data):
        made = export(data, "csv")
    (archive, link), *more = made.archives
    if more:
        raise RuntimeError("the archive came in parts")
    return Hosted(data, link, archive.length)


class Times(msgspec.Struct):
    """Of one way to be served: seconds of each round with one stream and with four ranges, and processor seconds."""

    one: list[float] = []
    four: list[float] = []
    cpu: list[float] = []


def whole(sizes: Sizes) -> list[Finding]:
    """One stream and four ranges at once, from each server in turn."""
    archive = hosted(sizes)
    folder = scratch("nginx")
    root = folder / "root"
    root.mkdir()
    try:
        with ours(archive.data, "--no-worker") as server, nginx(folder, root) as (shipped, copying):
            url = server.base + archive.link
            subprocess.run([program("curl"), "-sS", "-o", str(root / STATIC), url], check=True)
            if (root / STATIC).stat().st_size != archive.length:
                raise RuntimeError("the download was cut short")
            on_disk(root)
            mine, static, copied = Times(), Times(), Times()
            for _ in range(sizes.download_rounds):
                _measure(static, shipped, f"{shipped.base}/{STATIC}", archive.length)
                _measure(mine, server, url, archive.length)
                _measure(copied, shipped, f"{copying}/{STATIC}", archive.length)
        return _findings(mine, static, copied, archive.length, sizes)
    finally:
        shutil.rmtree(folder)


def _measure(times: Times, server: Server, url: str, length: int) -> None:
    before = cpu_seconds(server.pid)
    times.one.append(_fetch(url, [(0, length)], length))
    step = -(-length // RANGES)
    times.four.append(_fetch(url, [(at, min(length, at + step)) for at in range(0, length, step)], length))
    times.cpu.append(max(0.005, cpu_seconds(server.pid) - before) / (2 * length / 1e9))


def _fetch(url: str, spans: list[tuple[int, int]], length: int) -> float:
    command = [program("curl"), "-sS", "-o", "/dev/null", "-w", "%{size_download} %{http_code}\n", url]
    begun = time.perf_counter()
    running = [
        subprocess.Popen(
            [*command, *(["-r", f"{first}-{end - 1}"] if len(spans) > 1 else [])], stdout=subprocess.PIPE, text=True
        )
        for first, end in spans
    ]
    got = [process.communicate()[0].split() for process in running]
    seconds = time.perf_counter() - begun
    if sum(int(size) for size, _ in got) != length or {code for _, code in got} - {"200", "206"}:
        raise RuntimeError(f"a download of {length} bytes came as {got}")
    return seconds


def _findings(mine: Times, static: Times, copied: Times, length: int, sizes: Sizes) -> list[Finding]:
    what = f"download of {length / 1e9:.2g} GB in {sizes.download_members:,} members, "
    one, four = ratio(static.one, mine.one), ratio(static.four, mine.four)
    cpu = ratio(mine.cpu, static.cpu)
    best_one = [min(pair) for pair in zip(static.one, copied.one, strict=True)]
    best_four = [min(pair) for pair in zip(static.four, copied.four, strict=True)]
    speed = {name: length / median(times) / 1e6 for name, times in (("mine", mine.one), ("static", static.one))}
    why = "a member of 200 kB is a header and a file that is opened, sent and closed; nginx has one open file"
    return [
        Finding(what=f"{what}one stream, against nginx as shipped",
                measured=f"{one:.2f} ({speed['mine']:.0f} MB/s against {speed['static']:.0f} MB/s)", target="≥ 0.9",
                reached=one >= 0.9, why=why),
        Finding(what=f"{what}four ranges at once, against nginx as shipped", measured=f"{four:.2f}", target="≥ 0.9",
                reached=four >= 0.9, why=why),
        Finding(what=f"{what}processor time per GB, against nginx as shipped",
                measured=f"{cpu:.2f} × ({median(mine.cpu):.2f} s against {median(static.cpu):.2f} s)",
                target="≤ 2 ×", reached=cpu <= 2.0, why=why),
        Finding(what=f"{what}against the better of nginx with `sendfile` on and off",
                measured=f"one stream {ratio(best_one, mine.one):.2f}, four ranges {ratio(best_four, mine.four):.2f}",
                target="aim 0.6", reached=None),
    ]  # fmt: skip
