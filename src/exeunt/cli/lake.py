"""`exeunt lake`: the files under a snapshot, for any program that reads Parquet."""

import click

from exeunt.cli.local import open_local
from exeunt.cli.output import emit, json_option
from exeunt.errors import NotFound
from exeunt.lake.selection import Snapshot

TABLES = ("messages", "users", "rooms", "memberships", "files")


@click.group("lake")
def lake() -> None:
    """Look under a snapshot."""


@lake.command("files")
@click.option("--workspace", "workspace_id", required=True, help="The workspace to look under.")
@click.option("--snapshot", type=click.IntRange(1), help="By default the newest.")
@click.option("--table", "kind", help="Only this table: messages, users, rooms, memberships, files.")
@json_option
def files(workspace_id: str, snapshot: int | None, kind: str | None, as_json: bool) -> None:
    """The Parquet files that make up a snapshot. A row's newest revision is described in docs/lake.md."""
    installation = open_local()
    head = installation.catalog.head(workspace_id)
    if snapshot is not None and snapshot > head.number:
        raise NotFound(f"workspace {workspace_id} has no snapshot {snapshot}; its newest is {head.number}")
    if kind is not None and kind not in TABLES:
        raise NotFound(f"there is no table {kind}; there are {', '.join(TABLES)}")
    chosen = head if snapshot is None else Snapshot(workspace_id, snapshot)
    found = [
        {"table": s.kind, "path": installation.lake.url(s.key), "rows": s.rows, "bytes": s.size,
         "sha256": s.sha256.hex()}
        for s in installation.catalog.segments(chosen, kind)
    ]  # fmt: skip
    lines = [str(f["path"]) for f in found]
    emit(as_json, {"workspace": workspace_id, "snapshot": chosen.number, "files": found}, lines)
