"""Why this stage: the webhooks behind an order, which word holds, and why the others do not."""

from functools import partial
from typing import Any

from sqlalchemy import Connection, update

from order_status.tables import deliveries
from tests.order_status.world import NOW, PAID, World, order, parcel

Json = dict[str, Any]


async def explain(world: World) -> Json:
    found = await world.status.explain("demo", "A-1001")
    assert found is not None
    return found


def verdicts(event: Json) -> dict[str, tuple[str, str]]:
    return {each["entity"]: (each["stage"], each["verdict"]) for each in event["said"]}


async def test_the_first_word_of_a_stage_holds_and_a_later_one_agrees(world: World) -> None:
    await world.accept(order(1, parcel("shipped", at="2026-11-20T09:30:00Z"), payment=PAID))
    world.clock.pass_(minutes=5)
    await world.accept(order(2, parcel("shipped", at="2026-11-20T09:30:00Z"), payment=PAID))
    found = await explain(world)
    assert (found["headline"], found["decided_by"], found["complete"], found["overdue"]) == ("shipped", "shipment", True, [])
    later, first = found["events"]
    assert (first["newest"], later["newest"]) == (False, True)
    assert verdicts(first)["shipment:s-1"] == ("shipped", "holds")
    assert verdicts(later)["shipment:s-1"] == ("shipped", "agrees")
    assert (first["source"], first["type"], first["delivery_id"]) == ("native", "order.updated", "msg_1")
    assert first["received_at"] == "2026-11-20T10:00:00.000Z"


async def test_a_late_lower_stage_is_outranked_and_an_earlier_one_has_passed(world: World) -> None:
    await world.accept(order(1, parcel("packed", at="2026-11-20T08:00:00Z")))
    world.clock.pass_(minutes=1)
    await world.accept(order(2, parcel("out_for_delivery", at="2026-11-20T09:00:00Z")))
    world.clock.pass_(minutes=1)
    await world.accept(order(3, parcel("shipped", at="2026-11-20T09:40:00Z")))
    lower, stands, earlier = (await explain(world))["events"]
    assert verdicts(lower)["shipment:s-1"] == ("shipped", "outranked")
    assert verdicts(stands)["shipment:s-1"] == ("out_for_delivery", "holds")
    assert verdicts(earlier)["shipment:s-1"] == ("packed", "passed")


async def test_an_ended_journey_that_would_go_on_is_contradicted(world: World) -> None:
    await world.accept(order(1, parcel("delivered", at="2026-11-20T09:00:00Z")))
    world.clock.pass_(minutes=1)
    await world.accept(order(2, parcel("in_transit", at="2026-11-20T09:50:00Z")))
    events = (await explain(world))["events"]
    assert verdicts(events[0])["shipment:s-1"] == ("in_transit", "contradicted")
    assert verdicts(events[1])["shipment:s-1"] == ("delivered", "holds")


async def test_unknown_values_and_quiet_events_are_said_to_be_so(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    world.clock.pass_(minutes=1)
    await world.accept(order(2, parcel("teleported"), notify=False))
    odd, _ = (await explain(world))["events"]
    assert odd["quiet"] is True
    assert verdicts(odd)["shipment:s-1"] == ("teleported", "unknown")


async def test_payments_and_refunds_have_their_words_too(world: World) -> None:
    refund = {"id": "r-1", "kind": "refund", "status": "requested", "amount": 100, "at": "2026-11-20T09:00:00Z"}
    await world.accept(order(1, payment={"status": "failed"}, adjustments=[refund]))
    world.clock.pass_(minutes=1)
    done = {**refund, "status": "completed", "at": "2026-11-20T09:30:00Z"}
    await world.accept(order(2, payment=PAID, adjustments=[done]))
    found = await explain(world)
    assert found["decided_by"] == "payment"
    newer, older = found["events"]
    assert (verdicts(newer)["payment"], verdicts(older)["payment"]) == (("paid", "holds"), ("failed", "older"))
    assert verdicts(newer)["adjustment:r-1"] == ("refund_completed", "holds")
    assert verdicts(older)["adjustment:r-1"] == ("refund_requested", "passed")


async def test_an_order_of_another_inbox_is_not_explained(world: World) -> None:
    await world.accept(order(1))
    assert await world.status.explain("other", "A-1001") is None
    assert await world.status.explain("demo", "A-1002") is None


async def test_when_the_body_is_gone_its_summary_stays(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    await world.writer.write(lambda conn: conn.exec_driver_sql("UPDATE order_deliveries SET body = ''"))
    (event,) = (await explain(world))["events"]
    assert (event["said"], event["happened_at"]) == ([], None)
    assert event["summary"].startswith("order placed · shipment s-1 shipped")


async def test_an_end_that_was_none_is_said_to_be_corrected(world: World) -> None:
    await world.accept(order(1, parcel("delivered", at="2026-11-20T07:00:00Z")))
    for version, at in ((2, "2026-11-20T08:00:00Z"), (3, "2026-11-20T09:00:00Z")):
        world.clock.pass_(minutes=1)
        await world.accept(order(version, parcel("in_transit", at=at)))
    found = await explain(world)
    assert [(each["said"], each["stage"]) for each in found["corrections"]] == [("delivered", "in_transit")]
    assert verdicts(found["events"][-1])["shipment:s-1"] == ("delivered", "corrected")


async def test_what_is_recorded_and_not_folded_yet_is_said_to_wait(world: World) -> None:
    delivered = order(2, parcel("delivered", at="2026-11-20T09:50:00Z"), payment=PAID)
    await world.accept(order(1, parcel("shipped", at="2026-11-20T09:30:00Z")))
    world.clock.pass_(minutes=1)
    await world.accept(delivered)
    waits = update(deliveries).where(deliveries.c.delivery_id == "msg_2")
    world.clock.pass_(minutes=1)
    await world.accept({**delivered, "version": 3})
    await world.writer.write(partial(Connection.execute, statement=waits.values(fold_at=NOW)))
    found = await explain(world)
    assert [verdicts(each)["shipment:s-1"] for each in found["events"]] == [
        ("delivered", "holds"),
        ("delivered", "waiting"),
        ("shipped", "passed"),
    ], "what waits has not said it first"
    assert {verdict for _, verdict in verdicts(found["events"][1]).values()} == {"waiting"}
    assert found["headline"] == "delivered"
