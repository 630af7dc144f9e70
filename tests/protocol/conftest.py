"""Fixtures of the protocol's tests: a world on each of the two databases."""

from collections.abc import AsyncIterator

import pytest

from tests.flows.world import World, inbox
from tests.two_databases import database_url, postgres_template

__all__ = ["database_url", "postgres_template", "world"]


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[World]:
    made = World(database_url, inbox())
    yield made
    await made.database.close()
