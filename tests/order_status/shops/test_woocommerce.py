"""WooCommerce: naive and Greenwich times, guests, drafts, the unsigned ping, parcels from the metadata of tracking extensions."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from order_status.events import Customer, OrderEvent
from order_status.shops import Ignored, Keyed, Malformed, Ping, Refused, Translated, Verified, woocommerce
from order_status.stages import ORDER_RANK, PAYMENTS
from tests.order_status.shops.bodies import NUMBER, woo_order, woo_tracking
from tests.order_status.shops.senders import OLDER_SECRET, PLAIN_SECRET, body_of
from tests.order_status.shops.senders import woocommerce as signed
from tests.order_status.world import NOW

ZONE = ZoneInfo("Europe/Warsaw")


def said(document: object, topic: str = "order.updated") -> Translated:
    return woocommerce.translate(body_of(document), ZONE, Verified("", topic=topic))


def order(status: str = "processing", **changed: Any) -> OrderEvent:
    told = said(woo_order(status, **changed))
    assert isinstance(told, Keyed), told
    assert isinstance(told.event, OrderEvent)
    return told.event


def test_an_order() -> None:
    event = order()
    assert (event.head.order_id, event.head.number, event.head.total, event.head.currency) == ("727", "W-727", 14100, "PLN")
    assert event.head.placed_at == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert event.head.stamp.at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert [(item.id, item.name, item.unit_price) for item in event.head.items] == [("315", "Lamp – black", 12900)]
    assert event.customer == Customer("31", "shopper@example.com", "+48 600 000 000", "Demo Customer")
    assert (event.status, event.payment, event.shipments) == ("confirmed", "paid", ())


def test_naive_times_alone_are_read_in_the_shops_zone() -> None:
    assert order(date_created_gmt=None).head.placed_at == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)


def test_a_guest_is_customer_zero() -> None:
    assert order(customer_id=0).customer == Customer(None, "shopper@example.com", "+48 600 000 000", "Demo Customer")
    assert order(customer_id=0, billing={"email": "", "phone": "***"}).customer is None


@pytest.mark.parametrize(
    ("status", "paid", "expected"),
    [
        ("pending", False, ("on_hold", "pending")),
        ("on-hold", False, ("placed", "pending")),
        ("processing", False, ("confirmed", None)),
        ("processing", True, ("confirmed", "paid")),
        ("completed", True, ("confirmed", "paid")),
        ("failed", True, ("on_hold", "failed")),
        ("cancelled", False, ("cancelled", None)),
        ("refunded", True, ("confirmed", "paid")),
        ("delivered", True, ("delivered?", "paid")),
    ],
)
def test_statuses(status: str, paid: bool, expected: tuple[str, str | None]) -> None:
    event = order(status) if paid else order(status, date_paid=None, date_paid_gmt=None)
    assert (event.status, event.payment) == expected
    assert event.unknown == (("order:delivered",) if status == "delivered" else ())


@pytest.mark.parametrize("status", ["checkout-draft", "auto-draft", "trash"])
def test_a_draft_is_no_order_yet(status: str) -> None:
    assert said(woo_order(status)) == Ignored("order.draft")


def test_refunds_have_amounts_and_no_times() -> None:
    event = order(refunds=[{"id": 9, "reason": "", "total": "-12.00"}])
    assert [(each.id, each.kind, each.status, each.amount, each.timed) for each in event.adjustments] == [
        ("9", "refund", "completed", 1200, False)
    ]
    assert [(each.id, each.amount) for each in order("refunded").adjustments] == [("all", 14100)]


def test_parcels_come_from_tracking_extensions() -> None:
    first, second = order("completed", meta_data=woo_tracking(NUMBER, "X2")).shipments
    assert (first.id, first.stage, first.tracking_number, first.carrier) == ("t0", "shipped", NUMBER, "inpost")
    assert first.at == datetime.fromtimestamp(1795167000, UTC)
    assert (second.id, second.tracking_number) == ("t1", "X2")


def test_the_ping_is_not_signed() -> None:
    assert woocommerce.verify({}, b"webhook_id=10", [PLAIN_SECRET], NOW) == Ping()
    for body in (b"webhook_id=", b"webhook_id=10&x=1", b"webhook_id=x", b"", body_of(woo_order())):
        assert woocommerce.verify({}, body, [PLAIN_SECRET], NOW) == Refused("no_signature")


def test_two_changes_within_a_second_are_two_deliveries() -> None:
    """Their delivery id is the same: the body tells them apart."""
    one, two = said(woo_order()), said(woo_order("completed"))
    assert isinstance(one, Keyed)
    assert isinstance(two, Keyed)
    assert one.key != two.key
    assert said(woo_order()) == one


def test_both_secrets_open_while_they_rotate() -> None:
    body = body_of(woo_order())
    for secret in (PLAIN_SECRET, OLDER_SECRET):
        assert woocommerce.verify(signed(body, secret=secret), body, [PLAIN_SECRET, OLDER_SECRET], NOW) == Verified("d-1")


@pytest.mark.parametrize(
    ("document", "topic", "answer"),
    [
        ({"id": 18, "name": "Lamp"}, "product.updated", Malformed("not a product - at `$`")),
        ({"id": 18, "code": "spring"}, "coupon.updated", Ignored("coupon.updated")),
        ({"id": 18}, "order.deleted", Ignored("order.deleted")),
        ({"id": 18}, "order.updated", Malformed("not an order - at `$`")),
        ({"id": 18}, "", Malformed("not an order - at `$`")),
        (woo_order(id=0), "", Malformed("an id is missing - at `$.id`")),
        (woo_order(date_created=None, date_created_gmt="0000-00-00T00:00:00"), "", Malformed("a time is missing - at `$.date_created`")),
    ],
)
def test_what_is_not_taken_and_what_cannot_be_read(document: object, topic: str, answer: Translated) -> None:
    assert said(document, topic) == answer


def test_every_status_in_the_table_is_one_of_ours() -> None:
    assert {order for order, _ in woocommerce.STATUS.values()} <= ORDER_RANK.keys()
    assert {payment for _, payment in woocommerce.STATUS.values() if payment} <= PAYMENTS
