"""What shoppers hear of an order, through the whole room: signed webhooks in, due changes out, with a clock that stands still."""

from typing import Any

import pytest

from tests.order_status.world import FAILED, PAID, Json, World, iso, keys, order, parcel


async def test_created_paid_and_confirmed_within_the_debounce_are_one_word(world: World) -> None:
    await world.accept(order(1, payment={"status": "pending"}))
    world.clock.pass_(seconds=5)
    await world.accept(order(2, payment=PAID))
    world.clock.pass_(seconds=5)
    await world.accept(order(3, parcel("packed", iso(world.clock.now)), status="confirmed", payment=PAID))
    assert await world.told(seconds=9) == []
    (change,) = await world.told(seconds=1)
    assert (change.stage, change.effect_key, change.silent) == ("packed", "shipment:s-1/packed", False)
    assert keys(change) == ["order/placed", "shipment:s-1/packed"]
    assert change.order["headline"] == "packed"
    assert await world.told(days=1) == []


async def test_a_change_says_whose_order_it_is(world: World) -> None:
    await world.accept(order())
    (change,) = await world.told(seconds=20)
    assert (change.inbox_id, change.source_id, change.order_id, change.number) == ("demo", "src_1", "A-1001", "1001")
    assert (change.customer_id, change.locale, change.stage) == ("c-7", "pl", "placed")
    assert iso(change.at) == "2026-11-20T09:12:00Z"
    assert iso(change.fresh_until) == "2026-11-21T09:12:00Z"
    assert change.order == await world.view()


async def test_what_is_not_taken_is_handed_out_again_as_the_same(world: World) -> None:
    await world.accept(order())
    world.clock.pass_(seconds=20)
    first = await world.status.due_changes()
    assert first == await world.status.due_changes()
    await world.status.taken(first[0].change_ids)
    await world.status.taken(first[0].change_ids)
    assert await world.status.due_changes() == []


async def test_a_parcel_goes_its_way(world: World) -> None:
    await world.accept(order(1, parcel()))
    heard = await world.heard()
    for version, stage in enumerate(("packed", "shipped", "in_transit", "out_for_delivery", "delivered"), start=2):
        await world.accept(order(version, parcel(stage, iso(world.clock.now))))
        heard += await world.heard()
    assert heard == ["placed", "packed", "shipped", "out_for_delivery", "delivered"]


async def test_a_parcel_first_seen_in_transit_was_shipped(world: World) -> None:
    await world.accept(order(1, parcel("in_transit")))
    assert await world.heard() == ["shipped"]
    await world.accept(order(2, parcel("in_transit", scans=[{"stage": "shipped", "at": "2026-11-20T09:20:00Z"}])))
    assert await world.told(days=1) == []


async def test_four_deliveries_of_one_stage_are_one_word(world: World) -> None:
    await world.accept(order(1, parcel("shipped")))
    heard = await world.heard()
    for version in (1, 2, 3):
        await world.accept(order(version, parcel("shipped", f"2026-11-20T09:3{version}:00Z"), total=version))
        heard += await world.heard()
    receipt = await world.send(order(4, parcel("shipped")), source="src_2")
    assert receipt.body["outcome"] == "accepted"
    assert heard + await world.heard() == ["shipped"]


async def test_a_late_lower_stage_is_silent(world: World) -> None:
    await world.accept(order(3, parcel("shipped")))
    assert await world.heard() == ["shipped"]
    await world.accept(order(2, parcel("packed", "2026-11-20T09:25:00Z")))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.silent) == ("packed", True)
    assert [entry["stage"] for entry in change.order["timeline"]] == ["placed", "packed", "shipped"]
    assert change.order["headline"] == "shipped"


async def test_a_stale_snapshot_with_a_new_parcel_is_news(world: World) -> None:
    await world.accept(order(3, parcel("shipped")))
    assert await world.heard() == ["shipped"]
    await world.accept(order(2, {**parcel("shipped"), "id": "s-2"}))
    (change,) = await world.told(seconds=20)
    assert (change.effect_key, change.silent) == ("shipment:s-2/shipped", False)


async def test_the_most_telling_of_two_parcels_is_the_word(world: World) -> None:
    await world.accept(order(1, parcel("delivered"), {**parcel("delivery_failed"), "id": "s-2"}))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.effect_key) == ("delivery_failed", "shipment:s-2/delivery_failed/1")
    assert set(keys(change)) == {"order/placed", "shipment:s-1/delivered", "shipment:s-2/delivery_failed/1"}


