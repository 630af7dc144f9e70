"""What alembic runs for a migration: always on the connection that `migrate` was handed, in its transaction."""

from alembic import context
from sqlalchemy import Connection

from order_status.migrations import VERSION_TABLE
from order_status.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
