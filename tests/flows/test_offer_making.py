"""Walk e: who gets an offer: with the news of an order, with a rule's message, and by an agent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chat_server.core.model import Agent
from chat_server.core.offer import Kind, OfferTemplate, Terms
from chat_server.core.order_access import Grade
from chat_server.core.order_news import OrderMessage
from chat_server.core.policy import MessageClass
from chat_server.errors import ClientError, Code
from chat_server.flows import console, messages, offer_making, offers, proactive, visits
from tests.flows.world import PROMO_RULE, VOUCHER, World, inbox, late, news, order

SAYS = OrderMessage(
    "delayed",
    MessageClass.ORDER_PROBLEM,
    {"en": "{number} is late.[ Would this help? {offer}.]", "pl": "{number}.[ {offer}]"},
    offer="voucher",
)
CANCEL = OfferTemplate("cancel", Kind.CANCEL, 2, {"en": "Cancel it"}, {}, {"en": "Cancel"}, terms=Terms(before="packed", grade=Grade.LINK))
TWO = {"voucher": VOUCHER, "cancel": CANCEL}


def using(world: World, **terms: Any) -> None:
    """An inbox whose news of late parcels has a voucher on these terms."""
    template = replace(VOUCHER, terms=Terms(**terms))
    world.use(inbox(offers={"voucher": template}, order_messages={"delayed": SAYS}))


async def told(world: World, **changes: Any) -> list[str]:
    """What the late parcel's message is made of, and its words."""
    await world.visitor("c-1")
    view = {**late(), **changes}
    await proactive.order_changed(world.context, "demo", news("delayed"), view)
    message = world.ears.told[-1].message
    assert message is not None
    return [message.preview, *(part["type"] for part in message.parts)]


async def test_who_may_have_it_gets_it_with_the_words(world: World) -> None:
    using(world, late=True, total_least=14100)
    assert await told(world) == ["A-1 is late. Would this help? A voucher.", "text", "order_card", "offer"]


async def test_who_may_not_gets_the_news_without_it(world: World) -> None:
    using(world, total_least=14101)
    assert await told(world) == ["A-1 is late.", "text", "order_card"]


async def test_once_for_an_order(world: World) -> None:
    using(world)
    await told(world)
    await proactive.order_changed(world.context, "demo", news("delayed", effect_key="shipment:s-1:delayed:2"), late())
    again = world.ears.told[-1].message
    assert again is not None
    assert [part["type"] for part in again.parts] == ["text", "order_card"]


async def test_a_rule_that_speaks_of_an_offer_is_silent_without_it(world: World) -> None:
    rule = {**PROMO_RULE, "offer": "voucher"}
    world.use(inbox(rules=[rule], offers={"voucher": replace(VOUCHER, terms=Terms(grade=Grade.SIGNED))}))
    stranger = await world.visitor()
    await visits.beacon(world.context, stranger, world.viewed())
    assert world.ears.told == []
    assert (await world.verdicts(stranger.id))[-1][1:] == ("drop", "contradicted")
    known = await world.visitor("c-1")
    await visits.beacon(world.context, known, world.viewed())
    message = world.ears.told[-1].message
    assert message is not None
    assert [part["type"] for part in message.parts] == ["text", "offer"]


async def talking(world: World) -> tuple[Agent, str]:
    """An agent who has the conversation of a shopper with one order that is being prepared."""
    world.use(inbox(offers=TWO))
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [{**order("preparing"), "headline": "placed"}]
    agent = await world.agent()
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    return agent, sent["conversation"]


async def test_an_agent_offers_what_this_shopper_may_get(world: World) -> None:
    agent, conversation = await talking(world)
    panel = await console.panel(world.context, agent, conversation)
    listed = [(each["offer"], each["order_id"]) for each in panel["may_offer"]]
    assert listed == [("voucher", "A-1"), ("voucher", None), ("cancel", "A-1")]
    first = await offer_making.make(world.context, agent, conversation, "client-0001", "cancel", "A-1")
    assert await offer_making.make(world.context, agent, conversation, "client-0001", "cancel", "A-1") == first
    with pytest.raises(ClientError) as other:
        await offer_making.make(world.context, agent, conversation, "client-0001", "voucher", "A-1")
    assert other.value.code is Code.CONFLICT
    panel = await console.panel(world.context, agent, conversation)
    assert [(each["kind"], each["state"], each["order_id"], each["attempts"]) for each in panel["offers"]] == [
        ("cancel", "open", "A-1", [])
    ]
    assert ("cancel", "A-1") not in [(each["offer"], each["order_id"]) for each in panel["may_offer"]]
    message = next(fact.message for fact in world.ears.told if fact.message is not None and fact.message.id == first["message_id"])
    assert message is not None
    assert (message.sender.kind.value, message.parts[0]["offer"]["order_number"]) == ("agent", "A-1")
    visitor = await world.store.read(lambda tx: tx.people.browsers(panel["contact"]["id"])[0])
    await offers.accept(world.context, visitor, message.parts[0]["offer"]["id"])
    await world.work_off()
    assert [call["kind"] for call in world.shop.calls] == ["cancel"]


@pytest.mark.parametrize(
    ("offer", "order_id", "code"),
    [("gift", "A-1", Code.NOT_FOUND), ("cancel", "A-9", Code.NOT_FOUND), ("cancel", None, Code.CONFLICT)],
)
async def test_an_agent_offers_nothing_else(world: World, offer: str, order_id: str | None, code: Code) -> None:
    agent, conversation = await talking(world)
    with pytest.raises(ClientError) as refused:
        await offer_making.make(world.context, agent, conversation, "client-0002", offer, order_id)
    assert refused.value.code is code
    if code is Code.CONFLICT:
        assert refused.value.extra == {"reason": "no_order"}


async def test_an_agent_is_told_when_it_is_too_late(world: World) -> None:
    agent, conversation = await talking(world)
    world.shop.views["c-1"] = [order("shipped")]
    with pytest.raises(ClientError) as refused:
        await offer_making.make(world.context, agent, conversation, "client-0003", "cancel", "A-1")
    assert refused.value.extra == {"reason": "too_late"}


async def test_a_guest_is_not_offered_what_wants_proof(world: World) -> None:
    world.use(inbox(offers=TWO))
    agent, guest = await world.agent(), await world.visitor()
    sent = await messages.send_message(world.context, guest, world.draft(), None)
    panel = await console.panel(world.context, agent, sent["conversation"])
    assert [(each["offer"], each["order_id"]) for each in panel["may_offer"]] == [("voucher", None)]


async def test_another_agents_conversation_is_theirs(world: World) -> None:
    _, conversation = await talking(world)
    first, second = await world.agent("First"), await world.agent("Second")
    await offer_making.make(world.context, first, conversation, "client-0004", "voucher", None)
    with pytest.raises(ClientError) as refused:
        await offer_making.make(world.context, second, conversation, "client-0005", "cancel", "A-1")
    assert refused.value.code is Code.CONFLICT
