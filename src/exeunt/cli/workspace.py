"""`exeunt workspace add|list|quota`."""

import re
from typing import TYPE_CHECKING, Any

import click

from exeunt.cli.output import emit, json_option, table

if TYPE_CHECKING:
    from msgspec import UnsetType

    from exeunt.installation import Installation
    from exeunt.lake.catalog import WorkspaceFacts


@click.group("workspace")
def workspace() -> None:
    """Make and list workspaces. What one holds is never seen from another."""


@workspace.command("add")
@click.argument("workspace_id", metavar="ID")
@click.option("--name", help="What people call it; its id otherwise.")
@click.option("--external-of", metavar="HOME", help="The workspace that may export this one too.")
@json_option
def add(workspace_id: str, name: str | None, external_of: str | None, as_json: bool) -> None:
    """Make an empty workspace."""
    from exeunt.cli.local import open_local

    facts = make_workspace(open_local(), workspace_id, name or workspace_id, external_of)
    emit(as_json, facts, [f"made workspace {facts.id}, network id {facts.number}"])


def make_workspace(
    installation: "Installation", workspace_id: str, name: str, external_of: str | None
) -> "WorkspaceFacts":
    """Make it and write that down, in one transaction. Raises as `Catalog.add_workspace` does."""
    from exeunt.access.audit import Action, write_down
    from exeunt.cli.local import at_the_command_line

    now, by = installation.clock(), at_the_command_line(workspace_id)
    detail = {"external_of": external_of} if external_of else {}
    return installation.catalog.add_workspace(
        workspace_id, name, external_of, now,
        lambda db: write_down(db, now, by, Action.WORKSPACE_ADD, workspace_id, detail=detail),
    )  # fmt: skip


@workspace.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Every workspace with its network id."""
    from exeunt.cli.local import open_local

    found = open_local().catalog.workspaces()
    rows = [(w.id, w.number, w.name, w.external_of or "") for w in found]
    emit(as_json, found, table(("id", "network id", "name", "external of"), rows))


class _Limit(click.ParamType[str]):
    """A number of up to so many digits, or `none` for no limit."""

    name = "limit"

    def __init__(self, digits: int) -> None:
        self._digits = digits

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).lower()
        if text != "none" and not re.fullmatch(rf"[0-9]{{1,{self._digits}}}", text):
            self.fail(f"{value!r} is neither a number nor none", param, ctx)
        return text


@workspace.command("quota")
@click.argument("workspace_id", metavar="ID")
@click.option("--running", type=_Limit(9), metavar="N|none",
              help="Unfinished exports it may have; with none as many as the setting says.")  # fmt: skip
@click.option("--bytes", "size", type=_Limit(18), metavar="N|none", help="Bytes its exports may keep; none for any.")
@json_option
def quota(workspace_id: str, running: str | None, size: str | None, as_json: bool) -> None:
    """Show what the exports of a workspace may use and do use, and set what is named."""
    from exeunt.cli.local import at_the_command_line, open_local

    exports = open_local().exports
    if running is None and size is None:
        found = exports.quota(workspace_id)
    else:
        by = at_the_command_line(workspace_id)
        found = exports.set_quota(workspace_id, _limit(running), _limit(size), by=by)
    running_limit = f"{found.running_by_default} (setting)" if found.running is None else found.running
    bytes_limit = "none" if found.bytes is None else found.bytes
    rows = [("running", found.running_now, running_limit), ("bytes", found.bytes_now, bytes_limit)]
    emit(as_json, found, table(("", "now", "limit"), rows))


def _limit(text: str | None) -> "int | UnsetType | None":
    from msgspec import UNSET

    if text is None:
        return UNSET
    return None if text == "none" else int(text)
