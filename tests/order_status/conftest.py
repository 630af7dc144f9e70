"""The world of order_status, fresh for each test."""

from pathlib import Path

import pytest

from tests.order_status.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "shop.db")
