"""The local installation, for commands that work on the data itself."""

import getpass

import click

from exeunt.access.audit import Actor
from exeunt.access.principal import Principal
from exeunt.config import load_settings
from exeunt.installation import Installation


def open_local() -> Installation:
    """The installation that the settings name. Raises `NotFound` when there is none."""
    installation = Installation(load_settings())
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(installation.ledger.close)
    return installation


def operator(workspace_id: str) -> Principal:
    """Whoever may run commands on the data folder may do everything; the audit trail names the system's user."""
    return Principal("", f"{getpass.getuser()} (command line)", workspace_id, "operator", frozenset({"*"}), "cli")


def at_the_command_line(workspace_id: str = "") -> Actor:
    """The operator as the audit trail has it; without a workspace for what concerns the whole installation."""
    return Actor(principal=operator(workspace_id), api="cli")
