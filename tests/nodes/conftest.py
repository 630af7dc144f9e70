"""Fixtures of the tests with several servers: people at each of two, on one PostgreSQL and one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.processes import TEST_INBOX, ChatServer, Databases, new_nodes, stop_together
from tests.redis_server import RedisServer
from tests.walks.stage import Stage


@dataclass(frozen=True)
class Pair:
    """Two servers, and the people at each."""

    one: Stage
    other: Stage
    redis: RedisServer


@pytest.fixture(scope="module")
def two_servers(databases: Databases, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[ChatServer]]:
    """Two for all tests of a module: what a test breaks, it mends."""
    redis_server.heal()
    folder = tmp_path_factory.mktemp("nodes")
    database = databases.fresh()
    databases.copy_secrets(folder / "node-1")
    nodes = new_nodes(2, folder, database=database, redis=redis_server, inbox=TEST_INBOX, env={})
    for node in nodes:
        node.launch()
    for node in nodes:
        node.wait_until_ready()
    yield nodes
    redis_server.heal()
    stop_together(nodes)


@pytest.fixture
async def pair(two_servers: list[ChatServer], redis_server: RedisServer) -> AsyncIterator[Pair]:
    redis_server.heal()
    made = Pair(Stage(two_servers[0]), Stage(two_servers[1]), redis_server)
    yield made
    redis_server.heal()
    await made.one.clear()
    await made.other.clear()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Keeps no cookies."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session
