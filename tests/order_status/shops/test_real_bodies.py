"""The senders' own bodies and signature vectors, where their folder stands beside the project: what we make of each."""

import base64
import hashlib
import hmac
import json
from datetime import UTC
from typing import Any

import pytest

from order_status.events import OrderEvent, OrderFragment
from order_status.products import Product
from order_status.shops import SHOPS, Ignored, Keyed, Refused, Translated, Verified
from tests.order_status.world import NOW
from tools.places import ROOT

FOLDER = ROOT.parent / "shared" / "payloads"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the senders' bodies do not stand beside the project")


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def translated(kind: str, body: bytes, topic: str = "") -> Translated:
    told = SHOPS[kind].translate(body, UTC, Verified("x", topic=topic, at=NOW))
    return told.event if isinstance(told, Keyed) else told


def order(kind: str, document: object, topic: str = "") -> OrderEvent:
    event = translated(kind, json.dumps(document).encode(), topic)
    assert isinstance(event, OrderEvent), event
    return event


def part(kind: str, document: object) -> OrderFragment:
    event = translated(kind, json.dumps(document).encode())
    assert isinstance(event, OrderFragment), event
    return event


def test_shopify_orders() -> None:
    for name in ("created", "cancelled", "paid"):
        told = read(f"shopify/hookdeck-2024-10-orders.{'create' if name == 'created' else name}.json")
        event = order("shopify", told["body"], told["topic"])
        assert (event.head.order_id, event.head.number, event.head.total, event.head.test) == ("820982911946154500", "9999", 38800, True)
        assert (event.status, event.payment, len(event.head.items), event.unknown) == ("cancelled", "voided", 2, ())
        assert event.customer is not None
        assert event.customer.id == "115310627314723950"
    guest = order("shopify", read("shopify/go-shopify-order.json")["order"])
    assert guest.customer is not None
    assert guest.customer.id is None


def test_shopify_parts() -> None:
    shipment = part("shopify", read("shopify/hookdeck-2024-10-fulfillments.create.json")["body"])
    assert (shipment.order_id, shipment.shipments[0].stage, shipment.unknown) == ("820982911946154500", "preparing", ())
    event = part("shopify", read("shopify/hookdeck-2024-10-fulfillment_events.create.json")["body"])
    assert [(track.key, mark.stage) for track in event.tracks for mark in track.marks] == [("shipment:123456", "in_transit")]
    assert part("shopify", read("shopify/go-shopify-fulfillment_event.json")["fulfillment_event"]).unknown == ()
    refund = part("shopify", read("shopify/hookdeck-2024-10-refunds.create.json")["body"])
    assert (refund.order_id, refund.adjustments) == ("820982911946154500", ())


@pytest.mark.parametrize("name", ["create", "cancelled", "paid"])
def test_a_shopify_delivery_with_its_hmac_made_again(name: str) -> None:
    """The bodies were written anew by those who published them, so that their own digest does not fit."""
    told = read(f"shopify/hookdeck-2024-10-orders.{name}.json")
    body, secret = json.dumps(told["body"]).encode(), "a shared secret"
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    assert isinstance(SHOPS["shopify"].verify(told["headers"], body, [secret], NOW), Refused)
    verdict = SHOPS["shopify"].verify({**told["headers"], "x-shopify-hmac-sha256": digest}, body, [secret], NOW)
    assert isinstance(verdict, Verified)
    assert verdict.topic == told["topic"]


def test_woocommerce() -> None:
    for name in ("1", "2"):
        event = order("woocommerce", read(f"woocommerce/docs-v3-order-{name}.json"))
        assert (event.head.order_id, event.head.total, event.status, event.payment) == ("727", 2935, "confirmed", "paid")
        assert event.customer is not None
        assert (event.customer.id, event.customer.email) == (None, "john.doe@example.com")
        assert (len(event.head.items), event.unknown) == (2, ())
    told = read("woocommerce/hookdeck-product.updated.json")
    product = translated("woocommerce", json.dumps(told["body"]).encode(), told["topic"])
    assert isinstance(product, Product)
    assert (product.product_id, product.price, product.stock, product.available, product.for_sale) == ("18", None, None, True, True)
    assert [(text.name, text.category) for text in product.texts.values()] == [("Perpemint", "Uncategorized")]


@pytest.mark.parametrize(
    ("name", "status", "total", "number"),
    [
        ("canceled", "cancelled", 4168, "53"),
        ("confirmed", "confirmed", 24082, "VXNlcjo1MQ=="),
        ("fulfillment_confirmation", "confirmed", 5518, "52"),
    ],
)
def test_saleor(name: str, status: str, total: int, number: str) -> None:
    event = order("saleor", read(f"saleor/notify_order_{name}.json"), "notify_user")
    assert (event.status, event.head.total, event.head.number, event.unknown) == (status, total, number, ())
    assert event.shipments == ()


def test_the_protocol_of_agents() -> None:
    created = order("native", read("acp/webhook-order_created.json"))
    assert (created.head.order_id, created.status, created.head.total) == ("ord_123", "placed", 11260)
    refunded = order("native", read("acp/webhook-order_with_refund.json"))
    assert [(each.kind, each.status, each.amount) for each in refunded.adjustments] == [("refund", "completed", 10760)]
    assert refunded.head.currency == "USD"
    partial = order("native", {"type": "order_update", "data": read("acp/order-partial-fulfillment.json")})
    assert [(each.id, each.stage) for each in partial.shipments] == [("ful_shoes", "delivered"), ("ful_shirts", "preparing")]
    assert order("native", {"type": "order_update", "data": read("acp/order-simple-order.json")}).head.order_id == "ord_minimal_123"


def test_carriers() -> None:
    assert [mark.stage for mark in part("aftership", read("aftership/tracking_update.json")).tracks[0].marks] == ["in_transit"]
    fedex = part("easypost", read("easypost/event-body.json"))
    assert (len(fedex.tracks[0].marks), fedex.quiet, fedex.unknown, fedex.tracks[0].carrier) == (7, False, (), "FedEx")
    ups = part("easypost", read("easypost/tracking-webhook.json"))
    assert ([mark.stage for mark in ups.tracks[0].marks][-1], ups.quiet) == ("delivered", True)
    assert translated("easypost", json.dumps(read("easypost/event_example.json")).encode()) == Ignored("tracker.updated")
    usps = part("shippo", read("shippo/track_updated.json"))
    assert ({mark.stage for mark in usps.tracks[0].marks}, usps.quiet, usps.unknown) == ({"delivered"}, True, ())
    for name, stage in (("confirmed", "preparing"), ("status_changed", "delivered")):
        assert [mark.stage for mark in part("inpost", read(f"inpost/shipment_{name}.json")).tracks[0].marks] == [stage]


def test_shopifys_vectors() -> None:
    vectors = read("vectors/shopify.json")
    assert len(vectors) == 5
    for vector in vectors:
        headers = {vector["header"]: vector["signature"]}
        verdict = SHOPS["shopify"].verify(headers, vector["body"].encode(), [vector["secret"]], NOW)
        assert isinstance(verdict, Verified) is vector["valid"], vector


def test_easyposts_vector() -> None:
    (vector,) = read("vectors/easypost.json")
    body = (FOLDER / "easypost" / "event-body.json").read_bytes().removesuffix(b"\n")
    verdict = SHOPS["easypost"].verify({vector["header"]: vector["signature"]}, body, [vector["secret"]], NOW)
    assert isinstance(verdict, Verified) is vector["valid"]
