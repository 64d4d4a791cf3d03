"""`exeunt audit`."""

from typing import Any

import click

from exeunt.cli.output import emit, json_option, table


@click.command("audit")
@click.option("--workspace", "workspace_id", metavar="ID", help="Only entries of one workspace.")
@click.option("--downloads", is_flag=True, help="Who fetched what, instead of who did what.")
@click.option("--after", type=click.IntRange(0), metavar="ID", help="Entries that follow this one; the last otherwise.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many.")
@json_option
def audit(workspace_id: str | None, downloads: bool, after: int | None, limit: int, as_json: bool) -> None:
    """Who did what to what, when and through which API; the newest stand last."""
    from exeunt.cli.local import open_local

    installation = open_local()
    if workspace_id is not None:
        installation.catalog.workspace(workspace_id)
    trail = installation.audit
    if downloads:
        fetched = trail.downloads(workspace_id, limit=limit)
        emit(as_json, fetched, table(_DOWNLOADS, [_download(d) for d in reversed(fetched)]))
        return
    found = trail.latest(workspace_id, limit) if after is None else trail.entries(workspace_id, after, limit)
    emit(as_json, found, table(_ENTRIES, [_entry(entry) for entry in found]))


_ENTRIES = ("id", "at", "workspace", "who", "api", "action", "subject", "client")
_DOWNLOADS = ("first", "last", "export", "archive", "client", "requests", "bytes", "outcome")


def _entry(entry: Any) -> tuple[Any, ...]:
    from exeunt.clock import iso

    return (entry.id, iso(entry.at), entry.workspace_id or "", entry.actor, entry.api, entry.action, entry.subject,
            entry.client)  # fmt: skip


def _download(row: Any) -> tuple[Any, ...]:
    from exeunt.clock import iso

    return (iso(row.first_at), iso(row.last_at), row.export_id, row.name, row.client, row.requests, row.bytes,
            row.outcome)  # fmt: skip
