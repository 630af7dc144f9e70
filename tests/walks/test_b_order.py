"""Walk b on the real server: the shop's signed events reach the right shopper, once, wherever they are, and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from order_status.shops.standard_webhooks import sign
from tests.walks.database import rows
from tests.walks.shop import Order, now
from tests.walks.shopper import Shopper
from tests.walks.stage import Stage
from tests.walks.wire import Json, eventually

STAGES: dict[str, tuple[str, Callable[[Order], Order]]] = {
    "placed": ("placed", lambda order: order),
    "shipped": ("shipped", lambda order: order.moved("shipped")),
    "delayed": ("shipped", lambda order: order.late()),
    "out_for_delivery": ("out_for_delivery", lambda order: order.moved("out_for_delivery")),
    "delivered": ("delivered", lambda order: order.moved("delivered")),
    "delivery_failed": ("delivery_failed", lambda order: order.moved("delivery_failed")),
    "cancelled": ("cancelled", lambda order: replace(order, status="cancelled")),
}
"""What the shop reports, the headline of the card, and how the order gets there."""
WORDS = {
    "placed": "Thank you! Order {} is in.", "shipped": "Your parcel from order {} is on its way", "delayed": "order {} is running late",
    "out_for_delivery": "order {} is out for delivery", "delivered": "order {} has arrived", "cancelled": "Order {} has been cancelled",
    "delivery_failed": "could not hand over your parcel from order {}",
}  # fmt: skip
PROBLEMS = {"delayed", "delivery_failed", "cancelled"}


def check_message(message: Json, order: Order, stage: str) -> None:
    text, card = message["parts"]
    assert WORDS[stage].format(order.number) in text["text"]
    assert (card["type"], card["order"]["number"], card["order"]["headline"]) == ("order_card", order.number, STAGES[stage][0])
    assert message["sender"] == {"kind": "integration", "id": f"order:{stage}", "name": "Test shop"}
    assert (message["type"], "meta" in message) == ("outgoing", False)


async def told(shopper: Shopper, count: int = 1) -> Json:
    await shopper.wire.until(lambda: len(shopper.thread.messages()) >= count, f"{count} messages, have {shopper.thread.texts()}")
    return shopper.thread.messages()[count - 1]


async def settled(stage: Stage, order: Order, outbox: int) -> None:
    """Wait until the server has acted upon everything that it was told of this order."""

    async def done() -> bool:
        found = rows(stage.server, "SELECT count(*), count(taken_at) FROM order_changes WHERE order_id = ?", order.id)
        return found == [(outbox, outbox)]

    await eventually(done, f"{outbox} changes taken, have {rows(stage.server, 'SELECT * FROM order_changes WHERE order_id = ?', order.id)}")


@pytest.mark.parametrize("word", STAGES)
async def test_a_stage_reaches_the_shopper_who_has_the_widget_open(stage: Stage, word: str) -> None:
    customer = stage.customer()
    shopper, other = await stage.shopper(customer=customer), await stage.shopper(customer=stage.customer())
    assert shopper.hello["visitor"]["identified"] is True
    order = STAGES[word][1](Order(customer))
    await stage.shop.tell(order)
    check_message(await told(shopper), order, word)
    answer = await other.beacon()
    assert (answer["nudge"], answer["unread"]) == (None, 0)
    assert order.number not in str(other.wire.events)
    assert other.thread.messages() == []


@pytest.mark.parametrize("word", STAGES)
async def test_a_stage_is_a_nudge_at_the_next_beacon(stage: Stage, word: str) -> None:
    customer = stage.customer()
    shopper = await stage.shopper(customer=customer, open=False)
    assert (await shopper.beacon())["nudge"] is None
    order = STAGES[word][1](Order(customer))
    await stage.shop.tell(order)

    async def nudged() -> Json:
        return await shopper.beacon()

    answer = await eventually(lambda: _with_nudge(nudged), "a nudge")
    nudge = answer["nudge"]
    assert WORDS[word].format(order.number) in nudge["text"]
    assert nudge["class"] == ("order_problem" if word in PROBLEMS else "order_progress")
    assert nudge["card"] == {"kind": "order", "title": order.number}
    assert (answer["unread"], answer["connect"]) == (1, True)
    assert (answer["again"] or 0) <= 20
    assert (await shopper.beacon())["nudge"] == nudge, "it is repeated until it is reported"
    assert (await shopper.beacon(seen=[nudge["message_id"]]))["nudge"] is None
    await shopper.open()
    check_message(await told(shopper), order, word)
    assert [fact["state"] for fact in shopper.thread.of("proactive_shown")] == ["seen"]


async def _with_nudge(ask: Callable[[], object]) -> Json | None:
    answer: Json = await ask()  # type: ignore[misc]  # an awaitable of a beacon's answer
    return answer if answer["nudge"] else None


async def test_who_was_never_here_is_told_at_the_first_visit(stage: Stage) -> None:
    customer = stage.customer()
    order = Order(customer).moved("shipped")
    await stage.shop.tell(order)
    await settled(stage, order, 2)
    shopper = await stage.shopper(customer=customer, open=False)
    answer = await shopper.beacon()
    assert WORDS["shipped"].format(order.number) in answer["nudge"]["text"]


async def test_who_left_is_told_at_the_next_visit(stage: Stage) -> None:
    customer = stage.customer()
    shopper = await stage.shopper(customer=customer, open=False)
    await shopper.beacon()
    rows(stage.server, "UPDATE visitors SET last_seen_at = last_seen_at - 600000 WHERE contact_id IS NOT NULL")
    order = Order(customer).moved("out_for_delivery")
    await stage.shop.tell(order)
    await settled(stage, order, 2)
    assert rows(stage.server, "SELECT state, reason FROM candidates WHERE subject = ?", f"order:{order.id}") == [("held", "absent")]
    assert WORDS["out_for_delivery"].format(order.number) in (await shopper.beacon())["nudge"]["text"]


async def test_news_of_two_browsers_reach_both(stage: Stage) -> None:
    customer = stage.customer()
    laptop, phone = await stage.shopper(customer=customer), await stage.shopper(customer=customer)
    assert laptop.visitor != phone.visitor
    order = Order(customer).moved("delivered")
    await stage.shop.tell(order)
    for browser in (laptop, phone):
        check_message(await told(browser), order, "delivered")
    assert laptop.thread.facts == phone.thread.facts


async def test_a_problem_goes_into_the_talk_with_a_person_and_good_news_wait(speaking: Stage) -> None:
    customer = speaking.customer()
    agent, shopper = await speaking.agent(), await speaking.shopper(customer=customer)
    conversation = (await shopper.say("Hello"))["conversation"]
    await shopper.saw("conversation_assigned")
    shipped = Order(customer).moved("shipped")
    await speaking.shop.tell(shipped)
    await settled(speaking, shipped, 2)
    late = Order(customer).late()
    await speaking.shop.tell(late)
    check_message({**await told(shopper, 2), "parts": shopper.thread.messages()[1]["parts"][:2]}, late, "delayed")
    panel = await agent.panel(conversation)
    verdicts = {(each["source"], each["decision"], each["reason"]) for each in panel["verdicts"]}
    assert verdicts == {
        ("order:delayed", "send", "live_conversation_order"), ("order:shipped", "hold", "live_conversation"),
    }  # fmt: skip
    assert {each["number"] for each in panel["orders"]} == {shipped.number, late.number}
    assert len(shopper.thread.messages()) == 2
    await shopper.wire.call("mark_read", conversation=conversation, through=shopper.thread.last)
    await agent.wire.call("resolve", conversation=conversation)
    await shopper.wire.until(lambda: "on its way" in str(shopper.other), "the held news, in a conversation of its own")
    assert [fact["fact"] for fact in shopper.other] == ["message_created"]


async def test_the_same_delivery_twice_is_a_duplicate(stage: Stage) -> None:
    customer = stage.customer()
    shopper, order = await stage.shopper(customer=customer), Order(customer).moved("shipped")
    body = stage.shop.event(order.body())
    assert await stage.shop.send(body, "msg_same_" + order.id) == {"ok": True, "outcome": "accepted"}
    await told(shopper)
    assert await stage.shop.send(body, "msg_same_" + order.id) == {"ok": True, "outcome": "duplicate"}
    assert await stage.shop.send(body) == {"ok": True, "outcome": "accepted"}, "another delivery of the same order says nothing new"
    await settled(stage, order, 2)
    assert rows(stage.server, "SELECT count(*) FROM candidates WHERE subject = ?", f"order:{order.id}") == [(1,)]
    assert len(shopper.thread.messages()) == 1


async def test_twenty_at_once_are_told_once(stage: Stage) -> None:
    customer = stage.customer()
    shopper, order = await stage.shopper(customer=customer), Order(customer).moved("shipped")
    body = stage.shop.event(order.body())
    answers = await asyncio.gather(*(stage.shop.send(body, "msg_many_" + order.id) for _ in range(20)))
    assert sorted(each["outcome"] for each in answers) == ["accepted"] + ["duplicate"] * 19
    await told(shopper)
    await settled(stage, order, 2)
    assert len(shopper.thread.messages()) == 1


async def test_shuffled_events_say_nothing_late(stage: Stage) -> None:
    customer = stage.customer()
    shopper, order = await stage.shopper(customer=customer), Order(customer)
    journey = [stage.shop.event(order.body(), at=now() - timedelta(seconds=60))]
    for seconds, step in ((50, "packed"), (40, "shipped"), (30, "out_for_delivery"), (20, "delivered")):
        at = now() - timedelta(seconds=seconds)
        journey.append(stage.shop.event(order.moved(step).body(), at=at))
    await stage.shop.send(journey[4])
    check_message(await told(shopper), order, "delivered")
    for place in (1, 3, 0, 2, 3, 1):
        await stage.shop.send(journey[place])

    async def all_taken() -> bool:
        found = rows(stage.server, "SELECT count(*) FROM order_changes WHERE order_id = ? AND taken_at IS NULL", order.id)
        return found == [(0,)]

    await eventually(all_taken, "everything is taken")
    said = rows(stage.server, "SELECT source, state FROM candidates WHERE subject = ?", f"order:{order.id}")
    assert said == [("order:delivered", "sent")]
    assert len(shopper.thread.messages()) == 1
    assert (await shopper.beacon())["nudge"]["card"]["title"] == order.number


async def test_a_test_order_and_a_quiet_one_say_nothing(stage: Stage) -> None:
    customer = stage.customer()
    shopper = await stage.shopper(customer=customer)
    for more in ({"test": True}, {"notify": False}):
        order = Order(customer, more=more).moved("shipped")
        await stage.shop.tell(order)
        await settled(stage, order, 2)
    sql = "SELECT count(*) FROM candidates JOIN contacts ON contacts.id = recipient WHERE customer_id = ?"
    assert rows(stage.server, sql, customer) == [(0,)]
    assert shopper.thread.messages() == []


async def test_an_order_of_nobody_reaches_nobody(stage: Stage) -> None:
    shopper = await stage.shopper(customer=stage.customer())
    order = Order(None).moved("shipped")
    await stage.shop.tell(order)
    await settled(stage, order, 2)
    assert rows(stage.server, "SELECT count(*) FROM candidates WHERE subject = ?", f"order:{order.id}") == [(0,)]
    assert shopper.thread.messages() == []


async def test_a_bad_signature_leaves_a_count_and_nothing_else(stage: Stage) -> None:
    shop, order = stage.shop, Order(stage.customer())
    body = shop.event(order.body())
    good = sign(shop.secret, "msg_forged", now(), body)
    other = "whsec_" + "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC0wMDAx"
    old = sign(shop.secret, "msg_forged", now() - timedelta(minutes=6), body)
    forged = {
        "another secret": sign(other, "msg_forged", now(), body), "another body": sign(shop.secret, "msg_forged", now(), body + b" "),
        "too old": old, "no headers": {}, "another id": {**good, "webhook-id": "msg_else"},
        "not base64": {**good, "webhook-signature": "v1,%%%"}, "not a number": {**good, "webhook-timestamp": "soon"},
    }  # fmt: skip
    for name, headers in forged.items():
        status, answer = await shop.post(body, headers)
        assert (status, answer["error"]["code"]) == (401, "unauthenticated"), name
        assert shop.secret not in str(answer)
    counted = "SELECT coalesce(sum(n), 0) FROM order_counts WHERE outcome = 'refused'"

    async def flushed() -> bool:
        await shop.post(body, {})
        found: int = rows(stage.server, counted)[0][0]
        return found >= len(forged)

    await eventually(flushed, "the refusals are counted")
    for table in ("order_orders", "order_changes", "order_deliveries"):
        assert rows(stage.server, f"SELECT count(*) FROM {table} WHERE order_id = ?", order.id) == [(0,)], table
    status, answer = await shop.post(body, good)
    assert (status, answer) == (200, {"ok": True, "outcome": "accepted"}), "and the good one is still taken"


async def test_the_doors_of_the_webhook(stage: Stage) -> None:
    shop = stage.shop
    body = shop.event(Order(stage.customer()).body())
    assert (await shop.post(body, sign(shop.secret, "msg_1", now(), body), source="src_nobody"))[0] == 404
    broken = body[:-2]
    assert (await shop.post(broken, sign(shop.secret, "msg_2", now(), broken)))[0] == 400
    large = b"x" * (256 * 1024 + 1)
    assert (await shop.post(large, sign(shop.secret, "msg_3", now(), large)))[0] == 413
    unknown = shop.event({"id": 1}, kind="contact.updated")
    assert await shop.post(unknown, sign(shop.secret, "msg_4", now(), unknown)) == (200, {"ok": True, "outcome": "ignored"})
    async with shop.http.get(f"{stage.server.url}/webhooks/{shop.source}") as response:
        assert response.status == 405
