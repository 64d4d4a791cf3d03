"""What a row found, and the table of all of them."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

RESULTS = Path(__file__).parent / "RESULTS.md"
RECORD = Path(__file__).parent / "results.json"
"""What `RESULTS.md` is written from: the last measurement of each row."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table. `reached` is None where a number is only reported; `why` explains a miss."""

    what: str
    measured: str
    target: str
    reached: bool | None
    why: str = ""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How large the data of every row is. The defaults are what the targets are for."""

    quick: bool = False
    rounds: int = 3
    peer_messages: int = 100_000
    messages: int = 2_000_000
    fewer_messages: int = 200_000
    import_messages: int = 100_000
    few_messages: int = 1_000
    room_messages: int = 1_000_000
    files: int = 20_000
    file_bytes: int = 1_000_000
    many_files: int = 200_000
    many_file_bytes: int = 100_000
    file_messages: int = 100_000
    bodies: int = 20_000
    body_bytes: int = 100_000
    download_bytes: int = 2_000_000_000
    download_members: int = 10_000
    download_rounds: int = 5
    connections: int = 1_000
    range_seconds: int = 5
    range_members: int = 1_000_000
    slow_clients: int = 20


QUICK = Sizes(
    quick=True, rounds=1, peer_messages=1_000, messages=4_000, fewer_messages=2_000, import_messages=2_000,
    few_messages=1_000, room_messages=4_000, files=200, file_bytes=100_000, many_files=400, many_file_bytes=20_000,
    file_messages=1_000,
    bodies=200, body_bytes=50_000, download_bytes=20_000_000, download_members=100, download_rounds=1,
    connections=50, range_seconds=1, range_members=5_000, slow_clients=4,
)  # fmt: skip
"""Small enough for a test: shows that a row still works, and nothing about speed."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The last measurement of one row: when, on what machine, and what it found."""

    day: str
    machine: str
    minutes: float
    findings: list[Finding]


def remembered() -> dict[str, Measured]:
    """The last measurement of each row that was ever measured whole."""
    return msgspec.json.decode(RECORD.read_bytes(), type=dict[str, Measured]) if RECORD.exists() else {}


def remember(rows: dict[str, Measured]) -> None:
    """Keep measurements, and write the page from them."""
    RECORD.write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
    RESULTS.write_text(page(rows), encoding="utf-8")


def page(rows: dict[str, Measured]) -> str:
    """`RESULTS.md`: every row's last measurement."""
    when = sorted({f"{row.day} on {row.machine}" for row in rows.values()})
    named = ", ".join(f"`{name}` ({row.minutes:.0f} min)" for name, row in rows.items())
    return (
        "# Measurements\n\n"
        f"Measured {'; '.join(when)}, by\n\n```sh\nmake bench\n```\n\n"
        "or row by row with `.venv/bin/python -m bench ROW …`. Each line compares things measured in the same run, in "
        "turns where noise matters; the median of the pairs counts. Data is generated, and importing it is not part of "
        f"a line unless the line says so. The rows, in the order of the table: {named}.\n\n"
        f"{table([finding for row in rows.values() for finding in row.findings])}\n"
    )


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of ours / theirs over interleaved pairs."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def table(findings: Sequence[Finding]) -> str:
    """The findings in Markdown, and under them a sentence for each miss."""
    words = {True: "yes", False: "**no**", None: "reported"}
    lines = ["| what | measured | must reach | reached? |", "|---|---|---|---|"]
    lines += [f"| {f.what} | {f.measured} | {f.target} | {words[f.reached]} |" for f in findings]
    missed = [f"- {f.what}: {f.why or 'not explained yet'}" for f in findings if f.reached is False]
    return "\n".join([*lines, "", *(["What was missed, and why:", "", *missed] if missed else ["Nothing was missed."])])
