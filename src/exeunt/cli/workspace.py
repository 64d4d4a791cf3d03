"""`exeunt workspace add|list|quota`."""

import click

from exeunt.cli.output import emit, json_option, table


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
    from exeunt.access.audit import Action
    from exeunt.cli.local import open_local, operator

    installation = open_local()
    facts = installation.catalog.add_workspace(workspace_id, name or workspace_id, external_of, installation.clock())
    detail = {"external_of": external_of} if external_of else {}
    installation.audit.write(operator(workspace_id), Action.WORKSPACE_ADD, workspace_id, api="cli", detail=detail)
    emit(as_json, facts, [f"made workspace {facts.id}, network id {facts.number}"])


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
    from exeunt.access.audit import Action
    from exeunt.cli.local import open_local, operator

    installation = open_local()
    installation.exports.set_quota(workspace_id, running, size)
    limits = {"running": running, "bytes": size}
    installation.audit.write(operator(workspace_id), Action.WORKSPACE_QUOTA, workspace_id, api="cli", detail=limits)
    emit(as_json, {"workspace": workspace_id, **limits}, [f"{workspace_id}: {limits}"])
