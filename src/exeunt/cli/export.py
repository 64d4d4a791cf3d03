"""`exeunt export VERB`: get content out, here or from a server."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from exeunt.cli.output import emit, json_option, someone_looks, table
from exeunt.errors import ExeuntError, InvalidInput
from exeunt.lake.selection import Selection


class NotCompleted(ExeuntError):
    """The export that was waited for ended in another way than completed."""


@click.group("export")
def export() -> None:
    """Get content out: on the local data folder, or on the server EXEUNT_URL with EXEUNT_TOKEN."""


@export.command("create")
@click.option("--workspace", "workspaces", required=True, multiple=True, help="The workspace to get content out of.")
@click.option("--layout", required=True, help="html, jsonl, csv, yammer-files, rocketchat or rocketchat-user-data.")
@click.option("--room", "rooms", multiple=True, help="Only this room, by id; repeatable.")
@click.option("--person", "people", multiple=True, help="Only what this person wrote, by id; repeatable.")
@click.option("--since", help="Not before this instant (ISO 8601; UTC where no zone is given).")
@click.option("--until", help="Before this instant.")
@click.option("--text", default="", help="Only messages with these words in a row, in any case.")
@click.option("--whole-threads", is_flag=True, help="All of a thread as soon as one of its messages is taken.")
@click.option("--no-files", is_flag=True, help="Names of files only, not their bytes.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="An option of the layout; repeatable.")
@click.option("--keep-days", type=click.IntRange(1, 30), help="How long links live.")
@click.option("--dry-run", is_flag=True, help="Only count.")
@click.option("--wait", is_flag=True, help="Wait until it has ended.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Download into this folder (waits).")
@json_option
def create(workspaces: tuple[str, ...], layout: str, rooms: tuple[str, ...], people: tuple[str, ...], since: str | None,
           until: str | None, text: str, whole_threads: bool, no_files: bool, options: tuple[str, ...],
           keep_days: int | None, dry_run: bool, wait: bool, output: Path | None, as_json: bool) -> None:  # fmt: skip
    """Ask for an export of a workspace."""
    from exeunt.cli.exporting import backend

    selection = Selection(
        rooms=rooms, people=people, since=_instant(since), until=_instant(until), text=text, files=not no_files,
        whole_threads=whole_threads,
    )  # fmt: skip
    if len(workspaces) > 1:
        # click would take the last one and say nothing
        raise InvalidInput(f"one export is of one workspace, and here are {len(workspaces)}: ask for each by itself")
    (workspace,) = workspaces
    chosen, way = dict(_pair(option) for option in options), backend()
    if dry_run:
        counts = way.estimate(workspace, layout, selection, chosen)
        emit(as_json, counts, [f"{name}: {value}" for name, value in counts.items()])
        return
    made = way.create(workspace, layout, selection, chosen, None if keep_days is None else keep_days * 86_400)
    if wait or output:
        made = _wait(way, made["id"], as_json)
    if output and made["state"] == "COMPLETED":
        made["paths"] = _download(way, made, output, as_json)
    emit(as_json, made, _lines(made))
    if (wait or output) and made["state"] != "COMPLETED":
        raise NotCompleted(f"export {made['id']} ended as {made['state']}: {made.get('error') or 'no reason given'}")


@export.command("list")
@click.option("--workspace", required=True, help="The workspace whose exports are shown.")
@json_option
def list_(workspace: str, as_json: bool) -> None:
    """The newest exports of a workspace."""
    from exeunt.cli.exporting import backend

    found = backend().list(workspace)
    rows = [(e["id"], e["state"], e["layout"], e["created_at"], e["counts"].get("messages", "")) for e in found]
    emit(as_json, found, table(("id", "state", "layout", "asked", "messages"), rows) if rows else ["no exports yet"])


@export.command("show")
@click.argument("export_id")
@json_option
def show(export_id: str, as_json: bool) -> None:
    """One export: state, counts, links."""
    from exeunt.cli.exporting import backend

    found = backend().show(export_id)
    emit(as_json, found, _lines(found))


@export.command("watch")
@click.argument("export_id")
@json_option
def watch(export_id: str, as_json: bool) -> None:
    """Follow an export until it has ended."""
    from exeunt.cli.exporting import backend

    found = _wait(backend(), export_id, as_json)
    emit(as_json, found, _lines(found))


@export.command("cancel")
@click.argument("export_id")
@json_option
def cancel(export_id: str, as_json: bool) -> None:
    """End a running export."""
    _end(export_id, as_json, running=True)


@export.command("revoke")
@click.argument("export_id")
@json_option
def revoke(export_id: str, as_json: bool) -> None:
    """End the links of a completed export; running transfers are broken off."""
    _end(export_id, as_json, running=False)


def _end(export_id: str, as_json: bool, *, running: bool) -> None:
    from exeunt.cli.exporting import backend

    way = backend()
    found = way.show(export_id)
    if (found["state"] in ("QUEUED", "RUNNING")) is not running:
        raise InvalidInput(
            f"export {export_id} is {found['state']}, there is nothing to {'cancel' if running else 'revoke'}"
        )
    found = way.end(export_id)
    emit(as_json, found, _lines(found))


@export.command("renew")
@click.argument("export_id")
@json_option
def renew(export_id: str, as_json: bool) -> None:
    """New links to the same bytes, without running the export again."""
    from exeunt.cli.exporting import backend

    found = backend().renew(export_id)
    emit(as_json, found, _lines(found))


@export.command("download")
@click.argument("export_id")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default="here",
              help="The folder to put them into.")  # fmt: skip
@click.option("--expire", is_flag=True, help="End the links once everything is here and right.")
@json_option
def download(export_id: str, output: Path, expire: bool, as_json: bool) -> None:
    """Fetch the archives of a completed export, going on where an earlier call stopped, and check every member."""
    from exeunt.archives.verify import verify_archive
    from exeunt.cli.exporting import backend
    from exeunt.errors import Damaged

    way = backend()
    found = way.show(export_id)
    if found["state"] != "COMPLETED":
        raise InvalidInput(f"export {export_id} is {found['state']}, there is nothing to download")
    paths = _download(way, found, output, as_json)
    results = [verify_archive(Path(path)) for path in paths if path.endswith(".zip")]
    problems = [problem for result in results for problem in result.problems]
    checked = sum(result.checked for result in results)
    if expire and not problems:
        found = way.end(export_id)
    emit(as_json, {**found, "paths": paths, "checked": checked, "problems": problems},
         [*paths, f"{checked} members checked, {len(problems)} wrong", *problems])  # fmt: skip
    if problems:
        raise Damaged(f"{len(problems)} members are not what the manifest says")


def _wait(way: Any, export_id: str, quiet: bool) -> dict[str, Any]:
    if quiet or not someone_looks():
        return dict(way.wait(export_id, lambda export: None))
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=Console(stderr=True)
    ) as bar:
        task = bar.add_task("exporting", total=100)
        return dict(way.wait(export_id, lambda export: bar.update(task, completed=export.get("percent", 0))))


def _download(way: Any, found: dict[str, Any], output: Path, quiet: bool) -> list[str]:
    output.mkdir(parents=True, exist_ok=True)
    paths = []
    for archive in found["archives"]:
        path = output / archive["name"]
        if quiet or not someone_looks():
            way.fetch(archive, path, lambda done, total: None)
        else:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            with Progress(*columns, console=Console(stderr=True)) as bar:
                task = bar.add_task(archive["name"], total=archive["size"])
                way.fetch(archive, path, lambda done, total, bar=bar, task=task: bar.update(task, completed=done))
        paths.append(str(path))
    return paths


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"export {found['id']}: {found['state']}" + (f" ({found['error']})" if found.get("error") else "")]
    lines += [f"  {name}: {value:,}" for name, value in found.get("counts", {}).items()]
    for archive in found.get("archives", []):
        lines.append(f"  {archive['name']}  {archive['size']:,} bytes  {archive.get('url') or ''}".rstrip())
    lines += [f"  downloaded to {path}" for path in found.get("paths", [])]
    if found.get("expires_at"):
        lines.append(f"  links end {found['expires_at']}")
    return lines


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidInput(f"--option takes NAME=VALUE, not {text!r}")
    words: dict[str, Any] = {"true": True, "false": False}
    return name, words.get(value, int(value) if value.isdigit() else value)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{text!r} is not an ISO 8601 instant") from error
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
