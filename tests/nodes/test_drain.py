"""A server that is asked to end: not ready at once, everyone told when to go and why, commands answered, exit code 0, in a few seconds."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from socketio.exceptions import SocketIOError

from tests.conftest import StartNodes, StartServer
from tests.processes import ChatServer
from tests.walks.shopper import Shopper
from tests.walks.stage import Stage
from tests.walks.wire import Refused, Wire


def signal_end(server: ChatServer) -> None:
    """SIGTERM, without waiting."""
    assert server.child is not None
    server.child.send(15)


async def ended(server: ChatServer, seconds: float) -> int:
    """The exit code."""
    assert server.child is not None
    until = time.monotonic() + seconds
    while (code := server.child.ended()) is None:
        assert time.monotonic() < until, "it did not end"
        await asyncio.sleep(0.05)
    return code


async def status(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url) as response:
        return response.status


async def test_a_stop_is_seen_first_and_then_told(start_server: StartServer, http: aiohttp.ClientSession) -> None:
    server = start_server(env={"SHOPBELL_DRAIN_S": "2"})
    stage = Stage(server)
    shoppers = [await stage.shopper() for _ in range(10)]
    polling = await stage.shopper(open=False)
    await polling.open("polling")
    for shopper in shoppers:
        await shopper.say("Hello")
    head = (await shoppers[0].sync())["conversation"]["seq"]
    waiting = asyncio.create_task(shoppers[0].fetch(after=head, wait=25))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    signal_end(server)
    await asyncio.sleep(0.3)
    assert await status(http, f"{server.url}/readyz") == 503
    assert await status(http, f"{server.url}/healthz") == 200, "the port still answers"
    assert (await waiting)[0] == 200
    late = Wire(server.url, "/shopper", lambda _name, _body: None)
    with pytest.raises(Refused) as refused:
        await late.connect({"key": "pk_test"}, headers={"Origin": server.origin})
    assert (refused.value.data["code"], refused.value.data["error"]["code"]) == (4001, "unavailable")
    assert refused.value.data["error"]["retry_after_ms"] > 0
    assert (await shoppers[1].say("Still served"))["ok"] is True
    assert not shoppers[1].wire.passing("drain"), "connections are sent away after the proxy had its time"
    assert await ended(server, 15) == 0
    assert time.monotonic() - began > 2.0, "the proxy had its time"
    for shopper in (*shoppers, polling):
        await shopper.wire.until(lambda shopper=shopper: shopper.wire.closed, "the end")  # type: ignore[misc]
        (drain,) = shopper.wire.passing("drain")
        assert 0 <= drain["in_ms"] <= 3_000
        assert shopper.wire.passing("closing") == [{"code": 4001, "retry": True}]
    assert len({shopper.wire.passing("drain")[0]["in_ms"] for shopper in shoppers}) > 5, "not all at once"
    await stage.clear()


async def test_what_was_sent_before_the_end_is_answered_and_stands(start_server: StartServer) -> None:
    server = start_server()
    stage = Stage(server)
    shoppers = [await stage.shopper() for _ in range(8)]
    acked: dict[str, str] = {}

    async def chat(number: int, shopper: Shopper) -> None:
        for count in range(10_000):
            client_id = f"client-{number}-{count}"
            try:
                answer = await shopper.wire.ack("send_message", {"client_id": client_id, "text": client_id}, timeout=3)
            except SocketIOError:
                return
            if not answer["ok"]:
                return
            acked[client_id] = answer["message_id"]

    talking = [asyncio.create_task(chat(number, shopper)) for number, shopper in enumerate(shoppers)]
    await asyncio.sleep(1.0)
    signal_end(server)
    assert await ended(server, 15) == 0
    await asyncio.gather(*talking)
    assert len(acked) > 20
    server.restart()
    stored: dict[str, str] = {}
    for shopper in shoppers:
        back = await stage.tab(shopper)
        stored |= {each["client_id"]: each["id"] for each in back.thread.messages() if each["type"] == "incoming"}
    assert acked.items() <= stored.items()
    assert "command failed" not in server.log()
    await stage.clear()


async def test_a_second_signal_ends_at_once(start_server: StartServer) -> None:
    server = start_server(env={"SHOPBELL_DRAIN_S": "20"})
    signal_end(server)
    await asyncio.sleep(0.5)
    signal_end(server)
    assert await ended(server, 10) == 1, "far less than its drain of 20 s"


async def test_shoppers_of_a_server_that_ends_go_on_at_the_other(start_nodes: StartNodes) -> None:
    one, other = start_nodes(2)
    here, there = Stage(one), Stage(other)
    agent, shopper = await there.agent(), await here.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await agent.read(conversation)
    signal_end(one)
    await shopper.wire.until(lambda: shopper.wire.closed, "the end")
    moved = await there.tab(shopper)
    await moved.say("I am back")
    await agent.heard("message_created", conversation, 2)
    assert await ended(one, 9) == 0
    await here.clear()
    await there.clear()
