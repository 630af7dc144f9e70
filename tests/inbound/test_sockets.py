"""The socket doors from outside: refused handshakes with their close code, and that every command is answered, whatever is sent."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.conftest import StartServer
from tests.processes import TEST_INBOX
from tests.walks.agent import COOKIE
from tests.walks.shopper import Shopper, new_client_id
from tests.walks.stage import SUPERVISOR, Stage
from tests.walks.wire import Json, Refused, Wire

SHOPPER_COMMANDS: dict[str, Json] = {
    "sync": {}, "send_message": {"client_id": "client-1", "text": "x"}, "mark_read": {"through": 1}, "set_typing": {"typing": True},
    "request_agent": {}, "rate": {"score": 5},
}  # fmt: skip


async def refusal(wire: Wire, auth: Any, **headers: str) -> Json:
    with pytest.raises(Refused) as refused:
        await wire.connect(auth, headers=headers)
    assert set(refused.value.data) == {"code", "error"}, refused.value.data
    return refused.value.data


def quiet(name: str, body: Json) -> None:
    """Nobody listens."""


async def test_a_shoppers_handshake_is_refused_with_its_code(stage: Stage) -> None:
    wire, origin = Wire(stage.server.url, "/shopper", quiet), stage.server.origin
    for name, auth, close, code in (
        ("another key", {"key": "pk_other"}, 4003, "unauthenticated"),
        ("a forged identity", {"key": "pk_test", "identity": "x.y.z"}, 4003, "unauthenticated"),
        ("another shop's identity", {"key": "pk_test", "identity": stage.shop.token("c", key="pk_other")}, 4003, "unauthenticated"),
        ("no key", {}, 4010, "bad_request"), ("an unknown field", {"key": "pk_test", "role": "admin"}, 4010, "bad_request"),
        ("a list", [], 4010, "bad_request"), ("half a character", {"key": "\ud800"}, 4003, "unauthenticated"),
    ):  # fmt: skip
        data = await refusal(wire, auth, Origin=origin)
        assert (data["code"], data["error"]["code"]) == (close, code), name


async def test_a_foreign_page_cannot_open_a_socket(stage: Stage) -> None:
    wire = Wire(stage.server.url, "/shopper", quiet)
    for origin in ("https://evil.example", stage.server.origin + "0", "null"):
        for transport in ("websocket", "polling"):
            with pytest.raises(Refused):
                await wire.connect({"key": "pk_test"}, headers={"Origin": origin}, transport=transport)
    data = await refusal(wire, {"key": "pk_test"}, Origin=stage.server.url)
    assert (data["code"], data["error"]["code"]) == (4003, "forbidden"), "the console's own address is no shop"


async def test_a_widget_that_was_switched_off_stops(start_server: StartServer, http: aiohttp.ClientSession) -> None:
    server = start_server(inbox=TEST_INBOX.replace("[inbox]\n", "[inbox]\nenabled = false\n", 1))
    data = await refusal(Wire(server.url, "/shopper", quiet), {"key": "pk_test"}, Origin=server.origin)
    assert (data["code"], data["error"]["code"]) == (4004, "forbidden")
    report = {"key": "pk_test", "page": {"url": f"{server.origin}/", "title": ""}, "activities": []}
    async with http.post(f"{server.url}/v1/visits", json=report, headers={"Origin": server.origin}) as response:
        assert response.status == 403
    stage = Stage(server)
    assert (await stage.agent()).wire.open, "the console goes on"
    await stage.clear()


async def test_too_many_handshakes_of_all_addresses_are_told_when_to_come_back(start_server: StartServer) -> None:
    server = start_server(env={"SHOPBELL_HANDSHAKES_PER_SECOND": "2"})
    refusals: list[Json] = []

    async def knock() -> Wire:
        wire = Wire(server.url, "/shopper", quiet)
        while True:
            try:
                await wire.connect({"key": "pk_test"}, headers={"Origin": server.origin})
            except Refused as refused:
                refusals.append(refused.data)
                await asyncio.sleep(refused.data["error"]["retry_after_ms"] / 1000)
            else:
                return wire

    wires = await asyncio.wait_for(asyncio.gather(*(knock() for _ in range(8))), 20)
    assert refusals
    assert {(data["code"], data["error"]["code"]) for data in refusals} == {(4029, "rate_limited")}
    for wire in wires:
        await wire.close()


async def test_an_agents_handshake_needs_cookie_token_and_origin(stage: Stage) -> None:
    agent = await stage.agent(availability=None)
    cookie, url = f"{COOKIE}={agent.cookie}", stage.server.url
    wire = Wire(url, "/agent", quiet)
    for name, auth, headers, close, code in (
        ("no cookie", {"csrf": agent.csrf}, {"Origin": url}, 4003, "unauthenticated"),
        ("another cookie", {"csrf": agent.csrf}, {"Origin": url, "Cookie": f"{COOKIE}=x"}, 4003, "unauthenticated"),
        ("a cookie nobody can read", {"csrf": agent.csrf}, {"Origin": url, "Cookie": "[]{}=;;;"}, 4003, "unauthenticated"),
        ("another token", {"csrf": f"{agent.csrf}_"}, {"Origin": url, "Cookie": cookie}, 4003, "unauthenticated"),
        ("a token that is not ASCII", {"csrf": "zażółć"}, {"Origin": url, "Cookie": cookie}, 4003, "unauthenticated"),
        ("no token", {}, {"Origin": url, "Cookie": cookie}, 4010, "bad_request"),
        ("the shop's page", {"csrf": agent.csrf}, {"Origin": stage.server.origin, "Cookie": cookie}, 4003, "forbidden"),
    ):
        data = await refusal(wire, auth, **headers)
        assert (data["code"], data["error"]["code"]) == (close, code), name


async def test_the_first_command_is_sync(stage: Stage) -> None:
    shopper = await stage.shopper(open=False)
    await shopper.wire.connect({"key": "pk_test"}, headers={})
    for command, body in SHOPPER_COMMANDS.items():
        if command != "sync":
            conversation = {"conversation": "cnv_1"} if command in ("mark_read", "set_typing", "rate") else {}
            answer = await shopper.wire.ack(command, {**body, **conversation})
            assert (answer["ok"], answer["error"]["code"]) == (False, "bad_request"), command


async def test_a_new_token_is_told_until_an_answer_has_carried_it(stage: Stage) -> None:
    shopper = await stage.shopper(open=False)
    await shopper.wire.connect({"key": "pk_test"}, headers={})
    refused = await shopper.wire.ack("sync", {"conversation": "cnv_" + "0" * 32})
    assert refused["error"]["code"] == "not_found"
    hello = await shopper.wire.call("sync")
    assert len(hello["visitor"]["token"]) >= 43
    assert "token" not in (await shopper.wire.call("sync"))["visitor"]


@pytest.mark.parametrize("raw", [{"unknown": 1}, [], "x", 5, [[[]]], {"conversation": {"$ne": None}}, {"text": "\x00"}])
async def test_every_command_answers_whatever_is_sent(stage: Stage, raw: Any) -> None:
    shopper, agent = await stage.shopper(), await stage.agent(availability=None)
    mine = "sync send_message mark_read set_typing proactive_seen dismiss_proactive proactive_clicked accept_offer rate".split()
    theirs = "sync set_availability claim reply add_note assign snooze return_to_bot resolve mark_read set_typing invite".split()
    for wire, commands in ((shopper.wire, mine), (agent.wire, theirs)):
        for command in commands:
            answer = await wire.ack(command, raw)
            assert (answer["ok"], answer["error"]["code"]) == (False, "bad_request"), command
            assert answer["error"]["message"]


async def test_an_unknown_command_and_too_many_arguments_are_answered(stage: Stage) -> None:
    shopper = await stage.shopper()
    for command, body in (("erase_everything", {}), ("sync", ({}, {}, {})), ("connect_", {}), ("__init__", {})):
        answer = await shopper.wire.ack(command, body)
        assert (answer["ok"], answer["error"]["code"]) == (False, "bad_request"), command
    assert (await shopper.sync())["ok"] is True, "the connection stands"


async def test_a_shopper_cannot_use_the_agents_door(stage: Stage) -> None:
    shopper = await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    for command in ("claim", "reply", "add_note", "resolve", "assign", "trigger_event", "on_sync"):
        answer = await shopper.wire.ack(command, {"conversation": conversation})
        assert answer["ok"] is False, command
    assert (await shopper.sync())["conversation"]["status"] == "queued"


async def test_not_yours_is_not_found_everywhere(stage: Stage) -> None:
    one, other = await stage.shopper(), await stage.shopper()
    ack = await one.say("Mine")
    commands: dict[str, Json] = {
        "proactive_seen": {"message_id": ack["message_id"]}, "dismiss_proactive": {"message_id": ack["message_id"]},
        "proactive_clicked": {"message_id": "msg_none"}, "accept_offer": {"offer_id": "off_none"},
    }  # fmt: skip
    for command, body in SHOPPER_COMMANDS.items():
        commands[command] = {**body, "conversation": ack["conversation"]}
    commands["send_message"]["client_id"] = new_client_id()
    for command, body in commands.items():
        theirs = await other.wire.ack(command, body)
        nobodys = await other.wire.ack(command, {**body, **({"conversation": "cnv_" + "0" * 32} if "conversation" in body else {})})
        assert theirs["error"]["code"] == "not_found", command
        assert theirs["error"] == nobodys["error"], "the same answer for what does not exist"
    choice = {"type": "choice", "message_id": ack["message_id"], "value": "x", "title": "x"}
    answer = await other.wire.ack("send_message", {"client_id": new_client_id(), "parts": [choice]})
    assert answer["error"]["code"] == "not_found"


async def test_a_client_id_of_one_shopper_is_free_for_another(stage: Stage) -> None:
    one, other, client_id = await stage.shopper(), await stage.shopper(), new_client_id()
    first, second = await one.say("One", client_id), await other.say("Other", client_id)
    assert first["conversation"] != second["conversation"]
    assert first["message_id"] != second["message_id"]


async def test_who_signs_out_hears_nothing_more_in_any_tab(stage: Stage) -> None:
    agent, other = await stage.agent(SUPERVISOR, availability=None, fresh=True), await stage.agent()
    tab, cookie = Wire(stage.server.url, "/agent", quiet), f"{COOKIE}={agent.cookie}"
    await tab.connect({"csrf": agent.csrf}, headers={"Cookie": cookie})
    async with agent.http.post(f"{stage.server.url}/console/logout", data={"csrf": agent.csrf}) as response:
        assert response.url.path == "/console/login"
    for wire in (agent.wire, tab):
        await wire.until(lambda wire=wire: wire.closed, "the end of the connection")  # type: ignore[misc]  # bound now
    shopper: Shopper = await stage.shopper()
    conversation = (await shopper.say("Secret"))["conversation"]
    await other.heard("message_created", conversation)
    assert "Secret" not in str([agent.wire.events, tab.events])
    data = await refusal(tab, {"csrf": agent.csrf}, Cookie=cookie)
    assert (data["code"], data["error"]["code"]) == (4003, "unauthenticated")


async def test_card_numbers_reach_nobody(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Card 4111 1111 1111 1111, order 4111111111"))["conversation"]
    heard = await agent.heard("message_created", conversation)
    assert heard["message"]["parts"][0]["text"] == "Card •••• 1111, order 4111111111"
    await agent.reply(conversation, "Yours ends in 5555-5555-5555-4444?")
    assert (await shopper.read("Yours ends in •••• 4444?"))["type"] == "outgoing"
    note = await agent.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text="5555555555554444")
    answer = await agent.read(conversation)
    assert next(fact for fact in answer["facts"] if fact["seq"] == note["seq"])["message"]["parts"][0]["text"] == "•••• 4444"
    assert "4111 1111 1111 1111" not in stage.server.log()
    assert "Card" not in stage.server.log(), "no text of a message stands in the log"
