"""Orders that were kept in one SQLite file with everything else move into a file of their own, once. Wholly, or not at all.

What has been said must not be mixed with what an older version said meanwhile: then nothing moves, and a person is asked.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from order_status.migrations import VERSION_TABLE
from order_status.tables import metadata

PATIENCE_S = 30.0


class Mixed(Exception):
    """Both files have orders that the other one lacks."""


def lives_in(path: Path) -> bool:
    """This file has tables of ours."""
    with closing(_opened(path)) as connection:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
        return connection.execute(query, (VERSION_TABLE,)).fetchone() is not None


def move(old: Path, new: Path) -> None:
    """What `old` has of our tables is in `new` afterwards, and in `old` no more. Both are migrated. Raises Mixed.

    Nobody can write to `old` meanwhile. Cut short, it is done again: whatever is in `old` then is in `new` as well.
    """
    with closing(_opened(old)) as leaving, closing(_opened(new)) as coming:
        leaving.execute("BEGIN IMMEDIATE")
        coming.execute("ATTACH ? AS old", (str(old),))
        coming.execute("BEGIN")  # IMMEDIATE would want to write to the attached file as well
        if not any(coming.execute(f'SELECT 1 FROM main."{table}" LIMIT 1').fetchone() for table in metadata.tables):
            for name, table in metadata.tables.items():
                columns = ", ".join(f'"{column.name}"' for column in table.columns)
                coming.execute(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM old."{name}"')
        if any(_lacks(coming, name) for name in metadata.tables):
            raise Mixed
        coming.execute("COMMIT")
        for name in metadata.tables:
            leaving.execute(f'DROP TABLE "{name}"')
        leaving.execute(f'DROP TABLE "{VERSION_TABLE}"')
        leaving.execute("COMMIT")


def _lacks(connection: sqlite3.Connection, table: str) -> bool:
    keys = " AND ".join(f'here."{column.name}" = there."{column.name}"' for column in metadata.tables[table].primary_key)
    query = f'SELECT 1 FROM old."{table}" AS there WHERE NOT EXISTS (SELECT 1 FROM main."{table}" AS here WHERE {keys}) LIMIT 1'
    return connection.execute(query).fetchone() is not None


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL").close()
    return connection
