"""An agent speaks first: judged like every unasked message, and told what came of it."""

import pytest

from chat_server.core.policy import Policy
from chat_server.errors import ClientError, Code
from chat_server.flows import invitations, messages, visits
from tests.flows.world import QUIET, World, inbox


async def test_goes_out_in_the_shops_name_and_only_once(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    first = await invitations.invite(world.context, agent, visitor.id, "inv-1", "May I help?")
    assert (first["decision"], first["reason"]) == ("send", "sent")
    assert await invitations.invite(world.context, agent, visitor.id, "inv-1", "May I help?") == first
    assert world.ears.texts() == ["May I help?"]
    message = world.ears.told[0].message
    assert message is not None
    assert (message.id, message.sender.id, message.sender.name) == (first["message_id"], f"agent:{agent.id}", "Demo shop")
    assert (await visits.beacon(world.context, visitor, QUIET))["nudge"]["message_id"] == first["message_id"]


async def test_another_text_under_the_same_id_is_a_conflict(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    await invitations.invite(world.context, agent, visitor.id, "inv-1", "May I help?")
    with pytest.raises(ClientError) as refused:
        await invitations.invite(world.context, agent, visitor.id, "inv-1", "Hello?")
    assert refused.value.code is Code.CONFLICT


async def test_is_refused_its_slot_like_any_other(world: World) -> None:
    world.use(inbox(policy=Policy(unasked_per_day=1)))
    visitor, agent = await world.visitor(), await world.agent()
    await visits.beacon(world.context, visitor, world.dwelt())
    world.clock.forward(seconds=30)
    answer = await invitations.invite(world.context, agent, visitor.id, "inv-1", "May I help?")
    assert answer == {"decision": "drop", "reason": "daily_budget"}
    assert world.ears.texts() == ["Can we help with the checkout?"]


async def test_waits_for_a_talk_with_the_bot_and_says_so(world: World) -> None:
    visitor, agent = await world.visitor(), await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    answer = await invitations.invite(world.context, agent, visitor.id, "inv-1", "May I help?")
    assert answer == {"decision": "hold", "reason": "live_conversation"}
    assert world.ears.panels() == [sent["conversation"]]


async def test_not_to_somebody_who_has_left_or_is_not_ours(world: World) -> None:
    gone, agent = await world.visitor(seen=False), await world.agent()
    assert await invitations.invite(world.context, agent, gone.id, "inv-1", "May I help?") == {"decision": "drop", "reason": "absent"}
    elsewhere = await world.visitor(inbox_id="other")
    for stranger in ("vis_none", elsewhere.id):
        with pytest.raises(ClientError) as refused:
            await invitations.invite(world.context, agent, stranger, "inv-2", "May I help?")
        assert refused.value.code is Code.NOT_FOUND
