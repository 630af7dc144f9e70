"""Walk d on the real server without a bot: to people at once, by load and in turn, one agent only, and nobody left waiting unheard."""

from __future__ import annotations

import asyncio

import pytest

from tests.walks.agent import Agent
from tests.walks.shopper import Shopper, new_client_id
from tests.walks.stage import SECOND, Stage
from tests.walks.wire import CommandFailed, Json, eventually


def assignee(shopper: Shopper) -> str:
    return str(shopper.thread.of("conversation_assigned")[-1]["agent"]["id"])


async def placed(shopper: Shopper, place: int) -> None:
    """Wait until the shopper was told of this place in the queue."""
    told = {"conversation": shopper.thread.conversation, "position": place}
    await shopper.wire.until(lambda: told in shopper.wire.passing("queue_moved"), f"place {place}")


async def asking(stage: Stage, count: int) -> list[Shopper]:
    """Shoppers who asked for a person, one after the other."""
    found = []
    for _ in range(count):
        shopper = await stage.shopper()
        await shopper.wire.call("request_agent")
        found.append(shopper)
    return found


async def test_without_a_bot_a_message_goes_to_people_at_once(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("My parcel is broken"))["conversation"]
    await shopper.saw("conversation_assigned")
    assert shopper.thread.of("conversation_queued")[0]["reason"] == "bot_unavailable"
    assert shopper.thread.of("conversation_queued")[0]["promised_minutes"] is None
    card = await agent.heard("context_recorded", conversation)
    assert card["card"] == {
        "reason": "bot_unavailable", "intent": None, "confidence": None, "locale": "en", "order": None, "tried": [], "mood": None,
        "question": "My parcel is broken",
    }  # fmt: skip
    assert (await agent.read(conversation))["panel"]["card"] == card["card"]


