"""Looks into a running server's database, for what must not have been stored; and ages what a test cannot wait for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from tests.processes import ChatServer


def rows(server: ChatServer, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The answer to a query, read beside the server."""
    with closing(sqlite3.connect(server.stack.data / "shopbell.sqlite3", timeout=10)) as connection:
        connection.execute("ATTACH ? AS orders", (str(server.stack.data / "shopbell-orders.sqlite3"),))
        found = connection.execute(sql, values).fetchall()
        connection.commit()
        return found
