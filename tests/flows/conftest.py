"""Fixtures of the flow tests: a world with the default inbox, closed at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.world import World, inbox


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path / "chat.sqlite", inbox())
    yield made
    await made.database.close()
