"""A person is forgotten: no word of theirs stays in any table, every place stays, and every reader starts afresh."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Connection, select

from chat_server.core.model import Contact, Conversation, FactKind, Json
from chat_server.core.order_access import Link
from chat_server.core.person import Known
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, bindings, messages, people, proactive, visits
from chat_server.flows.context import Context
from chat_server.flows.erasure import FORGET, Erased, erase, erase_customer, forget_in_bot
from chat_server.flows.once import Request, once
from chat_server.outbound.tables import metadata
from tests.flows.world import NOON, World, late, news, order

SECRET = "canary-7391"


def everything(connection: Connection) -> str:
    """Every row of every table, as text."""
    return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))


async def at(world: World, offer_id: str) -> Conversation:
    """The conversation of an offer."""
    offer = await world.store.read(lambda tx: tx.offers.get(offer_id))
    assert offer is not None
    return await world.conversation(offer["conversation_id"])


async def test_no_word_stays_and_every_place_does(world: World) -> None:
    visitor = await world.visitor(SECRET)
    agent = await world.agent()
    contact = await world.store.read(lambda tx: tx.people.contact(visitor.contact_id or ""))
    assert contact is not None
    sent = await messages.send_message(world.context, visitor, world.draft(f"I am {SECRET}"), None)
    conversation = sent["conversation"]
    await visits.beacon(world.context, visitor, world.dwelt(url=f"https://shop.example/checkout?{SECRET}"))
    head = (await world.conversation(conversation)).seq
    await agents.reply(world.context, agent, conversation, world.draft(f"Hello {SECRET}"), head)
    await agents.add_note(world.context, agent, conversation, world.draft(f"{SECRET} is kind"))
    await agents.resolve(world.context, agent, conversation)

    async def rate(context: Context) -> Json:
        return await messages.rate(context, visitor, conversation, 5, f"{SECRET} was here")

    await once(world.context, Request(visitor.id, SECRET, SECRET), lambda plan: {"seq": plan.conversation.seq}, rate)
    assert SECRET in await world.database.read(everything)
    before = await world.facts(conversation)
    assert await erase(world.store, world.shop, visitor.id, world.clock()) == Erased(1, 1, 0, 0)
    assert SECRET not in await world.database.read(everything)
    after = await world.facts(conversation)
    assert [(fact.seq, fact.kind) for fact in after] == [(fact.seq, fact.kind) for fact in before]
    assert {fact.epoch for fact in after} == {(await world.conversation(conversation)).epoch} == {2}
    assert {fact.message.parts[0]["text"] for fact in after if fact.message} == {"—"}


async def test_a_reader_from_before_starts_afresh(world: World) -> None:
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft("Hello"), None)
    await erase(world.store, world.shop, visitor.id, world.clock())
    _, caught_up = await messages.catch_up(world.context, visitor, sent["conversation"], sent["epoch"], sent["seq"])
    assert (caught_up["reset"], caught_up["epoch"], len(caught_up["facts"])) == (True, 2, 1)


async def test_the_browser_comes_back_as_somebody_new(world: World) -> None:
    visitor = await world.visitor(consent=True, timezone="Europe/Warsaw")
    assert await people.find(world.context, world.inbox, visitor.id) is not None
    await erase(world.store, world.shop, visitor.id, world.clock())
    assert await people.find(world.context, world.inbox, visitor.id) is None
    known, token = await people.recognise(world.context, people.Hello(world.inbox, visitor.id, None, None, None))
    assert known.id != visitor.id
    assert token is not None


async def test_nobody_else_is_touched_and_all_browsers_of_a_contact_are(world: World) -> None:
    one, two, other = await world.visitor("customer-1"), await world.visitor("customer-1"), await world.visitor("customer-2")
    kept = await messages.send_message(world.context, other, world.draft("Keep me"), None)
    await messages.send_message(world.context, one, world.draft("One"), None)
    assert await erase(world.store, world.shop, two.id, world.clock()) == Erased(2, 1, 0, 0)
    assert (await world.conversation(kept["conversation"])).epoch == 1
    text = await world.database.read(everything)
    assert "Keep me" in text
    assert "customer-2" in text
    assert "customer-1" not in text


async def test_what_was_erased_cannot_be_sent_again_and_life_goes_on(world: World) -> None:
    visitor, draft = await world.visitor(), world.draft("Hello")
    sent = await messages.send_message(world.context, visitor, draft, None)
    await erase(world.store, world.shop, visitor.id, world.clock())
    with pytest.raises(ClientError) as refused:
        await messages.send_message(world.context, visitor, draft, None)
    assert refused.value.code is Code.CONFLICT
    following = await messages.send_message(world.context, visitor, world.draft("More"), sent["conversation"])
    assert (following["seq"], following["epoch"]) == (2, 2)
    with pytest.raises(ClientError) as nobody:
        await erase(world.store, world.shop, "vis_nobody", world.clock())
    assert nobody.value.code is Code.NOT_FOUND


async def test_a_bot_that_is_thinking_says_nothing_of_what_was_erased(world: World) -> None:
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft(f"I am {SECRET}"), None)
    world.bot.says(f"Hello {SECRET}", handoff="asked_for_person")

    async def forget() -> None:
        await erase(world.store, world.shop, visitor.id, world.clock())

    world.bot.meanwhile = forget
    await world.work_off()
    assert (await world.facts(sent["conversation"]))[-1].kind is FactKind.BOT_ANSWER_DROPPED
    assert SECRET not in await world.database.read(everything)


async def test_the_bot_forgets_every_conversation_of_theirs_when_it_is_there_again(world: World) -> None:
    one, two, other = await world.visitor("customer-1"), await world.visitor("customer-1"), await world.visitor("customer-2")
    sent = await messages.send_message(world.context, one, world.draft("Hello"), None)
    agent = await world.agent()
    await agents.resolve(world.context, agent, sent["conversation"])
    again = await messages.send_message(world.context, two, world.draft("Hello again"), None)
    await messages.send_message(world.context, other, world.draft("Hello"), None)
    theirs = {sent["conversation"], again["conversation"]}
    assert len(theirs) == 2
    world.bot.state = "loading"
    await erase(world.store, world.shop, one.id, world.clock())
    await world.work_off()
    assert world.bot.forgotten == []
    for _ in range(30):  # however long it takes
        world.clock.forward(hours=1)
        await world.work_off()
    world.bot.state = "ready"
    world.clock.forward(minutes=59)
    await world.work_off()
    assert world.bot.forgotten == []
    world.clock.forward(minutes=1)
    await world.work_off()
    assert sorted(world.bot.forgotten) == sorted([*theirs, *theirs])
    world.clock.forward(days=1)
    await world.work_off()
    assert len(world.bot.forgotten) == 4, "no more"


async def test_the_bot_is_asked_once_more_a_minute_later_for_a_question_that_was_given_up(world: World) -> None:
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft("Hello"), None)
    for asked in (2, 4):  # and again when they are erased again
        await erase(world.store, world.shop, visitor.id, world.clock())
        await world.work_off()
        world.clock.forward(seconds=59)
        await world.work_off()
        assert len(world.bot.forgotten) == asked - 1
        world.clock.forward(seconds=1)
        await world.work_off()
        assert world.bot.forgotten == [sent["conversation"]] * asked


async def test_a_shop_without_a_bot_has_nothing_to_forget_there(world: World) -> None:
    visitor = await world.visitor()
    sent = await messages.send_message(world.context, visitor, world.draft("Hello"), None)
    await world.work_off()
    await erase(world.store, world.shop, visitor.id, world.clock())
    (job,) = await world.jobs(FORGET)
    assert job.lane == sent["conversation"], "after a turn that is under way"
    assert await forget_in_bot(replace(world.context, bot=None), job) == "no_bot"


async def test_what_leads_to_their_orders_is_what_the_shop_signed_and_what_their_browsers_proved(world: World) -> None:
    world.shop.views = {"customer-1": [late("A-1")], "": [order(order_id=name) for name in ("A-2", "A-3", "A-4")]}
    one, two, other = await world.visitor("customer-1"), await world.visitor("customer-1"), await world.visitor()
    told = Contact("", "demo", "customer-1", "Name", "name@example.com", "+48600100200")
    await world.store.write(lambda tx: tx.people.put_contact(told, NOON))
    for browser, name in ((one, "A-2"), (two, "A-3"), (two, "A-2"), (one, "A-4"), (other, "A-1")):
        await bindings.open_link(world.context, browser, Link(name, f"link-of-{name}-{browser.id}", expired=False))
    await bindings.forget(world.context, one, "A-4")
    await proactive.order_changed(world.context, "demo", news("delayed", customer="customer-1"), late())
    offers = [part["offer"]["id"] for fact in world.ears.told if fact.message for part in fact.message.parts if part["type"] == "offer"]
    assert len(offers) == 2, "the other browser got one, too"
    mine = [offer for offer in offers if (await at(world, offer)).contact_id == one.contact_id]
    assert await erase(world.store, world.shop, two.id, world.clock()) == Erased(2, 1, 1, 0)
    (known,) = world.shop.forgotten
    assert known == Known("demo", "customer-1", "name@example.com", "+48600100200", ("A-2", "A-3"), (mine[0],))
    assert Known.from_json(known.to_json()) == known


async def test_orders_that_must_wait_follow_and_then_nothing_names_the_person_any_more(world: World) -> None:
    visitor = await world.visitor(SECRET)
    world.shop.views, world.shop.busy = {SECRET: [order()]}, 2
    assert await erase(world.store, world.shop, visitor.id, world.clock()) == Erased(1, 0, 1, 2)
    for _ in range(12):
        await world.work_off()
        world.clock.forward(hours=1)
    assert [known.customer_id for known in world.shop.forgotten] == [SECRET] * 13
    assert SECRET in await world.database.read(everything), "its job must know whom"
    world.shop.busy = 0
    await world.work_off()
    assert len(world.shop.forgotten) == 14
    assert SECRET not in await world.database.read(everything)
    world.clock.forward(days=1)
    await world.work_off()
    assert len(world.shop.forgotten) == 14


async def test_by_the_shops_own_id(world: World) -> None:
    one, other = await world.visitor(SECRET), await world.visitor("customer-2")
    await messages.send_message(world.context, one, world.draft(f"I am {SECRET}"), None)
    await messages.send_message(world.context, other, world.draft("Keep me"), None)
    assert await erase_customer(world.store, world.shop, "other", SECRET, world.clock()) == Erased(0, 0, 0, 0), "another shop's"
    assert await erase_customer(world.store, world.shop, "demo", SECRET, world.clock()) == Erased(1, 1, 0, 0)
    text = await world.database.read(everything)
    assert SECRET not in text
    assert "Keep me" in text
    world.shop.views = {"customer-3": [order()]}
    assert await erase_customer(world.store, world.shop, "demo", "customer-3", world.clock()) == Erased(0, 0, 1, 0), "who never came"
    assert [known.customer_id for known in world.shop.forgotten] == [SECRET, SECRET, "customer-3"]
