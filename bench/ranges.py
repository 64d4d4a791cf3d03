"""Small ranges at random places, by very many clients at once."""

import re
import shutil
import subprocess
from pathlib import Path

import msgspec

from bench.data import on_disk, scratch
from bench.download import STATIC, hosted
from bench.findings import Finding, Sizes, median, ratio
from bench.serving import nginx, ours, program

RANGE = 16 * 1024
SCRIPT = """
math.randomseed(%(seed)d)
request = function()
  local first = math.random(0, %(last)d)
  return wrk.format("GET", "%(path)s", {["Range"] = "bytes=" .. first .. "-" .. first + %(range)d})
end
"""
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Shot(msgspec.Struct, frozen=True):
    """One run of wrk: requests a second, the slowest in a hundred in milliseconds, and what went wrong."""

    rate: float
    p99: float
    errors: str


def random(sizes: Sizes) -> list[Finding]:
    """Our server and nginx in turns, driven by wrk on the same machine."""
    program("wrk")
    archive = hosted(sizes)
    folder = scratch("ranges")
    root = folder / "root"
    root.mkdir()
    try:
        with ours(archive.data, "--no-worker") as server, nginx(folder, root) as (shipped, _):
            subprocess.run(
                [program("curl"), "-sS", "-o", str(root / STATIC), server.base + archive.link], check=True
            )  # fmt: skip
            on_disk(root)
            mine, static = [], []
            for seed in range(sizes.rounds):
                static.append(_shoot(folder, shipped.base, f"/{STATIC}", archive.length, seed, sizes))
                mine.append(_shoot(folder, server.base, archive.link, archive.length, seed, sizes))
    finally:
        shutil.rmtree(folder)
    reached = ratio([s.rate for s in mine], [s.rate for s in static])
    errors = "; ".join(sorted({s.errors for s in mine if s.errors}))
    return [
        Finding(
            what=f"random ranges of 16 KiB, {sizes.connections:,} connections, against nginx",
            measured=f"{reached:.2f} ({median(s.rate for s in mine):,.0f}/s against "
            f"{median(s.rate for s in static):,.0f}/s); p99 {median(s.p99 for s in mine):.0f} ms against "
            f"{median(s.p99 for s in static):.0f} ms; {errors or 'no error'}",
            target="≥ 0.35, no error", reached=reached >= 0.35 and not errors,
            why="every request is checked, found in the index, sent from several extents and recorded, in Python",
        )
    ]  # fmt: skip


def _shoot(folder: Path, base: str, path: str, length: int, seed: int, sizes: Sizes) -> Shot:
    script = folder / "random.lua"
    values = {"seed": seed + 1, "last": max(0, length - RANGE), "path": path, "range": RANGE - 1}
    script.write_text(SCRIPT % values)
    command = [program("wrk"), "-t1", f"-c{sizes.connections}", f"-d{sizes.range_seconds}s", "--timeout", "10s",
               "--latency", "-s", str(script), base]  # fmt: skip
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    slowest = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if rate is None or slowest is None:
        raise RuntimeError(f"wrk said {said!r}")
    errors = [line.strip() for line in said.splitlines() if "Socket errors" in line or "Non-2xx" in line]
    return Shot(float(rate[1]), float(slowest[1]) * _MILLISECONDS[slowest[2]], " ".join(errors))
