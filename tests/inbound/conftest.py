"""Fixtures of the doors' tests: the module's server with people around it (tests/walks/stage.py), and a bare HTTP client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.flows.world import World, inbox
from tests.processes import ChatServer
from tests.two_databases import database_url, postgres_template, sqlite_url
from tests.walks.stage import Stage

__all__ = ["database_url", "http", "postgres_template", "stage", "world"]


@pytest.fixture
async def stage(server: ChatServer) -> AsyncIterator[Stage]:
    made = Stage(server)
    yield made
    await made.clear()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps no cookies and follows nothing by itself."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A database and a clock that stands still, for what depends on time."""
    made = World(sqlite_url(tmp_path), inbox())
    yield made
    await made.database.close()
