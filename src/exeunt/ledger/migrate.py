"""Bringing a database to this version's tables, and refusing one that does not fit."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from exeunt.errors import Conflict
from exeunt.ledger.database import Ledger

SCRIPTS = Path(__file__).parent / "migrations"


def _config(ledger: Ledger) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["ledger"] = ledger
    return config


def upgrade(ledger: Ledger, revision: str = "head") -> None:
    """Run every migration that is missing; a database that is current is left alone."""
    command.upgrade(_config(ledger), revision)


def newest_revision() -> str:
    """The revision this version of the program needs."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def current_revision(ledger: Ledger) -> str | None:
    """The revision the database is at; None for one without tables."""
    with ledger.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_current(ledger: Ledger) -> None:
    """Raises `Conflict` unless the database is exactly at this version's revision."""
    have, need = current_revision(ledger), NEWEST
    if have != need:
        raise Conflict(f"the database is at revision {have or 'none'}, this version needs {need}: run `exeunt migrate`")


NEWEST = "0004"
"""Written out, so that a server can check it without loading the migrations; a test compares it with them."""
