"""Walks a and d, the agents' side: one claim wins, the queue is fair, nothing is answered blindly."""

import asyncio

import pytest

from chat_server.core.model import Availability, Role, Status
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, handoff, messages
from tests.flows.world import World


async def waiting(world: World) -> str:
    """A new shopper asks for a person."""
    answer = await handoff.request_agent(world.context, await world.visitor(), None)
    return str(answer["conversation"])


async def test_two_claims_at_once_one_wins(world: World) -> None:
    one, two = await world.agent("One"), await world.agent("Two")
    sent = await messages.send_message(world.context, await world.visitor(), world.draft(), None)
    outcomes = await asyncio.gather(
        *(agents.claim(world.context, agent, sent["conversation"]) for agent in (one, two)), return_exceptions=True
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, ClientError)]
    assert [error.code for error in refused] == [Code.CONFLICT]
    assert world.ears.kinds().count("conversation_assigned") == 1
    winner = two if isinstance(outcomes[0], ClientError) else one
    assert (await world.conversation(sent["conversation"])).assignee_id == winner.id
    again = await agents.claim(world.context, winner, sent["conversation"])
    assert again["seq"] == 2, "claimed by oneself before: acked, nothing written"


async def test_the_queue_goes_round_among_equals(world: World) -> None:
    team = [await world.agent(name, capacity=2) for name in ("A", "B", "C")]
    taken = []
    for _ in range(6):
        conversation = await waiting(world)
        await world.work_off()
        taken.append((await world.conversation(conversation)).assignee_id)
        world.clock.forward(seconds=1)
    assert taken == [agent.id for agent in team] * 2
    last = await waiting(world)
    await world.work_off()
    assert (await world.conversation(last)).status is Status.QUEUED, "everybody is full"


async def test_round_robin_when_everybody_is_free(world: World) -> None:
    team = {agent.id: agent for agent in [await world.agent(name) for name in ("A", "B", "C")]}
    taken = []
    for _ in range(6):
        conversation = await waiting(world)
        await world.work_off()
        assignee = (await world.conversation(conversation)).assignee_id or ""
        taken.append(assignee)
        await agents.resolve(world.context, team[assignee], conversation)
        world.clock.forward(seconds=1)
    assert taken == list(team) * 2


async def test_the_less_loaded_first(world: World) -> None:
    busy, idle = await world.agent("Busy"), await world.agent("Idle")
    for _ in range(2):
        sent = await messages.send_message(world.context, await world.visitor(), world.draft(), None)
        await agents.claim(world.context, busy, sent["conversation"])
    for _ in range(2):
        conversation = await waiting(world)
        await world.work_off()
        assert (await world.conversation(conversation)).assignee_id == idle.id


async def test_a_resolve_makes_room_for_the_first_in_the_queue(world: World) -> None:
    agent = await world.agent(capacity=1)
    first, second, third = await waiting(world), await waiting(world), None
    await world.work_off()
    world.clock.forward(seconds=1)
    third = await waiting(world)
    await world.work_off()
    moved = [body for _, event, body in world.ears.passing if event == "queue_moved"]
    assert {"conversation": third, "position": 2} in moved
    held = [each for each in (first, second) if (await world.conversation(each)).status is Status.ASSIGNED]
    assert len(held) == 1
    await agents.resolve(world.context, agent, held[0])
    other = second if held[0] == first else first
    assert (await world.conversation(other)).assignee_id == agent.id
    assert (await world.conversation(third)).status is Status.QUEUED


async def test_who_is_away_offline_or_a_viewer_gets_nothing(world: World) -> None:
    away = await world.agent("Away")
    await agents.set_availability(world.context, away, Availability.AWAY)
    await world.agent("Gone", online=False)
    await world.agent("Viewer", role=Role.VIEWER)
    conversation = await waiting(world)
    await world.work_off()
    assert (await world.conversation(conversation)).status is Status.QUEUED
    await agents.set_availability(world.context, away, Availability.ONLINE)
    assert (await world.conversation(conversation)).assignee_id == away.id


async def test_asking_again_changes_nothing(world: World) -> None:
    visitor = await world.visitor()
    first = await handoff.request_agent(world.context, visitor, None)
    assert await handoff.request_agent(world.context, visitor, first["conversation"]) == first
    assert world.ears.kinds() == ["context_recorded", "conversation_queued", "message_created"]


