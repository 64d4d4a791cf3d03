"""How Alembic reaches the ledger: the connection comes from the caller, never from a file."""

from alembic import context

from exeunt.ledger.database import Ledger
from exeunt.ledger.schema import metadata

ledger: Ledger = context.config.attributes["ledger"]

with ledger.engine.connect() as connection:
    if ledger.is_sqlite:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=ledger.is_sqlite)
    context.run_migrations()
    connection.commit()
