"""The history of our tables. `migrate` brings a database to the newest revision; it never touches tables of other rooms."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

VERSION_TABLE = "order_status_version"


def migrate(connection: Connection) -> None:
    """Create or upgrade the tables of order_status; may be repeated.

    Runs in the connection's transaction; without one it opens its own and commits it.
    """
    if not connection.in_transaction():
        with connection.begin():
            _upgrade(connection)
    else:
        _upgrade(connection)


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