async def test_a_second_failure_and_each_new_attempt_are_news(world: World) -> None:
    """Out, failed, out again, failed again, delivered: with the carrier's scans, and a copy of one by another clock."""
    scans: list[Json] = []
    heard = []
    story = [("out_for_delivery", 9), ("delivery_failed", 12), ("out_for_delivery", 33), ("delivery_failed", 36), ("delivered", 57)]
    for version, (stage, hour) in enumerate(story, start=1):
        at = f"2026-11-{20 + hour // 24}T{hour % 24:02d}:00:00Z"
        scans += [{"stage": stage, "at": at}, {"stage": stage, "at": at.replace(":00:00Z", ":01:30Z")}]
        world.clock.now = world.clock.now.replace(day=20 + hour // 24, hour=hour % 24, minute=5)
        await world.accept(order(version, parcel(stage, at, scans=scans)))
        for change in await world.told(seconds=21):
            heard.append((change.effect_key, change.silent))
    assert heard == [
        ("shipment:s-1/out_for_delivery/1", False),
        ("shipment:s-1/delivery_failed/1", False),
        ("shipment:s-1/out_for_delivery/2", False),
        ("shipment:s-1/delivery_failed/2", False),
        ("shipment:s-1/delivered", False),
    ]


async def test_out_for_delivery_again_without_a_failure_is_no_news(world: World) -> None:
    await world.accept(order(1, parcel("out_for_delivery")))
    assert await world.heard() == ["out_for_delivery"]
    await world.accept(order(2, parcel("out_for_delivery", iso(world.clock.pass_(days=1)))))
    assert await world.told(days=1) == []


async def test_failures_hours_apart_are_two_even_without_an_attempt_between(world: World) -> None:
    await world.accept(order(1, parcel("delivery_failed", "2026-11-20T09:00:00Z")))
    assert await world.heard() == ["delivery_failed"]
    await world.accept(order(2, parcel("delivery_failed", "2026-11-20T12:00:00Z")))
    assert await world.told(hours=3) == []
    world.clock.pass_(days=1)
    await world.accept(order(3, parcel("delivery_failed", "2026-11-21T09:30:00Z")))
    assert await world.heard() == ["delivery_failed"]


async def test_failures_with_an_attempt_between_are_two_on_the_same_day(world: World) -> None:
    scans = [{"stage": "delivery_failed", "at": "2026-11-20T09:00:00Z"}, {"stage": "out_for_delivery", "at": "2026-11-20T09:30:00Z"}]
    await world.accept(order(1, parcel("delivery_failed", scans=scans[:1])))
    assert await world.heard() == ["delivery_failed"]
    await world.accept(order(2, parcel("out_for_delivery", scans=scans)))
    assert await world.heard() == ["out_for_delivery"]
    scans.append({"stage": "delivery_failed", "at": "2026-11-20T09:50:00Z"})
    await world.accept(order(3, parcel("delivery_failed", scans=scans)))
    assert await world.heard() == ["delivery_failed"]


async def test_placed_is_not_told_after_a_parcel_was(world: World) -> None:
    await world.accept(order(1, parcel("shipped"), status="dreaming"))
    assert await world.heard() == ["shipped"]
    await world.accept(order(2, parcel("shipped")))
    assert await world.heard() == []


async def test_an_attempt_told_first_is_not_told_again_when_earlier_ones_are_learnt(world: World) -> None:
    out_again = {"stage": "out_for_delivery", "at": "2026-11-20T09:30:00Z"}
    await world.accept(order(3, parcel("out_for_delivery", scans=[out_again])))
    assert await world.heard() == ["out_for_delivery"]
    early = [{"stage": "out_for_delivery", "at": "2026-11-19T08:00:00Z"}, {"stage": "delivery_failed", "at": "2026-11-19T12:00:00Z"}]
    await world.accept(order(2, parcel("delivery_failed", scans=early)))
    assert await world.heard() == []
    assert (await world.view())["headline"] == "out_for_delivery"


async def test_a_delay_is_told_once_for_each_later_day(world: World) -> None:
    heard = []
    for version, eta in enumerate(
        ("2026-11-23", "2026-11-25", "2026-11-25", "2026-11-24", "2026-11-25T15:00:00Z", "2026-11-26", "2026-11-23", "2026-11-26"), start=1
    ):
        await world.accept(order(version, parcel("in_transit", promised="2026-11-23", eta=eta)))
        for change in await world.told(seconds=21):
            heard.append((change.effect_key, change.silent))
    assert heard == [
        ("shipment:s-1/shipped", False),
        ("shipment:s-1/delayed/2026-11-25", False),
        ("shipment:s-1/delayed/2026-11-24", True),
        ("shipment:s-1/delayed/2026-11-26", False),
    ]


async def test_a_delay_beats_good_news_and_is_fresh_while_it_lies_ahead(world: World) -> None:
    await world.accept(order(1, parcel("shipped", promised="2026-11-23", eta="2026-11-25")))
    (change,) = await world.told(seconds=20)
    assert change.stage == "delayed"
    assert iso(change.fresh_until) == "2026-11-25T23:00:00Z"  # the end of that day in Warsaw
    assert change.order["delayed"]
    assert change.order["expected"] == "2026-11-25"


async def test_a_delay_that_ended_within_the_debounce_is_not_told(world: World) -> None:
    await world.accept(order(1, parcel("out_for_delivery")))
    await world.heard()
    await world.accept(order(2, parcel("out_for_delivery", promised="2026-11-19", eta="2026-11-21")))
    await world.accept(order(3, parcel("delivered", promised="2026-11-19", eta="2026-11-21")))
    assert await world.heard() == ["delivered"]


async def test_a_failure_overtaken_by_the_delivery_is_not_told(world: World) -> None:
    await world.accept(order(1, parcel("delivery_failed")))
    await world.accept(order(2, parcel("delivered", "2026-11-20T09:50:00Z")))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.silent) == ("delivered", False)
    assert "shipment:s-1/delivery_failed/1" in keys(change)


