"""How much one shopper or address may ask for: over it the answer is `rate_limited` and says when to come back."""

from __future__ import annotations

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.walks.shopper import new_client_id
from tests.walks.stage import Stage
from tests.walks.wire import Refused

SMALL = {
    "SHOPBELL_MESSAGES_PER_MINUTE": "3", "SHOPBELL_BEACONS_PER_MINUTE": "4", "SHOPBELL_LOGINS_PER_MINUTE": "2",
    "SHOPBELL_HANDSHAKES_PER_MINUTE": "4",
}  # fmt: skip


async def test_every_limit_refuses_what_is_over_it(start_server: StartServer, http: aiohttp.ClientSession) -> None:
    server = start_server(env=SMALL)
    stage = Stage(server)
    shopper, other = await stage.shopper(), await stage.shopper()
    for _ in range(3):
        await shopper.say("Hello")
    answer = await shopper.wire.ack("send_message", {"client_id": new_client_id(), "text": "One too many"})
    assert (answer["ok"], answer["error"]["code"]) == (False, "rate_limited")
    assert 0 < answer["error"]["retry_after_ms"] <= 60_000
    status, over_http = await shopper.post("One too many", new_client_id())
    assert (status, over_http["error"]["code"]) == (429, "rate_limited"), "the twin counts with the socket"
    assert (await other.say("I may"))["ok"] is True, "another shopper has a limit of their own"
    assert shopper.thread.texts() == ["Hello"] * 3

    for _ in range(4):
        await shopper.beacon()
    refused = await shopper.beacon(expect=429)
    assert refused["error"]["code"] == "rate_limited"
    async with http.post(f"{server.url}/v1/visits", data=b"{}") as response:
        assert response.status == 429
        assert 1 <= int(response.headers["Retry-After"]) <= 60

    third, fourth = await stage.shopper(), await stage.shopper()
    assert third.visitor != fourth.visitor
    with pytest.raises(Refused) as fifth:
        await stage.shopper()
    assert (fifth.value.data["code"], fifth.value.data["error"]["code"]) == (4029, "rate_limited")
    for one in (shopper, other):
        await one.leave()
    server.stop()
    await stage.clear()


async def test_looking_for_facts_counts_by_shopper_and_by_address(start_server: StartServer, http: aiohttp.ClientSession) -> None:
    server = start_server(env={"SHOPBELL_COMMANDS_PER_MINUTE": "6", "SHOPBELL_HANDSHAKES_PER_MINUTE": "20"})
    stage = Stage(server)
    shopper, other = await stage.shopper(), await stage.shopper()
    url = f"{server.url}/v1/conversations/current/facts"

    async def look(token: str | None) -> int:
        async with http.get(url, headers={"Authorization": f"Bearer {token}", "X-Shopbell-Key": "pk_test"}) as response:
            return response.status

    mine = [await look(shopper.token) for _ in range(8)]
    assert (mine[0], mine[-1]) == (404, 429), mine
    assert await look(other.token) == 404, "another shopper has a limit of their own"
    strangers = [await look("x") for _ in range(15)]
    assert (strangers[0], strangers[-1]) == (401, 429), "nobody is looked up for ever"
    server.stop()
    await stage.clear()
