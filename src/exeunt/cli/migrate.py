"""`exeunt migrate`."""

from contextlib import closing

import click

from exeunt.cli.output import emit, json_option
from exeunt.errors import NotFound


@click.command("migrate")
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to this version's tables. Done again it changes nothing."""
    from exeunt.config import load_settings
    from exeunt.ledger.database import Ledger
    from exeunt.ledger.migrate import current_revision, upgrade

    settings = load_settings()
    if not settings.database_url and not (settings.data_path / "ledger.sqlite").exists():
        raise NotFound(f"there is no installation in {settings.data}; `exeunt init` makes one")
    with closing(Ledger(settings.ledger_url)) as ledger:
        before = current_revision(ledger)
        upgrade(ledger)
        after = current_revision(ledger)
    if before != after:
        _write_down(before, after)
    done = f"the database went from {before or 'nothing'} to {after}" if before != after else f"already at {after}"
    emit(as_json, {"before": before, "after": after}, [done])


def _write_down(before: str | None, after: str | None) -> None:
    from exeunt.access.audit import Action
    from exeunt.cli.local import open_local, operator

    open_local().audit.write(
        operator(""), Action.INSTALLATION_MIGRATE, after or "", api="cli", detail={"before": before}
    )  # fmt: skip
