"""Rows a second of the three layouts: against the floor, and against slack-export-viewer."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import floor
from bench.child import task
from bench.data import imported, kept, scratch, slack_export
from bench.findings import Finding, Sizes, median, ratio
from bench.machine import Peak
from bench.serving import export, forget, working

LAYOUTS = ("html", "jsonl", "csv")
WHY = {
    "jsonl": "a line has 27 fields and about 690 bytes, a line of the floor 5 fields and about 190; deflate and "
    "SHA-256 of the longer lines alone cost as much as the whole floor",
    "html": "a message is a card with author, time, thread, reactions and markup, and the pages carry a search index; "
    "the floor writes one line",
    "csv": "a row has 18 columns with names looked up and put in order, a row of the floor 5 as they lie",
}

WHY_PEER = (
    "the workspace has 200 rooms over two years, so 4,800 pages of 20 messages: each page is rendered, deflated, "
    "hashed and listed by itself, and every word of it is indexed for the search; asking, planning and the check "
    "before the link exists are counted too"
)


def against_floor(sizes: Sizes) -> list[Finding]:
    """Each layout as a worker makes it, from asking to ready, and the floor; in turns."""
    data = imported(sizes.messages)
    parquet = kept(f"floor-{sizes.messages}.parquet", lambda path: floor.make(path, sizes.messages))
    found = []
    for layout in LAYOUTS:
        ours, floors, megabytes = [], [], 0.0
        with working(data) as worker:
            for _ in range(sizes.rounds):
                floors.append(float(task(floor.seconds, parquet, layout, POLARS_MAX_THREADS="1").said))
                with Peak(worker) as peak:
                    made = export(data, layout)
                ours.append(made.seconds)
                megabytes = max(megabytes, peak.megabytes)
                if made.counts["messages"] != sizes.messages:
                    raise RuntimeError(f"{made.counts['messages']} messages came out of {sizes.messages}")
                forget(data, made)
        reached = ratio(floors, ours)
        found.append(
            Finding(
                what=f"{layout.upper()} of {sizes.messages:,} messages, ready to download, against the floor",
                measured=f"{reached:.2f} of the floor: {sizes.messages / median(ours) / 1e6:.2f} M rows/s against "
                f"{sizes.messages / median(floors) / 1e6:.2f} M (worker {megabytes:.0f} MB)",
                target="≥ 0.6", reached=reached >= 0.6, why=WHY[layout],
            )
        )  # fmt: skip
    return found


def transcript(sizes: Sizes) -> list[Finding]:
    """Slack export to HTML; what both sides read into memory or into the lake before is not counted."""
    source, data = slack_export(sizes.peer_messages), imported(sizes.peer_messages)
    with working(data) as worker:
        forget(data, export(data, "html"))
        times, megabytes = [], 0.0
        for _ in range(max(2, sizes.rounds)):
            with Peak(worker) as peak:
                made = export(data, "html")
            times.append(made.seconds)
            megabytes = max(megabytes, peak.megabytes)
            forget(data, made)
    with tempfile.TemporaryDirectory(dir=scratch("viewer")) as folder:
        peer = task(viewer_seconds, source, folder, memory=True, TMPDIR=folder)
    pages = peer.said["messages"]
    ours, theirs = sizes.peer_messages / median(times), pages / peer.said["seconds"]
    return [
        Finding(
            what=f"Slack export of {sizes.peer_messages:,} messages to HTML, against slack-export-viewer",
            measured=f"{ours / theirs:.0f} × its messages/s ({ours:,.0f}/s against {theirs:,.0f}/s); "
            f"{megabytes:.0f} MB against {peer.megabytes:.0f} MB",
            target="≥ 100 ×, with less memory",
            reached=ours / theirs >= 100 and megabytes < peer.megabytes,
            why=WHY_PEER,
        )
    ]


def viewer_seconds(source: str, folder: str) -> dict[str, Any]:
    """slack-export-viewer as its command line runs it with `--html-only`; for a process of its own."""
    import logging
    import warnings
    from importlib import import_module

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    app, main = import_module("slackviewer.app").app, import_module("slackviewer.main")
    options = {
        "archive": source, "output_dir": folder, "html_only": True, "no_browser": True, "debug": False,
        "show_dms": True, "thread_note": True, "since": None, "channels": None, "no_sidebar": False,
        "no_external_references": False, "skip_channel_member_change": False, "hide_channels": None, "test": False,
        "port": 0, "ip": "localhost",
    }  # fmt: skip
    main.configure_app(app, main.Config(options))
    read = main.flask._app_ctx_stack
    app.config["FREEZER_RELATIVE_URLS"] = True
    freezer = main.CustomFreezer(app)
    out = Path(folder) / "pages"
    freezer.cf_output_dir = str(out)

    def channel_name() -> Iterator[dict[str, str]]:
        for channel in read.channels:
            yield {"name": channel}

    freezer.register_generator(channel_name)
    begun = time.perf_counter()
    freezer.freeze()
    seconds = time.perf_counter() - begun
    shutil.rmtree(out)
    return {
        "seconds": seconds,
        "messages": sum(len(room) for rooms in (read.channels, read.groups, read.dms) for room in rooms.values()),
    }
