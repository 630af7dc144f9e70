"""Walk b inside the server: an order fact becomes one message, live, on the site, or at the next visit; and never twice."""

import random
from datetime import timedelta

from chat_server.core.model import Status
from chat_server.core.policy import Policy
from chat_server.flows import agents, messages, proactive, visits
from tests.flows.world import NOON, QUIET, World, inbox, late, news, order


async def test_here_now_gets_text_card_and_nudge(world: World) -> None:
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [order("shipped")]
    assert await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped")) == "send sent"
    assert world.ears.kinds() == ["message_created"]
    message = world.ears.told[0].message
    assert message is not None
    assert [part["type"] for part in message.parts] == ["text", "order_card"]
    assert message.parts[0]["text"] == "A-1 shipped"
    card = message.parts[1]["order"]
    assert (card["order_id"], card["headline"], card["shipments"][0]["scans"]) == ("A-1", "shipped", [])
    assert "timeline" not in card
    assert message.sender.wire() == {"kind": "integration", "id": "order:shipped", "name": "Demo shop"}
    assert message.meta is not None
    assert message.meta["proactive"] == {"class": "order_progress", "source": "order:shipped", "candidate": message.client_id}
    answer = await visits.beacon(world.context, visitor, QUIET)
    assert answer == {
        "unread": 1,
        "nudge": {
            "conversation": world.ears.told[0].conversation_id,
            "message_id": message.id,
            "text": "A-1 shipped",
            "class": "order_progress",
            "card": {"kind": "order", "title": "A-1"},
        },
        "connect": True,
        "again": 20,
    }


async def test_speaks_the_shoppers_language(world: World) -> None:
    await world.visitor("c-1", locale="pl")
    await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped"))
    assert world.ears.texts() == ["A-1 shipped po polsku"]


async def test_absent_waits_for_the_next_visit_and_is_then_told(world: World) -> None:
    visitor = await world.visitor("c-1", seen=False)
    contact = visitor.contact_id or ""
    world.shop.views["c-1"] = [late()]
    assert await proactive.order_changed(world.context, "demo", news("delayed"), late()) == "hold absent"
    assert world.ears.told == []
    world.clock.forward(hours=5)
    answer = await visits.beacon(world.context, visitor, QUIET)
    assert answer["nudge"]["class"] == "order_problem"
    assert answer["connect"] is True
    assert world.ears.texts() == ["A-1 delayed"]
    assert await world.verdicts(contact) == [("order:delayed", "hold", "absent"), ("order:delayed", "send", "sent")]


async def test_never_here_waits_under_the_contact(world: World) -> None:
    assert await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped")) == "hold absent"
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [order("shipped")]
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-1 shipped"]


async def test_a_guest_is_nobodys_recipient(world: World) -> None:
    await world.visitor()
    outcome = await proactive.order_changed(world.context, "demo", news("shipped", customer=None), order("shipped"))
    assert outcome == "no_recipient"
    assert world.ears.told == []


async def test_silent_and_stale_facts_say_nothing(world: World) -> None:
    visitor = await world.visitor("c-1")
    assert await proactive.order_changed(world.context, "demo", news("shipped", silent=True), order()) == "silent"
    assert await proactive.order_changed(world.context, "demo", news("shipped", hours=-1), order()) == "stale"
    assert await proactive.order_changed(world.context, "demo", news("packed"), order()) == "no_text"
    assert world.ears.told == []
    assert await world.verdicts(visitor.contact_id or "") == []


async def test_repeated_and_shuffled_facts_say_nothing_twice(world: World) -> None:
    world.use(inbox(policy=Policy(unasked_per_day=20, spacing_seconds=0)))
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [order("shipped", order_id="A-1"), order("delivered", order_id="A-2"), late("A-3")]
    facts = [news("shipped"), news("delivered", order_id="A-2"), news("delayed", order_id="A-3")] * 4
    random.Random(7).shuffle(facts)
    for each in facts:
        await proactive.order_changed(world.context, "demo", each, {})
        answer = await visits.beacon(world.context, visitor, QUIET)
        if answer["nudge"]:
            await proactive.seen(world.context, visitor, answer["nudge"]["message_id"])
    assert sorted(world.ears.texts()) == ["A-1 shipped", "A-2 delivered", "A-3 delayed"]


