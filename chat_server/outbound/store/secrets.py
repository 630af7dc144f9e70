"""Keys that all servers of one database share: drawn at random by whoever needs one first, never set by anybody."""

from __future__ import annotations

import os

from sqlalchemy import Connection, select

from chat_server.outbound.store.once import insert_once
from chat_server.outbound.tables import secrets

SIZE = 32


def shared_secret(connection: Connection, name: str) -> bytes:
    """32 bytes, the same for every server and after every restart."""
    connection.execute(insert_once(connection, secrets), [{"name": name, "value": os.urandom(SIZE)}])
    value: bytes = connection.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar_one()
    return value
