"""One large room in Rocket.Chat's forms, against the floor."""

from typing import Any

from bench import floor
from bench.child import task
from bench.data import imported, kept
from bench.findings import Finding, Sizes, median, ratio
from bench.machine import Peak
from bench.serving import export, forget, working

FORMS = {"html": "html", "json": "jsonl"}
"""Each form, and the floor that it is compared with."""

WHY = (
    "beside the published form the archive carries everything that form drops: a line of 25 keys and about 600 bytes a "
    "message, which are made, deflated and hashed too, and inflated once more for the hash of the whole; the floor "
    "writes one line of about 190"
)


def one_room(sizes: Sizes) -> list[Finding]:
    """Each form as a worker makes it, from asking to ready, with and without the full record, and the floor; in
    turns."""
    data = imported(sizes.room_messages, one_room=True)
    parquet = kept(f"floor-{sizes.room_messages}.parquet", lambda path: floor.make(path, sizes.room_messages))
    found = []
    for form, lines in FORMS.items():
        ours: dict[bool, list[float]] = {True: [], False: []}
        megabytes = dict.fromkeys(ours, 0.0)
        floors = []
        with working(data) as worker:
            for _ in range(sizes.rounds):
                floors.append(float(task(floor.seconds, parquet, lines, POLARS_MAX_THREADS="1").said))
                for full in ours:
                    options: dict[str, Any] = {"format": form, "full": full}
                    with Peak(worker) as peak:
                        made = export(data, "rocketchat", options=options)
                    ours[full].append(made.seconds)
                    megabytes[full] = max(megabytes[full], peak.megabytes)
                    if made.counts["messages"] != sizes.room_messages:
                        raise RuntimeError(f"{made.counts['messages']} messages came out of {sizes.room_messages}")
                    forget(data, made)
        for full, seconds in ours.items():
            reached = ratio(floors, seconds)
            what = f"Rocket.Chat {form.upper()} of {sizes.room_messages:,} messages of one room, ready to download"
            found.append(
                Finding(
                    what=f"{what}{', the full record beside it' if full else ''}, against the floor",
                    measured=f"{reached:.2f} of the floor: {sizes.room_messages / median(seconds) / 1e6:.2f} M rows/s "
                    f"against {sizes.room_messages / median(floors) / 1e6:.2f} M (worker {megabytes[full]:.0f} MB)",
                    target="≥ 0.6", reached=reached >= 0.6, why=WHY if full else "",
                )
            )  # fmt: skip
    return found
