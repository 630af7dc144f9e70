"""The street of all shops, fresh for each test."""

from pathlib import Path

import pytest

from tests.order_status.shops.street import Street


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path / "street.db")
