"""Walk e on the real server: an accepted offer is one signed call to the shop, whatever is clicked twice, lost or retried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from tests.walks.database import rows
from tests.walks.receiver import Receiver
from tests.walks.shop import Order
from tests.walks.shopper import Shopper
from tests.walks.stage import Stage
from tests.walks.wire import CommandFailed, Json, eventually


@pytest.fixture
async def receiver(speaking: Stage) -> AsyncIterator[Receiver]:
    made = Receiver(speaking.server)
    await made.start()
    yield made
    await made.stop()


async def offered(stage: Stage) -> tuple[Shopper, Order, Json]:
    """A shopper whose parcel is late, with the offer in the chat."""
    customer = stage.customer()
    shopper, order = await stage.shopper(customer=customer), Order(customer).late()
    await stage.shop.tell(order)
    await shopper.wire.until(lambda: shopper.thread.messages(), "the message about the delay")
    parts = shopper.thread.messages()[0]["parts"]
    assert [part["type"] for part in parts] == ["text", "order_card", "offer"]
    return shopper, order, parts[2]["offer"]


async def states(shopper: Shopper, last: str) -> list[str]:
    await shopper.wire.until(lambda: last in [fact["state"] for fact in shopper.thread.of("offer_settled")], f"offer {last}", timeout=15)
    return [fact["state"] for fact in shopper.thread.of("offer_settled")]


async def test_one_click_is_one_signed_call(speaking: Stage, receiver: Receiver) -> None:
    agent = await speaking.agent()
    shopper, order, offer = await offered(speaking)
    assert {name: offer[name] for name in ("kind", "title", "text", "accept_label", "worth", "currency")} == {
        "kind": "voucher", "title": "10 zł off", "text": "For the wait.", "accept_label": "Take it", "worth": 1000, "currency": "PLN",
    }  # fmt: skip
    assert datetime.fromisoformat(offer["expires_at"]).tzinfo is not None
    conversation = shopper.thread.conversation
    ack = await shopper.wire.call("accept_offer", offer_id=offer["id"])
    assert (ack["conversation"], ack["state"], ack["seq"]) == (conversation, "accepted", 2)
    assert await states(shopper, "done") == ["accepted", "done"]
    (call,) = receiver.calls
    assert call == {
        "id": offer["id"], "key": offer["id"], "type": "offer.accepted", "timestamp": call["timestamp"],
        "data": {
            "offer_id": offer["id"], "kind": "voucher", "conversation": conversation,
            "contact": {"customer_id": order.customer, "name": "Demo customer"},
            "order_id": order.id, "order_number": order.number, "params": {"worth": 1000},
        },
    }  # fmt: skip
    assert receiver.refused == []
    settled = shopper.thread.of("offer_settled")[1]
    assert (settled["offer_id"], settled["message_id"], settled["reason"]) == (offer["id"], shopper.thread.messages()[0]["id"], None)
    assert conversation is not None
    panel = await agent.panel(conversation)
    assert [{name: each[name] for name in ("id", "kind", "title", "state", "reason")} for each in panel["offers"]] == [
        {"id": offer["id"], "kind": "voucher", "title": "10 zł off", "state": "done", "reason": None}
    ]
    assert agent.wire.passing("panel_changed")[-1] == {"conversation": conversation}


async def test_clicks_from_two_tabs_and_again_are_one_call(speaking: Stage, receiver: Receiver) -> None:
    shopper, _, offer = await offered(speaking)
    second = await speaking.tab(shopper)
    clicks = [tab.wire.call("accept_offer", offer_id=offer["id"]) for tab in (shopper, second, shopper, second, shopper)]
    answers = await asyncio.gather(*clicks)
    assert {answer["state"] for answer in answers} <= {"accepted", "done"}
    assert await states(second, "done") == ["accepted", "done"]
    after = await shopper.wire.call("accept_offer", offer_id=offer["id"])
    assert (after["state"], after["seq"]) == ("done", second.thread.last)
    assert [call["id"] for call in receiver.calls] == [offer["id"]]
    assert shopper.thread.facts == second.thread.facts


async def test_a_refusal_is_told_with_its_reason(speaking: Stage, receiver: Receiver) -> None:
    agent = await speaking.agent()
    receiver.answers = [(200, {"status": "refused", "reason": "The code has run out"})]
    shopper, _, offer = await offered(speaking)
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    assert await states(shopper, "refused") == ["accepted", "refused"]
    assert shopper.thread.of("offer_settled")[1]["reason"] == "The code has run out"
    assert shopper.thread.conversation is not None
    (shown,) = (await agent.panel(shopper.thread.conversation))["offers"]
    assert (shown["state"], shown["reason"]) == ("refused", "The code has run out")
    assert (await shopper.wire.call("accept_offer", offer_id=offer["id"]))["state"] == "refused"
    assert len(receiver.calls) == 1


@pytest.mark.parametrize(("status", "reason"), [("done", None), ("refused", "Not after all")])
async def test_later_means_the_shop_tells_by_an_event(speaking: Stage, receiver: Receiver, status: str, reason: str | None) -> None:
    receiver.answers = [(202, {"status": "pending"})]
    shopper, _, offer = await offered(speaking)
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    assert await states(shopper, "pending") == ["accepted", "pending"]
    assert (await shopper.wire.call("accept_offer", offer_id=offer["id"]))["state"] == "pending"
    body = speaking.shop.event({"offer_id": offer["id"], "status": status, **({"reason": reason} if reason else {})}, kind="offer.settled")
    assert await speaking.shop.send(body, "settle_" + offer["id"]) == {"ok": True, "outcome": "accepted"}
    assert await states(shopper, status) == ["accepted", "pending", status]
    assert shopper.thread.of("offer_settled")[2]["reason"] == reason
    assert await speaking.shop.send(body, "settle_" + offer["id"]) == {"ok": True, "outcome": "duplicate"}
    other = speaking.shop.event({"offer_id": offer["id"], "status": "refused" if status == "done" else "done"}, kind="offer.settled")
    await speaking.shop.send(other)
    assert (await shopper.wire.call("accept_offer", offer_id=offer["id"]))["state"] == status, "a final state stays"
    assert len(receiver.calls) == 1


async def test_a_failing_shop_is_asked_again_with_the_same_key(speaking: Stage, receiver: Receiver) -> None:
    receiver.answers = [(500, {})]
    shopper, _, offer = await offered(speaking)
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    assert await states(shopper, "done") == ["accepted", "done"]
    assert [(call["id"], call["key"]) for call in receiver.calls] == [(offer["id"], offer["id"])] * 2
    assert receiver.effects == {offer["id"]}


async def test_a_shop_that_is_away_gets_the_call_when_it_is_back(speaking: Stage) -> None:
    shopper, _, offer = await offered(speaking)
    await shopper.wire.call("accept_offer", offer_id=offer["id"])

    async def tried() -> bool:
        found = rows(speaking.server, "SELECT attempts FROM jobs WHERE key = ?", f"deliver_offer:{offer['id']}")
        return bool(found and found[0][0] >= 1)

    await eventually(tried, "a first try")
    receiver = Receiver(speaking.server)
    await receiver.start()
    assert await states(shopper, "done") == ["accepted", "done"]
    assert len(receiver.calls) == 1
    await receiver.stop()


async def test_only_the_shopper_whose_offer_it_is_may_take_it(speaking: Stage, receiver: Receiver) -> None:
    shopper, _, offer = await offered(speaking)
    other = await speaking.shopper(customer=speaking.customer())
    for offer_id in (offer["id"], "off_" + "0" * 32):
        with pytest.raises(CommandFailed) as refused:
            await other.wire.call("accept_offer", offer_id=offer_id)
        assert refused.value.code == "not_found"
    assert receiver.calls == []
    assert shopper.thread.of("offer_settled") == []


async def test_an_offer_whose_time_is_over_is_not_delivered(speaking: Stage, receiver: Receiver) -> None:
    shopper, _, offer = await offered(speaking)
    rows(speaking.server, "UPDATE offers SET expires_at = expires_at - 80 * 3600000 WHERE id = ?", offer["id"])
    assert (await shopper.wire.call("accept_offer", offer_id=offer["id"]))["state"] == "expired"
    assert await states(shopper, "expired") == ["expired"]
    assert receiver.calls == []


async def test_the_shop_cannot_settle_what_nobody_accepted(speaking: Stage, receiver: Receiver) -> None:
    shopper, _, offer = await offered(speaking)
    body = speaking.shop.event({"offer_id": offer["id"], "status": "done"}, kind="offer.settled")
    await speaking.shop.send(body)

    async def taken() -> bool:
        sql = "SELECT count(*) FROM order_settlements WHERE offer_id = ? AND taken_at IS NOT NULL"
        return rows(speaking.server, sql, offer["id"]) == [(1,)]

    await eventually(taken, "the shop's word is looked at")
    assert shopper.thread.of("offer_settled") == []
    assert receiver.calls == []


async def test_done_and_taken_back(speaking: Stage, receiver: Receiver) -> None:
    shopper, order, offer = await offered(speaking)
    assert offer["undo_minutes"] == 30
    with pytest.raises(CommandFailed) as early:
        await shopper.wire.call("undo_offer", offer_id=offer["id"])
    assert early.value.code == "conflict"
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    await states(shopper, "done")
    assert shopper.thread.of("offer_settled")[1]["undo_until"] is not None
    second = await speaking.tab(shopper)
    answers = await asyncio.gather(*(tab.wire.call("undo_offer", offer_id=offer["id"]) for tab in (shopper, second)))
    assert {answer["state"] for answer in answers} <= {"undoing", "undone"}
    assert await states(shopper, "undone") == ["accepted", "done", "undoing", "undone"]
    first, back = receiver.calls
    assert (back["id"], back["key"], back["type"]) == (offer["id"] + "_undo", offer["id"] + "_undo", "offer.withdrawn")
    assert back["data"] == first["data"]
    assert back["data"]["order_id"] == order.id


async def test_an_agent_offers_a_choice_and_the_shop_hears_what_was_chosen(speaking: Stage, receiver: Receiver) -> None:
    shopper, order, _ = await offered(speaking)
    agent = await speaking.agent()
    conversation = shopper.thread.conversation
    assert conversation is not None
    panel = await agent.panel(conversation)
    assert ("point", order.id) in [(each["offer"], each["order_id"]) for each in panel["may_offer"]]
    assert "cancel" not in [each["offer"] for each in panel["may_offer"]], "its parcel has left"
    made = {"conversation": conversation, "client_id": "client-of-the-agent", "offer": "point", "order_id": order.id}
    ack = await agent.wire.call("make_offer", **made)
    assert await agent.wire.call("make_offer", **made) == ack
    with pytest.raises(CommandFailed) as late:
        await agent.wire.call("make_offer", **{**made, "client_id": "client-of-another", "offer": "cancel"})
    assert late.value.code == "conflict"
    await shopper.has(ack["seq"])
    message = shopper.thread.messages()[-1]
    (part,) = message["parts"]
    assert (message["sender"]["kind"], part["offer"]["asks"], part["offer"]["order_number"]) == ("agent", "point", order.number)
    offer_id = part["offer"]["id"]
    for params in (None, {"point": "w"}, {"store": "n"}, {"point": "n", "more": 1}):
        with pytest.raises(CommandFailed) as refused:
            await shopper.wire.call("accept_offer", offer_id=offer_id, **({"params": params} if params else {}))
        assert refused.value.code == "bad_request"
    await shopper.wire.call("accept_offer", offer_id=offer_id, params={"point": "s"})
    await states(shopper, "done")
    assert [call["data"]["params"] for call in receiver.calls] == [{"point": "s"}]
    settled = [fact for fact in shopper.thread.of("offer_settled") if fact["offer_id"] == offer_id]
    assert {fact["chosen"] for fact in settled} == {"South"}
    shown = next(each for each in (await agent.panel(conversation))["offers"] if each["id"] == offer_id)
    assert [(each["call"], each["status"]) for each in shown["attempts"]] == [("accepted", "done")]


async def test_over_http_it_is_taken_back_once(speaking: Stage, receiver: Receiver) -> None:
    shopper, _, offer = await offered(speaking)
    await shopper.wire.call("accept_offer", offer_id=offer["id"])
    await states(shopper, "done")
    answers = []
    for _ in range(2):
        headers = {**shopper.bearer(), "Idempotency-Key": "undo-" + offer["id"]}
        url = f"{shopper.server.url}/v1/shopper/undo_offer"
        async with shopper.http.post(url, json={"offer_id": offer["id"]}, headers=headers) as response:
            answers.append((response.status, await response.json()))
    assert answers[0] == answers[1]
    assert (answers[0][0], answers[0][1]["state"]) == (200, "undoing")
    await states(shopper, "undone")
    assert len(receiver.calls) == 2


async def test_an_order_that_moved_on_is_told_and_not_called_in(speaking: Stage, receiver: Receiver) -> None:
    shopper, order, _ = await offered(speaking)
    agent = await speaking.agent()
    ack = await agent.wire.call(
        "make_offer", conversation=shopper.thread.conversation, client_id="client-too-late", offer="point", order_id=order.id
    )
    await shopper.has(ack["seq"])
    await speaking.shop.tell(order.moved("delivered"))
    offer_id = shopper.thread.messages()[-1]["parts"][0]["offer"]["id"]
    answer = await shopper.wire.call("accept_offer", offer_id=offer_id, params={"point": "n"})
    assert answer["state"] == "refused"
    assert await states(shopper, "refused") == ["refused"]
    assert shopper.thread.of("offer_settled")[-1]["reason"] == "too_late"
    assert receiver.calls == []
