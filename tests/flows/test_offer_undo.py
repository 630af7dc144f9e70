"""Walk e: what is done may be taken back within its time; a shop that never answers; an order that moved on; every call is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chat_server.core.model import Visitor
from chat_server.core.offer import Choice, Kind, OfferTemplate, Terms
from chat_server.errors import ClientError, Code
from chat_server.flows import offer_calls, offers, proactive
from tests.flows.test_offers import states
from tests.flows.world import VOUCHER, World, inbox, late, news, order

UNDOABLE = replace(VOUCHER, terms=Terms(undo_minutes=30, patience_hours=8))
POINT = OfferTemplate(
    "voucher", Kind.PICKUP_POINT, 72, {"en": "A point"}, {}, {"en": "There"}, params={"note": "x"},
    terms=Terms(before="ready_for_pickup"), choices=(Choice("p-1", {"en": "North"}), Choice("p-2", {"en": "South", "pl": "Południe"})),
)  # fmt: skip
HOME = {"name": "Test", "street": "Long 1", "postcode": "00-001", "city": "Town"}


async def offered(world: World, template: OfferTemplate = UNDOABLE) -> tuple[Visitor, dict[str, Any]]:
    """A shopper whose parcel is late, with this offer."""
    world.use(inbox(offers={"voucher": template}))
    visitor = await world.visitor("c-1")
    world.shop.views["c-1"] = [late()]
    await proactive.order_changed(world.context, "demo", news("delayed"), late())
    message = world.ears.told[-1].message
    assert message is not None
    world.ears.told.clear()
    return visitor, message.parts[-1]["offer"]


async def done(world: World, template: OfferTemplate = UNDOABLE) -> tuple[Visitor, str]:
    visitor, offer = await offered(world, template)
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    assert states(world) == [("accepted", None), ("done", None)]
    return visitor, offer["id"]


async def row(world: World, offer_id: str) -> dict[str, Any]:
    found = await world.store.read(lambda tx: tx.offers.get(offer_id))
    assert found is not None
    return found


async def test_taken_back_in_time(world: World) -> None:
    visitor, offer = await done(world)
    assert world.ears.told[-1].data["undo_until"] == "2026-11-23T12:30:00.000Z"
    world.clock.forward(minutes=29)
    assert (await offers.undo(world.context, visitor, offer))["state"] == "undoing"
    assert (await offers.undo(world.context, visitor, offer))["state"] == "undoing"
    await world.work_off()
    assert states(world)[2:] == [("undoing", None), ("undone", None)]
    assert [(call["call"], call["id"]) for call in world.shop.calls] == [("accepted", offer), ("withdrawn", offer)]
    assert (await offers.undo(world.context, visitor, offer))["state"] == "undone"
    assert (await offers.accept(world.context, visitor, offer))["state"] == "undone"
    await world.work_off()
    assert len(world.shop.calls) == 2


async def test_not_after_its_time_and_not_what_has_none(world: World) -> None:
    visitor, offer = await done(world)
    world.clock.forward(minutes=30)
    with pytest.raises(ClientError) as late_:
        await offers.undo(world.context, visitor, offer)
    assert (late_.value.code, late_.value.extra) == (Code.CONFLICT, {"reason": "too_late"})
    assert (await row(world, offer))["state"] == "done"


async def test_an_offer_without_an_undo_window_stays(world: World) -> None:
    visitor, offer = await done(world, VOUCHER)
    assert world.ears.told[-1].data["undo_until"] is None
    with pytest.raises(ClientError):
        await offers.undo(world.context, visitor, offer)


async def test_nobody_else_takes_it_back(world: World) -> None:
    _, offer = await done(world)
    with pytest.raises(ClientError) as refused:
        await offers.undo(world.context, await world.visitor("c-2"), offer)
    assert refused.value.code is Code.NOT_FOUND


@pytest.mark.parametrize("answer", [("refused", "It was used", None), ("failed", "http_400", None)])
async def test_the_shop_may_say_no_to_it_once(world: World, answer: tuple[str, str | None, float | None]) -> None:
    visitor, offer = await done(world)
    world.shop.answers = [answer]
    await offers.undo(world.context, visitor, offer)
    await world.work_off()
    assert states(world)[2:] == [("undoing", None), ("done", answer[1])]
    assert (await row(world, offer))["undo_until"] is None
    with pytest.raises(ClientError):
        await offers.undo(world.context, visitor, offer)


async def test_the_shops_later_word_on_an_undo_names_its_own_id(world: World) -> None:
    visitor, offer = await done(world)
    world.shop.answers = [("pending", None, None)]
    await offers.undo(world.context, visitor, offer)
    await world.work_off()
    assert await offers.settled_by_shop(world.context, "demo", offer, "refused", None) == "unchanged", "that is about the acceptance"
    assert await offers.settled_by_shop(world.context, "demo", offer + offers.UNDO, "done", None) == "undone"
    assert states(world)[2:] == [("undoing", None), ("undone", None)]


async def test_a_shop_that_never_says_what_became_of_it(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    world.clock.forward(hours=7, minutes=59)
    await world.work_off()
    assert states(world)[-1] == ("pending", None)
    world.clock.forward(minutes=1)
    await world.work_off()
    assert states(world)[-1] == ("refused", "no_answer")
    assert await offers.settled_by_shop(world.context, "demo", offer["id"], "refused", "x") == "unchanged"
    assert await offers.settled_by_shop(world.context, "demo", offer["id"], "done", None) == "done", "the shop did it: that is the truth"


async def test_a_shop_that_never_says_what_became_of_an_undo(world: World) -> None:
    visitor, offer = await done(world)
    world.shop.answers = [("pending", None, None)]
    await offers.undo(world.context, visitor, offer)
    await world.work_off()
    world.clock.forward(hours=8)
    await world.work_off()
    assert states(world)[-1] == ("done", "no_answer")
    await offers.settled_by_shop(world.context, "demo", f"{offer}{offers.UNDO}", "done", None)
    assert states(world)[-1] == ("undone", None), "its late word is the truth"


async def test_every_call_is_kept(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("retry", "http_503", None)]
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    world.clock.forward(seconds=5)
    await world.work_off()
    calls = (await world.store.read(lambda tx: tx.offers.attempts([offer["id"]])))[offer["id"]]
    assert [(each["call"], each["status"], each["reason"]) for each in calls] == [
        ("accepted", "retry", "http_503"),
        ("accepted", "done", None),
    ]


async def test_an_order_that_moved_on_is_not_changed(world: World) -> None:
    visitor, offer = await offered(world, POINT)
    world.shop.views["c-1"] = [order("delivered")]
    assert (await offers.accept(world.context, visitor, offer["id"], {"point": "p-1"}))["state"] == "refused"
    assert states(world) == [("refused", "too_late")]
    await world.work_off()
    assert world.shop.calls == []


async def test_nor_when_it_moved_on_before_the_call(world: World) -> None:
    visitor, offer = await offered(world, POINT)
    await offers.accept(world.context, visitor, offer["id"], {"point": "p-1"})
    world.shop.views["c-1"] = [order("delivered")]
    await world.work_off()
    assert states(world) == [("accepted", None), ("refused", "too_late")]
    assert world.shop.calls == []


async def test_after_a_call_only_the_shop_knows(world: World) -> None:
    visitor, offer = await offered(world, POINT)
    world.shop.answers = [("retry", "timeout", None)]
    await offers.accept(world.context, visitor, offer["id"], {"point": "p-1"})
    await world.work_off()
    world.shop.views["c-1"] = [order("delivered")]
    world.clock.forward(seconds=5)
    await world.work_off()
    assert states(world) == [("accepted", None), ("done", None)]


async def test_what_was_chosen_goes_to_the_shop(world: World) -> None:
    visitor, offer = await offered(world, POINT)
    assert (offer["asks"], [each["id"] for each in offer["choices"]]) == ("point", ["p-1", "p-2"])
    for wrong in (None, {"point": "p-9"}, {"store": "p-1"}, {"address": HOME}):
        with pytest.raises(ClientError) as refused:
            await offers.accept(world.context, visitor, offer["id"], wrong)
        assert refused.value.code is Code.BAD_REQUEST
    assert states(world) == []
    await offers.accept(world.context, visitor, offer["id"], {"point": "p-2"})
    await world.work_off()
    assert world.ears.told[0].data["chosen"] == "South"
    assert [call["params"] for call in world.shop.calls] == [{"note": "x", "point": "p-2"}]


async def test_an_offer_of_an_older_version_is_still_good(world: World) -> None:
    visitor, offer = await offered(world)
    old = {
        **await row(world, offer["id"]),
        "id": "off_old",
        "kind": "gift",
        "terms": None,
        "choices": None,
        "template": None,
        "made_at": None,
    }
    await world.store.write(lambda tx: tx.offers.add(old))
    assert (await offers.accept(world.context, visitor, "off_old"))["state"] == "accepted"
    await world.work_off()
    assert states(world) == [("accepted", None), ("done", None)]
    assert [call["kind"] for call in world.shop.calls] == ["gift"]


async def test_a_status_that_is_no_answer_can_be_called_in_again(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("failed", "http_404", None)]
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    assert states(world)[-1] == ("refused", "http_404")
    (dead,) = await world.store.read(lambda tx: tx.offers.unanswered("demo", offer_calls.NO_WORD))
    assert dead["id"] == offer["id"]
    await offer_calls.again(world.context, "demo", offer["id"])
    await world.work_off()
    assert states(world)[-1] == ("done", None)


async def test_the_shops_own_no_is_not_called_in_again(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("refused", "Sold out", None)]
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    assert await world.store.read(lambda tx: tx.offers.unanswered("demo", offer_calls.NO_WORD)) == []
    with pytest.raises(ClientError):
        await offer_calls.again(world.context, "demo", offer["id"])


async def test_an_erased_shopper_leaves_no_address_behind(world: World) -> None:
    template = OfferTemplate("voucher", Kind.CHANGE_ADDRESS, 72, {"en": "Elsewhere"}, {}, {"en": "There"}, terms=Terms(undo_minutes=30))
    visitor, offer = await offered(world, template)
    world.shop.answers = [("done", "It goes to Long 1", None), ("pending", None, None)]
    await offers.accept(world.context, visitor, offer["id"], {"address": HOME})
    await world.work_off()
    await offers.undo(world.context, visitor, offer["id"])
    await world.work_off()
    conversation = world.ears.told[0].conversation_id
    found = await world.store.read(lambda tx: tx.erasure.person(visitor.id))
    assert found is not None
    await world.store.write(lambda tx: tx.erasure.erase(found.browsers, found.contact_id))
    kept = await row(world, offer["id"])
    assert (kept["state"], kept["reason"], kept["choice"], kept["chosen"], kept["params"]) == ("refused", "erased", None, None, {})
    assert "Long 1" not in str(await world.facts(conversation))
    assert await offers.settled_by_shop(world.context, "demo", offer["id"] + offers.UNDO, "done", None) == "unchanged"


async def test_called_in_again_after_no_answer(world: World) -> None:
    visitor, offer = await offered(world)
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, visitor, offer["id"])
    await world.work_off()
    world.clock.forward(hours=8)
    await world.work_off()
    (dead,) = await world.store.read(lambda tx: tx.offers.unanswered("demo", offer_calls.NO_WORD))
    assert dead["id"] == offer["id"]
    with pytest.raises(ClientError):
        await offer_calls.again(world.context, "other", offer["id"])
    await offer_calls.again(world.context, "demo", offer["id"])
    await world.work_off()
    assert states(world)[-2:] == [("accepted", None), ("done", None)]
    assert [call["again"] for call in world.shop.calls] == [False, True]
    with pytest.raises(ClientError) as refused:
        await offer_calls.again(world.context, "demo", offer["id"])
    assert refused.value.code is Code.CONFLICT