async def test_a_person_is_asked_for(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    ack = await shopper.wire.call("request_agent")
    await shopper.saw("conversation_assigned")
    assert shopper.thread.kinds() == ["hidden", "conversation_queued", "conversation_assigned"]
    queued = shopper.thread.of("conversation_queued")[0]
    assert (queued["reason"], queued["seq"]) == ("requested", ack["seq"])
    assert (await agent.row(ack["conversation"]) or {})["assignee"] == {"id": agent.id, "name": "Agent"}
    again = await shopper.wire.call("request_agent", conversation=ack["conversation"])
    assert again["seq"] == 3, "already with people: acked, nothing written"
    assert shopper.thread.last == 3


async def test_load_first_and_then_in_turn(stage: Stage) -> None:
    agent, second = await stage.agent(), await stage.agent(SECOND)
    shoppers = []
    for _ in range(6):
        (shopper,) = await asking(stage, 1)
        await shopper.saw("conversation_assigned")
        shoppers.append(shopper)
    turns = [assignee(shopper) for shopper in shoppers]
    assert turns[0] != turns[1], "the second goes to the other one"
    assert turns == turns[:2] * 3
    busy = agent if turns[0] == agent.id else second
    for shopper in shoppers[1::2]:
        await busy.wire.call("resolve", conversation=shopper.thread.conversation)
    (late,) = await asking(stage, 1)
    await late.saw("conversation_assigned")
    assert assignee(late) == turns[1], "who has nothing gets the next"


async def test_the_queue_tells_places_and_moves_up(stage: Stage) -> None:
    agent = await stage.agent()
    served = await asking(stage, 4)
    for shopper in served:
        await shopper.saw("conversation_assigned")
    waiting = await asking(stage, 3)
    for place, shopper in enumerate(waiting, start=1):
        await placed(shopper, place)
        assert shopper.wire.passing("queue_moved")[0]["position"] == place
        view = (await shopper.sync())["conversation"]
        assert (view["status"], view["queue_position"], view["assignee"]) == ("queued", place, None)
        assert shopper.thread.of("conversation_assigned") == []
    assert waiting[0].hello["inbox"]["online"] is True
    await agent.wire.call("resolve", conversation=served[2].thread.conversation)
    await waiting[0].saw("conversation_assigned")
    for place, shopper in enumerate(waiting[1:], start=1):
        await placed(shopper, place)
        assert shopper.thread.of("conversation_assigned") == []
    me = next(each for each in (await agent.list())["agents"] if each["id"] == agent.id)
    assert (me["load"], me["capacity"], me["availability"]) == (4, 4, "online")


@pytest.mark.parametrize("_round", range(5))
async def test_two_agents_claim_at_once_and_one_has_it(stage: Stage, _round: int) -> None:
    agents = [await stage.agent(availability="away"), await stage.agent(SECOND, availability="away")]
    shopper = await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    answers = await asyncio.gather(*(agent.wire.ack("claim", {"conversation": conversation}) for agent in agents))
    won = [agent for agent, answer in zip(agents, answers, strict=True) if answer["ok"]]
    lost = next(answer for answer in answers if not answer["ok"])
    assert len(won) == 1
    assert lost["error"]["code"] == "conflict"
    assert won[0].login.name in lost["error"]["message"]
    repeat = await won[0].wire.call("claim", conversation=conversation)
    await shopper.has(repeat["seq"])
    assert len(shopper.thread.of("conversation_assigned")) == 1
    assert assignee(shopper) == won[0].id
    assert await won[0].wire.call("claim", conversation=conversation) == repeat


async def test_nobody_online_means_an_address_and_a_promise(stage: Stage) -> None:
    shopper = await stage.shopper()
    assert (shopper.hello["inbox"]["online"], shopper.hello["inbox"]["promised_minutes"]) == (False, 120)
    conversation = (await shopper.say("Anybody there?"))["conversation"]
    await shopper.wire.until(lambda: len(shopper.thread.messages()) == 2, "the request for an address")
    assert shopper.thread.of("conversation_queued")[0]["promised_minutes"] == 120
    asked = shopper.thread.messages()[1]
    assert asked["parts"] == [{"type": "contact_request", "fields": ["email", "phone"], "promised_minutes": 120}]
    assert asked["sender"] == {"kind": "integration", "id": "away", "name": "Test shop"}
    await shopper.say("And another thing")
    details = {"type": "contact_details", "email": "shopper@example.com", "name": "Demo customer"}
    await shopper.wire.call("send_message", client_id=new_client_id(), conversation=conversation, parts=[details])
    await shopper.wire.call("request_agent", conversation=conversation)
    assert len([each for each in shopper.thread.messages() if each["parts"][0]["type"] == "contact_request"]) == 1

    agent = await stage.agent()
    await shopper.saw("conversation_assigned")
    await shopper.wire.until(lambda: shopper.wire.passing("inbox_changed"), "somebody is there")
    assert shopper.wire.passing("inbox_changed")[-1] == {"online": True, "bot": "off", "promised_minutes": None}
    answer = await agent.read(conversation)
    told = [part for fact in answer["facts"] if "message" in fact for part in fact["message"]["parts"] if part["type"] == "contact_details"]
    assert told == [details]
    assert (answer["panel"]["contact"]["email"], answer["panel"]["contact"]["grade"]) == (None, "browser"), "typed is not proven"


async def test_the_last_agent_leaves_and_shoppers_are_told(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    assert shopper.hello["inbox"]["online"] is True
    await agent.leave()
    gone = {"online": False, "bot": "off", "promised_minutes": 120}
    await shopper.wire.until(lambda: gone in shopper.wire.passing("inbox_changed"), "nobody is there")


async def test_back_to_the_bot_and_back_to_people(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    returned = await agent.wire.call("return_to_bot", conversation=conversation)
    fact = await shopper.saw("conversation_returned")
    assert (fact["seq"], fact["by"]) == (returned["seq"], {"kind": "agent", "id": agent.id, "name": "Agent"})
    assert await agent.wire.call("return_to_bot", conversation=conversation) == returned
    row = await agent.row(conversation)
    assert row is not None
    assert (row["status"], row["assignee"]) == ("bot", None)
    await shopper.say("Still you?")
    await shopper.saw("conversation_assigned", 2)


async def test_to_a_colleague_and_to_the_queue(stage: Stage) -> None:
    agent, second, shopper = await stage.agent(), await stage.agent(SECOND, availability="away"), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    await agent.wire.call("assign", conversation=conversation, agent=second.id)
    handed = await shopper.saw("conversation_assigned", 2)
    assert (handed["agent"]["id"], handed["by"]["id"]) == (second.id, agent.id)
    for nobody in ("agt_" + "0" * 32, "x"):
        with pytest.raises(CommandFailed) as refused:
            await agent.wire.call("assign", conversation=conversation, agent=nobody)
        assert refused.value.code == "not_found"
    await second.wire.call("assign", conversation=conversation, agent=None)
    back = await shopper.saw("conversation_assigned", 3)
    assert (back["agent"]["id"], back["by"]) == (agent.id, {"kind": "integration", "id": "routing", "name": ""})
    assert shopper.thread.of("conversation_queued")[1]["reason"] == "agent_returned_to_queue"


async def test_replying_to_what_nobody_has_claims_it(stage: Stage) -> None:
    agent, shopper = await stage.agent(availability="away"), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await agent.reply(conversation, "Good day")
    await shopper.read("Good day")
    assert assignee(shopper) == agent.id


async def test_no_command_works_on_what_is_resolved_but_a_note(stage: Stage) -> None:
    agent, shopper = await stage.agent(), await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    resolved = await agent.wire.call("resolve", conversation=conversation)
    again = await agent.wire.call("resolve", conversation=conversation)
    assert again == resolved
    commands: dict[str, Json] = {
        "claim": {}, "assign": {"agent": None}, "snooze": {"until": "2099-01-01T00:00:00Z"}, "return_to_bot": {},
        "reply": {"client_id": new_client_id(), "text": "x", "seen_seq": 100},
    }  # fmt: skip
    for command, body in commands.items():
        answer = await agent.wire.ack(command, {"conversation": conversation, **body})
        assert (answer["ok"], answer.get("error", {}).get("code")) == (False, "conflict"), command
    await agent.wire.call("add_note", conversation=conversation, client_id=new_client_id(), text="For the record")
    async with agent.http.get(f"{stage.server.url}/v1/agent/conversations", params={"view": "resolved"}) as response:
        rows = (await response.json())["conversations"]
    assert rows[0]["id"] == conversation
    assert rows[0]["status"] == "resolved"


async def test_the_seat_of_a_closed_console_is_empty_at_once(stage: Stage) -> None:
    agent, second = await stage.agent(), await stage.agent(SECOND)
    await agent.leave()

    async def offline() -> bool:
        found: list[Json] = (await second.list())["agents"]
        return [each["availability"] for each in found if each["id"] == agent.id] == ["offline"]

    await eventually(offline, "the agent counts as offline")
    (shopper,) = await asking(stage, 1)
    await shopper.saw("conversation_assigned")
    assert assignee(shopper) == second.id


async def test_two_consoles_of_one_agent_are_one_seat(stage: Stage) -> None:
    first: Agent = await stage.agent()
    second = await stage.agent()
    await first.leave()
    (shopper,) = await asking(stage, 1)
    await shopper.saw("conversation_assigned")
    assert assignee(shopper) == second.id == first.id
