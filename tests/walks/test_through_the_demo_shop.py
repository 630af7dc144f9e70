"""Walks b and e through the demo shop itself: its signed page, its back office, its webhooks, its action endpoint."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta

import aiohttp
import pytest

from tests.processes import Demo
from tests.walks.shopper import Shopper
from tests.walks.stage import Stage
from tests.walks.wire import Json

KEY = "pk_demo"


class ShopPages:
    """A browser at the demo shop, and a hand in its back office."""

    def __init__(self, demo: Demo) -> None:
        self.url = demo.shop_url
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Origin": demo.shop_url})

    async def identity(self, customer: str) -> str:
        """Sign in; the token that the page hands to the widget."""
        async with self.http.post(f"{self.url}/en/sign-in", data={"customer": customer}) as page:
            text = await page.text()
            assert page.status == 200, text
        found = re.search(r'shopbell\("identify", \{token: (".*?")\}\)', text)
        assert found is not None, text
        token: str = json.loads(found[1])
        return token

    async def post(self, path: str, **fields: str) -> str:
        """A form of the back office; returns where it leads."""
        async with self.http.post(f"{self.url}{path}", data=fields) as page:
            assert page.status == 200, await page.text()
            assert "refused" not in page.url.query
            return page.url.path

    async def place(self, customer: str) -> str:
        return (await self.post("/backoffice/place", who=customer, locale="en", delivery="courier")).rpartition("/")[2]


@pytest.fixture
async def pages(demo: Demo) -> AsyncIterator[ShopPages]:
    made = ShopPages(demo)
    yield made
    await made.http.close()


@pytest.fixture
async def stage(demo: Demo) -> AsyncIterator[Stage]:
    made = Stage(demo.chat)
    yield made
    await made.clear()


async def read(shopper: Shopper, words: str) -> Json:
    await shopper.wire.until(lambda: words in str(shopper.thread.messages()), f"{words!r}, have {shopper.thread.texts()}", timeout=15)
    return next(message for message in shopper.thread.messages() if words in str(message))


async def test_the_back_office_moves_a_parcel_and_the_shopper_gets_it(stage: Stage, pages: ShopPages) -> None:
    identity = await pages.identity("customer-a")
    shopper = await stage.shopper(identity=identity, key=KEY)
    other = await stage.shopper(key=KEY)
    assert shopper.hello["visitor"] == {
        "id": shopper.visitor, "identified": True, "name": "Customer A", "token": shopper.token,
    }  # fmt: skip
    order_id = await pages.place("customer-a")
    placed = await read(shopper, "is in.")
    card = placed["parts"][1]["order"]
    assert (card["order_id"], card["headline"], len(card["items"])) == (order_id, "paid", 3)

    late = (date.today() + timedelta(days=10)).isoformat()  # noqa: DTZ011  # a day on a form, far ahead in any zone
    await pages.post(f"/backoffice/orders/{order_id}/delay", shipment="s-1", eta=late, reason="Heavy snow on the way")
    delayed = await read(shopper, "is late.")
    offer = delayed["parts"][2]["offer"]
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    await shopper.wire.until(lambda: "done" in [fact["state"] for fact in shopper.thread.of("offer_settled")], "the voucher")
    assert [fact["state"] for fact in shopper.thread.of("offer_settled")] == ["accepted", "done"]

    await pages.post(f"/backoffice/orders/{order_id}/repeat")
    await pages.post(f"/backoffice/orders/{order_id}/move", shipment="s-1", stage="delivery_failed")
    await read(shopper, "The courier missed you")
    assert len(shopper.thread.messages()) == 3, "the repeated event said nothing again"
    assert other.thread.messages() == []
    assert card["number"] not in str(other.wire.events)


async def test_a_second_customer_sees_nothing_of_the_first(stage: Stage, pages: ShopPages) -> None:
    shopper = await stage.shopper(identity=await pages.identity("customer-b"), key=KEY)
    order_id = await pages.place("customer-b")
    placed = await read(shopper, "is in.")
    assert {part["order"]["order_id"] for part in placed["parts"] if part["type"] == "order_card"} == {order_id}
    agent = await stage.agent()
    assert shopper.thread.conversation is not None
    panel = await agent.panel(shopper.thread.conversation)
    assert [order["order_id"] for order in panel["orders"]] == [order_id]
    assert (panel["contact"]["name"], panel["contact"]["grade"]) == ("Customer B", "signed")
