"""Fixtures of the walks: people on a module's server, all gone at the end of the test, and nothing left open behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.processes import ChatServer, DataFolders, new_stack
from tests.walks.inboxes import SPEAKING
from tests.walks.stage import Stage


@pytest.fixture
async def stage(server: ChatServer) -> AsyncIterator[Stage]:
    """Shoppers, agents and the shop around the module's server."""
    made = Stage(server)
    yield made
    await made.clear()


@pytest.fixture(scope="module")
def speaking_server(data_folders: DataFolders) -> Iterator[ChatServer]:
    """A server whose inbox has rules, an offer and small budgets."""
    chat = ChatServer(new_stack(data_folders.fresh(), inbox=SPEAKING))
    chat.start()
    yield chat
    chat.stop()


@pytest.fixture
async def speaking(speaking_server: ChatServer) -> AsyncIterator[Stage]:
    """The same people around the server that speaks first."""
    made = Stage(speaking_server)
    yield made
    await made.clear()
