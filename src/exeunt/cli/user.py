"""`exeunt user add|list|disable|password`."""

import sys
from typing import TYPE_CHECKING, Any

import click

from exeunt.cli.output import emit, json_option, table
from exeunt.errors import InvalidInput

if TYPE_CHECKING:
    from exeunt.access.accounts import Account

ROLES = ("administrator", "exporter", "auditor")

password_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from the first line of standard input."
)


def read_password(from_stdin: bool) -> str:
    """A password from standard input, or asked for twice. Raises `InvalidInput` when the line is empty."""
    if not from_stdin:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise InvalidInput("there is no password on standard input")
    return line


@click.group("user")
def user() -> None:
    """Who may sign in, and as what. An account is tied to the workspace's people by its e-mail address."""


@user.command("add")
@click.argument("email")
@click.option("--workspace", "workspace_id", required=True, metavar="ID", help="Where the role is held.")
@click.option("--role", type=click.Choice(ROLES), default="exporter", show_default=True, help="What it may do there.")
@password_option
@json_option
def add(email: str, workspace_id: str, role: str, from_stdin: bool, as_json: bool) -> None:
    """Give an address a role in a workspace, or another one. A disabled account is enabled again."""
    from exeunt.cli.local import at_the_command_line, open_local

    installation = open_local()
    password = read_password(from_stdin) if from_stdin else None
    by = at_the_command_line(workspace_id)
    account = installation.access.add_account(email, workspace_id, role, password, by=by)
    emit(as_json, account, [f"{account.email} is {role} of workspace {workspace_id}"])


@user.command("list")
@click.option("--workspace", "workspace_id", metavar="ID", help="Only those with a role there.")
@json_option
def list_(workspace_id: str | None, as_json: bool) -> None:
    """Every account with its roles."""
    from exeunt.cli.local import open_local

    found = open_local().access.list_accounts(workspace_id)
    emit(as_json, found, table(("email", "roles", "password", "state"), [_row(account) for account in found]))


def _row(account: "Account") -> tuple[Any, ...]:
    roles = ", ".join(f"{role} of {workspace}" for workspace, role in account.roles.items())
    return (account.email, roles or "none", "yes" if account.has_password else "no",
            "disabled" if account.disabled_at else "enabled")  # fmt: skip


@user.command("disable")
@click.argument("email")
@click.option("--workspace", "workspace_id", metavar="ID", help="Take away only the role held there.")
@json_option
def disable(email: str, workspace_id: str | None, as_json: bool) -> None:
    """End the access of an account at once; its tokens are revoked."""
    from exeunt.cli.local import at_the_command_line, open_local

    installation = open_local()
    by = at_the_command_line(workspace_id or "")
    account = installation.access.disable_account(email, workspace_id, by=by)
    what = f"has no role in workspace {workspace_id} any more" if workspace_id else "is disabled"
    emit(as_json, account, [f"{account.email} {what}"])


@user.command("password")
@click.argument("email")
@password_option
@json_option
def password(email: str, from_stdin: bool, as_json: bool) -> None:
    """Set another password."""
    from exeunt.cli.local import at_the_command_line, open_local

    installation = open_local()
    installation.access.account(email)
    account = installation.access.set_password(email, read_password(from_stdin), by=at_the_command_line())
    emit(as_json, account, [f"{account.email} has a new password"])
