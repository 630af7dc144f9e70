"""The world of order_status, fresh for each test, on each of the two databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_server.outbound.database import Database
from tests.order_status.world import World
from tests.two_databases import database_url, postgres_template

__all__ = ["database_url", "postgres_template", "world"]


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    if database_url.startswith("sqlite"):
        yield World(tmp_path / "shop.db")
        return
    database = Database(database_url)
    yield World(tmp_path / "shop.db", writer=database)
    await database.close()
