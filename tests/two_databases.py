"""One empty, migrated database for a test: SQLite, and PostgreSQL where servers may be started. The same code, the same tests.

A test folder takes these fixtures by importing them in its conftest.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from chat_server.outbound.database import Database
from chat_server.outbound.migrations import migrate
from order_status import migrate as migrate_orders
from tests.postgres import Postgres

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.starts)]


@cache
def migrated() -> bytes:
    """An empty database, made once by the migrations that the server runs: every test starts from a copy."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.sqlite"
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            migrate(connection)
            migrate_orders(connection)
        engine.dispose()
        return path.read_bytes()


def sqlite_url(folder: Path) -> str:
    """A fresh copy in this folder."""
    path = folder / "shopbell.sqlite"
    path.write_bytes(migrated())
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    """The name of a migrated database that nobody is connected to."""
    url = postgres.database()

    async def make() -> None:
        database = Database(url)
        await database.write(migrate)
        await database.write(migrate_orders)
        await database.close()

    asyncio.run(make())
    return url.rpartition("/")[2]


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where the test's database is; the test closes what it opens."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path)
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.database(request.getfixturevalue("postgres_template"))
    yield url
    postgres.give_back(url)
