"""Guests and their orders: what proves one, what a wrong try costs, who hears of it, and how it is undone."""

from __future__ import annotations

import asyncio

import pytest

from chat_server.core.model import Json, Visitor
from chat_server.core.order_access import LINK_BROWSERS, Link
from chat_server.errors import ClientError, Code
from chat_server.flows import bindings, console_orders, erasure, messages, orders, proactive
from tests.flows.world import World, late, news, order

HERE = "198.51.100.7"
MAIL = "guest@mail.example"
LINK = Link("A-1", "mail-0001", expired=False)


@pytest.fixture
def shop(world: World) -> World:
    world.shop.views[""] = [order("shipped"), order("shipped", order_id="A-2")]
    world.shop.contacts = {"A-1": MAIL, "A-2": "other@mail.example"}
    return world


async def seen(world: World, visitor: Visitor) -> list[tuple[str, str]]:
    listed = (await orders.listing(world.context, visitor))["orders"]
    return sorted((view["order_id"], view["proof"]) for view in listed)


async def tries(world: World, visitor: Visitor, number: str, email: str, address: str = HERE) -> str:
    try:
        return str((await bindings.find(world.context, visitor, address, number, email, None))["order_id"])
    except ClientError as error:
        return error.code.value


async def test_number_and_contact_show_the_order_here_and_nowhere_else(shop: World) -> None:
    guest, stranger = await shop.visitor(), await shop.visitor()
    found = await bindings.find(shop.context, guest, HERE, "A-1", MAIL, None)
    assert (found["order_id"], found["order"]["proof"]) == ("A-1", "order_and_contact")
    assert await seen(shop, guest) == [("A-1", "order_and_contact")]
    assert await seen(shop, stranger) == []


async def test_whatever_is_wrong_the_answer_is_one(shop: World) -> None:
    guest = await shop.visitor()
    said = set()
    for number, email in (("A-1", "x@mail.example"), ("A-9", MAIL), ("A-2", MAIL)):
        with pytest.raises(ClientError) as no:
            await bindings.find(shop.context, guest, HERE, number, email, None)
        said.add((no.value.code, no.value.message))
    assert len(said) == 1
    assert await seen(shop, guest) == []


async def test_five_wrong_tries_of_a_browser_and_the_right_one_must_wait(shop: World) -> None:
    guest = await shop.visitor()
    assert [await tries(shop, guest, f"B-{n}", f"{n}@mail.example") for n in range(5)] == ["not_found"] * 5
    with pytest.raises(ClientError) as no:
        await bindings.find(shop.context, guest, HERE, "A-1", MAIL, None)
    assert (no.value.code, no.value.retry_after_ms) == (Code.RATE_LIMITED, 3_600_000)
    shop.clock.forward(minutes=61)
    assert await tries(shop, guest, "A-1", MAIL) == "A-1"


async def test_right_tries_do_not_count(shop: World) -> None:
    guest = await shop.visitor()
    assert [await tries(shop, guest, "A-1", MAIL) for _ in range(12)] == ["A-1"] * 12


async def test_new_browsers_from_many_addresses_do_not_guess_one_order_or_one_contact(shop: World) -> None:
    for n in range(10):
        assert await tries(shop, await shop.visitor(), " #a-1" if n % 2 else "A-1", f"{n}@mail.example", f"203.0.113.{n}") == "not_found"
    assert await tries(shop, await shop.visitor(), "A-1", MAIL, "203.0.113.99") == "rate_limited"
    for n in range(10):
        assert (
            await tries(shop, await shop.visitor(), f"C-{n}", "Victim@mail.example" if n % 2 else "victim@mail.example ", f"192.0.2.{n}")
            == "not_found"
        )
    assert await tries(shop, await shop.visitor(), "C-11", "victim@mail.example", "192.0.2.99") == "rate_limited"


