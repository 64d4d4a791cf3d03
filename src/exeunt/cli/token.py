"""`exeunt token create|list|revoke`."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from exeunt.cli.output import emit, json_option, table
from exeunt.errors import InvalidInput

if TYPE_CHECKING:
    from exeunt.access.tokens import Token

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(text: str) -> timedelta:
    """`90s`, `15m`, `12h`, `30d`, `4w`. Raises `InvalidInput` for anything else, and for more than 100 years."""
    match = re.fullmatch(r"([1-9][0-9]{0,9})([smhdw])", text.strip())
    try:
        span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    except OverflowError:
        span = None
    if span is None or span > timedelta(days=36_525):
        raise InvalidInput(f"{text!r} is no length of time: write 90s, 15m, 12h, 30d or 4w")
    return span


@click.group("token")
def token() -> None:
    """Tokens for scripts. Only a hash of each is kept."""


@token.command("create")
@click.option("--user", "email", required=True, metavar="EMAIL", help="The account it acts for.")
@click.option("--workspace", "workspace_id", required=True, metavar="ID", help="The workspace it acts in.")
@click.option("--for", "api", type=click.Choice(["native", "yammer", "rocketchat"]), default="native",
              show_default=True, help="The only API that takes it.")  # fmt: skip
@click.option("--scope", "scopes", multiple=True, help="What it may do, instead of what is usual; repeatable.")
@click.option("--expires", metavar="TIME", help="When it ends by itself, such as 30d; never otherwise.")
@json_option
def create(email: str, workspace_id: str, api: str, scopes: tuple[str, ...], expires: str | None,
           as_json: bool) -> None:  # fmt: skip
    """Print a new token, once."""
    from exeunt.cli.local import at_the_command_line, open_local

    lives = duration(expires) if expires else None
    installation = open_local()
    secret, record = installation.access.create_token(
        email, workspace_id, api=api, scopes=scopes or None, expires=lives, by=at_the_command_line(workspace_id)
    )
    emit(as_json, {"token": secret, "user_id": record.user_id}, [secret])
    if not as_json:
        click.echo(f"token {record.id} for {api}: keep it now, it is not shown again", err=True)
    if api == "rocketchat" and not record.user_id:
        click.echo(
            f"no person of workspace {workspace_id} has the address {record.email} yet: clients of this API "
            "need that person's id",
            err=True,
        )


@token.command("list")
@click.option("--user", "email", metavar="EMAIL", help="Only those of one account.")
@click.option("--workspace", "workspace_id", metavar="ID", help="Only those of one workspace.")
@json_option
def list_(email: str | None, workspace_id: str | None, as_json: bool) -> None:
    """Every token with its state; the texts themselves are not kept."""
    from exeunt.cli.local import open_local

    installation = open_local()
    found = installation.access.list_tokens(email=email, workspace_id=workspace_id)
    now = installation.clock()
    rows = [(t.id, t.email, t.workspace_id, t.api, state(t, now), " ".join(t.scopes)) for t in found]
    emit(as_json, found, table(("id", "user", "workspace", "for", "state", "scopes"), rows))


def state(record: "Token", now: datetime) -> str:
    """How a token stands, in a word or two."""
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at is None:
        return "live"
    return "expired" if record.expires_at <= now else f"until {record.expires_at:%Y-%m-%d}"


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@json_option
def revoke(token_id: str, as_json: bool) -> None:
    """End a token at once."""
    from exeunt.cli.local import at_the_command_line, open_local

    record = open_local().access.revoke_token(token_id, by=at_the_command_line())
    emit(as_json, record, [f"token {record.id} of {record.email} is revoked"])
