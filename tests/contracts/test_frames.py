"""Frames that once did harm, or could: each is answered or dropped, the connection or the next one goes on, and the log stays calm."""

from __future__ import annotations

import asyncio
import json
from random import Random

import aiohttp
import pytest

from tests.contracts.frames import Frames
from tests.contracts.well import alarms
from tests.processes import INBOX_KEY, ChatServer

HELLO = f'40/shopper,{{"key": "{INBOX_KEY}"}}'
FRAMES = [
    "42/shopper,5", "42/shopper,", "42/shopper,1[]", "42/shopper,1{}", '42/shopper,1[["sync"]]', "42/shopper,1[{}]", "42/shopper,1[null]",
    "4", "49", "47/shopper,", "44/shopper,{}", "41/nobody,", "43/shopper,9[]", '43/shopper,9{"a":1}', "42" + "[" * 3000,
    '451-/shopper,1["sync",{"_placeholder":true,"num":99}]', '45999999999-/shopper,1["sync"]', "45x-/shopper,", "461-/shopper,1[]",
    '42/shopper,1["connect",{}]', '42/shopper,1["disconnect"]', '42/shopper,1["__init__"]', '42/shopper,1["\\ud800",{}]',
    '42/shopper,1["sync",{"conversation":"\\u0000"}]', '42/shopper,1["sync",{"after":1e999}]', '42/shopper,99999999999999999999["sync",{}]',
    "6", "7", "8x", "9", '40/shopper,{"key":5}', "40/nobody,{}", "40/agent,{}", '40/?x=1,{"a":1}',
]  # fmt: skip


async def answer_to(socket: aiohttp.ClientWebSocketResponse, number: int) -> dict[str, object]:
    """The ack with this number; everything else is passed over."""
    async for message in socket:
        if message.data == "2":
            await socket.send_str("3")
        if isinstance(message.data, str) and message.data.startswith(f"43/shopper,{number}["):
            found: dict[str, object] = json.loads(message.data.partition(",")[2].lstrip("0123456789"))[0]
            return found
    raise AssertionError(f"the connection was closed ({socket.close_code})")


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame[:40])
async def test_the_connection_goes_on(server: ChatServer, http: aiohttp.ClientSession, frame: str) -> None:
    async with http.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket", headers={"Origin": server.origin}) as socket:
        await socket.send_str(HELLO)
        await socket.send_str(frame)
        if frame.startswith(("451-", "461-")):
            await socket.send_bytes(b"an attachment")
        await socket.send_str('42/shopper,77["sync",{}]')
        answer = await asyncio.wait_for(answer_to(socket, 77), 10)
        assert answer["ok"] is True
    assert alarms(server.log()) == []


async def test_attachments_do_not_pile_up(server: ChatServer, http: aiohttp.ClientSession) -> None:
    """A binary event that announces ten thousand of them is dropped at once: what follows are packets again."""
    async with http.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket", headers={"Origin": server.origin}) as socket:
        await socket.send_str(HELLO)
        await socket.send_str('4510000-/shopper,1["sync",{"_placeholder":true,"num":0}]')
        await socket.send_str('42/shopper,78["sync",{}]')
        assert (await asyncio.wait_for(answer_to(socket, 78), 10))["ok"] is True


def test_the_same_seed_makes_the_same_frames() -> None:
    one, two = (Frames(Random(7), {"conversation": ["cnv_1"]}) for _ in range(2))
    made = [one.next("/shopper") for _ in range(200)]
    assert made == [two.next("/shopper") for _ in range(200)]
    assert len(set(made)) > 150