async def test_one_address_has_thirty_tries_and_a_network_of_ipv6_is_one(shop: World) -> None:
    for n in range(30):
        assert await tries(shop, await shop.visitor(), f"D-{n}", f"{n}@mail.example", f"2001:db8::{n:x}") == "not_found"
    assert await tries(shop, await shop.visitor(), "A-1", MAIL, "2001:db8::ffff") == "rate_limited"
    assert await tries(shop, await shop.visitor(), "A-1", MAIL, "2001:db8:0:1::1") == "A-1"


async def test_many_tries_at_once_are_all_counted(shop: World) -> None:
    guest = await shop.visitor()
    answers = await asyncio.gather(*(tries(shop, guest, f"E-{n}", f"{n}@mail.example") for n in range(20)))
    assert sorted(answers) == ["not_found"] * 5 + ["rate_limited"] * 15


async def test_without_a_contact_nothing_is_looked_for(shop: World) -> None:
    with pytest.raises(ClientError) as no:
        await bindings.find(shop.context, await shop.visitor(), HERE, "A-1", None, "")
    assert no.value.code is Code.BAD_REQUEST


async def test_a_link_opens_its_order_and_brings_its_news(shop: World) -> None:
    guest, asked = await shop.visitor(), await shop.visitor()
    assert (await bindings.open_link(shop.context, guest, LINK))["order"]["proof"] == "link"
    await tries(shop, asked, "A-1", MAIL)
    shop.ears.passing.clear()
    assert await proactive.order_changed(shop.context, "demo", news("shipped", customer=None), order("shipped")) == "send sent"
    assert [name for name, _, _ in await shop.verdicts(guest.id)] == ["order:shipped"]
    assert await shop.verdicts(asked.id) == []
    hinted = {who for who, event, _ in shop.ears.passing if event == "order_changed"}
    assert hinted == {guest.id, asked.id}
    await proactive.order_changed(shop.context, "demo", news("shipped", customer=None), order("shipped"))
    assert shop.ears.texts() == ["A-1 shipped"]


async def test_the_customer_hears_it_once_though_their_own_browser_opened_the_link(shop: World) -> None:
    shop.shop.views["c-1"] = shop.shop.views[""]
    mine, guest = await shop.visitor("c-1"), await shop.visitor()
    for visitor in (mine, guest):
        await bindings.open_link(shop.context, visitor, LINK)
    assert await proactive.order_changed(shop.context, "demo", news("shipped"), order("shipped")) == "send sent"
    assert mine.contact_id is not None
    assert [len(await shop.verdicts(who)) for who in (mine.contact_id, guest.id, mine.id)] == [1, 1, 0]
    assert await seen(shop, mine) == [("A-1", "signed"), ("A-2", "signed")]


async def test_a_link_before_the_order_binds_and_waits(shop: World) -> None:
    guest = await shop.visitor()
    assert await bindings.open_link(shop.context, guest, Link("A-7", "mail-0007", False)) == {"order_id": "A-7", "order": None}
    shop.shop.views[""].append(order("packed", order_id="A-7"))
    assert await seen(shop, guest) == [("A-7", "link")]


async def test_a_link_opens_few_browsers_and_none_when_it_is_over(shop: World) -> None:
    for _ in range(LINK_BROWSERS):
        first = await shop.visitor()
        await bindings.open_link(shop.context, first, LINK)
    await bindings.open_link(shop.context, first, LINK)
    await bindings.open_link(shop.context, first, Link("A-1", LINK.id, expired=True))
    for link in (LINK, Link("A-1", "mail-0002", expired=True)):
        with pytest.raises(ClientError) as no:
            await bindings.open_link(shop.context, await shop.visitor(), link)
        assert no.value.code is Code.NOT_FOUND


