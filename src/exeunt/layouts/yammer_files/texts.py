"""The small members of a Files Export: `request.txt`, `log.txt`, `Networks.csv`, the head of the manifest (3.4)."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from exeunt.clock import iso
from exeunt.layouts.csvtext import removed_nuls
from exeunt.layouts.job import Job
from exeunt.layouts.yammer_files.rows import COLUMNS, EXTERNAL, HELD, MISSING, options_of

NETWORK_COLUMNS = ("id", "permalink", "name", "url", "paid", "created_at", "moderated", "usage_policy",
                   "number_of_users", "secure_browser_token")  # fmt: skip


def request_text(job: Job) -> str:
    """What was asked, as `key: value` lines."""
    options = options_of(job)
    lines = {
        "user_request_id": job.export_id,
        "requested_by": " ".join(job.requested_by.split()),
        "since": instant(job.selection.since),
        "until": instant(job.selection.until),
        "network": ",".join(map(str, network_ids(job))),
        "include_ens": "true" if options.include_ens else "false",
        "layout": layout_word(job),
    }
    if options.groups:
        lines["group"] = ",".join(map(str, options.groups))
    if options.users:
        lines["user"] = ",".join(map(str, options.users))
    if options.safe_csv:
        lines["safe_csv"] = "true"
    return "".join(f"{name}: {value}\n" for name, value in lines.items())


def instant(value: datetime | None) -> str:
    """`2019-02-09T00:00:00Z`, with a fraction only where there is one: a window is written as exact as it was."""
    if value is None:
        return ""
    if not value.microsecond:
        return iso(value)
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def network_ids(job: Job) -> list[int]:
    """The ids of the networks exported, in order."""
    return sorted(view.workspace.number for view in job.views)


def layout_word(job: Job) -> str:
    return "flat" if options_of(job).flat else "nested"


def counts(rows: pl.DataFrame) -> dict[str, int]:
    """How many rows there are, and of which kind."""
    states = rows["state"]
    return {
        "exported": rows.height,
        "included": int((states == HELD).sum()),
        "external": int((states == EXTERNAL).sum()),
        "missing": int((states == MISSING).sum()),
    }


def log_text(rows: pl.DataFrame) -> str:
    """The counts of one network in one archive, and a line for each file whose bytes could not be had."""
    number = counts(rows)
    lines = [
        f"Number of exported FILES: {number['exported']}",
        f"Number of included FILES: {number['included']}",
        f"Number of externally stored FILES: {number['external']}",
        f"Number of missing FILES: {number['missing']}",
        *missing(rows).select(pl.format("ERROR FILES {}: {}", "id", "why")).to_series(),
    ]
    nuls = removed_nuls(rows.select(name for name in COLUMNS if name in rows.columns))
    if nuls:
        lines.append(f"Number of removed U+0000 characters: {nuls}")
    return "\n".join(lines) + "\n"


def missing(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose bytes could not be had."""
    return rows.filter(pl.col("state") == MISSING)


def networks_table(job: Job) -> pl.DataFrame:
    """`Networks.csv`, by id. What nobody knows here (usage policy, browser token) stays empty."""
    options, rows = options_of(job), []
    for view in sorted(job.views, key=lambda view: view.workspace.number):
        facts = view.workspace
        people = view.users().filter((pl.col("kind") == "person") & ~pl.col("is_disabled")).height
        rows.append((facts.number, facts.id, facts.name, options.base, None, iso(facts.created_at), None, None, people,
                     None))  # fmt: skip
    empty = ("paid", "moderated", "usage_policy", "secure_browser_token")
    return pl.DataFrame(rows, NETWORK_COLUMNS, orient="row", schema_overrides=dict.fromkeys(empty, pl.String))


def manifest_head(job: Job, archive: str) -> dict[str, Any]:
    """The manifest's keys before the counts and the entries."""
    return {
        "request_id": job.export_id,
        "kind": "files",
        "since": instant(job.selection.since),
        "until": instant(job.selection.until),
        "networks": network_ids(job),
        "layout": layout_word(job),
        "archive": archive,
    }