async def test_with_nobody_there_the_promise_is_told(world: World) -> None:
    await waiting(world)
    queued = next(fact for fact in world.ears.told if fact.kind == "conversation_queued")
    assert queued.data == {"reason": "requested", "promised_minutes": 120}
    await world.agent()
    await waiting(world)
    assert world.ears.kinds()[3:] == ["context_recorded", "conversation_queued"], "somebody is there: no address is asked for"
    assert world.ears.told[-1].data == {"reason": "requested", "promised_minutes": None}


async def test_a_reply_to_what_moved_on_is_stale_once(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    await messages.send_message(world.context, visitor, world.draft("Wait!"), None)
    draft = world.draft("Answer")
    with pytest.raises(ClientError) as refused:
        await agents.reply(world.context, agent, sent["conversation"], draft, 1)
    assert (refused.value.code, refused.value.extra) == (Code.STALE, {"seq": 2})
    answer = await agents.reply(world.context, agent, sent["conversation"], draft, 2)
    assert await agents.reply(world.context, agent, sent["conversation"], draft, 1) == answer, "a repeat is not stale"
    assert world.ears.kinds() == ["message_created", "message_created", "conversation_assigned", "message_created"]


async def test_not_into_a_colleagues_conversation_nor_another_shops(world: World) -> None:
    one, two = await world.agent(), await world.agent()
    sent = await messages.send_message(world.context, await world.visitor(), world.draft(), None)
    await agents.claim(world.context, one, sent["conversation"])
    with pytest.raises(ClientError) as refused:
        await agents.reply(world.context, two, sent["conversation"], world.draft(), 9)
    assert refused.value.code is Code.CONFLICT
    with pytest.raises(ClientError) as unknown:
        await agents.claim(world.context, one, "cnv_none")
    assert unknown.value.code is Code.NOT_FOUND


async def test_snoozed_until_the_time_or_the_shopper_comes(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    conversation = sent["conversation"]
    await agents.claim(world.context, agent, conversation)
    until = world.clock().replace(hour=13)
    await agents.snooze(world.context, agent, conversation, until)
    await world.work_off()
    assert (await world.conversation(conversation)).status is Status.SNOOZED
    world.clock.forward(hours=1)
    await world.work_off()
    assert (await world.conversation(conversation)).status is Status.ASSIGNED
    await agents.snooze(world.context, agent, conversation, world.clock().replace(hour=20))
    await messages.send_message(world.context, visitor, world.draft("Hello?"), None)
    found = await world.conversation(conversation)
    assert (found.status, found.assignee_id, found.snoozed_until) == (Status.ASSIGNED, agent.id, None)
    with pytest.raises(ClientError):
        await agents.snooze(world.context, agent, conversation, world.clock())


async def test_back_to_the_queue_to_a_colleague_and_to_the_bot(world: World) -> None:
    one, two = await world.agent("One", capacity=1), await world.agent("Two", capacity=1)
    sent = await messages.send_message(world.context, await world.visitor(), world.draft(), None)
    conversation = sent["conversation"]
    await agents.assign(world.context, one, conversation, two.id)
    assert (await world.conversation(conversation)).assignee_id == two.id
    await agents.assign(world.context, two, conversation, None)
    found = await world.conversation(conversation)
    assert found.assignee_id == one.id, "routing gave it to the one who waited longest"
    await agents.return_to_bot(world.context, one, conversation)
    found = await world.conversation(conversation)
    assert (found.status, found.assignee_id) == (Status.BOT, None)
    with pytest.raises(ClientError) as unknown:
        await agents.assign(world.context, one, conversation, "agt_none")
    assert unknown.value.code is Code.NOT_FOUND


async def test_resolving_twice_writes_once_and_ends_commands(world: World) -> None:
    agent = await world.agent()
    sent = await messages.send_message(world.context, await world.visitor(), world.draft(), None)
    first = await agents.resolve(world.context, agent, sent["conversation"])
    assert await agents.resolve(world.context, agent, sent["conversation"]) == first
    for act in (
        agents.claim(world.context, agent, sent["conversation"]),
        agents.reply(world.context, agent, sent["conversation"], world.draft(), 99),
        agents.return_to_bot(world.context, agent, sent["conversation"]),
    ):
        with pytest.raises(ClientError) as refused:
            await act
        assert refused.value.code is Code.CONFLICT
    await agents.add_note(world.context, agent, sent["conversation"], world.draft("For the record"))
