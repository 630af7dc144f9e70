"""Clients that go in the middle of what they say: the server neither stores half of it nor takes it for a fault of its own."""

from __future__ import annotations

import asyncio
import socket
import struct

import aiohttp

from tests.conftest import StartServer
from tests.processes import INBOX_KEY
from tests.walks.database import rows

RESET = struct.pack("ii", 1, 0)


async def test_a_reset_in_the_middle_of_a_body_is_no_error_of_the_server(start_server: StartServer) -> None:
    server = start_server()
    head = (
        f"POST /v1/visits HTTP/1.1\r\nHost: x\r\nOrigin: {server.origin}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    )
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", server.stack.ports.chat)
        writer.write(head.encode() + b'{"key": "' + INBOX_KEY.encode())
        await writer.drain()
        await asyncio.sleep(0.2)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    await asyncio.sleep(0.5)
    server.stop()
    assert "request failed" not in server.log()
    assert rows(server, "SELECT count(*) FROM visitors") == [(0,)]


async def test_nor_is_one_in_the_middle_of_a_poll(start_server: StartServer) -> None:
    server = start_server()
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/socket.io/?EIO=4&transport=polling", headers={"Origin": server.origin}) as opened,
    ):
        sid = (await opened.text()).split('"sid":"')[1].split('"')[0]
    _, writer = await asyncio.open_connection("127.0.0.1", server.stack.ports.chat)
    path = f"/socket.io/?EIO=4&transport=polling&sid={sid}"
    writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: {server.origin}\r\nContent-Length: 50\r\n\r\n4".encode())
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.transport.abort()
    await asyncio.sleep(0.5)
    server.stop()
    assert "post request handler error" not in server.log()


async def test_what_comes_after_the_end_and_what_is_empty_are_bad_requests(start_server: StartServer) -> None:
    server = start_server()
    polling = f"{server.url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession(headers={"Origin": server.origin}) as http:

        async def post(body: bytes) -> int:
            async with http.get(polling) as opened:
                sid = (await opened.text()).split('"sid":"')[1].split('"')[0]
            async with http.post(f"{polling}&sid={sid}", data=body) as answer:
                return answer.status

        assert [await post(body) for body in (b"", b"1", b"1\x1e2probe", b"1\x1e4")] == [200, 200, 400, 200]
    server.stop()
    assert '"level": "error"' not in server.log()
