"""Any order of arrival of the same webhooks of a shop and its carriers, with any duplicates: the same order, and no word twice."""

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.order_status.shops import bodies
from tests.order_status.shops.bodies import BIG, NUMBER
from tests.order_status.shops.street import Street
from tests.order_status.world import order, parcel

Webhook = tuple[str, Any]
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_minute = st.integers(0, 119)
_INPOST = ("sent_from_source_branch", "out_for_delivery", "avizo", "ready_to_pickup", "delivered", "returned_to_sender", "teleported")


def at(minute: int, form: str = "%Y-%m-%dT%H:%M:%S+00:00") -> str:
    return (START + timedelta(minutes=minute)).strftime(form)


def _native(minute: int, stage: str, promised: str | None) -> Webhook:
    parcels = [parcel(stage, at(minute), tracking_number=NUMBER, promised=promised)] if stage else []
    return "native", {"type": "order.updated", "timestamp": at(minute), "data": order(None, *parcels)}


_native_events = st.builds(
    _native, _minute, st.sampled_from(["", "packed", "shipped", "delivered", "teleported"]), st.sampled_from([None, "2026-11-23"])
)


def _shopify(minute: int, payment: str, carried: str | None, *, sent: bool, refunded: bool, cancelled: bool) -> Webhook:
    made = [bodies.shopify_fulfillment(shipment_status=carried, updated_at=at(minute))] if sent else []
    refunds = [bodies.shopify_refund()] if refunded else []
    when = at(minute) if cancelled else None
    return "shopify", bodies.shopify_order(at(minute), financial_status=payment, fulfillments=made, refunds=refunds, cancelled_at=when)


_shopify_events = st.one_of(
    st.builds(
        _shopify,
        _minute,
        st.sampled_from(["pending", "paid", "bartered", "partially_refunded"]),
        st.sampled_from([None, "in_transit", "delivered", "attempted_delivery"]),
        sent=st.booleans(),
        refunded=st.booleans(),
        cancelled=st.sampled_from([False, False, False, True]),
    ),
    st.builds(
        lambda minute, status: ("shopify", bodies.shopify_event(status, at(minute))),
        _minute,
        st.sampled_from(["in_transit", "out_for_delivery", "attempted_delivery", "delivered", "delayed", "teleported"]),
    ),
    st.builds(lambda minute: ("shopify", bodies.shopify_fulfillment(updated_at=at(minute))), _minute),
    st.just(("shopify", bodies.shopify_refund())),
)


def _woo(minute: int, status: str, *numbers: str) -> Webhook:
    when = at(minute, "%Y-%m-%dT%H:%M:%S")
    return "woocommerce", bodies.woo_order(status, date_modified_gmt=when, meta_data=bodies.woo_tracking(*numbers))


_woo_events = st.builds(
    lambda minute, status, numbers: _woo(minute, status, *numbers),
    _minute,
    st.sampled_from(["pending", "processing", "completed", "failed", "refunded", "cancelled", "lost"]),
    st.sampled_from([(), (NUMBER,), (NUMBER, "X2")]),
)
_saleor_events = st.builds(
    lambda minute, status, paid, sent: (
        "saleor",
        bodies.saleor_order(status, at(minute), paymentStatus=paid, fulfillments=[bodies.saleor_fulfillment(each) for each in sent]),
    ),
    _minute,
    st.sampled_from(["UNFULFILLED", "FULFILLED", "CANCELED", "RETURNED"]),
    st.sampled_from(["NOT_CHARGED", "FULLY_CHARGED", "REFUSED"]),
    st.sampled_from([[], ["FULFILLED"], ["WAITING_FOR_APPROVAL"], ["RETURNED"]]),
)
_shopware_events = st.builds(
    lambda minute, delivery, payment: (
        "shopware",
        bodies.shopware_event(
            "state_enter.order.state.open",
            f"e{minute}{delivery}{payment}",
            at(minute),
            deliveries=[bodies.shopware_delivery(delivery, at(minute))],
            transactions=[bodies.shopware_transaction(payment)],
        ),
    ),
    _minute,
    st.sampled_from(["open", "shipped", "returned", "flown"]),
    st.sampled_from(["open", "paid", "failed", "refunded"]),
)


def _inpost(minute: int, status: str, number: str) -> Webhook:
    return "inpost", bodies.inpost_event(status, at(minute, "%Y-%m-%d %H:%M:%S +0000"), tracking_number=number)


def _easypost(minute: int, status: str, day: int) -> Webhook:
    history = bodies.detail(status, at(minute))
    told = {"updated_at": at(minute), "est_delivery_date": f"2026-11-{day}"}
    return "easypost", bodies.easypost_event(history, ident=f"evt_{minute}{status}{day}", **told)


_carrier_events = st.one_of(
    st.builds(_inpost, _minute, st.sampled_from(_INPOST), st.sampled_from([NUMBER, "X2", "of nobody"])),
    st.builds(_easypost, _minute, st.sampled_from(["in_transit", "out_for_delivery", "delivered", "failure"]), st.integers(21, 27)),
)
SHOPS: dict[str, tuple[st.SearchStrategy[Webhook], str]] = {
    "native": (_native_events, "A-1001"),
    "shopify": (_shopify_events, str(BIG)),
    "woocommerce": (_woo_events, "727"),
    "saleor": (_saleor_events, "T3JkZXI6MQ=="),
    "shopware": (_shopware_events, "0189f8c2f3a8710bbd1d6d4bd0c6b7aa"),
}


async def _told(history: list[Webhook], order_id: str, folder: Path) -> tuple[list[str], Any]:
    """The keys of all announced effects, some of them taken between the events, and the order as it ends."""
    street = Street(folder / "street.db")
    keys: list[str] = []
    try:
        for kind, document in history:
            receipt = await street.post(kind, document)
            assert receipt.status == 200, (receipt, document)
            keys += [effect.key for change in await street.told(seconds=7) for effect in change.effects]
        keys += [effect.key for change in await street.told(hours=1) for effect in change.effects]
        assert await street.told(days=9) == []
        return keys, await street.status.order("demo", order_id)
    finally:
        street.close()


@pytest.mark.thorough
@pytest.mark.parametrize("shop", SHOPS)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), chance=st.randoms(use_true_random=False))
def test_no_word_twice_and_the_same_order_whatever_comes_first(shop: str, data: st.DataObject, chance: random.Random) -> None:
    events, order_id = SHOPS[shop]
    history = data.draw(st.lists(st.one_of(events, events, _carrier_events), min_size=1, max_size=8))
    shuffled = history + [chance.choice(history) for _ in range(3)]
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        told, view = asyncio.run(_told(history, order_id, Path(one)))
        told_shuffled, view_shuffled = asyncio.run(_told(shuffled, order_id, Path(other)))
    assert len(told) == len(set(told))
    assert len(told_shuffled) == len(set(told_shuffled))
    assert view == view_shuffled
