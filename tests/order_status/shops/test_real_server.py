"""A chat server started from an inbox file with foreign sources: what Shopify posts and InPost adds over the wire is one order there."""

import base64
import hashlib
import hmac
from collections.abc import Callable

import aiohttp

from tests.order_status.shops import bodies
from tests.order_status.shops.bodies import NUMBER
from tests.order_status.shops.senders import PLAIN_SECRET, body_of, source
from tests.processes import TEST_INBOX, ChatServer

SHOPIFY, INPOST = source("shopify").id, source("inpost").id
INBOX = f"""{TEST_INBOX}
[[inbox.sources]]
id = "{SHOPIFY}"
kind = "shopify"
secrets = ["{PLAIN_SECRET}"]

[[inbox.sources]]
id = "{INPOST}"
kind = "inpost"
"""


async def test_foreign_sources_of_an_inbox_file(start_server: Callable[..., ChatServer]) -> None:
    server = start_server(inbox=INBOX)
    order = body_of(bodies.shopify_order(fulfillments=[bodies.shopify_fulfillment(tracking_number=NUMBER)]))
    digest = base64.b64encode(hmac.new(PLAIN_SECRET.encode(), order, hashlib.sha256).digest()).decode()
    signed = {"X-Shopify-Hmac-Sha256": digest, "X-Shopify-Topic": "orders/updated", "X-Shopify-Webhook-Id": "w-1"}
    scan = body_of(bodies.inpost_event("delivered", "2026-11-20 10:50:00 +0100"))
    async with aiohttp.ClientSession(server.url) as session:

        async def post(path: str, body: bytes, headers: dict[str, str]) -> tuple[int, object]:
            async with session.post(f"/webhooks/{path}", data=body, headers=headers) as response:
                return response.status, (await response.json()).get("outcome")

        assert await post(SHOPIFY, order, signed) == (200, "accepted")
        assert await post(SHOPIFY, order, signed) == (200, "duplicate")
        assert (await post(SHOPIFY, order, {**signed, "X-Shopify-Hmac-Sha256": "x"}))[0] == 401
        async with session.get(f"/webhooks/{INPOST}") as response:
            assert response.status == 200
        assert await post(INPOST, scan, {}) == (200, "accepted")
        async with session.get("/metrics") as response:
            metrics = await response.text()
    for kind in ("shopify", "inpost"):
        assert f'kind="{kind}",outcome="accepted"}} 1.0' in metrics, metrics
        assert SHOPIFY not in metrics
