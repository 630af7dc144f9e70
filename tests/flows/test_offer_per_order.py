"""An order that several people may see: what is offered about it is taken as often as its terms say, whoever takes it. Walks e and f."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat_server.core.model import Visitor
from chat_server.core.offer import Standing, Terms
from chat_server.core.order_access import Link
from chat_server.errors import ClientError, Code
from chat_server.flows import bindings, offer_calls, offers, proactive
from tests.flows.test_offer_undo import row
from tests.flows.world import NOON, VOUCHER, World, inbox, late, news


async def offered(world: World, per_order: int, guests: int) -> list[tuple[Visitor, str]]:
    """The customer of a late order and `guests` that opened the shop's link to it: each got the same offer, in a conversation of theirs."""
    world.use(inbox(offers={"voucher": replace(VOUCHER, terms=Terms(per_order=per_order, patience_hours=8))}))
    world.shop.views["c-1"] = [late()]
    everybody = [await world.visitor("c-1"), *[await world.visitor() for _ in range(guests)]]
    for guest in everybody[1:]:
        await bindings.open_link(world.context, guest, Link("A-1", "a-link-of-the-shop", expired=False))
    await proactive.order_changed(world.context, "demo", news("delayed"), late())
    made: dict[str, str] = {}
    for fact in world.ears.told:
        if fact.message is not None and fact.message.parts[-1]["type"] == "offer":
            made[(await world.conversation(fact.conversation_id)).visitor_id] = fact.message.parts[-1]["offer"]["id"]
    assert len(made) == len(everybody)
    return [(visitor, made[visitor.id]) for visitor in everybody]


async def standing(world: World, recipient: str, *, taken: bool, but: str = "") -> Standing:
    return await world.store.read(lambda tx: tx.offers.standing("demo", recipient, "voucher", "A-1", NOON, taken=taken, but=but))


async def test_what_others_took_counts_for_the_order_and_what_they_only_got_does_not(world: World) -> None:
    (customer, first), (guest, second), (third, _) = await offered(world, per_order=2, guests=2)
    contact = customer.contact_id or ""
    assert await standing(world, third.id, taken=False) == Standing(of_order=1, lately=1), "their own"
    assert await standing(world, third.id, taken=True) == Standing(of_order=0, lately=0)
    await offers.accept(world.context, customer, first)
    assert await standing(world, third.id, taken=True) == Standing(of_order=1, lately=0)
    await offers.accept(world.context, guest, second)
    assert await standing(world, third.id, taken=True) == Standing(of_order=2, lately=0)
    assert await standing(world, contact, taken=True, but=first) == Standing(of_order=1, lately=0), "that one aside"
    elsewhere = await world.store.read(lambda tx: tx.offers.standing("other", third.id, "voucher", "A-1", NOON, taken=True))
    assert elsewhere == Standing(), "another shop's order of that id"


@pytest.mark.parametrize("per_order", [1, 2])
async def test_taken_as_often_as_the_terms_say(world: World, per_order: int) -> None:
    made = await offered(world, per_order, guests=2)
    states = [(await offers.accept(world.context, visitor, offer))["state"] for visitor, offer in made]
    assert states == ["accepted"] * per_order + ["refused"] * (3 - per_order)
    assert {(await row(world, offer))["reason"] for _, offer in made[per_order:]} == {"already_made"}
    await world.work_off()
    assert sorted(call["id"] for call in world.shop.calls) == sorted(offer for _, offer in made[:per_order])


async def test_what_somebody_else_took_since_is_not_called_in_again(world: World) -> None:
    (customer, first), (guest, second) = await offered(world, per_order=1, guests=1)
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, customer, first)
    await world.work_off()
    world.clock.forward(hours=8)
    await world.work_off()
    assert (await row(world, first))["reason"] == "no_answer"
    assert (await offers.accept(world.context, guest, second))["state"] == "accepted"
    with pytest.raises(ClientError) as refused:
        await offer_calls.again(world.context, "demo", first)
    assert (refused.value.code, refused.value.message) == (Code.CONFLICT, "The shopper has taken the same offer since.")
    await world.work_off()
    assert [call["id"] for call in world.shop.calls] == [first, second]
    assert [(await row(world, offer))["state"] for offer in (first, second)] == ["refused", "done"]
