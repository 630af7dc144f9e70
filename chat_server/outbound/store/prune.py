"""Throwing away what is old, some at a time, so that nobody waits long for the writer."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, delete, select, tuple_

AT_ONCE = 1000


def prune(connection: Connection, table: Table, *where: ColumnElement[bool]) -> bool:
    """Delete up to AT_ONCE rows; True when there may be more."""
    keys = list(table.primary_key.columns)
    key = keys[0] if len(keys) == 1 else tuple_(*keys)
    some = select(*keys).where(*where).limit(AT_ONCE)
    return connection.execute(delete(table).where(key.in_(some))).rowcount == AT_ONCE
