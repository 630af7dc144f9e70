"""Fixtures: a receiver on a free port and a shop that reports to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.demo_shop.shop import Receiver, Shop, open_shop, running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/webhooks/src_test", made.take)
    async with running(app) as url:
        made.url = url
        yield made


@pytest.fixture
async def shop(tmp_path: Path, receiver: Receiver) -> AsyncIterator[Shop]:
    async with open_shop(tmp_path, receiver) as opened:
        yield opened
