"""Memory of many messages against a tenth of them: imports, exports, and the server that hands them out."""

import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

from bench.child import exeunt
from bench.data import CACHE, WORKSPACE, empty_installation, imported, kept, scratch, slack_export
from bench.findings import Finding, Sizes
from bench.machine import Peak
from bench.serving import export, forget, ours, program, working

MOST_WORKER, MOST_SERVER = 400, 200
STREAMS = 16
WHY_GROWS = "two shards at once are held whole, and their size varies with rooms and months"


def all_sides(sizes: Sizes) -> list[Finding]:
    """The most that a process and its children held, sampled while they worked."""
    sides: dict[str, list[float]] = {"import": [_import(n) for n in (sizes.fewer_messages, sizes.messages)]}
    for layout in ("html", "jsonl", "csv"):
        sides[f"{layout.upper()} export"] = [_export(n, layout) for n in (sizes.fewer_messages, sizes.messages)]
    found = []
    for side, (fewer, many) in sides.items():
        grows = many / fewer
        found.append(
            Finding(
                what=f"memory of {side}, {sizes.messages:,} messages against {sizes.fewer_messages:,}",
                measured=f"{grows:.2f} × ({many:.0f} MB against {fewer:.0f} MB)",
                target=f"≤ 1.3 ×, ≤ {MOST_WORKER} MB", reached=grows <= 1.3 and many <= MOST_WORKER, why=WHY_GROWS,
            )
        )  # fmt: skip
    return [*found, _server(sizes)]


def _import(messages: int) -> float:
    """Import anew; what it made is kept for the other rows."""
    source, name, used = slack_export(messages), f"data-{messages}", [0.0]

    def make(path: Path) -> None:
        empty_installation(path).ledger.close()
        ran = exeunt(path, "import", "slack", str(source), "--workspace", WORKSPACE, "--json", memory=True)
        used[0] = ran.megabytes

    (CACHE / f"{name}.made-by").unlink(missing_ok=True)
    kept(name, make)
    return used[0]


def _export(messages: int, layout: str) -> float:
    data = imported(messages)
    with working(data) as worker, Peak(worker, 0.02) as peak:
        forget(data, export(data, layout))
    return peak.megabytes


def _server(sizes: Sizes) -> Finding:
    """All processes of a server but its worker, while so many clients download the large export."""
    data = imported(sizes.messages)
    with working(data):
        made = export(data, "html")
    out = scratch("memory")
    with ours(data, "--no-worker") as server, Peak(server.pid, 0.02) as peak, ExitStack() as ends:
        command = [program("curl"), "-sS", "--limit-rate", "20M", "-o", "/dev/null"]
        for archive, link in made.archives:
            for n in range(STREAMS):
                ends.callback(
                    subprocess.Popen([*command, "-r", f"{archive.length * n // STREAMS}-", server.base + link]).wait
                )
        time.sleep(0.1)
    forget(data, made)
    shutil.rmtree(out)
    return Finding(
        what=f"memory of the server (all its processes), {STREAMS} downloads of the HTML of {sizes.messages:,} "
        "messages at once",
        measured=f"{peak.megabytes:.0f} MB", target=f"≤ {MOST_SERVER} MB", reached=peak.megabytes <= MOST_SERVER,
    )  # fmt: skip
