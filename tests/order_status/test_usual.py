"""By what day a parcel is usually there: what the shop's history says, and when it says nothing. On both databases where it is read."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_status import DeliveryConfig, OrderStatus
from order_status.calendars import workdays
from order_status.expected import ENOUGH, Step, passed
from order_status.usual import Usual, Ways, usual, ways
from tests.order_status.test_expected import parcel as journey
from tests.order_status.world import SOURCE, World, order, parcel

POLAND = DeliveryConfig("demo", "Europe/Warsaw", "PL")
DAYS = workdays(POLAND)
DAY = timedelta(days=1)
TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 20, 9, tzinfo=UTC)
MOVING = Step("in_transit", "in_transit", FRIDAY, FRIDAY, FRIDAY)


@given(st.lists(st.one_of(st.none(), st.timedeltas(timedelta(), 30 * DAY)), max_size=90))
def test_nineteen_of_twenty_arrived_within_it_or_it_is_not_said(taken: list[timedelta | None]) -> None:
    found = ways(taken)
    assert found.samples == len(taken)
    enough = math.ceil(len(taken) * 0.95 - 1e-9)
    arrived = [each for each in taken if each is not None]
    if found.most is None:
        assert len(taken) < ENOUGH or len(arrived) < enough
    else:
        assert sum(each <= found.most for each in arrived) >= enough
        assert sum(each < found.most for each in arrived) < enough


def test_the_carriers_own_way_then_the_shops_then_nothing() -> None:
    own, shop = Ways(30, DAY), Ways(90, 2 * DAY)
    assert usual(MOVING, own, lambda: shop, DAYS, TODAY) == Usual(date(2026, 11, 23), 30), "a working day after Friday"
    assert usual(MOVING, Ways(29), lambda: shop, DAYS, TODAY) == Usual(date(2026, 11, 24), 90), "the carrier is new"
    assert usual(MOVING, Ways(30), lambda: shop, DAYS, TODAY) is None, "its parcels do not arrive"
    assert usual(MOVING, Ways(), lambda: shop, DAYS, TODAY) is None, "nobody ever told of it"
    assert usual(MOVING, Ways(1), lambda: Ways(29), DAYS, TODAY) is None


def test_a_day_that_is_over_is_not_named() -> None:
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    assert usual(MOVING, Ways(30, DAY), Ways, DAYS, midnight - timedelta(minutes=1)) == Usual(date(2026, 11, 23), 30)
    assert usual(MOVING, Ways(30, DAY), Ways, DAYS, midnight) is None


@pytest.fixture
def watched(world: World) -> World:
    world.status = OrderStatus(world.writer, [SOURCE], [], world.clock, [POLAND])
    return world


def on_its_way(version: int = 1, stage: str = "in_transit", **more: Any) -> dict[str, Any]:
    return order(version, parcel(stage, carrier="inpost", **more))


async def history(world: World, parcels: int = 30, lost: int = 0) -> None:
    """Parcels of Monday three weeks ago: a day in transit, and half a day at the door; the shop tells of some no more."""
    left = datetime(2026, 11, 2, 9, tzinfo=UTC)
    for n in range(parcels + lost):
        scans = [{"stage": "in_transit", "at": left.isoformat()}, {"stage": "out_for_delivery", "at": (left + DAY).isoformat()}]
        end = ("delivered", left + 1.5 * DAY) if n < parcels else ("out_for_delivery", left + DAY)
        done = parcel(end[0], end[1].isoformat(), id=f"h-{n}", carrier="InPost", scans=scans)
        await world.accept(order(1, done, order_id=f"H-{n}", number=f"H{n}", notify=False, placed_at="2026-11-01T09:00:00Z"))
    world.clock.pass_(seconds=21)
    await world.status.look()


async def test_an_order_without_a_day_shows_the_usual_one_with_what_it_rests_on(watched: World) -> None:
    await history(watched)
    await watched.accept(on_its_way())
    view = await watched.view()
    day = {"by": "2026-11-23", "basis": "history", "samples": 30}
    assert (view["expected"], view["usually"]) == (None, day), "a day and a half of working time after Friday 09:30"
    assert (view["shipments"][0]["basis"], view["shipments"][0]["usually"]) == (None, day)
    (listed,) = [each for each in await watched.status.orders("demo", "c-7") if each["order_id"] == "A-1001"]
    assert listed["usually"] == day
    (change,) = [each for each in await watched.told(seconds=21) if not each.silent]
    assert change.order["usually"] is None, "what is said unasked names no such day"


async def test_what_the_shop_or_the_carrier_tells_goes_before_until_it_has_passed(watched: World) -> None:
    await history(watched)
    await watched.accept(on_its_way(promised="2026-11-20"))
    view = await watched.view()
    assert (view["expected"], view["usually"], view["shipments"][0]["usually"]) == ("2026-11-20", None, None)
    watched.clock.now = datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert (await watched.view())["usually"]["by"] == "2026-11-23"
    await watched.status.look()
    view = await watched.view()
    assert view["shipments"][0]["overdue"]["basis"] == "promise"
    assert (view["usually"], view["shipments"][0]["usually"]) == (None, None), "we said that it is late"


@pytest.mark.parametrize(("parcels", "lost"), [(29, 0), (30, 2)])
async def test_too_few_or_too_many_that_never_arrived_say_nothing(watched: World, parcels: int, lost: int) -> None:
    await history(watched, parcels, lost)
    await watched.accept(on_its_way())
    assert (await watched.view())["usually"] is None


async def test_steps_of_the_last_days_are_no_evidence_yet(watched: World) -> None:
    watched.clock.now = datetime(2026, 11, 13, 8, tzinfo=UTC)
    await history(watched)
    await watched.accept(on_its_way(at="2026-11-13T07:30:00Z"))
    assert (await watched.view())["usually"] is None
    watched.clock.pass_(hours=2)  # ten days after the last of them, and the history is read anew
    assert (await watched.view())["usually"] == {"by": "2026-11-16", "basis": "history", "samples": 30}


@pytest.mark.parametrize(
    "ended",
    [
        {"status": "cancelled"},
        {"adjustments": [{"id": "r", "kind": "refund", "status": "completed", "amount": 14100, "at": "2026-11-20T09:40:00Z"}]},
    ],
)
async def test_of_an_order_that_is_over_nothing_is_awaited(watched: World, ended: dict[str, Any]) -> None:
    await history(watched)
    await watched.accept({**on_its_way(), **ended})
    assert (await watched.view())["usually"] is None


async def test_of_several_parcels_the_one_that_is_furthest_behind_counts(watched: World) -> None:
    await history(watched)
    behind, ahead = parcel("in_transit", carrier="inpost"), parcel("out_for_delivery", carrier="inpost", id="s-2")
    await watched.accept(order(1, behind, ahead))
    view = await watched.view()
    assert [each["usually"]["by"] for each in view["shipments"]] == ["2026-11-23", "2026-11-20"]
    assert view["usually"]["by"] == "2026-11-23"
    unknown = parcel("in_transit", carrier="pigeon", id="s-3")
    await watched.accept(order(2, behind, ahead, unknown))
    assert (await watched.view())["usually"] is None, "nobody knows how long the third takes"


async def test_an_inbox_that_is_not_watched_knows_nothing_usual(world: World) -> None:
    await history(world)
    await world.accept(on_its_way())
    assert (await world.view())["usually"] is None


def test_a_parcel_that_was_cancelled_teaches_nothing() -> None:
    assert passed(journey(("preparing", "2026-11-20T09:00"), ("cancelled", "2026-11-20T12:00"))) == []
