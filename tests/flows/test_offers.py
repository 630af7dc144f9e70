"""Walk e: one click is one call to the shop, whatever is clicked twice, retried or told late."""

import asyncio
from datetime import timedelta

import pytest

from chat_server.core.model import Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows import offer_calls, offers, proactive
from tests.flows.world import World, late, news


async def offered(world: World) -> tuple[Visitor, str]:
    """A shopper with an open offer."""
    visitor = await world.visitor("c-1")
    await proactive.order_changed(world.context, "demo", news("delayed"), late())
    message = world.ears.told[-1].message
    assert message is not None
    world.ears.told.clear()
    world.ears.passing.clear()
    return visitor, str(message.parts[-1]["offer"]["id"])


def states(world: World) -> list[tuple[str, str | None]]:
    return [(fact.data["state"], fact.data["reason"]) for fact in world.ears.told if fact.kind == "offer_settled"]


async def test_accepted_delivered_done(world: World) -> None:
    visitor, offer = await offered(world)
    answer = await offers.accept(world.context, visitor, offer)
    assert answer["state"] == "accepted"
    await world.work_off()
    assert states(world) == [("accepted", None), ("done", None)]
    (call,) = world.shop.calls
    assert (call["id"], call["kind"], call["order_number"], call["params"]) == (offer, "voucher", "A-1", {"code": "SORRY"})
    assert call["contact"] == {"customer_id": "c-1", "name": None}
    assert len(world.ears.panels()) == 2


async def test_double_clicks_are_one_call(world: World) -> None:
    visitor, offer = await offered(world)
    answers = await asyncio.gather(*(offers.accept(world.context, visitor, offer) for _ in range(8)))
    assert {answer["state"] for answer in answers} == {"accepted"}
    await world.work_off()
    assert (await offers.accept(world.context, visitor, offer))["state"] == "done"
    await world.work_off()
    assert len(world.shop.calls) == 1
    assert states(world) == [("accepted", None), ("done", None)]


async def test_a_refusal_comes_with_its_reason(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("refused", "already shipped", None)]
    await offers.accept(world.context, visitor, offer)
    await world.work_off()
    assert states(world)[-1] == ("refused", "already shipped")


async def test_pending_until_the_shops_own_event(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, visitor, offer)
    await world.work_off()
    for _ in range(2):
        await offers.settled_by_shop(world.context, "demo", offer, "done", None)
    await offers.settled_by_shop(world.context, "demo", offer, "refused", "late contradiction")
    assert states(world) == [("accepted", None), ("pending", None), ("done", None)]


async def test_the_shop_settles_only_its_own_and_only_what_was_accepted(world: World) -> None:
    visitor, offer = await offered(world)
    assert await offers.settled_by_shop(world.context, "demo", offer, "done", None) == "not_accepted"
    await offers.accept(world.context, visitor, offer)
    assert await offers.settled_by_shop(world.context, "other", offer, "done", None) == "not_accepted"
    assert await offers.settled_by_shop(world.context, "demo", "off_none", "done", None) == "not_accepted"
    assert states(world) == [("accepted", None)]


async def test_an_unreachable_shop_is_called_again_and_in_the_end_it_is_refused(world: World) -> None:
    visitor, offer = await offered(world)
    tries = len(offer_calls.SCHEDULE) + 1
    world.shop.answers = [("retry", None, None)] * tries
    await offers.accept(world.context, visitor, offer)
    await world.work_off()
    assert len(world.shop.calls) == 1
    world.clock.forward(seconds=4)
    await world.work_off()
    assert len(world.shop.calls) == 1, "not before its time"
    for wait in offer_calls.SCHEDULE:
        world.clock.forward(seconds=wait)
        await world.work_off()
    assert len(world.shop.calls) == tries
    assert states(world) == [("accepted", None), ("refused", "shop_unreachable")]


async def test_the_shop_may_ask_for_a_longer_pause(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("retry", None, 60.0)]
    await offers.accept(world.context, visitor, offer)
    await world.work_off()
    world.clock.forward(seconds=59)
    await world.work_off()
    assert len(world.shop.calls) == 1
    world.clock.forward(seconds=2)
    await world.work_off()
    assert states(world)[-1] == ("done", None)


async def test_expires_by_itself_or_at_the_late_click(world: World) -> None:
    visitor, offer = await offered(world)
    world.clock.forward(hours=72)
    assert (await offers.accept(world.context, visitor, offer))["state"] == "expired"
    await world.work_off()
    assert states(world) == [("expired", None)]
    assert world.shop.calls == []


async def test_what_nobody_took_is_closed(world: World) -> None:
    _, offer = await offered(world)
    world.clock.now += timedelta(hours=72, seconds=1)
    await world.work_off()
    row = await world.store.read(lambda tx: tx.offers.get(offer))
    assert row is not None
    assert row["state"] == "expired"
    assert states(world) == [("expired", None)]


async def test_an_accepted_one_does_not_expire(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, visitor, offer)
    world.clock.now += timedelta(hours=80)
    await world.work_off()
    assert states(world) == [("accepted", None), ("pending", None)]


async def test_somebody_elses_offer_does_not_exist(world: World) -> None:
    _, offer = await offered(world)
    other = await world.visitor("c-2")
    for stranger, wanted in ((other, offer), (other, "off_none")):
        with pytest.raises(ClientError) as refused:
            await offers.accept(world.context, stranger, wanted)
        assert refused.value.code is Code.NOT_FOUND
    assert world.ears.told == []


async def test_an_accepted_offer_does_not_expire(world: World) -> None:
    visitor, offer = await offered(world)
    await offers.accept(world.context, visitor, offer)
    world.clock.forward(hours=80)
    await world.work_off()
    assert states(world) == [("accepted", None), ("done", None)]
