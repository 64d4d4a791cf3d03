"""How Alembic reaches the ledger: the connection comes from the caller, never from a file."""

from alembic import context

from exeunt.ledger.database import Ledger
from exeunt.ledger.locks import lock
from exeunt.ledger.schema import metadata

ledger: Ledger = context.config.attributes["ledger"]

with ledger.engine.connect() as connection:
    # what there is to do is looked up after the wait for whoever migrates now
    if ledger.is_sqlite:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    lock(connection, "migrate")
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=ledger.is_sqlite)
    context.run_migrations()
    connection.commit()
