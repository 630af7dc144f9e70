"""What the ledgers of an order add up to: stages of parcels, delay, expectation, headline."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from order_status.events import Due, OrderEvent
from order_status.fold import fold, followed
from order_status.shops.native import translate
from order_status.stages import OrderState, contradicted, expected, headline, is_delayed, stage_of
from tests.order_status.world import Json, envelope, order, parcel


def state_of(*snapshots: Json) -> OrderState:
    """Folded in the given order; the timestamps follow the versions."""
    state: OrderState | None = None
    for data in snapshots:
        event = translate(envelope(data, f"2026-11-20T10:{data.get('version', 0):02d}:00Z"), ZoneInfo("Europe/Warsaw"))
        assert isinstance(event, OrderEvent), event
        state = fold(state, event)
    assert state is not None
    return state


def second(stage: str, **more: Any) -> Json:
    return {**parcel(stage, **more), "id": "s-2"}


def refund(amount: int | None, status: str = "completed", kind: str = "refund") -> list[Json]:
    return [{"id": "r-1", "kind": kind, "status": status, "amount": amount, "at": "2026-11-20T09:50:00Z"}]


PAID = {"status": "paid"}


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (order(), "placed"),
        (order(status="on_hold"), "placed"),
        (order(status="confirmed"), "placed"),
        (order(status="dreaming"), "placed"),
        (order(payment=PAID), "paid"),
        (order(payment={"status": "authorized"}), "placed"),
        (order(payment={"status": "failed"}), "payment_failed"),
        (order(1, parcel("preparing"), payment=PAID), "paid"),
        (order(1, parcel("packed")), "packed"),
        (order(1, parcel("packed"), second("preparing"), payment=PAID), "paid"),
        (order(1, parcel("shipped")), "shipped"),
        (order(1, parcel("in_transit"), second("shipped")), "shipped"),
        (order(1, parcel("in_transit"), second("packed")), "partially_shipped"),
        (order(1, parcel("shipped", item_ids=["2"])), "partially_shipped"),
        (order(1, parcel("out_for_delivery"), second("packed")), "out_for_delivery"),
        (order(1, parcel("ready_for_pickup")), "ready_for_pickup"),
        (order(1, parcel("ready_for_pickup"), second("out_for_delivery")), "out_for_delivery"),
        (order(1, parcel("delivery_failed"), second("out_for_delivery")), "delivery_failed"),
        (order(1, parcel("delivered"), second("delivery_failed")), "partially_delivered"),
        (order(1, parcel("delivered", item_ids=["2"])), "partially_delivered"),
        (order(1, parcel("delivered", item_ids=["1"])), "delivered"),
        (order(1, parcel("delivered"), second("cancelled")), "delivered"),
        (order(1, parcel("cancelled"), payment=PAID), "paid"),
        (order(1, parcel("delivered"), second("lost")), "lost"),
        (order(1, parcel("returned_to_sender")), "returned_to_sender"),
        (order(1, parcel("returning")), "shipped"),
        (order(1, parcel("returning", scans=[{"stage": "delivered", "at": "2026-11-20T09:00:00Z"}])), "delivered"),
        (order(1, parcel("teleported")), "placed"),
        (order(1, parcel("delivered"), adjustments=refund(14100)), "refunded"),
        (order(1, parcel("delivered"), adjustments=refund(14099)), "delivered"),
        (order(1, parcel("delivered"), adjustments=refund(None)), "refunded"),
        (order(1, parcel("delivered"), adjustments=refund(14100, "approved")), "delivered"),
        (order(1, parcel("delivered"), adjustments=refund(None, kind="return")), "returned"),
        (order(1, parcel("delivered"), adjustments=refund(14100, kind="credit")), "delivered"),
        (order(1, parcel("delivered"), status="cancelled", adjustments=refund(14100)), "cancelled"),
    ],
)
def test_the_headline_is_the_first_that_holds(data: Json, word: str) -> None:
    assert headline(state_of(data)) == word


def test_rank_beats_clock() -> None:
    state = state_of(order(1, parcel("in_transit", "2026-11-20T09:40:00Z")), order(2, parcel("packed", "2026-11-20T09:55:00Z")))
    assert stage_of(state.parcels[0]) == "in_transit"


def test_within_delivery_attempts_the_clock_decides() -> None:
    out, failed, again = (
        order(2, parcel("out_for_delivery", "2026-11-20T06:00:00Z")),
        order(3, parcel("delivery_failed", "2026-11-20T07:00:00Z")),
        order(4, parcel("out_for_delivery", "2026-11-21T06:00:00Z")),
    )
    assert stage_of(state_of(out, failed).parcels[0]) == "delivery_failed"
    assert stage_of(state_of(out, failed, again).parcels[0]) == "out_for_delivery"
    assert stage_of(state_of(again, out, failed).parcels[0]) == "out_for_delivery"


def test_a_contradiction_waits() -> None:
    state = state_of(order(1, parcel("delivered", "2026-11-20T09:00:00Z")), order(2, parcel("in_transit", "2026-11-20T09:30:00Z")))
    (seen,) = followed(state).parcels
    assert stage_of(seen) == "delivered"
    assert contradicted(seen)
    assert headline(followed(state)) == "delivered"


def test_a_late_scan_is_no_contradiction() -> None:
    state = state_of(order(1, parcel("delivered", "2026-11-20T09:00:00Z")), order(2, parcel("in_transit", "2026-11-20T08:30:00Z")))
    assert not contradicted(followed(state).parcels[0])


def test_the_newest_snapshot_rules_what_is_said_once_and_older_ones_only_add() -> None:
    new = order(5, parcel("shipped", carrier="new"), total=100, number="1001-B")
    old = order(4, parcel("packed", carrier="old"), second("packed"), total=14100, adjustments=refund(50), customer=None)
    for state in (state_of(new, old), state_of(old, new)):
        assert (state.head.total, state.head.number) == (100, "1001-B")
        assert [(p.facts.id, p.facts.carrier, stage_of(p)) for p in state.parcels] == [("s-1", "new", "shipped"), ("s-2", None, "packed")]
        assert [known.adjustment.amount for known in state.adjustments] == [50]
        assert state.customer is not None
        assert state.customer.customer.id == "c-7"


def test_an_adjustment_does_not_fall_back() -> None:
    state = state_of(order(2, adjustments=refund(14100)), order(3, adjustments=refund(14100, "requested")))
    assert [known.adjustment.status for known in state.adjustments] == ["completed"]


@pytest.mark.parametrize(
    ("promised", "eta", "late"),
    [
        ("2026-11-23", "2026-11-24", True),
        ("2026-11-23", "2026-11-23", False),
        ("2026-11-23", "2026-11-23T20:00:00Z", False),
        ("2026-11-23", "2026-11-23T23:30:00Z", True),  # the 24th in Warsaw
        ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z", True),
        ("2026-11-23T12:00:00Z", "2026-11-23T11:00:00Z", False),
        ("2026-11-23T12:00:00Z", "2026-11-23T00:00:00Z", False),  # a date
        ("2026-11-23", None, False),
        (None, "2026-11-23", False),
    ],
)
def test_delayed_is_an_eta_later_than_the_promise(promised: str | None, eta: str | None, late: bool) -> None:
    assert is_delayed(state_of(order(1, parcel("in_transit", promised=promised, eta=eta))).parcels[0]) is late


@pytest.mark.parametrize(
    ("stage", "late"), [("preparing", True), ("delivery_failed", True), ("ready_for_pickup", False), ("delivered", False)]
)
def test_a_parcel_that_is_there_is_not_delayed(stage: str, late: bool) -> None:
    assert is_delayed(state_of(order(1, parcel(stage, promised="2026-11-23", eta="2026-11-25"))).parcels[0]) is late


def test_expected_is_told_by_the_parcel_that_is_furthest_behind() -> None:
    ahead = parcel("out_for_delivery", eta="2026-11-20")
    assert expected(state_of(order(1, ahead, second("packed", promised="2026-11-24")))) == Due(date(2026, 11, 24))
    assert expected(state_of(order(1, ahead, second("packed", promised="2026-11-24", eta="2026-11-26")))) == Due(date(2026, 11, 26))
    assert expected(state_of(order(1, ahead, second("delivered", promised="2026-11-24")))) == Due(date(2026, 11, 20))
    assert expected(state_of(order(1, ahead, status="cancelled"))) is None
    assert expected(state_of(order())) is None
