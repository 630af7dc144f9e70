"""Fixtures of the adapters' tests: a store on each of the two databases."""

from collections.abc import AsyncIterator

import pytest

from chat_server.outbound.database import Database
from chat_server.outbound.store import Store
from tests.two_databases import database_url, postgres_template

__all__ = ["database", "database_url", "postgres_template", "store"]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    yield made
    await made.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)
