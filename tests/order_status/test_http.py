"""The HTTP door: a real server, raw bytes, a limit, and POST only."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from order_status.shops.standard_webhooks import sign
from order_status.tables import deliveries
from tests.order_status.world import NOW, SECRET, World, envelope, iso, order

BODY = envelope(order(1), iso(NOW))
Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(world.status.routes())
    async with TestClient(TestServer(app)) as made:
        yield made


async def answered(client: Client, path: str, body: Any, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    async with client.post(path, data=body, headers=headers) as response:
        return response.status, await response.json()


async def test_a_signed_event_is_accepted_once(client: Client) -> None:
    headers = sign(SECRET, "msg_1", NOW, BODY)
    assert await answered(client, "/webhooks/src_1", BODY, headers) == (200, {"ok": True, "outcome": "accepted"})
    assert await answered(client, "/webhooks/src_1", BODY, headers) == (200, {"ok": True, "outcome": "duplicate"})


async def test_an_unsigned_one_is_not(client: Client, world: World) -> None:
    status, body = await answered(client, "/webhooks/src_1", BODY, {})
    assert (status, body["error"]["code"]) == (401, "unauthenticated")
    assert await world.status.orders("demo", "c-7") == []


async def test_headers_of_any_bytes_are_401_and_never_500(client: Client) -> None:
    """Over a socket of our own: a polite client would not send these."""
    assert client.port is not None
    for line in (
        b"webhook-signature: v1,\xff\xfe\x80",
        b"webhook-id: \xc5\x82",
        b"webhook-timestamp: \xd9\xa1",
        b"webhook-signature: v1," + b"A" * 4000,
    ):
        good = {name.encode(): value.encode() for name, value in sign(SECRET, "msg_1", NOW, BODY).items()}
        good.pop(line.split(b":")[0])
        lines = [b"POST /webhooks/src_1 HTTP/1.1", b"Host: x", b"Connection: close", b"Content-Length: %d" % len(BODY), line]
        lines += [name + b": " + value for name, value in good.items()]
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + BODY)
        assert (await reader.read()).startswith(b"HTTP/1.1 401 "), line
        writer.close()
        await writer.wait_closed()


async def test_a_body_that_is_too_large_is_413_also_when_its_length_is_not_told(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    many: Callable[[], Any] = chunks
    for body in (b" " * (256 * 1024 + 1), many()):
        status, answer = await answered(client, "/webhooks/src_1", body, {})
        assert (status, answer["error"]["code"]) == (413, "too_large")


async def test_an_unknown_source_is_404(client: Client) -> None:
    status, answer = await answered(client, "/webhooks/src_9", BODY, sign(SECRET, "msg_1", NOW, BODY))
    assert (status, answer["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_webhooks_are_posted(client: Client, method: str) -> None:
    async with client.request(method, "/webhooks/src_1") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


async def test_a_hundred_at_once_are_stored_each(client: Client, world: World) -> None:
    bodies = [envelope(order(1, order_id=f"A-{n}"), iso(NOW)) for n in range(100)]
    sent = [answered(client, "/webhooks/src_1", body, sign(SECRET, f"msg_{n}", NOW, body)) for n, body in enumerate(bodies)]
    assert {status for status, _ in await asyncio.gather(*sent)} == {200}
    assert await world.writer.read(lambda conn: conn.execute(select(func.count()).select_from(deliveries)).scalar_one()) == 100
