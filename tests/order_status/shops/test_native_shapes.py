"""The native door's other shapes: our event in a CloudEvents envelope, and orders of the Agentic Commerce Protocol."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from order_status.events import Adjustment, Due, Mark, OrderEvent, Settlement
from order_status.shops import Ignored, Keyed, Malformed, Translated, Verified, acp, native
from order_status.shops.reading import NO_CURRENCY
from order_status.stages import ADJUSTMENT_KINDS, ADJUSTMENT_RANK, SHIPMENT_RANK
from tests.order_status.shops.bodies import acp_order
from tests.order_status.shops.senders import body_of
from tests.order_status.world import NOW, iso, order, parcel

SENT = Verified("msg_1", at=NOW)


def cloud(data: object = None, **changed: Any) -> dict[str, Any]:
    event = {
        "specversion": "1.0",
        "id": "7f1c",
        "source": "https://shop.example/orders",
        "type": "order.updated",
        "time": iso(NOW),
        "datacontenttype": "application/json",
        "data": order(1, parcel("shipped")) if data is None else data,
        **changed,
    }
    return {name: value for name, value in event.items() if value is not None}


def said(document: object, verified: Verified = SENT) -> Translated:
    return native.take(body_of(document), UTC, verified)


def test_a_cloud_event_says_what_the_plain_event_says() -> None:
    told = said(cloud())
    assert isinstance(told, Keyed)
    plain = native.translate(
        json.dumps({"type": "order.updated", "timestamp": iso(NOW), "data": order(1, parcel("shipped"))}).encode(), UTC
    )
    assert isinstance(told.event, OrderEvent)
    assert isinstance(plain, OrderEvent)
    assert (told.event.head.items, told.event.shipments, told.event.customer) == (plain.head.items, plain.shipments, plain.customer)
    assert told.event.head.stamp.at == NOW


def test_its_key_is_source_and_id() -> None:
    keys = {
        told.key
        for told in (said(cloud()), said(cloud(time=None)), said(cloud(id="8")), said(cloud(source="urn:x")))
        if isinstance(told, Keyed)
    }
    assert len(keys) == 3


def test_a_type_may_carry_the_shops_name_before_ours() -> None:
    settled = said(cloud({"offer_id": "off_1", "status": "done"}, type="example.shop.offer.settled"))
    assert isinstance(settled, Keyed)
    assert settled.event == Settlement("off_1", "done", None, NOW)
    assert said(cloud({}, type="example.shop.contact.updated")) == Ignored("contact.updated")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"id": None}, "Object missing required field `id`"),
        ({"id": ""}, "Expected `str` of length >= 1 - at `$.id`"),
        ({"source": None}, "Object missing required field `source`"),
        ({"specversion": "2.0"}, "Invalid enum value '2.0' - at `$.specversion`"),
        ({"specversion": 1}, "Expected `str`, got `int` - at `$.specversion`"),
        ({"type": "order.shipped"}, "unknown type - at `$.type`"),
        ({"type": "x.reorder.updated"}, "unknown type - at `$.type`"),
        ({"data": {"order_id": "A"}}, "Object missing required field `number` - at `$.data`"),
        ({"time": "2026-02-31T10:00:00Z"}, "a time that does not exist - at `$.time`"),
    ],
)
def test_a_cloud_event_that_cannot_be_read(changed: dict[str, Any], message: str) -> None:
    assert said(cloud(**changed)) == Malformed(message)


def test_binary_data_is_not_json() -> None:
    assert isinstance(said(cloud(datacontenttype="application/xml")), Malformed)


def agentic(kind: str = "order_update", verified: Verified = SENT, **changed: Any) -> OrderEvent:
    event = said(acp_order(kind, **changed), verified)
    assert isinstance(event, OrderEvent), event
    return event


def test_an_order_of_the_protocol() -> None:
    event = agentic("order_create", status="created")
    assert (event.head.order_id, event.head.number, event.head.total, event.head.currency) == ("ord_1", "1001", 14100, NO_CURRENCY)
    assert (event.head.placed_at, event.head.stamp.at, event.head.url) == (NOW, NOW, "https://shop.example/orders/1")
    assert (event.status, event.payment, event.customer) == ("placed", None, None)
    assert [(item.id, item.quantity, item.unit_price) for item in event.head.items] == [("li_1", 1, 12900)]


def test_its_fulfillments_carry_their_events() -> None:
    events = [{"id": "e1", "type": "shipped", "occurred_at": "2026-11-20T09:30:00Z", "location": "Łódź"}]
    made = {"id": "f1", "type": "shipping", "status": "shipped", "tracking_number": "630", "events": events, "line_items": [{"id": "li_1"}]}
    late = {**made, "id": "f2", "status": "failed", "events": [], "estimated_delivery": {"latest": "2026-11-24T00:00:00Z"}}
    first, second = agentic(fulfillments=[made, late]).shipments
    assert (first.stage, first.at.strftime("%H:%M"), first.item_ids) == ("shipped", "09:30", ("li_1",))
    assert first.scans == (Mark("shipped", datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "Łódź"),)
    assert (second.stage, second.at, second.eta) == ("delivery_failed", NOW, Due(datetime(2026, 11, 24, tzinfo=UTC).date()))


def test_its_adjustments() -> None:
    at = "2026-11-20T09:30:00Z"
    made = [
        {"id": "a1", "type": "refund", "status": "completed", "amount": 1200, "currency": "pln", "occurred_at": at},
        {"id": "a2", "type": "cancellation", "status": "completed", "occurred_at": at},
    ]
    event = agentic(adjustments=made)
    assert event.adjustments == (Adjustment("a1", "refund", "completed", 1200, datetime(2026, 11, 20, 9, 30, tzinfo=UTC)),)
    assert event.head.currency == "PLN"


def test_a_completed_order_says_nothing_of_parcels() -> None:
    event = agentic(status="completed")
    assert (event.status, event.shipments, event.unknown) == ("completed", (), ())
    assert agentic(status="teleported").unknown == ("order:teleported",)


def test_tables_of_the_protocol_speak_of_our_stages() -> None:
    assert set(acp.SHIPMENT.values()) <= SHIPMENT_RANK.keys()
    assert {kind for kind in acp.KINDS.values() if kind} <= ADJUSTMENT_KINDS
    assert set(acp.ADJUSTMENT.values()) <= ADJUSTMENT_RANK.keys()


def test_without_any_time_it_cannot_be_ordered() -> None:
    assert said(acp_order(), Verified("msg_1")) == Malformed("a time is missing - at `$.timestamp`")
    assert said({"type": "order_update"}) == Malformed("an id is missing - at `$.data.id`")


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"7", b"[" * 100_000, b'{"type": ["order_create"]}', b'{"specversion": null, "type": 7}']
)
def test_what_is_none_of_the_three_is_malformed(body: bytes) -> None:
    assert isinstance(native.take(body, UTC, SENT), Malformed)
