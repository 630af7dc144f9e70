"""The browser's own library against the real server: both transports, acks, refusals, and a burst that long polling must not lose."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest

from tests.conftest import StartServer
from tests.processes import INBOX_KEY, ChatServer
from tests.walks.wire import Json
from tools.places import ROOT

CLIENT = ROOT / "tests" / "contracts" / "client.mjs"


async def ask(server: ChatServer, transport: str, count: int, key: str = INBOX_KEY) -> Json:
    """Run the client; what it saw."""
    node = shutil.which("node")
    assert node is not None, "Node is needed: `make test` installs it"
    words = (node, str(CLIENT), server.url, transport, key, str(count))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    seen: Json = json.loads(out)
    return seen


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_it_connects_says_hello_and_is_acked(server: ChatServer, transport: str) -> None:
    seen = await ask(server, transport, 1)
    assert (seen["refused"], seen["transport"]) == (None, transport)
    assert (seen["hello"]["ok"], seen["hello"]["conversation"]) == (True, None)
    (ack,) = seen["acks"]
    assert (ack["ok"], ack["seq"], ack["epoch"]) == (True, 1, 1)
    assert seen["facts"][0] == {"fact": "message_created", "seq": 1, "text": "Message 0"}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_refusal_carries_its_code(server: ChatServer, transport: str) -> None:
    seen = await ask(server, transport, 0, key="pk_nobody")
    assert (seen["refused"]["code"], seen["refused"]["error"]["code"]) == (4003, "unauthenticated")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_burst_of_200_loses_none(start_server: StartServer, transport: str) -> None:
    server = start_server(env={"SHOPBELL_MESSAGES_PER_MINUTE": "1000"})
    seen = await ask(server, transport, 200)
    assert [ack["ok"] for ack in seen["acks"]] == [True] * 200
    texts = [fact["text"] for fact in seen["facts"] if fact["fact"] == "message_created" and fact["text"]]
    assert texts == [f"Message {number}" for number in range(200)]
    numbers = [fact["seq"] for fact in seen["facts"]]
    assert numbers == list(range(1, len(numbers) + 1)), "no gap, nothing twice, in order"
    assert len(seen["sync"]["facts"]) == len(numbers)
