"""Fixtures of the walks: people on the module's server, all gone at the end of the test, and nothing left open behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.processes import ChatServer
from tests.walks.stage import Stage


@pytest.fixture
async def stage(server: ChatServer) -> AsyncIterator[Stage]:
    """Shoppers, agents and the shop around the module's server."""
    made = Stage(server)
    yield made
    await made.clear()
