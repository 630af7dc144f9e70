"""A shop that accepted offers are delivered to: a real server that keeps every call and answers as the test says."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from order_status import ActionConfig, OfferAccepted
from order_status.actions import Actions
from tests.order_status.world import SECRET, World

OFFER = OfferAccepted(
    offer_id="off_1",
    inbox_id="demo",
    kind="voucher",
    conversation="cnv_1",
    contact={"customer_id": "c-7", "name": "Demo customer A"},
    order_id="A-1001",
    order_number="1001",
    params={"value": 1000},
)
DONE = {"status": "done"}


@dataclass
class Shop:
    """A shop's action endpoint: it keeps every call and answers as the test says."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return await self.answer(request)


@asynccontextmanager
async def shop(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[Shop]:
    made = Shop(answer)
    app = web.Application()
    app.router.add_route("*", "/actions", made.handle)
    app.router.add_route("*", "/elsewhere", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/actions"))
        yield made


def says(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body if isinstance(body, bytes) else json.dumps(body).encode(), status=status, headers=headers)

    return answer


def actions(world: World, at: Shop, timeout_s: float = 5.0, *, allow_private: bool = True) -> Actions:
    return Actions(world.writer, [ActionConfig("demo", at.url, SECRET, allow_private)], world.clock, timeout_s)
