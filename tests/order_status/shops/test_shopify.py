"""Shopify: what its four bodies say, with ids beyond 2^53, several tellers of one parcel, tests, guests and masked addresses."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from order_status.events import Adjustment, Customer, Due, Mark, OrderEvent, OrderFragment
from order_status.shops import Ignored, Malformed, Translated, Verified, shopify
from order_status.stages import SHIPMENT_RANK
from tests.order_status.shops.bodies import BIG, NUMBER, shopify_event, shopify_fulfillment, shopify_order, shopify_refund
from tests.order_status.shops.senders import body_of

ZONE = ZoneInfo("America/New_York")


def said(document: object, topic: str = "") -> Translated:
    return shopify.translate(body_of(document), ZONE, Verified("x", topic=topic))


def order(**changed: Any) -> OrderEvent:
    event = said(shopify_order(**changed))
    assert isinstance(event, OrderEvent), event
    return event


def part(document: object) -> OrderFragment:
    event = said(document)
    assert isinstance(event, OrderFragment), event
    return event


def test_an_order() -> None:
    event = order()
    head = event.head
    assert (head.order_id, head.number, head.currency, head.total) == (str(BIG), "1001", "PLN", 14100)
    assert head.placed_at == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert head.stamp.at == datetime(2026, 11, 20, 14, 20, tzinfo=UTC)
    assert (head.locale, head.url, head.test, head.notify) == ("pl", "https://shop.example/orders/1001", False, True)
    assert [(item.id, item.product_id, item.unit_price) for item in head.items] == [("866550311766439020", "632910392", 12900)]
    assert event.customer == Customer("115310627314723954", "shopper@example.com", None, "Demo Customer")
    assert (event.status, event.payment, event.shipments, event.unknown) == ("placed", "paid", (), ())


def test_guests_and_masked_addresses_are_absent() -> None:
    masked = {"id": None, "email": "s****@example.com", "first_name": None, "last_name": None}
    assert order(customer=masked, email="", contact_email="s****@example.com").customer is None
    assert order(customer=None, email="a@example.com").customer == Customer(None, "a@example.com")


def test_a_test_order_and_a_cancelled_one() -> None:
    assert order(test=True).head.test
    assert order(cancelled_at="2026-11-20T05:00:00-05:00").status == "cancelled"


@pytest.mark.parametrize(("value", "payment"), shopify.PAYMENT.items())
def test_payments(value: str, payment: str) -> None:
    assert order(financial_status=value).payment == payment


def test_an_unknown_status_is_named_and_never_one_of_ours() -> None:
    event = order(financial_status="lost", fulfillments=[shopify_fulfillment(shipment_status="teleported")])
    assert (event.payment, event.shipments[0].stage) == ("lost?", "shipped")
    assert event.unknown == ("payment:lost", "shipment:teleported")


@pytest.mark.parametrize(
    ("changed", "stage", "at"),
    [
        ({}, "shipped", "09:40"),
        ({"status": "pending"}, "preparing", "09:40"),
        ({"status": "cancelled", "shipment_status": "delivered"}, "cancelled", "09:40"),
        ({"shipment_status": "label_printed"}, "preparing", "09:40"),
        ({"shipment_status": "in_transit", "updated_at": "2026-11-20T09:00:00-05:00"}, "in_transit", "09:40"),
        ({"shipment_status": "attempted_delivery"}, "in_transit", "09:40"),
        ({"shipment_status": "delivered", "updated_at": "2026-11-20T09:00:00-05:00"}, "delivered", "14:00"),
    ],
)
def test_fulfillments(changed: dict[str, Any], stage: str, at: str) -> None:
    (shipment,) = order(fulfillments=[shopify_fulfillment(**changed)]).shipments
    assert (shipment.stage, shipment.at.strftime("%H:%M")) == (stage, at)
    assert (shipment.id, shipment.tracking_number, shipment.carrier) == ("4000000000000000001", NUMBER, "InPost")
    assert shipment.item_ids == ("866550311766439020",)
    assert part(shopify_fulfillment(**changed)).shipments == (shipment,)


def test_a_fulfillment_alone_belongs_to_its_order() -> None:
    assert part(shopify_fulfillment()).order_id == str(BIG)


def test_a_fulfillment_event_is_a_mark_on_its_parcel() -> None:
    event = part(shopify_event("attempted_delivery", estimated_delivery_at="2026-11-24T00:00:00Z"))
    (track,) = event.tracks
    assert (event.order_id, track.key, track.teller) == (str(BIG), "shipment:4000000000000000001", "shopify")
    assert track.marks == (Mark("delivery_failed", datetime(2026, 11, 20, 9, 50, tzinfo=UTC), "Łódź, PL"),)
    assert track.eta == Due(datetime(2026, 11, 24, tzinfo=UTC).date())
    assert track.reason == "the carrier's words"


def test_a_fulfillment_event_that_is_no_stage_makes_no_mark() -> None:
    assert part(shopify_event("delayed")).tracks[0].marks == ()
    unknown = part(shopify_event("teleported"))
    assert (unknown.tracks[0].marks, unknown.unknown) == ((), ("shipment:teleported",))


def test_a_refund_is_what_its_transactions_paid_back() -> None:
    at = datetime(2026, 11, 20, 9, 55, tzinfo=UTC)
    made = Adjustment("890088186047892319", "refund", "completed", 1200, at)
    assert part(shopify_refund()).adjustments == (made,)
    assert order(refunds=[shopify_refund()]).adjustments == (made,)
    assert part(shopify_refund(transactions=[])).adjustments == ()
    pending = [{"kind": "refund", "status": "pending", "amount": "12.00", "currency": "PLN"}]
    assert [each.status for each in part(shopify_refund(transactions=pending)).adjustments] == ["in_progress"]


def test_money_of_currencies_with_other_minor_units() -> None:
    assert order(currency="JPY", total_price="14100").head.total == 14100
    assert order(currency="KWD", total_price="14.100").head.total == 14100


@pytest.mark.parametrize(
    ("document", "topic", "answer"),
    [
        ({"id": 1, "title": "Lamps"}, "collections/update", Ignored("collections/update")),
        ({"shop_id": 1}, "customers/redact", Ignored("customers/redact")),
        ({"id": BIG}, "orders/delete", Ignored("orders/delete")),
        ({"order_edit": {"order_id": BIG, "line_items": {}}}, "orders/edited", Ignored("orders/edited")),
        ({"id": BIG}, "orders/updated", Malformed("neither an order, a fulfillment, a fulfillment event, a refund nor a product - at `$`")),
        ({"id": BIG}, "", Malformed("neither an order, a fulfillment, a fulfillment event, a refund nor a product - at `$`")),
        ([], "orders/updated", Malformed("not an object")),
        (shopify_order(currency=None), "", Malformed("a currency is missing - at `$.currency`")),
        (shopify_order(id=None), "", Malformed("an id is missing - at `$.id`")),
        (shopify_event(happened_at="yesterday"), "", Malformed("a time is missing - at `$.happened_at`")),
    ],
)
def test_what_is_not_taken_and_what_cannot_be_read(document: object, topic: str, answer: Translated) -> None:
    assert said(document, topic) == answer


def test_the_topic_is_only_a_hint() -> None:
    """It is not signed: an order is an order, whatever the header says."""
    assert said(shopify_order(), "products/update") == order()


def test_every_stage_in_the_tables_is_one_of_ours() -> None:
    for table in (shopify.EVENT, shopify.SHIPMENT_STATUS, shopify.FULFILLMENT):
        assert {stage for stage in table.values() if stage is not None} <= SHIPMENT_RANK.keys()
