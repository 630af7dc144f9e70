"""The HTTP twins: every command of both tables does over HTTP what it does over the socket, once for each Idempotency-Key."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
from yarl import URL

from chat_server.core.model import Visitor
from chat_server.flows import agents, invitations, messages
from chat_server.flows.clocks import Clocks
from chat_server.flows.context import Context
from chat_server.flows.once import KEEP_ANSWERS, Request, once
from chat_server.inbound.agent_commands import AGENT
from chat_server.inbound.commands import Repeat
from chat_server.inbound.payloads import parse
from chat_server.inbound.shopper_commands import SHOPPER, Shopper
from tests.conftest import StartServer
from tests.flows.world import NOON, World
from tests.walks.agent import Agent
from tests.walks.shopper import Shopper as Tab
from tests.walks.shopper import new_client_id
from tests.walks.stage import SECOND, Stage
from tests.walks.wire import Json


async def tell(tab: Tab, command: str, body: Json, key: str | None = None, **headers: str) -> tuple[int, Json]:
    sent = {**tab.bearer(), **({"Idempotency-Key": key} if key else {}), **headers}
    async with tab.http.post(f"{tab.server.url}/v1/shopper/{command}", json=body, headers=sent) as response:
        return response.status, await response.json()


async def order(agent: Agent, command: str, body: Json, key: str | None = None, **headers: str) -> tuple[int, Json]:
    sent = {"X-CSRF-Token": agent.csrf, "Origin": agent.server.url, **({"Idempotency-Key": key} if key else {}), **headers}
    async with agent.http.post(f"{agent.server.url}/v1/agent/{command}", json=body, headers=sent) as response:
        return response.status, await response.json()


async def refused(call: Any) -> tuple[int, str]:
    status, answer = await call
    assert answer["ok"] is False
    return status, answer["error"]["code"]


async def test_a_conversation_from_hello_to_rating_over_http_alone(stage: Stage) -> None:
    tab, agent = await stage.shopper(), await stage.agent()
    await tab.leave()
    hello = (await tell(tab, "sync", {}))[1]
    assert (hello["ok"], hello["conversation"], hello["visitor"]) == (True, None, {"id": tab.visitor, "identified": False, "name": None})
    key = new_client_id()
    status, sent = await tell(tab, "send_message", {"text": "Hello"}, key)
    assert (status, sent["seq"], sorted(sent)) == (200, 1, ["conversation", "epoch", "fact_id", "message_id", "ok", "seq"])
    assert await tell(tab, "send_message", {"text": "Hello", "client_id": key}, key) == (200, sent)
    place = {"conversation": sent["conversation"]}
    await agent.heard("conversation_assigned", sent["conversation"])
    await agent.leave()
    thread = (await order(agent, "sync", place))[1]
    assert {"message_created", "conversation_queued", "conversation_assigned"} <= {fact["fact"] for fact in thread["facts"]}
    replied = (await order(agent, "reply", {**place, "text": "Yes?", "seen_seq": thread["row"]["seq"]}, new_client_id()))[1]
    assert (await order(agent, "add_note", {**place, "text": "Polite."}, new_client_id()))[1]["seq"] == replied["seq"] + 1
    caught_up = (await tell(tab, "sync", {**place, "epoch": 1, "after": 1}))[1]
    kinds = [fact["fact"] for fact in caught_up["facts"]]
    assert "message_created" in kinds
    assert kinds[-1] == "hidden", "the note"
    assert (await tell(tab, "set_typing", {**place, "typing": True}))[1] == {"ok": True}
    assert (await tell(tab, "mark_read", {**place, "through": replied["seq"]}, new_client_id()))[1]["seq"] == replied["seq"] + 2
    assert (await order(agent, "resolve", place, new_client_id()))[0] == 200
    assert (await tell(tab, "rate", {**place, "score": 5}, new_client_id()))[0] == 200
    assert (await tab.fetch(sent["conversation"], after=0))[1]["facts"][-1]["fact"] == "conversation_rated"


async def test_a_repeat_gets_the_first_answer_and_another_body_is_a_conflict(stage: Stage) -> None:
    tab, other, agent = await stage.shopper(), await stage.shopper(), await stage.agent(availability=None)
    sent, key = await tab.say("Hello"), new_client_id()
    first = await tell(tab, "request_agent", {}, key)
    await tab.say("More")
    assert await tell(tab, "request_agent", {}, key) == first
    assert await refused(tell(tab, "request_agent", {"conversation": sent["conversation"]}, key)) == (409, "conflict")
    assert await refused(tell(tab, "mark_read", {"conversation": sent["conversation"], "through": 1}, key)) == (409, "conflict")
    assert (await tell(other, "request_agent", {}, key))[1]["conversation"] != sent["conversation"], "a key is its principal's"
    key = new_client_id()
    away = await order(agent, "set_availability", {"availability": "away"}, key)
    assert away == (200, {"ok": True})
    await order(agent, "set_availability", {"availability": "offline"}, new_client_id())
    assert await order(agent, "set_availability", {"availability": "away"}, key) == away
    assert (await agent.list())["me"]["availability"] == "offline", "the late repeat undid nothing"


async def test_many_at_once_are_one(stage: Stage) -> None:
    tab, key = await stage.shopper(), new_client_id()
    sent = await tab.say("Hello")
    await tab.has(2)
    agent = await stage.agent()
    await agent.wire.call("resolve", conversation=sent["conversation"])
    rated = {"conversation": sent["conversation"], "score": 3}
    answers = await asyncio.gather(*(tell(tab, "rate", rated, key) for _ in range(8)))
    assert all(answer == answers[0] for answer in answers)
    facts = (await tab.fetch(sent["conversation"], after=0))[1]["facts"]
    assert [fact["fact"] for fact in facts].count("conversation_rated") == 1


async def test_what_was_refused_is_judged_again(stage: Stage) -> None:
    tab, key = await stage.shopper(), new_client_id()
    sent = await tab.say("Hello")
    rated = {"conversation": sent["conversation"], "score": 3}
    assert await refused(tell(tab, "rate", rated, key)) == (409, "conflict"), "not resolved yet"
    agent = await stage.agent()
    await agent.wire.call("resolve", conversation=sent["conversation"])
    assert (await tell(tab, "rate", rated, key))[0] == 200


@pytest.mark.parametrize("command", [row.name for row in SHOPPER.values() if row.repeat is not Repeat.HARMLESS])
async def test_a_durable_command_needs_a_key(stage: Stage, command: str) -> None:
    tab = await stage.shopper()
    for key in (None, "short", "x" * 65):
        assert await refused(tell(tab, command, {"client_id": "client-1", "text": "x"}, key)) == (400, "bad_request")


async def test_key_and_client_id_are_one(stage: Stage) -> None:
    tab = await stage.shopper()
    for body in ({"text": "x", "client_id": "another-one"}, {"text": "x", "client_id": None}, {"text": "x", "client_id": 5}):
        assert await refused(tell(tab, "send_message", body, new_client_id())) == (400, "bad_request")
    assert (await tab.fetch())[0] == 404, "nothing was written"


async def test_who_may_not_over_the_socket_may_not_over_http(stage: Stage, http: aiohttp.ClientSession) -> None:
    tab, agent = await stage.shopper(), await stage.agent(availability=None)
    evil = {"Origin": "https://evil.example"}
    assert await refused(tell(tab, "sync", {}, **evil)) == (403, "forbidden")
    assert await refused(tell(tab, "sync", {}, Authorization="Bearer x")) == (401, "unauthenticated")
    assert await refused(tell(tab, "sync", {}, **{"X-Shopbell-Key": "pk_other"})) == (401, "unauthenticated")
    assert await refused(order(agent, "sync", {}, **evil)) == (403, "forbidden")
    assert await refused(order(agent, "sync", {}, Origin=tab.server.origin)) == (403, "forbidden"), "the shop's page is no console"
    assert await refused(order(agent, "sync", {}, **{"X-CSRF-Token": agent.csrf + "x"})) == (401, "unauthenticated")
    assert await refused(order(agent, "sync", {}, **{"X-CSRF-Token": ""})) == (401, "unauthenticated")
    async with http.post(f"{agent.server.url}/v1/agent/sync", json={}, headers={**tab.bearer(), "X-CSRF-Token": agent.csrf}) as response:
        assert response.status == 401
    assert await refused(tell(tab, "claim", {}, new_client_id())) == (404, "not_found")
    assert await refused(order(agent, "rate", {}, new_client_id())) == (404, "not_found")
    conversation = (await (await stage.shopper()).say("Mine"))["conversation"]
    assert await refused(tell(tab, "mark_read", {"conversation": conversation, "through": 1}, new_client_id())) == (404, "not_found")


async def test_limits_count_both_doors_together(start_server: StartServer) -> None:
    few = Stage(start_server(env={"SHOPBELL_COMMANDS_PER_MINUTE": "6", "SHOPBELL_MESSAGES_PER_MINUTE": "3"}))
    tab = await few.shopper()
    assert [(await tell(tab, "send_message", {"text": "x"}, new_client_id()))[0] for _ in range(4)] == [200, 200, 200, 429]
    answer = await tab.wire.ack("request_agent", {})
    assert (answer["error"]["code"], answer["error"]["retry_after_ms"] > 0) == ("rate_limited", True)
    async with tab.http.post(f"{tab.server.url}/v1/shopper/set_typing", json={}, headers=tab.bearer()) as response:
        assert response.status == 400
    async with tab.http.post(f"{tab.server.url}/v1/shopper/sync", json={}, headers=tab.bearer()) as response:
        assert (response.status, int(response.headers["Retry-After"]) > 0) == (429, True)
    await few.clear()


async def test_what_nobody_serves_is_refused_in_the_same_shape(stage: Stage) -> None:
    tab = await stage.shopper()
    for method, path, status in (("GET", "/v1/shopper/sync", 405), ("DELETE", "/v1/visits", 405), ("POST", "/v1/nothing", 405)):
        async with tab.http.request(method, stage.server.url + path) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (status, "not_found")
            assert response.headers["Allow"]
    url = f"{stage.server.url}/v1/conversations/%00%ff/facts"
    async with tab.http.get(URL(url, encoded=True), headers=tab.bearer()) as response:
        assert response.status == 404


async def test_the_shops_page_may_call_and_read(stage: Stage) -> None:
    tab = await stage.shopper()
    url = f"{stage.server.url}/v1/shopper/send_message"
    async with tab.http.options(url, headers={"Access-Control-Request-Method": "POST"}) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == stage.server.origin
        assert "idempotency-key" in response.headers["Access-Control-Allow-Headers"]
    async with tab.http.post(url, json={}, headers=tab.bearer()) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (400, stage.server.origin)
    async with tab.http.options(f"{stage.server.url}/v1/agent/sync") as response:
        assert "Access-Control-Allow-Origin" not in response.headers, "the console is nobody else's"


async def test_asking_over_http_is_being_here(start_server: StartServer) -> None:
    """An agent without a socket is given the queue; a shopper without one is shown as online."""
    alone = Stage(start_server())
    tab, agent = await alone.shopper(), await alone.agent(SECOND, availability=None)
    await agent.leave()
    sent = await tab.say("Hello")
    assert tab.hello["inbox"]["online"] is False
    await order(agent, "set_availability", {"availability": "online"}, new_client_id())
    assigned = await tab.saw("conversation_assigned")
    assert assigned["agent"]["id"] == agent.id
    row = (await order(agent, "sync", {"conversation": sent["conversation"]}))[1]["row"]
    assert row["online"] is True
    await alone.clear()


async def test_what_is_kept_is_what_was_answered(world: World) -> None:
    """The answer that a row keeps follows from its first write; here it is compared with the one that its flow gives."""
    visitor, rater, spoken, agent = await world.visitor(), await world.visitor(), await world.visitor("customer-1"), await world.agent()
    about: Json = {"conversation": (await messages.send_message(world.context, visitor, world.draft(), None))["conversation"]}
    done: Json = {"conversation": (await messages.send_message(world.context, rater, world.draft(), None))["conversation"]}
    await agents.resolve(world.context, agent, done["conversation"])
    said: Json = {"message_id": (await invitations.invite(world.context, agent, spoken.id, "client-99", "May I help?"))["message_id"]}
    offered, taken = await offer(world, spoken), await offer(world, spoken, "done")
    shopper, clerk = Shopper(visitor), agent
    calls: list[tuple[Mapping[str, Any], str, Any, Json]] = [
        (SHOPPER, "mark_read", shopper, {**about, "through": 1}), (SHOPPER, "request_agent", shopper, about),
        (SHOPPER, "proactive_seen", Shopper(spoken), said), (SHOPPER, "proactive_clicked", Shopper(spoken), said),
        (SHOPPER, "dismiss_proactive", Shopper(spoken), said), (SHOPPER, "rate", Shopper(rater), {**done, "score": 4}),
        (SHOPPER, "accept_offer", Shopper(spoken), {"offer_id": offered}), (SHOPPER, "undo_offer", Shopper(spoken), {"offer_id": taken}),
        (AGENT, "set_availability", clerk, {"availability": "away"}), (AGENT, "claim", clerk, about),
        (AGENT, "mark_read", clerk, {**about, "through": 1}), (AGENT, "assign", clerk, {**about, "agent": clerk.id}),
        (AGENT, "snooze", clerk, {**about, "until": (NOON + timedelta(days=1)).isoformat()}),
        (AGENT, "return_to_bot", clerk, about), (AGENT, "resolve", clerk, about),
    ]  # fmt: skip
    kept = [name for table in (SHOPPER, AGENT) for name, row in table.items() if row.repeat is Repeat.KEPT]
    assert sorted(kept) == sorted(name for _, name, _, _ in calls)
    for table, name, who, body in calls:
        row = table[name]
        request = Request("somebody", f"key-of-{name}-{id(table)}", "digest")
        given: list[Json] = []
        first = await once(world.context, request, row.answer_of, partial(_run, row, who, parse(body, row.payload), given))
        told = len(world.ears.told)
        again = await once(world.context, request, row.answer_of, partial(_run, row, who, parse(body, row.payload), given))
        assert (again, len(world.ears.told), given) == (first, told, [first]), name


async def _run(row: Any, who: Any, told: Any, given: list[Json], context: Context) -> Json:
    answer: Json = await row.flow(context, who, told) or {}
    given.append(answer)
    return answer


async def offer(world: World, visitor: Visitor, state: str = "open") -> str:
    """An offer in the visitor's conversation: open, or done and to be undone for a while."""
    found = await world.store.read(lambda tx: tx.conversations.unresolved(visitor))
    assert found is not None
    row: Json = {
        "id": f"off_{state}", "inbox_id": "demo", "conversation_id": found.id, "message_id": "msg_1", "kind": "voucher",
        "title": "A voucher", "order_id": None, "order_number": None, "params": {}, "state": state, "reason": None,
        "expires_at": NOON + timedelta(days=2), "at": NOON, "undo_until": NOON + timedelta(days=2),
    }  # fmt: skip
    await world.store.write(lambda tx: tx.offers.add(row))
    return str(row["id"])


async def test_kept_answers_are_swept_after_their_time(world: World) -> None:
    visitor = await world.visitor()
    request, row = Request(visitor.id, "key-1", "digest"), SHOPPER["request_agent"]
    assert row.answer_of is not None
    first = await once(world.context, request, row.answer_of, partial(_run, row, Shopper(visitor), row.payload(), []))
    for age, known in ((KEEP_ANSWERS, first), (KEEP_ANSWERS + timedelta(hours=2), None)):
        world.clock.now = NOON + age
        await Clocks(world.context, asyncio.Event()).sweep()
        assert await world.store.read(request.answered) == known
