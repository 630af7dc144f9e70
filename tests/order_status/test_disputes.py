"""Split evidence that no operator decides: it waits in silence for some days, then most tellers are believed. On both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from order_status import OrderStatus
from order_status.corrections import SHOP, judged
from order_status.disputes import PATIENCE
from order_status.events import Mark
from order_status.tables import orders
from tests.order_status.test_expected import parcel as journey
from tests.order_status.world import NOW, SOURCE, Json, World, iso, order, parcel

MINUTE = timedelta(minutes=1)
MOVING = Mark("in_transit", NOW - 20 * MINUTE)


async def split(world: World, *, tellers: int = 0, order_id: str = "A-1001", number: str = "630") -> None:
    """The shop says delivered, and so do as many trackers; a carrier scans the parcel after that."""
    told = parcel("delivered", "2026-11-20T09:30:00Z", tracking_number=number)
    await world.accept(order(1, told, order_id=order_id, number=order_id))
    for teller in range(tellers):
        await world.carrier(number, Mark("delivered", NOW - 30 * MINUTE), teller=f"tracker-{teller}")
    assert await world.heard() == ["delivered"]
    await world.carrier(number, MOVING)


async def settled(world: World, **later: float) -> Json:
    """The contradiction some time later."""
    world.clock.pass_(**later)
    await world.status.look()
    row: Json = (await world.status.operations.waiting("demo"))["contradictions"][0]
    return row


async def test_after_three_days_the_newest_scan_is_believed_and_the_shopper_hears_it_once(world: World) -> None:
    await split(world)
    row = await settled(world, seconds=PATIENCE.total_seconds() - 1)
    assert (row["split"], row["verdict"]) == (True, None)
    assert await world.heard(seconds=0) == []
    row = await settled(world, seconds=1)
    assert (row["verdict"], row["by"]) == ("corrected", "time")
    assert await world.heard() == ["corrected"]
    (shipment,) = (await world.view())["shipments"]
    assert (shipment["stage"], len(shipment["corrections"])) == ("in_transit", 1)
    (done,) = (await world.status.operations.waiting("demo"))["done"]
    assert (done["by"], done["action"], done["outcome"]) == ("time", "decide", "corrected")
    await settled(world, days=9)
    assert await world.heard() == []
    assert len((await world.status.operations.waiting("demo"))["done"]) == 1
    found = await world.status.explain("demo", "A-1001")
    assert found is not None
    assert [each["by"] for each in found["corrections"]] == ["time"]


async def test_where_more_tellers_say_that_it_ended_it_did_in_silence(world: World) -> None:
    await split(world, tellers=1)
    row = await settled(world, days=3)
    assert (row["verdict"], row["by"]) == ("kept", "time")
    assert await world.heard() == []
    assert (await world.view())["headline"] == "delivered"
    await world.carrier("630", Mark("in_transit", NOW + 5 * MINUTE))
    row = await settled(world, days=2)
    assert row["verdict"] is None, "a later word is a new doubt, and an operator is asked anew"
    assert (await settled(world, days=1))["verdict"] == "kept"


async def test_who_delivers_after_all_ends_it_before(world: World) -> None:
    await split(world)
    world.clock.pass_(days=1)
    await world.carrier("630", Mark("delivered", NOW + timedelta(days=1)))
    row = await settled(world, days=3)
    assert (row["verdict"], row["by"]) == ("withdrawn", "scans")
    assert await world.heard() == []


async def test_an_operators_word_counts_and_time_adds_nothing(world: World) -> None:
    await split(world)
    row = await settled(world, days=1)
    assert await world.status.operations.decide("demo", row["id"], "kept", "agent:agt_1") == "kept"
    row = await settled(world, days=9)
    assert (row["verdict"], row["by"]) == ("kept", "agent:agt_1")
    assert [each["by"] for each in (await world.status.operations.waiting("demo"))["done"]] == ["agent:agt_1"]


async def test_several_servers_settle_it_once(world: World) -> None:
    await split(world)
    other = OrderStatus(world.writer, [SOURCE], [], world.clock)
    world.clock.pass_(days=3)
    await other.look()
    await world.status.look()
    assert await world.heard() == ["corrected"]
    assert len((await world.status.operations.waiting("demo"))["done"]) == 1


@pytest.mark.parametrize("unreadable", [True, False])
async def test_one_that_cannot_be_settled_holds_up_no_other(world: World, unreadable: bool) -> None:
    """Its order cannot be read, or its source is not configured any more."""
    await split(world, order_id="A-1", number="111")
    await split(world, order_id="A-2", number="222")
    broken: Json = {"state": '{"head":'} if unreadable else {"source_id": "src_gone"}
    await world.writer.write(lambda conn: conn.execute(update(orders).where(orders.c.order_id == "A-1").values(broken)))
    world.clock.pass_(days=3)
    for _ in range(3):
        await world.status.look(limit=1)
    rows = (await world.status.operations.waiting("demo"))["contradictions"]
    assert {each["order_id"]: each["verdict"] for each in rows} == {"A-1": None, "A-2": "corrected"}
    assert [each["order_id"] for each in (await world.status.operations.waiting("demo"))["unreadable"]] == (["A-1"] if unreadable else [])


def test_a_teller_that_spoke_before_the_end_is_on_nobodys_side() -> None:
    end, before, after = (Mark(stage, NOW + each * MINUTE) for stage, each in (("delivered", 0), ("shipped", -9), ("in_transit", 9)))
    base = journey(*((mark.stage, iso(mark.at)[:-1]) for mark in (before, end, after)))
    told = {SHOP: (end,), "carrier": (after,), "a": (before,), "b": (before,)}
    found = judged(base, told, []).contradiction
    assert found is not None
    assert (found.split, found.outweighs) == (True, True)
    found = judged(base, {**told, "a": (end,)}, []).contradiction
    assert found is not None
    assert (found.split, found.outweighs) == (True, False)
