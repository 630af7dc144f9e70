"""Late before the shopper asks: what is raised, once, with its evidence; what withdraws it; and when nothing is said. On both databases."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from order_status import DeliveryConfig, OrderStatus
from order_status.events import Due
from tests.order_status.world import NOW, SOURCE, World, order, parcel

POLAND = DeliveryConfig("demo", "Europe/Warsaw", "PL")
DAY = timedelta(days=1)


@pytest.fixture
def watched(world: World) -> World:
    world.status = OrderStatus(world.writer, [SOURCE], [], world.clock, [POLAND])
    return world


async def looks(world: World, **later: float) -> list[str]:
    """What a shopper hears after a look some time later."""
    world.clock.pass_(**later or {"seconds": 21})
    await world.status.look()
    return await world.heard(minutes=2)


def on_its_way(version: int, at: str = "2026-11-20T09:30:00Z", **more: Any) -> dict[str, Any]:
    return order(version, parcel("in_transit", at, carrier="inpost", **more))


async def known_carrier(world: World) -> None:
    """A parcel of this carrier went all the way: its next stages are told to us."""
    scans = [("preparing", 16), ("packed", 17), ("shipped", 17), ("in_transit", 18), ("out_for_delivery", 19)]
    marks = [{"stage": stage, "at": f"2026-11-{day}T09:{hour:02d}:00Z"} for hour, (stage, day) in enumerate(scans)]
    done = parcel("delivered", "2026-11-19T15:00:00Z", id="h-1", carrier="inpost", scans=marks)
    await world.accept(order(1, done, order_id="H-1", number="H1", notify=False, placed_at="2026-11-16T09:00:00Z"))
    assert await looks(world) == []


async def test_a_passed_promise_is_told_once_with_its_evidence(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1, promised="2026-11-23"))
    assert await looks(watched) == ["shipped"]
    watched.clock.now = datetime(2026, 11, 23, 22, 59, tzinfo=UTC)
    assert await looks(watched, seconds=0) == []
    watched.clock.now = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert await watched.status.look() == 1
    (change,) = [change for change in await watched.told(seconds=61) if not change.silent]
    assert (change.stage, change.effect_key) == ("delayed", "shipment:s-1/overdue/in_transit")
    (found,) = await watched.status.overdue("demo", "A-1001")
    assert (found.basis, found.told, found.samples, found.withdrawn_at) == ("promise", Due(date(2026, 11, 23)), 1, None)
    assert found.expected_at == found.raised_at == datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    assert change.order["delayed"]
    assert change.order["shipments"][0]["overdue"]["next_word"] == "2026-11-24T23:00:00.000Z"
    assert await looks(watched, hours=12) == []
    assert await looks(watched, hours=13) == ["still_delayed"]
    assert await looks(watched, days=9) == []


async def test_another_scan_withdraws_it_and_the_step_is_not_told_again(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1, promised="2026-11-23"))
    assert await looks(watched, days=4) == ["delayed"]
    scans = [{"stage": "in_transit", "at": "2026-11-20T09:30:00Z"}, {"stage": "in_transit", "at": "2026-11-24T09:00:00Z"}]
    await watched.accept(on_its_way(2, promised="2026-11-23", scans=scans))
    assert not (await watched.view())["delayed"]
    assert await looks(watched) == []
    (found,) = await watched.status.overdue("demo", "A-1001")
    assert found.withdrawn_at is not None
    assert await looks(watched, days=9) == []


async def test_a_scan_that_comes_before_the_word_keeps_it_back(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1, promised="2026-11-23"))
    assert await looks(watched) == ["shipped"]
    watched.clock.pass_(days=4)
    await watched.status.look()
    await watched.accept(order(2, parcel("out_for_delivery", "2026-11-24T09:00:00Z", carrier="inpost", promised="2026-11-23")))
    assert await watched.heard(minutes=2) == ["out_for_delivery"]


async def test_what_the_carrier_has_said_is_not_said_by_us(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1, promised="2026-11-23", eta="2026-11-26"))
    assert await looks(watched) == ["delayed"]
    watched.clock.now = datetime(2026, 11, 26, 22, 0, tzinfo=UTC)
    assert await looks(watched, seconds=0) == []
    assert await looks(watched, hours=1) == ["delayed"]  # the new day has passed as well
    await watched.accept(on_its_way(2, promised="2026-11-23", eta="2026-11-30"))
    assert await looks(watched) == ["delayed"]  # a new day is news, and ends what we noticed
    assert (await watched.view())["shipments"][0]["overdue"] is None


@pytest.mark.parametrize("quiet", [{"test": True}, {"notify": False}, {"status": "cancelled"}])
async def test_silent_orders_raise_nothing(watched: World, quiet: dict[str, Any]) -> None:
    await known_carrier(watched)
    await watched.accept({**on_its_way(1, promised="2026-11-23"), **quiet})
    await looks(watched)
    assert await looks(watched, days=9) == []
    assert await watched.status.overdue("demo", "A-1001") == []


async def test_what_was_late_before_we_knew_it_is_an_import(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept({**on_its_way(1, "2026-11-02T09:00:00Z", promised="2026-11-05"), "placed_at": "2026-11-01T09:00:00Z"})
    assert await looks(watched, days=3) == []
    assert await watched.status.overdue("demo", "A-1001") == []


async def test_a_shop_that_never_tells_of_an_end_is_not_watched_for_it(watched: World) -> None:
    await watched.accept(on_its_way(1, promised="2026-11-23"))
    await looks(watched)
    assert await looks(watched, days=9) == []
    assert await watched.status.overdue("demo", "A-1001") == []


async def test_without_a_promise_the_default_counts_working_days(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1))
    assert await looks(watched) == ["shipped"]
    watched.clock.now = datetime(2026, 11, 26, 9, 29, tzinfo=UTC)  # Friday and four working days: a weekend lies between
    assert await looks(watched, seconds=0) == []
    assert await looks(watched, minutes=1) == ["delayed"]
    (found,) = await watched.status.overdue("demo", "A-1001")
    assert (found.basis, found.samples, found.expected_at) == ("default", 1, datetime(2026, 11, 26, 9, 30, tzinfo=UTC))


async def test_the_shops_own_history_is_believed_from_thirty_on(watched: World) -> None:
    for n in range(30):
        left = NOW - 8 * DAY + timedelta(minutes=n)  # a Thursday; the day before was a holiday
        scans = [{"stage": "in_transit", "at": left.isoformat()}, {"stage": "out_for_delivery", "at": (left + DAY).isoformat()}]
        done = parcel("delivered", (left + DAY * 1.25).isoformat(), id=f"h-{n}", carrier="inpost", scans=scans)
        await watched.accept(order(1, done, order_id=f"H-{n}", number=f"H{n}", notify=False, placed_at="2026-11-12T09:00:00Z"))
    assert await looks(watched) == []
    await watched.accept(on_its_way(1))
    await looks(watched)
    watched.clock.now = NOW + 3 * DAY  # Monday; a day of working time after Friday 09:30
    assert await looks(watched, seconds=0) == ["delayed"]
    (found,) = await watched.status.overdue("demo", "A-1001")
    assert (found.basis, found.samples) == ("history", 30)
    assert found.expected_at == datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


async def test_several_servers_raise_it_once(watched: World) -> None:
    await known_carrier(watched)
    await watched.accept(on_its_way(1, promised="2026-11-23"))
    await looks(watched)
    others = [OrderStatus(watched.writer, [SOURCE], [], watched.clock, [POLAND]) for _ in range(3)]
    watched.clock.pass_(days=4)
    looked = await asyncio.gather(*(each.look() for each in [watched.status, *others]))
    assert sum(looked) == 1
    assert await watched.heard(minutes=2) == ["delayed"]
    assert len(await watched.status.overdue("demo", "A-1001")) == 1


@pytest.mark.parametrize("wrong", [{"country": "XX"}, {"timezone": "Mars/Base"}, {"working_days": frozenset[int]()}, {"country": "PL-XX"}])
def test_a_delivery_that_cannot_work_is_refused_at_the_start(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="inbox demo"):
        OrderStatus(world.writer, [SOURCE], [], world.clock, [DeliveryConfig("demo", **wrong)])
