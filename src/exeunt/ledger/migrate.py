"""Bringing a database to this version's tables, and refusing one that does not fit."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from exeunt.errors import Conflict, Unavailable
from exeunt.ledger.database import Ledger, answering
from exeunt.ledger.schema import metadata

SCRIPTS = Path(__file__).parent / "migrations"


def _config(ledger: Ledger) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["ledger"] = ledger
    return config


def upgrade(ledger: Ledger, revision: str = "head") -> None:
    """Run every migration that is missing; a database that is current is left alone."""
    with answering():
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
    with answering(), ledger.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_current(ledger: Ledger) -> None:
    """Raises `Conflict` unless the database is exactly at this version's revision."""
    have, need = current_revision(ledger), NEWEST
    if have != need:
        raise Conflict(f"the database is at revision {have or 'none'}, this version needs {need}: run `exeunt migrate`")


def require_rights(ledger: Ledger) -> None:
    """Raises `Unavailable` naming the first table that this role of PostgreSQL may not read and write."""
    if ledger.is_sqlite:
        return
    missing = text(
        "SELECT t.name FROM unnest(CAST(:tables AS text[])) AS t(name) WHERE NOT (has_table_privilege(t.name, 'SELECT')"
        " AND has_table_privilege(t.name, 'INSERT') AND has_table_privilege(t.name, 'UPDATE')"
        " AND has_table_privilege(t.name, 'DELETE')) ORDER BY 1 LIMIT 1"
    )
    with ledger.read() as db:
        table = db.scalar(missing, {"tables": sorted(metadata.tables)})
        makes = db.scalar(text("SELECT to_regnamespace('dbos') IS NOT NULL OR "
                               "has_database_privilege(current_database(), 'CREATE')"))  # fmt: skip
    if table is not None:
        raise Unavailable(f"the database refuses: its role may not read and write the table {table}; grant it")
    if not makes:
        raise Unavailable("the database refuses: its role may not make the schema dbos; GRANT CREATE ON DATABASE")


NEWEST = "0003"
"""Written out, so that a server can check it without loading the migrations; a test compares it with them."""
