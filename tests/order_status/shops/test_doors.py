"""The door itself for foreign senders: probes with GET, an unsigned ping, an app that registers, hostile bytes, and the inbox file."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from chat_server.inbox_file import read_inbox
from order_status import OrderStatus, SourceConfig
from order_status.shops import SHOPS, shopware
from tests.order_status.shops import bodies
from tests.order_status.shops.senders import PLAIN_SECRET, SECRETS, SIGN, SIGNED, body_of, source
from tests.order_status.shops.street import Street

Client = TestClient[web.Request, web.Application]
Answer = tuple[int, dict[str, Any]]


@pytest.fixture
async def client(street: Street) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(street.status.routes())
    async with TestClient(TestServer(app)) as made:
        yield made


async def post(client: Client, kind: str, body: bytes, headers: dict[str, str]) -> Answer:
    async with client.post(f"/webhooks/{source(kind).id}", data=body, headers=headers) as response:
        return response.status, await response.json()


async def get(client: Client, kind: str, query: str = "", headers: dict[str, str] | None = None) -> Answer:
    address = URL(f"http://127.0.0.1:{client.port}/webhooks/{source(kind).id}{query}", encoded=True)  # as it was signed
    async with client.session.get(address, headers=headers) as response:
        return response.status, await response.json()


async def test_inpost_tries_the_address_before_it_posts(client: Client) -> None:
    assert await get(client, "inpost") == (200, {"ok": True})
    assert await post(client, "inpost", body_of(bodies.inpost_event()), {}) == (200, {"ok": True, "outcome": "accepted"})


@pytest.mark.parametrize("kind", [kind for kind in SHOPS if kind not in ("inpost", "shopware")])
async def test_nobody_else_gets_an_answer_to_a_get(client: Client, kind: str) -> None:
    status, body = await get(client, kind)
    assert (status, body["ok"]) == (405, False)


async def test_woocommerce_pings_without_a_signature(client: Client, street: Street) -> None:
    assert await post(client, "woocommerce", b"webhook_id=10", {}) == (200, {"ok": True, "outcome": "ignored"})
    assert (await street.count("woocommerce"))["ignored"] == {"ping": 1}
    assert (await post(client, "shopify", b"webhook_id=10", {}))[0] == 401


async def test_a_shopware_shop_registers_the_app_and_its_webhooks_are_taken(client: Client) -> None:
    query = "shop-id=S1&shop-url=https%3A%2F%2Fshop.example&timestamp=1795165980"

    def mac(text: bytes) -> str:
        return hmac.new(PLAIN_SECRET.encode(), text, hashlib.sha256).hexdigest()

    proof = {"shopware-app-signature": mac(query.encode()), "X-Forwarded-Proto": "https"}
    status, answer = await get(client, "shopware", f"?{query}", proof)
    assert (status, answer["proof"]) == (200, mac(b"S1https://shop.example" + shopware.APP.encode()))
    assert answer["confirmation_url"] == f"https://127.0.0.1:{client.port}/webhooks/{source('shopware').id}"
    confirmation = body_of({"apiKey": "a", "secretKey": "b", "timestamp": "1", "shopUrl": "https://shop.example", "shopId": "S1"})
    signed = {"shopware-shop-signature": hmac.new(answer["secret"].encode(), confirmation, hashlib.sha256).hexdigest()}
    assert await post(client, "shopware", confirmation, signed) == (200, {"ok": True, "outcome": "ignored"})
    event = body_of(bodies.shopware_event())
    assert await post(client, "shopware", event, SIGN["shopware"](event)) == (200, {"ok": True, "outcome": "accepted"})
    assert (await get(client, "shopware", f"?{query}&x=1", proof))[0] == 401


@pytest.mark.parametrize("kind", SIGNED)
async def test_header_bytes_of_any_kind_are_401_and_never_500(client: Client, kind: str) -> None:
    """Over a socket of our own: a polite client would not send these."""
    assert client.port is not None
    body = b"{}"
    good = {name.encode(): value.encode() for name, value in SIGN[kind](body).items()}
    (name,) = [name for name in good if b"ignature" in name or b"mac" in name.lower()]
    for value in (b"\xff\xfe\x80", b"v1,\xc5\x82", b"t=\xd9\xa1,v1=00", b"hmac-sha256-hex=\xff", b"A" * 4000, b"..", b"e30..AAAA", b" "):
        lines = [b"POST /webhooks/%s HTTP/1.1" % source(kind).id.encode(), b"Host: x", b"Connection: close", b"Content-Length: 2"]
        lines += [key + b": " + (value if key == name else kept) for key, kept in good.items()]
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        assert (await reader.read()).startswith(b"HTTP/1.1 401 "), (kind, value)
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("config", "word"),
    [
        (source("shopify", secrets=()), "needs a secret"),
        (source("shopify", secrets=("short",)), "at least 12 characters"),
        (source("inpost", secrets=(PLAIN_SECRET,)), "cannot sign"),
        (source("inpost", id="easy-to-guess"), "drawn at random"),
        (source("shippo", secrets=(), id="shippo-of-the-shop"), "drawn at random"),
        (source("saleor", secrets=()), "needs a secret"),
        (source("saleor", secrets=('{"keys": []}',)), "RSA key"),
        (source("saleor", secrets=(), jwks_url="http://shop.example/.well-known/jwks.json"), "https"),
        (source("shopify", jwks_url="https://shop.example/jwks.json"), "no jwks_url"),
    ],
)
def test_a_source_that_cannot_work_is_refused_at_the_start(street: Street, config: SourceConfig, word: str) -> None:
    with pytest.raises(ValueError, match=word) as error:
        OrderStatus(street.writer, [config], [], street.clock)
    assert PLAIN_SECRET not in str(error.value)
    assert config.id not in str(error.value)


def test_two_shops_that_number_their_orders_alike_need_two_inboxes(street: Street) -> None:
    one = source("woocommerce")
    two = replace(one, id="woocommerce-of-another-shop")
    with pytest.raises(ValueError, match="number their orders alike"):
        OrderStatus(street.writer, [one, two], [], street.clock)
    OrderStatus(street.writer, [one, replace(two, inbox_id="another")], [], street.clock)


def test_sources_that_need_no_secret(street: Street) -> None:
    OrderStatus(street.writer, [source("inpost"), source("shippo", secrets=())], [], street.clock)
    OrderStatus(street.writer, [source("saleor", secrets=(), jwks_url="https://shop.example/.well-known/jwks.json")], [], street.clock)


INBOX = """
[inbox]
id = "demo"
key = "demo-key"
name = "Demo"
origins = ["https://shop.example"]
locales = ["en"]
"""


async def test_a_kind_in_the_inbox_file_works_through_the_door(street: Street, tmp_path: Path) -> None:
    text = INBOX
    for kind in SHOPS:
        config = source(kind)
        text += f'\n[[inbox.sources]]\nid = "{config.id}"\nkind = "{kind}"\ntimezone = "Europe/Warsaw"\n'
        if SECRETS[kind]:
            text += "secrets = [" + ", ".join(f"'{secret}'" for secret in SECRETS[kind]) + "]\n"
    text += '\n[[inbox.sources]]\nid = "another"\nkind = "saleor"\njwks_url = "https://shop.example/.well-known/jwks.json"\n'
    path = tmp_path / "inbox.toml"
    path.write_text(text, encoding="utf-8")
    sources = [SourceConfig(**each) for each in read_inbox(path, lambda name: name).sources]
    assert sources[:-1] == [replace(source(kind), currency="EUR", locale="en") for kind in SHOPS]
    assert sources[-1].jwks_url == "https://shop.example/.well-known/jwks.json"
    street.status = OrderStatus(street.writer, sources, [], street.clock)
    for kind, document in (("shopify", bodies.shopify_order()), ("inpost", bodies.inpost_event()), ("saleor", bodies.saleor_order())):
        await street.takes(kind, document)


def test_two_sources_of_one_kind_have_their_own_secrets(street: Street) -> None:
    one = source("shopify")
    two = replace(one, id="shopify-of-another-shop", secrets=("the secret of another shop",))
    assert len(OrderStatus(street.writer, [one, two], [], street.clock).routes()) == 2
