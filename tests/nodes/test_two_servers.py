"""Two servers on one PostgreSQL and one Redis serve each other's shoppers and agents, in order and without being asked twice."""

from __future__ import annotations

import asyncio

import aiohttp
from yarl import URL

from tests.nodes.conftest import Pair
from tests.walks.shopper import new_client_id
from tests.walks.stage import AGENT, SECOND
from tests.walks.wire import eventually


async def test_a_shopper_here_and_an_agent_there(pair: Pair) -> None:
    agent, shopper = await pair.other.agent(), await pair.one.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    heard = await agent.heard("message_created", conversation)
    assert heard["message"]["parts"][0]["text"] == "Hello"
    await agent.read(conversation)
    opened = agent.threads[conversation].last
    await shopper.wire.call("set_typing", conversation=conversation, typing=True)
    await agent.wire.until(lambda: agent.wire.passing("typing_changed"), "typing")
    note = await agent.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text="Not for them")
    await agent.reply(conversation, "Good day")
    assert (await shopper.read("Good day"))["sender"]["name"] == "Agent"
    assert next(fact for fact in shopper.thread.facts if fact["seq"] == note["seq"])["fact"] == "hidden"
    assert "Not for them" not in str(shopper.wire.events)
    await agent.wire.call("set_typing", conversation=conversation, typing=True)
    await shopper.wire.until(
        lambda: [body for body in shopper.wire.passing("typing_changed") if body["who"]["kind"] == "agent"], "the agent's typing"
    )
    assert (shopper.syncs, shopper.thread.dropped) == (0, 0), "everything came once and in order"
    await agent.wire.until(lambda: agent.threads[conversation].last == shopper.thread.last, "the agent's copy")
    told = (body for _, body in agent.wire.events if body.get("conversation") == conversation)
    came = [body["seq"] for body in told if body.get("seq", 0) > opened]
    assert came == list(range(opened + 1, shopper.thread.last + 1)), "what the opening did not answer came once, in its order"


async def test_two_tabs_at_two_servers_write_at_once(pair: Pair) -> None:
    first = await pair.one.shopper()
    ack = await first.say("First")
    second = await pair.other.shopper(token=first.token)
    agent = await pair.one.agent()
    await agent.read(ack["conversation"])
    await asyncio.gather(*(tab.say(f"{name} {n}") for n in range(20) for name, tab in (("one", first), ("other", second))))
    head = (await first.sync())["conversation"]["seq"]
    for tab in (first, second):
        await tab.has(head)
    await agent.wire.until(lambda: agent.threads[ack["conversation"]].last == head, "the agent's copy")
    texts = first.thread.texts()
    assert texts == second.thread.texts() == agent.threads[ack["conversation"]].texts()
    assert sorted(texts) == sorted(["First", *(f"{name} {n}" for n in range(20) for name in ("one", "other"))])
    assert first.thread.dropped + second.thread.dropped <= 41, "what was told twice is bounded by what was fetched"


async def test_presence_holds_as_long_as_one_server_sees_the_agent(pair: Pair) -> None:
    here, there = await pair.one.agent(), await pair.other.agent()
    watcher = await pair.other.agent(SECOND)
    assert here.id == there.id
    await here.leave()
    await asyncio.sleep(0.5)
    listed = {each["id"]: each for each in (await watcher.list())["agents"]}
    assert listed[here.id]["availability"] == "online"
    told = [body["agent"]["availability"] for body in watcher.wire.passing("presence_changed") if body["agent"]["id"] == here.id]
    assert "offline" not in told
    await there.leave()

    async def gone() -> bool:
        listed = {each["id"]: each["availability"] for each in (await watcher.list())["agents"]}
        return bool(listed[here.id] == "offline")

    await eventually(gone, "the agent to be away")


async def test_signing_out_ends_the_connections_at_every_server(pair: Pair) -> None:
    here = await pair.one.agent(AGENT, fresh=True)
    there = await pair.other.agent(AGENT, availability=None, fresh=False)
    await there.leave()
    there.http.cookie_jar.update_cookies({"shopbell_session": here.cookie}, URL(pair.other.server.url))
    there.csrf = here.csrf
    await there.open(None)
    async with here.http.post(f"{pair.one.server.url}/console/logout", data={"csrf": here.csrf}) as response:
        assert response.status == 200
    for agent in (here, there):
        await agent.wire.until(lambda agent=agent: agent.wire.closed, "the end of the connection", timeout=3)  # type: ignore[misc]
        assert agent.wire.passing("closing") == [{"code": 4003, "retry": False}]


async def test_a_tab_joins_the_contact_when_another_one_signs_the_browser_in(pair: Pair) -> None:
    guest = await pair.one.shopper()
    customer = pair.one.customer()
    elsewhere = await pair.other.shopper(customer=customer)
    conversation = (await elsewhere.say("From my phone"))["conversation"]
    signed = await pair.other.shopper(token=guest.token, identity=pair.one.shop.token(customer))
    assert signed.visitor == guest.visitor
    await elsewhere.say("Second")
    await guest.wire.until(
        lambda: [body for name, body in guest.wire.events if name == "message_created" and body["conversation"] == conversation],
        "a message of the contact, without a sync",
    )


async def test_waiting_over_http_is_woken_by_the_other_server(pair: Pair) -> None:
    shopper = await pair.one.shopper()
    ack = await shopper.say("Hello")
    agent = await pair.other.agent()
    await agent.read(ack["conversation"])
    head = (await shopper.sync())["conversation"]["seq"]
    loop = asyncio.get_running_loop()
    waiting = asyncio.create_task(shopper.fetch(after=head, wait=20))
    await asyncio.sleep(1.0)
    assert not waiting.done()
    began = loop.time()
    await agent.reply(ack["conversation"], "Here")
    status, answer = await waiting
    assert (status, loop.time() - began < 2.0) == (200, True)
    assert answer["facts"]
    assert answer["facts"][0]["seq"] == head + 1


async def test_polling_is_refused_clearly(pair: Pair, http: aiohttp.ClientSession) -> None:
    url = f"{pair.one.server.url}/socket.io/?EIO=4&transport=polling"
    async with http.get(url, headers={"Origin": pair.one.server.origin}) as response:
        assert (response.status, await response.text()) == (400, '"Invalid transport"')
