"""The migrations make the very tables that the code writes to, and may run again."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect

from chat_server.outbound import tables_offers, tables_orders  # noqa: F401 - their tables join the metadata
from chat_server.outbound.migrations import migrate
from chat_server.outbound.tables import metadata


def _changes(connection: Connection) -> list[object]:
    """What differs; tables that are not in our metadata (alembic's own) do not count."""
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return [change for change in compare_metadata(context, metadata) if "remove_table" not in str(change)]


def test_migrated_is_what_the_tables_say() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
        migrate(connection)
        tables = set(inspect(connection).get_table_names())
        assert set(metadata.tables) <= tables
        assert _changes(connection) == []
    engine.dispose()


def test_the_check_sees_a_missing_column() -> None:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
        connection.exec_driver_sql("ALTER TABLE visits DROP COLUMN referrer")
        assert "referrer" in str(_changes(connection))
    engine.dispose()
