"""The history of the chat server's tables. `migrate` brings a database to the newest revision; it never touches other rooms' tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

VERSION_TABLE = "chat_version"


def migrate(connection: Connection) -> None:
    """Create or upgrade the tables, in the connection's transaction; may be repeated."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
