"""A shop's backend that reports failed deliveries: each to a customer of its own, each event again until it is accepted, and some twice.

One event, one effect: whatever arrives twice, late or on another node, the customer is told once.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from time import monotonic

import aiohttp

from order_status.shops.standard_webhooks import sign
from tests.faults.ground import DEMO, KEYS
from tests.faults.history import History, Operation
from tests.faults.outbox import Pace
from tests.faults.person import Urls
from tests.faults.tab import Browser, Tab
from tests.processes import ChatServer
from tests.walks.shop import Order, Shop, now

STAGE = "delivery_failed"


class Backend:
    """`report` takes one customer through: says hello on the site, has a parcel that could not be handed over, comes back."""

    def __init__(self, server: ChatServer, http: aiohttp.ClientSession, history: History, urls: Urls, pace: Pace) -> None:
        self._shop = Shop(server)
        self._http, self._history, self._urls, self._pace = http, history, urls, pace
        self._origin = server.origin
        self.pending: set[asyncio.Task[None]] = set()
        self._customers: list[Browser] = []

    def report(self) -> None:
        """In the background; `idle` waits for it."""
        task = asyncio.create_task(self._report())
        self.pending.add(task)
        task.add_done_callback(self.pending.discard)

    async def _report(self) -> None:
        customer = f"customer-{secrets.token_hex(6)}"
        browser = Browser(History(), customer, KEYS[DEMO], DEMO, self._origin, self._shop.token(customer))
        await self._visit(browser)
        await self._deliver(customer)
        await self._visit(browser)
        self._customers.append(browser)

    async def come_back(self) -> None:
        """Every customer once more: what could only be told after they had been away for long waits for them."""
        few = asyncio.Semaphore(10)

        async def visit(browser: Browser) -> None:
            async with few:
                await self._visit(browser)

        await asyncio.gather(*map(visit, self._customers))

    async def _visit(self, browser: Browser) -> None:
        """The customer says hello on the site."""
        tab = Tab(self._http, browser.outbox.history, self._urls, browser, self._pace)
        try:
            await tab.online.wait()
        finally:
            await tab.leave()

    async def _deliver(self, customer: str) -> None:
        """One event, until it is accepted; some come twice, some of these at the same moment."""
        order = Order(customer).moved(STAGE)
        body = self._shop.event(order.body())
        delivery = f"msg_{secrets.token_hex(8)}"
        effect = f"order:{order.id}:{STAGE}"
        again = delivery if random.random() < 0.5 else f"msg_{secrets.token_hex(8)}"
        if random.random() < 0.3:
            await asyncio.gather(self._until_accepted(effect, delivery, body), self._until_accepted(effect, again, body))
            return
        await self._until_accepted(effect, delivery, body)
        if random.random() < 0.3:
            await self._until_accepted(effect, again, body)

    async def _until_accepted(self, effect: str, delivery: str, body: bytes) -> None:
        attempt = 0
        while True:
            operation = Operation("shop", "shop", "webhook", effect, "", monotonic())
            self._history.operations.append(operation)
            try:
                headers = sign(self._shop.secret, delivery, now(), body)
                url = f"{random.choice(list(self._urls()))}/webhooks/{self._shop.source}"
                limit = aiohttp.ClientTimeout(total=self._pace.ack_s)
                async with self._http.post(url, data=body, headers=headers, timeout=limit) as answer:
                    operation.completed, operation.why = monotonic(), f"{answer.status} {await answer.text()}"[:200]
                    if answer.status == 200:
                        operation.outcome = "ok"
                        return
                    assert answer.status >= 500, operation.why
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                operation.completed, operation.why = monotonic(), type(error).__name__
            attempt += 1
            await asyncio.sleep(self._pace.pause(attempt))

    async def idle(self) -> None:
        """Until every event has been accepted."""
        while self.pending:
            await asyncio.wait(list(self.pending))

    async def close(self) -> None:
        for task in list(self.pending):
            task.cancel()
        await asyncio.gather(*self.pending, return_exceptions=True)
        await self._shop.close()