@pytest.mark.parametrize("silent", [{"test": True}, {"notify": False}])
async def test_tests_and_imports_are_stored_and_silent_for_ever(world: World, silent: Json) -> None:
    await world.accept(order(1, parcel("shipped"), **silent))
    (change,) = await world.told(seconds=20)
    assert change.silent
    await world.accept(order(2, parcel("shipped")))
    assert await world.told(days=1) == []
    assert len(await world.status.orders("demo", "c-7")) == 1


async def test_an_order_first_seen_when_all_of_it_is_old_is_silent(world: World) -> None:
    world.clock.pass_(days=30)
    await world.accept(order(1, parcel("delivered", promised="2026-11-19", eta="2026-11-21"), payment=FAILED, status="confirmed"))
    (change,) = await world.told(minutes=5)
    assert change.silent
    await world.accept(order(1, status="cancelled", order_id="A-2"))
    assert [change.silent for change in await world.told(minutes=5)] == [True]


async def test_of_an_old_order_first_seen_what_has_just_happened_is_told(world: World) -> None:
    world.clock.pass_(days=3)
    await world.accept(order(1, parcel("shipped", iso(world.clock.now))))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.silent) == ("shipped", False)


@pytest.mark.parametrize(
    ("stage", "until"),
    [
        ("packed", "2026-11-20T21:30:00Z"),
        ("shipped", "2026-11-22T09:30:00Z"),
        ("out_for_delivery", "2026-11-20T23:00:00Z"),
        ("delivery_failed", "2026-11-22T09:30:00Z"),
        ("ready_for_pickup", "2026-11-23T09:30:00Z"),
        ("delivered", "2026-11-23T09:30:00Z"),
    ],
)
async def test_how_long_a_stage_stays_fresh(world: World, stage: str, until: str) -> None:
    await world.accept(order(1, parcel(stage)))
    (change,) = await world.told(seconds=20)
    assert (change.stage, iso(change.fresh_until)) == (stage, until)


@pytest.mark.parametrize("stage", ["preparing", "returning", "returned_to_sender", "lost", "cancelled", "teleported"])
async def test_stages_that_do_not_speak(world: World, stage: str) -> None:
    await world.accept(order(1))
    await world.heard()
    await world.accept(order(2, parcel(stage)))
    assert await world.told(days=1) == []


async def test_unknown_statuses_are_stored_counted_and_silent(world: World) -> None:
    await world.accept(order(1, parcel("teleported"), status="dreaming", payment={"status": "bartered"}))
    assert await world.told(days=1) == []
    assert (await world.numbers())["unknown"] == {"order:dreaming": 1, "payment:bartered": 1, "shipment:teleported": 1}
    view: dict[str, Any] = await world.view()
    assert (view["headline"], view["payment"], view["shipments"][0]["stage"]) == ("placed", "bartered", "teleported")


async def test_a_contradiction_waits_in_silence_and_is_counted(world: World) -> None:
    await world.accept(order(1, parcel("delivered")))
    assert await world.heard() == ["delivered"]
    await world.accept(order(2, parcel("in_transit", "2026-11-20T09:55:00Z")))
    (change,) = await world.told(days=1)
    assert (change.stage, change.silent) == ("shipped", True)
    assert (await world.numbers())["contradictions"] == 1
    view = await world.view()
    assert view["headline"] == "delivered"
    assert view["timeline"][-1]["note"] == "contradicted"


async def test_orders_wait_their_turn(world: World) -> None:
    for number in (3, 1, 2):
        await world.accept(order(1, order_id=f"A-{number}", number=str(number)))
        world.clock.pass_(seconds=1)
    world.clock.pass_(seconds=30)
    assert [change.number for change in await world.status.due_changes(limit=2)] == ["3", "1"]
    assert [change.number for change in await world.told()] == ["3", "1", "2"]
