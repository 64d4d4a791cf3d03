"""`exeunt init`."""

from typing import TYPE_CHECKING

import click

from exeunt.cli.output import emit, json_option
from exeunt.cli.user import password_option, read_password
from exeunt.errors import Conflict, NotFound

if TYPE_CHECKING:
    from exeunt.config import Settings
    from exeunt.installation import Installation
    from exeunt.ledger.database import Ledger


@click.command("init")
@click.option("--admin", "email", metavar="EMAIL", help="The first administrator.")
@click.option("--workspace", "workspace_id", metavar="ID", help="The first workspace.")
@password_option
@json_option
def init(email: str | None, workspace_id: str | None, from_stdin: bool, as_json: bool) -> None:
    """Make the data folder, the secret and the first administrator. What exists is left as it is.

    Asks for what the options do not say.
    """
    from exeunt.access.accounts import normal_email
    from exeunt.config import load_settings
    from exeunt.installation import Installation
    from exeunt.lake.catalog import check_workspace_id

    settings = load_settings()
    # everything that can be wrong is looked at before anything is made
    workspace_id = check_workspace_id(workspace_id or click.prompt("Workspace id"))
    email = normal_email(email or click.prompt("E-mail address of the administrator"))
    existed = _exists(settings)
    known = existed and _is_known(settings, email, workspace_id)
    password = None if known else _checked_password(from_stdin)
    installation = Installation.create(settings)
    lines = [f"{'there is' if existed else 'made'} an installation in {_place(settings)}"]
    lines += [_workspace(installation, workspace_id), _administrator(installation, email, workspace_id, password)]
    account = installation.access.account(email)
    result = {
        "data": str(settings.data_path.absolute()),
        "workspace": installation.catalog.workspace(workspace_id),
        "administrator": account.email,
        "role": account.roles[workspace_id],
        "existed": existed,
    }
    emit(as_json, result, lines)


def _place(settings: "Settings") -> str:
    """Where the installation is, without a password."""
    from sqlalchemy import make_url

    named = [make_url(settings.database_url).render_as_string()] if settings.database_url else []
    named += [settings.storage_url] if settings.storage_url else []
    return " and ".join(named if len(named) == 2 else [*named, str(settings.data_path.absolute())])


def _exists(settings: "Settings") -> bool:
    """Whether there is an installation. Raises `NotFound` when its key is lost: a new one would fit nothing."""
    from exeunt.ledger.database import Ledger
    from exeunt.ledger.migrate import current_revision

    if not settings.database_url and not (settings.data_path / "ledger.sqlite").exists():
        return False
    ledger = Ledger(settings.ledger_url)
    try:
        made = current_revision(ledger) is not None and _has_key(ledger)
    finally:
        ledger.close()
    if made and not settings.secret_path.exists():
        raise NotFound(f"the key file {settings.secret_path} is missing; restore it from the backup")
    return made


def _has_key(ledger: "Ledger") -> bool:
    from sqlalchemy import select

    from exeunt.access.keys import FINGERPRINT
    from exeunt.ledger.schema import settings as table

    with ledger.read() as db:
        return db.scalar(select(table.c.value).where(table.c.name == FINGERPRINT)) is not None


def _is_known(settings: "Settings", email: str, workspace_id: str) -> bool:
    """Whether there is such an account. Raises `Conflict` for a disabled one that would get a new role."""
    from exeunt.installation import Installation

    known = {account.email: account for account in Installation(settings).access.list_accounts()}.get(email)
    if known is not None and known.disabled_at is not None and workspace_id not in known.roles:
        raise Conflict(f"{email} is disabled; `exeunt user add` enables it again")
    return known is not None


def _checked_password(from_stdin: bool) -> str:
    from exeunt.access.passwords import check_length

    return check_length(read_password(from_stdin))


def _workspace(installation: "Installation", workspace_id: str) -> str:
    from exeunt.cli.workspace import make_workspace

    try:
        facts = make_workspace(installation, workspace_id, workspace_id, None)
    except Conflict:
        facts = installation.catalog.workspace(workspace_id)
        return f"there is a workspace {facts.id}, network id {facts.number}"
    return f"made workspace {facts.id}, network id {facts.number}"


def _administrator(installation: "Installation", email: str, workspace_id: str, password: str | None) -> str:
    from exeunt.access.audit import Action
    from exeunt.cli.local import at_the_command_line

    known = {account.email: account for account in installation.access.list_accounts()}.get(email)
    if known is not None and workspace_id in known.roles:
        state = ", disabled" if known.disabled_at else ""
        return f"{email} is {known.roles[workspace_id]} of workspace {workspace_id} already{state}; nothing was changed"
    by = at_the_command_line(workspace_id)
    installation.access.add_account(
        email, workspace_id, "administrator", password, by=by, action=Action.INSTALLATION_INIT
    )
    return f"{email} is administrator of workspace {workspace_id}"
