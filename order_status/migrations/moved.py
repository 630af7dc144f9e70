"""Orders that were kept in one SQLite file with everything else move into a file of their own, once. Loses nothing when it is cut short."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection, inspect

from order_status.migrations import VERSION_TABLE, migrate
from order_status.tables import metadata
from order_status.writer import Writer

AT_ONCE = 1000
"""rows in hand; bodies of webhooks have a few KB"""


async def move(old: Writer, new: Writer) -> None:
    """What `old` has of our tables is in `new` afterwards, and in `old` no more. Both are SQLite; `new` is migrated."""
    if not await old.read(_lives_here):
        return
    await old.write(migrate)
    for table in metadata.sorted_tables:
        after = 0
        while rows := await old.read(partial(_page, table=table.name, after=after)):
            after = rows[-1][0]
            await new.write(partial(_add, table=table.name, rows=rows))
    await old.write(_leave)


def _lives_here(conn: Connection) -> bool:
    return VERSION_TABLE in inspect(conn).get_table_names()


def _columns(table: str) -> Iterator[str]:
    return (column.name for column in metadata.tables[table].columns)


def _page(conn: Connection, table: str, after: int) -> Sequence[Sequence[Any]]:
    """Some rows, as SQLite keeps them, each behind its rowid."""
    names = ", ".join(f'"{name}"' for name in _columns(table))
    query = f'SELECT rowid, {names} FROM "{table}" WHERE rowid > ? ORDER BY rowid LIMIT {AT_ONCE}'
    return conn.exec_driver_sql(query, (after,)).fetchall()


def _add(conn: Connection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    """Those that are not there yet: a move that was cut short begins again."""
    marks = ", ".join("?" for _ in rows[0])
    names = ", ".join(f'"{name}"' for name in _columns(table))
    conn.exec_driver_sql(f'INSERT OR IGNORE INTO "{table}" (rowid, {names}) VALUES ({marks})', [tuple(row) for row in rows])


def _leave(conn: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        conn.exec_driver_sql(f'DROP TABLE "{table.name}"')
    conn.exec_driver_sql(f'DROP TABLE "{VERSION_TABLE}"')
