"""`exeunt workspace add|list|quota`."""

import re
from typing import TYPE_CHECKING

import click

from exeunt.cli.output import emit, json_option, table
from exeunt.errors import InvalidInput

if TYPE_CHECKING:
    from exeunt.installation import Installation
    from exeunt.lake.catalog import WorkspaceFacts

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_workspace_id(text: str) -> str:
    """The id itself. Raises `InvalidInput` when it could not name a folder and stand in an address."""
    if not _ID.fullmatch(text):
        raise InvalidInput(
            f"{text!r} cannot be a workspace's id: up to 64 letters, digits, dots, dashes and underscores, "
            "the first a letter or digit"
        )
    return text


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

    check_workspace_id(workspace_id)
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


@workspace.command("quota")
@click.argument("workspace_id", metavar="ID")
@click.option("--running", type=click.IntRange(0), help="Unfinished exports it may have; the setting otherwise.")
@click.option("--bytes", "size", type=click.IntRange(0), help="Bytes its exports may keep; without limit otherwise.")
@json_option
def quota(workspace_id: str, running: int | None, size: int | None, as_json: bool) -> None:
    """Set what the exports of a workspace may use. What is not given is not limited."""
    from exeunt.cli.local import at_the_command_line, open_local

    open_local().exports.set_quota(workspace_id, running, size, by=at_the_command_line(workspace_id))
    limits = {"running": running, "bytes": size}
    emit(as_json, {"workspace": workspace_id, **limits}, [f"{workspace_id}: {limits}"])