async def test_who_forgets_an_order_may_open_it_again_and_hears_nothing_meanwhile(shop: World) -> None:
    guest = await shop.visitor(seen=False)
    await bindings.open_link(shop.context, guest, LINK)
    await proactive.order_changed(shop.context, "demo", news("shipped", customer=None), order("shipped"))
    assert await shop.verdicts(guest.id) == [("order:shipped", "hold", "absent")]
    await bindings.forget(shop.context, guest, "A-1")
    await bindings.forget(shop.context, guest, "A-1")
    assert await seen(shop, guest) == []
    assert (await shop.verdicts(guest.id))[-1] == ("order:shipped", "drop", "contradicted")
    await proactive.order_changed(shop.context, "demo", news("delivered", customer=None), order("delivered"))
    assert len(await shop.verdicts(guest.id)) == 2
    await bindings.open_link(shop.context, guest, LINK)
    assert await seen(shop, guest) == [("A-1", "link")]


async def test_what_an_agent_takes_back_its_link_does_not_open_again(shop: World) -> None:
    guest, agent = await shop.visitor(), await shop.agent()
    await bindings.open_link(shop.context, guest, LINK)
    await tries(shop, guest, "A-1", MAIL)
    place = (await messages.send_message(shop.context, guest, shop.draft(), None))["conversation"]
    assert [each["conversations"][0]["proof"] for each in (await console_orders.find(shop.context, agent, "A-1"))["orders"]] == ["link"]
    await bindings.unbind(shop.context, agent, place, "A-1")
    assert await seen(shop, guest) == []
    for visitor in (guest, await shop.visitor()):
        with pytest.raises(ClientError):
            await bindings.open_link(shop.context, visitor, LINK)


async def test_search_leads_to_the_conversations_of_the_customer_and_of_guests(shop: World) -> None:
    shop.shop.views["c-1"] = [order("shipped", order_id="S-1")]
    mine, guest, agent = await shop.visitor("c-1"), await shop.visitor(), await shop.agent()
    await bindings.open_link(shop.context, guest, Link("S-1", "mail-0003", False))
    places = [(await messages.send_message(shop.context, each, shop.draft(), None))["conversation"] for each in (mine, guest)]
    (found,) = (await console_orders.find(shop.context, agent, "S-1"))["orders"]
    assert {each["id"]: each["proof"] for each in found["conversations"]} == dict(zip(places, ("signed", "link"), strict=True))
    assert (await console_orders.find(shop.context, agent, "S-2"))["orders"] == []
    with pytest.raises(ClientError):
        await console_orders.explain(shop.context, agent, "S-2")


async def test_the_bot_answers_guests_about_what_they_have_proven(shop: World) -> None:
    guest = await shop.visitor()
    place = (await messages.send_message(shop.context, guest, shop.draft(), None))["conversation"]
    answer: Json = await orders.behind(shop.context, place)
    assert (answer["identified"], answer["orders"]) == (False, [])
    await tries(shop, guest, "A-1", MAIL)
    answer = await orders.behind(shop.context, place)
    assert (answer["identified"], [each["order_id"] for each in answer["orders"]]) == (True, ["A-1"])


async def test_erasure_takes_the_proofs_and_the_tries(shop: World) -> None:
    guest = await shop.visitor()
    await bindings.open_link(shop.context, guest, LINK)
    assert [await tries(shop, guest, f"F-{n}", f"{n}@mail.example") for n in range(5)] == ["not_found"] * 5
    await erasure.erase(shop.store, shop.shop, guest.id, shop.clock())
    assert await seen(shop, guest) == []
    assert await proactive.order_changed(shop.context, "demo", news("shipped", customer=None), order("shipped")) == "no_recipient"
    assert await tries(shop, guest, "A-1", MAIL) == "A-1"


async def test_an_order_shows_what_was_offered_about_it(shop: World) -> None:
    guest = await shop.visitor()
    await bindings.open_link(shop.context, guest, LINK)
    shop.shop.views[""] = [late()]
    await proactive.order_changed(shop.context, "demo", news("delayed", customer=None), late())
    (view,) = (await orders.listing(shop.context, guest))["orders"]
    made = [part["offer"] for fact in shop.ears.told if fact.message for part in fact.message.parts if part["type"] == "offer"]
    assert [(each["id"], each["state"], each["title"]) for each in view["offers"]] == [(each["id"], "open", "A voucher") for each in made]
