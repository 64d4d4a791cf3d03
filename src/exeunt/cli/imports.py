"""`exeunt import KIND PATH --workspace ID`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import msgspec

from exeunt.cli.local import open_local, operator
from exeunt.cli.output import emit, json_option, someone_looks, table
from exeunt.errors import ExeuntError
from exeunt.installation import Installation
from exeunt.sources.intake import Item, Reader, Report

SHOWN = 20
"""Items that are named one by one where a person reads."""

TABLES = ("messages", "files", "users", "rooms", "memberships")


@click.group("import")
def import_() -> None:
    """Take a workspace's content in. What is there already is not taken twice."""


def _import(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command that reads one kind of source, with the options that all of them have."""

    def decorate(function: Callable[..., None]) -> click.Command:
        options = (
            click.argument("path", type=click.Path(exists=True, path_type=Path)),
            click.option("--workspace", "workspace_id", required=True, help="The workspace that takes the content."),
            click.option("--max-entries", type=int, help="Members a zip may have."),
            click.option("--max-total-bytes", type=int, help="Bytes a zip may inflate to."),
            click.option("--max-ratio", type=int, help="How many times its size one member may inflate to."),
            json_option,
        )
        for option in reversed(options):
            function = option(function)
        return import_.command(name)(function)

    return decorate


@_import("slack")
def slack(path: Path, workspace_id: str, as_json: bool, **limits: int | None) -> None:
    """A Slack workspace export: the zip, or the folder it was unpacked to."""
    from exeunt.sources.slack import Limits, open_slack

    chosen = Limits(**{name: value for name, value in limits.items() if value is not None})
    _take_in("slack", lambda: open_slack(path, chosen), path, workspace_id, as_json)


@_import("rocketchat-csv")
def rocketchat_csv(path: Path, workspace_id: str, as_json: bool, **limits: int | None) -> None:
    """The CSV zip that Rocket.Chat's own importer reads."""
    from exeunt.sources.rocketchat_csv import Limits, open_rocketchat_csv

    chosen = Limits(**{name: value for name, value in limits.items() if value is not None})
    _take_in("rocketchat-csv", lambda: open_rocketchat_csv(path, chosen), path, workspace_id, as_json)


def _take_in(source: str, opened: Callable[[], Reader], path: Path, workspace_id: str, as_json: bool) -> None:
    """Read a source into the lake, and say how that went."""
    from exeunt.access.audit import Action
    from exeunt.lake.append import importing
    from exeunt.lake.compaction import compact

    installation = open_local()
    installation.catalog.workspace(workspace_id)
    installation.exports.require_space()
    with _failure_written_down(installation, workspace_id, path.name):
        reader = opened()
        with (
            _progress(path.name, as_json) as show,
            importing(
                installation.ledger, installation.lake, installation.blobs, workspace_id,
                as_of=reader.as_of, clock=installation.clock, progress=show,
            ) as intake,
        ):  # fmt: skip
            reader.read(intake)
            snapshot = intake.commit(source, path.name)
    installation.audit.write(
        operator(workspace_id), Action.IMPORT_COMMIT, path.name, api="cli",
        detail={"import_no": intake.import_no, "snapshot": snapshot.number},
    )  # fmt: skip
    compact(installation.ledger, installation.lake, workspace_id, installation.clock)
    result = {"workspace": workspace_id, "import_no": intake.import_no, "snapshot": snapshot.number,
              "report": msgspec.to_builtins(intake.report)}  # fmt: skip
    emit(as_json, result, _lines(workspace_id, snapshot.number, intake.report))


@contextmanager
def _failure_written_down(installation: Installation, workspace_id: str, name: str) -> Iterator[None]:
    """An import that ends in an error, or by hand, has changed nothing that can be seen; that it was tried is told."""
    from exeunt.access.audit import Action

    try:
        yield
    except BaseException as error:
        reason = str(error) or type(error).__name__
        # what was wrong with the import matters more than that the ledger is away too
        with suppress(ExeuntError):
            installation.audit.write(
                operator(workspace_id), Action.IMPORT_FAIL, name, api="cli", detail={"reason": reason}
            )
        raise


def _lines(workspace_id: str, snapshot: int, report: Report) -> list[str]:
    rows = [(k, report.read[k], report.added[k], report.changed[k], report.unchanged[k]) for k in TABLES]
    lines = table(("", "read", "added", "changed", "known"), rows)
    others = [f"{count:,} {kind}" for kind, count in report.read.items() if kind not in TABLES and count]
    if others:
        lines.append("among them " + ", ".join(others))
    lines.append(f"workspace {workspace_id} is at snapshot {snapshot}")
    lines += _named(report.skipped_count, "did not come in, or not whole", report.skipped)
    lines += _named(report.repaired_count, "came in repaired", report.repaired)
    return lines


def _named(count: int, what: str, items: list[Item]) -> list[str]:
    if not count:
        return []
    more = ["  … --json has more of them"] if count > SHOWN else []
    return [f"{count:,} {what}:", *(f"  {item.where}: {item.reason}" for item in items[:SHOWN]), *more]


class _progress:
    """A bar for a person, a line each ten seconds for a log, nothing beside JSON."""

    def __init__(self, name: str, quiet: bool) -> None:
        self._name, self._bar, self._said = name, None if quiet or not someone_looks() else _bar(), time.monotonic()
        self._quiet = quiet
        self._task: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        if self._bar is not None:
            self._bar.start()
            self._task = self._bar.add_task(f"reading {self._name}", total=None)
        return self._show

    def _show(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
        elif not self._quiet and time.monotonic() - self._said > 10:
            self._said = time.monotonic()
            click.echo(f"reading {self._name}: {done} of {total} bytes", err=True)

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))
