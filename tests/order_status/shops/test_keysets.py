"""The key set of a shop that signs with a private key: fetched when it is needed, kept, fetched again for a new key, never in a storm."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from order_status import Receipt
from order_status.keysets import LARGEST
from tests.order_status.shops.bodies import saleor_order
from tests.order_status.shops.senders import KEY, OTHER_KEY, body_of, detached, jwks, source
from tests.order_status.shops.street import Street

BODY = body_of(saleor_order())
ACCEPTED = Receipt(200, {"ok": True, "outcome": "accepted"})


class Shop:
    """Publishes `keys`, and counts who asks."""

    def __init__(self) -> None:
        self.keys, self.status, self.asked = jwks(("1", KEY)), 200, 0

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(text=self.keys, status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def shop() -> Shop:
    return Shop()


@pytest.fixture
async def here(shop: Shop, street: Street, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    app = web.Application()
    app.router.add_get("/jwks.json", shop.answer)
    async with TestServer(app) as server:
        config = source("saleor", secrets=(), jwks_url=f"http://127.0.0.1:{server.port}/jwks.json")
        yield Street(tmp_path_factory.mktemp("street") / "street.db", config)


async def send(street: Street, body: bytes = BODY, **signed: object) -> Receipt:
    headers = {"Saleor-Signature": detached(body, **signed), "Saleor-Event": "order_updated"}  # type: ignore[arg-type]  # header fields of the signature
    return await street.status.ingest(street.sources["saleor"].id, headers, body)


async def test_the_key_set_is_fetched_once_and_kept(here: Street, shop: Shop) -> None:
    receipts = await asyncio.gather(*[send(here) for _ in range(5)])
    assert sorted(receipt.body["outcome"] for receipt in receipts) == ["accepted"] + ["duplicate"] * 4
    assert shop.asked == 1


async def test_a_new_key_is_fetched_and_the_old_one_works_while_it_is_published(here: Street, shop: Shop) -> None:
    assert await send(here) == ACCEPTED
    shop.keys = jwks(("1", KEY), ("2", OTHER_KEY))
    here.clock.pass_(minutes=2)
    body = body_of(saleor_order("FULFILLED"))
    assert await send(here, body, kid="2", key=OTHER_KEY) == ACCEPTED
    body = body_of(saleor_order("CANCELED"))
    assert await send(here, body) == ACCEPTED
    assert shop.asked == 2


async def test_foreign_signatures_are_no_storm_of_calls(here: Street, shop: Shop) -> None:
    for _ in range(20):
        assert (await send(here, kid="9")).status == 401
    assert shop.asked == 1
    here.clock.pass_(minutes=2)
    assert (await send(here, kid="9")).status == 401
    assert shop.asked == 2
    assert (await send(here, key=OTHER_KEY)).status == 401
    assert shop.asked == 2


@pytest.mark.parametrize(("status", "text"), [(500, ""), (302, ""), (200, " " * (LARGEST + 1)), (200, "")])
async def test_while_it_cannot_be_fetched_the_shop_is_asked_to_send_again(here: Street, shop: Shop, status: int, text: str) -> None:
    good = shop.keys
    shop.status, shop.keys = status, text
    receipt = await send(here)
    assert (receipt.status, receipt.body["error"]["code"]) == (503, "unavailable")
    shop.status, shop.keys = 200, good
    here.clock.pass_(minutes=2)
    assert await send(here) == ACCEPTED
    assert (await here.count("saleor"))["refused"] == {"no_key_set": 1}


async def test_a_key_that_was_taken_back_is_good_for_a_day_at_most(here: Street, shop: Shop) -> None:
    assert await send(here) == ACCEPTED
    shop.keys = jwks(("2", OTHER_KEY))
    here.clock.pass_(hours=25)
    assert (await send(here)).status == 401


async def test_what_is_no_key_set_opens_nothing(here: Street, shop: Shop) -> None:
    shop.keys = "<html>"
    assert (await send(here)).status == 401
