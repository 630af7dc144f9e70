"""Shopify's webhooks: orders, fulfillments, their events, refunds and products, told apart by their bodies: the topic is not signed.

Pure. Ids exceed 2^53 and stay text; a fulfilled order is on its way, never delivered; a refund without a transaction moved no money.
Walk b.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import Adjustment, Customer, Item, Mark, OrderEvent, OrderFragment, OrderHead, Shipment, Stamp, Track
from order_status.shops import shopify_products as products
from order_status.shops.answers import Ignored, Malformed, Refused, Translated, Verified
from order_status.shops.reading import Node, Unreadable, document, look_up
from order_status.shops.signing import body_digest, delivery_key, fits, header, in_base64, topic

PAYMENT = {
    "pending": "pending",
    "authorized": "authorized",
    "partially_paid": "pending",
    "paid": "paid",
    "partially_refunded": "paid",
    "refunded": "paid",
    "voided": "voided",
    "expired": "voided",
}
# Of a fulfillment event: one row of its history, with its own time. None: known, and no stage of its own.
EVENT: dict[str, str | None] = {
    "confirmed": "preparing",
    "label_purchased": "preparing",
    "label_printed": "preparing",
    "carrier_picked_up": "shipped",
    "in_transit": "in_transit",
    "delayed": None,
    "out_for_delivery": "out_for_delivery",
    "attempted_delivery": "delivery_failed",
    "failure": "delivery_failed",
    "ready_for_pickup": "ready_for_pickup",
    "picked_up": "delivered",
    "delivered": "delivered",
}
# Of `shipment_status` in a fulfillment: its time is not told, so an attempt that may repeat is left to the events.
SHIPMENT_STATUS = {
    **{status: stage or "in_transit" for status, stage in EVENT.items()},
    "attempted_delivery": "in_transit",
    "failure": "in_transit",
}
FULFILLMENT = {
    "pending": "preparing",
    "open": "preparing",
    "success": "shipped",
    "cancelled": "cancelled",
    "error": "cancelled",
    "failure": "cancelled",
}
TRANSACTION = {"success": "completed", "pending": "in_progress", "failure": "failed", "error": "failed"}
_TIMED_BY_CHANGE = frozenset({"out_for_delivery", "ready_for_pickup", "delivered"})
# The bodies of these topics must be one that we read. Whatever else Shopify sends (an edit, an order's deletion) is known and not taken.
TAKEN = (
    frozenset(f"orders/{change}" for change in ("create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled"))
    | frozenset({"fulfillments/create", "fulfillments/update", "fulfillment_events/create", "refunds/create"})
    | products.TOPICS
)
_TOPIC = re.compile(r"[a-z_]+/[a-z_]+\Z")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    """The HMAC covers the body alone: topic and id are hints. An id that is changed on a repeat tells nobody anything twice."""
    given = header(headers, "X-Shopify-Hmac-Sha256")
    if given is None:
        return Refused("no_signature")
    if not body or not fits(given, secrets, in_base64, body):
        return Refused("bad_signature")
    delivery_id = header(headers, "X-Shopify-Webhook-Id") or body_digest(body)
    return Verified(delivery_key("shopify", delivery_id), topic=topic(headers, "X-Shopify-Topic"))


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        if "fulfillment_id" in data and "happened_at" in data:
            return _event(data, body, zone)
        if "refund_line_items" in data or ("transactions" in data and "order_id" in data):
            return _refund(data, body, zone)
        if "order_id" in data and ("tracking_number" in data or "shipment_status" in data):
            return _fulfillment(data, body, zone)
        if "line_items" in data and "financial_status" in data:
            return _order(data, body, zone)
        if products.is_product(data):
            return products.product(data, body, zone, verified.home)
        if products.is_deletion(data, verified.topic):
            return products.deleted(data, verified.at)
        if _TOPIC.match(verified.topic) and verified.topic not in TAKEN:
            return Ignored(verified.topic)
        return Malformed("neither an order, a fulfillment, a fulfillment event, a refund nor a product - at `$`")
    except Unreadable as error:
        return Malformed(str(error))


def _order(data: Node, body: bytes, zone: tzinfo) -> OrderEvent:
    unknown: set[str] = set()
    order_id = data.need_ident("id")
    currency = data.need_currency("currency")
    refunds = [_adjustment(refund, zone, unknown) for refund in data.nodes("refunds", 200)]
    return OrderEvent(
        head=OrderHead(
            stamp=Stamp(-1, data.need_time(zone, "updated_at", "created_at"), body_digest(body)),
            order_id=order_id,
            number=(data.ident("name", "order_number") or order_id).removeprefix("#") or order_id,
            placed_at=data.need_time(zone, "processed_at", "created_at"),
            locale=data.locale("customer_locale"),
            currency=currency,
            total=max(data.money("total_price", currency) or 0, 0),
            url=data.url("order_status_url"),
            test=data.flag("test"),
            notify=True,
            items=tuple(_item(line, currency) for line in data.nodes("line_items")),
        ),
        customer=_customer(data),
        status="cancelled" if data.time(zone, "cancelled_at") else "placed",
        payment=look_up(PAYMENT, data.word("financial_status") or "pending", "payment", unknown),
        payment_reason=None,
        shipments=tuple(_shipment(node, zone, unknown) for node in data.nodes("fulfillments", 100)),
        adjustments=tuple(refund for refund in refunds if refund is not None),
        measures=(),
        unknown=tuple(sorted(unknown)),
    )


def _fulfillment(data: Node, body: bytes, zone: tzinfo) -> OrderFragment:
    unknown: set[str] = set()
    stamp = Stamp(-1, data.need_time(zone, "updated_at", "created_at"), body_digest(body))
    shipment = _shipment(data, zone, unknown)
    return OrderFragment(data.need_ident("order_id"), stamp, shipments=(shipment,), unknown=tuple(sorted(unknown)))


def _event(data: Node, body: bytes, zone: tzinfo) -> OrderFragment:
    unknown: set[str] = set()
    order_id, parcel_id = data.need_ident("order_id"), data.need_ident("fulfillment_id")
    status, at = data.word("status"), data.need_time(zone, "happened_at")
    stage = look_up(EVENT, status, "shipment", unknown)
    place = ", ".join(part for part in (data.text("city"), data.text("country")) if part) or None
    track = Track(
        key=f"shipment:{parcel_id}",
        teller="shopify",
        stamp=Stamp(-1, data.time(zone, "created_at") or at, body_digest(body)),
        carrier=None,
        tracking_url=None,
        eta=data.due(zone, "estimated_delivery_at"),
        reason=data.text("message") if status in ("delayed", "attempted_delivery", "failure") else None,
        marks=(Mark(stage, at, place),) if stage is not None and not unknown else (),
    )
    return OrderFragment(order_id, track.stamp, tracks=(track,), unknown=tuple(sorted(unknown)))


def _refund(data: Node, body: bytes, zone: tzinfo) -> OrderFragment:
    unknown: set[str] = set()
    adjustment = _adjustment(data, zone, unknown)
    stamp = Stamp(-1, data.need_time(zone, "processed_at", "created_at"), body_digest(body))
    adjustments = (adjustment,) if adjustment else ()
    return OrderFragment(data.need_ident("order_id"), stamp, adjustments=adjustments, unknown=tuple(sorted(unknown)))


def _adjustment(refund: Node, zone: tzinfo, unknown: set[str]) -> Adjustment | None:
    """None when nothing was paid back: items were only taken off the order."""
    amount, statuses = 0, set()
    for transaction in refund.nodes("transactions", 50):
        if transaction.word("kind") == "refund":
            status = look_up(TRANSACTION, transaction.word("status"), "adjustment", unknown)
            statuses.add(status)
            if status == "completed":
                amount += abs(transaction.money("amount", transaction.need_currency("currency")) or 0)
    if not statuses:
        return None
    status = next((found for found in ("completed", "in_progress", "failed") if found in statuses), min(statuses))
    return Adjustment(refund.need_ident("id"), "refund", status, amount, refund.need_time(zone, "processed_at", "created_at"))


def _shipment(node: Node, zone: tzinfo, unknown: set[str]) -> Shipment:
    made = look_up(FULFILLMENT, node.word("status") or "success", "shipment", unknown)
    carried = node.word("shipment_status")
    stage = look_up(SHIPMENT_STATUS, carried, "shipment", unknown) if carried and made != "cancelled" else made
    if stage.endswith("?"):
        stage = made
    created_at = node.need_time(zone, "created_at", "updated_at")
    changed_at = node.time(zone, "updated_at") or created_at
    return Shipment(
        id=node.need_ident("id"),
        carrier=node.text("tracking_company"),
        tracking_number=node.ident("tracking_number"),
        tracking_url=node.url("tracking_url"),
        item_ids=tuple(found for line in node.nodes("line_items") if (found := line.ident("id"))),
        stage=stage,
        at=changed_at if stage in _TIMED_BY_CHANGE else created_at,
        promised=None,
        eta=node.due(zone, "estimated_delivery_at"),
        reason=None,
    )


def _item(line: Node, currency: str) -> Item:
    return Item(
        id=line.need_ident("id"),
        product_id=line.ident("product_id"),
        name=line.text("name", "title") or "",
        quantity=line.whole("quantity") or 1,
        unit_price=max(line.money("price", currency) or 0, 0),
        url=None,
        image_url=None,
    )


def _customer(data: Node) -> Customer | None:
    customer = data.node("customer")
    name = " ".join(part for part in (customer.text("first_name"), customer.text("last_name")) if part)
    found = Customer(
        id=customer.ident("id"),
        email=data.address("email", "contact_email") or customer.address("email"),
        phone=data.address("phone") or customer.address("phone"),
        name=name or data.node("shipping_address").text("name"),
    )
    return found if found != Customer(None) else None