async def test_what_the_order_has_overtaken_is_never_told(world: World) -> None:
    visitor = await world.visitor("c-1", seen=False)
    world.shop.views["c-1"] = [late()]
    await proactive.order_changed(world.context, "demo", news("delayed"), late())
    await proactive.order_changed(world.context, "demo", news("out_for_delivery", at=NOON + timedelta(hours=1)), late())
    world.shop.views["c-1"] = [order("delivered")]
    await proactive.order_changed(world.context, "demo", news("delivered", at=NOON + timedelta(hours=2)), order("delivered"))
    world.clock.forward(hours=3)
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-1 delivered"]
    told = await world.verdicts(visitor.contact_id or "")
    assert ("order:delayed", "drop", "contradicted") in told
    assert ("order:out_for_delivery", "drop", "contradicted") in told


async def test_one_at_a_time_the_problem_first_the_rest_later(world: World) -> None:
    visitor = await world.visitor("c-1", seen=False)
    world.shop.views["c-1"] = [order("shipped", order_id="A-1"), late("A-2")]
    await proactive.order_changed(world.context, "demo", news("shipped"), {})
    await proactive.order_changed(world.context, "demo", news("delayed", order_id="A-2"), {})
    answer = await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-2 delayed"]
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-2 delayed"]
    world.clock.forward(minutes=2)
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-2 delayed"], "the first has not been seen yet"
    await proactive.seen(world.context, visitor, answer["nudge"]["message_id"])
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-2 delayed", "A-1 shipped"]


async def test_with_a_person_a_problem_is_posted_and_the_rest_waits_until_it_is_resolved(world: World) -> None:
    visitor, agent = await world.visitor("c-1"), await world.agent()
    world.shop.views["c-1"] = [order("shipped", order_id="A-1"), late("A-2")]
    sent = await messages.send_message(world.context, visitor, world.draft("Where is it?"), None)
    await agents.claim(world.context, agent, sent["conversation"])
    world.ears.told.clear()
    assert await proactive.order_changed(world.context, "demo", news("shipped"), {}) == "hold live_conversation"
    assert world.ears.told == []
    outcome = await proactive.order_changed(world.context, "demo", news("delayed", order_id="A-2"), {})
    assert outcome == "send live_conversation_order"
    assert [fact.conversation_id for fact in world.ears.told] == [sent["conversation"]]
    assert (await world.conversation(sent["conversation"])).status is Status.ASSIGNED
    world.clock.forward(minutes=5)
    await visits.beacon(world.context, visitor, QUIET)
    assert world.ears.texts() == ["A-2 delayed"]
    await messages.mark_read(world.context, visitor, sent["conversation"], 99)
    await agents.resolve(world.context, agent, sent["conversation"])
    await world.work_off()
    assert world.ears.texts() == ["A-2 delayed", "A-1 shipped"]
    assert world.ears.told[-1].conversation_id != sent["conversation"], "a resolved conversation stays closed"


async def test_agents_hear_of_verdicts_only_when_they_change(world: World) -> None:
    visitor = await world.visitor("c-1")
    sent = await messages.send_message(world.context, visitor, world.draft(), None)
    agent = await world.agent()
    await agents.claim(world.context, agent, sent["conversation"])
    world.ears.passing.clear()
    await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped"))
    assert world.ears.panels() == [sent["conversation"]]
    await proactive.order_changed(world.context, "demo", news("shipped"), order("shipped"))
    assert world.ears.panels() == [sent["conversation"]]


