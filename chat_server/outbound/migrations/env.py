"""What alembic runs: always on the connection that `migrate` was handed, in its transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from chat_server.outbound import tables_offers, tables_orders  # noqa: F401 - their tables join the metadata
from chat_server.outbound.migrations import VERSION_TABLE
from chat_server.outbound.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, version_table=VERSION_TABLE, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
