"""Shopware: the order as it enters a state, payments that are tried again, and the registration of the app."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest

from order_status.events import Adjustment, Customer, OrderEvent
from order_status.shops import Ignored, Keyed, Malformed, Translated, Verified, shopware
from order_status.shops.reading import NO_CURRENCY
from order_status.stages import ORDER_RANK, PAYMENTS, SHIPMENT_RANK
from tests.order_status.shops.bodies import NUMBER, shopware_delivery, shopware_event, shopware_transaction
from tests.order_status.shops.senders import OLDER_SECRET, PLAIN_SECRET, body_of


def said(document: object) -> Translated:
    return shopware.translate(body_of(document), UTC, Verified(""))


def order(event: str = "checkout.order.placed", **changed: Any) -> OrderEvent:
    told = said(shopware_event(event, **changed))
    assert isinstance(told, Keyed), told
    assert isinstance(told.event, OrderEvent)
    return told.event


def test_an_order() -> None:
    event = order(transactions=[shopware_transaction("open")])
    assert (event.head.number, event.head.total, event.head.currency, event.head.locale) == ("1001", 14100, "PLN", "pl-PL")
    assert event.head.placed_at == datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
    assert (event.status, event.payment, event.shipments) == ("placed", "pending", ())
    assert event.customer == Customer("c7c7", "shopper@example.com", None, "Demo Customer")
    assert [(item.id, item.unit_price) for item in event.head.items] == [("l1", 12900)]


def test_a_guest_has_no_id() -> None:
    guest = {"customerId": "c7c7", "email": "shopper@example.com", "customer": {"guest": True}}
    assert order(orderCustomer=guest).customer == Customer(None, "shopper@example.com")


def test_a_change_of_a_delivery_alone_makes_the_snapshot_newer() -> None:
    event = order("state_enter.order_delivery.state.shipped", deliveries=[shopware_delivery()])
    assert event.head.stamp.at == datetime(2026, 11, 20, 9, 40, tzinfo=UTC)
    (shipment,) = event.shipments
    assert (shipment.stage, shipment.tracking_number, shipment.carrier) == ("shipped", NUMBER, "InPost")


def test_a_state_that_the_body_leaves_out_is_the_one_that_was_entered() -> None:
    bare = shopware_delivery()
    del bare["stateMachineState"]
    assert order("state_enter.order_delivery.state.cancelled", deliveries=[bare]).shipments[0].stage == "cancelled"
    assert order("state_enter.order.state.cancelled", stateMachineState=None).status == "cancelled"


def test_the_payment_begun_last_speaks() -> None:
    later = shopware_transaction("paid", "t2", "2026-11-20T09:20:00.000+00:00")
    assert order(transactions=[later, shopware_transaction("failed")]).payment == "paid"
    assert order(transactions=[shopware_transaction("failed")]).payment == "failed"


def test_a_refund_and_a_return() -> None:
    at = "2026-11-20T09:50:00.000+00:00"
    event = order(transactions=[shopware_transaction("refunded", updatedAt=at)], deliveries=[shopware_delivery("returned", at)])
    moment = datetime(2026, 11, 20, 9, 50, tzinfo=UTC)
    assert event.adjustments == (
        Adjustment("t1", "refund", "completed", 14100, moment),
        Adjustment("d1", "return", "completed", None, moment),
    )
    assert order(transactions=[shopware_transaction("refunded_partially")]).adjustments == ()


def test_tables_speak_of_our_stages() -> None:
    assert set(shopware.ORDER.values()) <= ORDER_RANK.keys()
    assert set(shopware.PAYMENT.values()) <= PAYMENTS
    assert set(shopware.DELIVERY.values()) <= SHIPMENT_RANK.keys()
    event = order(stateMachineState={"technicalName": "lost"}, deliveries=[shopware_delivery("flown")])
    assert event.unknown == ("order:lost", "shipment:flown")
    assert (event.status, event.shipments[0].stage) == ("lost?", "flown?")


def test_an_order_without_its_currency_has_no_currency() -> None:
    assert order(currency=None).head.currency == NO_CURRENCY


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ({"data": {"payload": [], "event": "app.installed"}, "source": {}}, Ignored("app.installed")),
        ({"data": {"payload": [{"entity": "order", "primaryKey": "x"}], "event": "order.written"}}, Ignored("order.written")),
        ({"apiKey": "a", "secretKey": "b", "timestamp": "1", "shopUrl": "u", "shopId": "s"}, Ignored("app.confirmed")),
        ({"data": {}}, Malformed("the event's name is missing - at `$.data.event`")),
        (shopware_event(id=""), Malformed("an id is missing - at `$.data.payload.order.id`")),
    ],
)
def test_what_is_not_taken_and_what_cannot_be_read(document: object, answer: Translated) -> None:
    assert said(document) == answer


QUERY = "shop-id=S1&shop-url=https%3A%2F%2Fshop.example&timestamp=1795165980"
ADDRESS = "https://chat.example/webhooks/x"


def mac(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_the_app_is_registered_by_a_shop_that_knows_the_secret() -> None:
    answer = shopware.greet({"Shopware-App-Signature": mac(PLAIN_SECRET, QUERY)}, QUERY, [PLAIN_SECRET], ADDRESS)
    proof = mac(PLAIN_SECRET, "S1https://shop.example" + shopware.APP)
    assert answer == {"proof": proof, "secret": PLAIN_SECRET, "confirmation_url": ADDRESS}


def test_while_secrets_rotate_the_proof_is_made_with_the_one_that_signed() -> None:
    answer = shopware.greet({"shopware-app-signature": mac(OLDER_SECRET, QUERY)}, QUERY, [PLAIN_SECRET, OLDER_SECRET], ADDRESS)
    assert answer is not None
    assert answer["proof"] == mac(OLDER_SECRET, "S1https://shop.example" + shopware.APP)
    assert answer["secret"] == PLAIN_SECRET


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, QUERY),
        ({"shopware-app-signature": "x"}, QUERY),
        ({"shopware-app-signature": mac("another secret of another shop", QUERY)}, QUERY),
        ({"shopware-app-signature": mac(PLAIN_SECRET, QUERY)}, QUERY + "&x=1"),
        ({"shopware-app-signature": mac(PLAIN_SECRET, "x=1")}, "x=1"),
        ({"shopware-app-signature": mac(PLAIN_SECRET, "&".join(["a=1"] * 100))}, "&".join(["a=1"] * 100)),
    ],
)
def test_nobody_else_learns_it(headers: dict[str, str], query: str) -> None:
    assert shopware.greet(headers, query, [PLAIN_SECRET], ADDRESS) is None