async def test_an_offer_of_the_inbox_goes_along(world: World) -> None:
    visitor = await world.visitor("c-1")
    await proactive.order_changed(world.context, "demo", news("delayed"), late())
    message = world.ears.told[0].message
    assert message is not None
    offer = message.parts[-1]["offer"]
    assert offer == {
        "id": offer["id"], "kind": "voucher", "title": "A voucher", "text": "10 zł off your next order", "accept_label": "Take it",
        "worth": 1000, "currency": "PLN", "expires_at": "2026-11-26T12:00:00.000Z",
        "order_number": "A-1", "asks": None, "choices": [], "undo_minutes": 0,
    }  # fmt: skip
    row = await world.store.read(lambda tx: tx.offers.get(offer["id"]))
    assert row is not None
    assert (row["state"], row["order_number"], row["params"], row["message_id"]) == ("open", "A-1", {"code": "SORRY"}, message.id)
    assert (await visits.beacon(world.context, visitor, QUIET))["nudge"]["card"] == {"kind": "order", "title": "A-1"}


async def test_a_held_message_goes_out_when_its_hold_ends(world: World) -> None:
    world.use(inbox(policy=Policy(unasked_per_day=1)))
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [order("shipped", order_id="A-1"), order("delivered", order_id="A-2")]
    await proactive.order_changed(world.context, "demo", news("shipped"), {})
    answer = await visits.beacon(world.context, visitor, QUIET)
    await proactive.seen(world.context, visitor, answer["nudge"]["message_id"])
    outcome = await proactive.order_changed(world.context, "demo", news("delivered", order_id="A-2", hours=72), {})
    assert outcome == "hold daily_budget"
    world.clock.forward(hours=23, minutes=59)
    await visits.beacon(world.context, visitor, QUIET)
    await world.work_off()
    assert world.ears.texts() == ["A-1 shipped"]
    world.clock.forward(minutes=1, seconds=1)
    await world.store.write(lambda tx: tx.people.seen([visitor.id], world.clock()))
    await world.work_off()
    assert world.ears.texts() == ["A-1 shipped", "A-2 delivered"]


async def test_a_held_out_shopper_is_not_told_but_spends_the_budget(world: World) -> None:
    share = 50
    world.use(inbox(policy=Policy(hold_out_percent=share, unasked_per_day=1)))
    told, kept = 0, 0
    for number in range(12):
        visitor = await world.visitor(f"c-{number}")
        contact = visitor.contact_id or ""
        outcome = await proactive.order_changed(world.context, "demo", news("shipped", customer=f"c-{number}"), order())
        assert [touch.shadow for touch in await world.touches(contact)] == [outcome == "drop hold_out"]
        told, kept = told + (outcome == "send sent"), kept + (outcome == "drop hold_out")
    assert told + kept == 12
    assert len(world.ears.told) == told
    assert kept > 0
    again = await proactive.order_changed(world.context, "demo", news("shipped", customer="c-0"), order())
    assert again == "known"


async def test_an_opt_out_of_one_class_is_not_one_of_the_others(world: World) -> None:
    visitor = await world.visitor("c-1")
    await world.store.write(lambda tx: tx.people.opt_out(visitor.id, ["order_progress"]))
    assert await proactive.order_changed(world.context, "demo", news("shipped"), order()) == "drop opted_out"
    assert await proactive.order_changed(world.context, "demo", news("delayed"), late()) == "send sent"


async def test_rules_on_order_facts_fire(world: World) -> None:
    rule = {"id": "late-care", "class": "order_problem", "on": ["order"], "when": {"order_stage": ["delivery_failed"]},
            "text": {"en": "We are looking into it."}}  # fmt: skip
    world.use(inbox(rules=[rule], order_messages={}))
    await world.visitor("c-1")
    await proactive.order_changed(world.context, "demo", news("delivery_failed"), order("delivery_failed"))
    assert world.ears.texts() == ["We are looking into it."]
