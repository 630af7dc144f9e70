"""The order of the Agentic Commerce Protocol (2026-04-17), as a shop posts it to an assistant: `{type, data}` with the whole order.

Pure; comes through the native door, under its signature. The protocol's order tells neither when it was placed nor its currency: both are
read where a shop adds them, else the signed time of sending stands in, and money has no currency. Walk b.
"""

from datetime import datetime, tzinfo

from order_status.events import Adjustment, Customer, Due, Item, Mark, OrderEvent, OrderHead, Shipment, Stamp
from order_status.shops.answers import Malformed, Translated, Verified
from order_status.shops.reading import NO_CURRENCY, Node, Unreadable, document, look_up
from order_status.shops.signing import body_digest

TYPES = frozenset({"order_create", "order_update"})

ORDER = {
    "created": "placed",
    "confirmed": "confirmed",
    "processing": "confirmed",
    "manual_review": "on_hold",
    "canceled": "cancelled",
    "shipped": "shipped",  # of the whole order: says nothing, parcels do
    "completed": "completed",
}
SHIPMENT = {
    "pending": "preparing",
    "processing": "preparing",
    "shipped": "shipped",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "ready_for_pickup": "ready_for_pickup",
    "delivered": "delivered",
    "failed": "delivery_failed",
    "failed_attempt": "delivery_failed",
    "undeliverable": "delivery_failed",
    "returned_to_sender": "returned_to_sender",
    "canceled": "cancelled",
}
ADJUSTMENT = {"pending": "in_progress", "completed": "completed", "failed": "failed"}
KINDS: dict[str, str | None] = {
    "refund": "refund",
    "credit": "credit",
    "return": "return",
    "exchange": "exchange",
    "dispute": "dispute",
    "price_adjustment": "credit",
    "cancellation": None,  # the order's status says it
}


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        envelope = document(body)
        data = envelope.node("data")
        at = envelope.time(zone, "timestamp") or data.time(zone, "updated_at") or verified.at
        if at is None:
            return Malformed("a time is missing - at `$.timestamp`")
        return _order(data, Stamp(-1, at, body_digest(body)), zone)
    except Unreadable as error:
        return Malformed(str(error))


def _order(data: Node, stamp: Stamp, zone: tzinfo) -> OrderEvent:
    unknown: set[str] = set()
    order_id = data.need_ident("id")
    status = look_up(ORDER, data.word("status") or "created", "order", unknown)
    adjustments = list(data.nodes("adjustments", 200))
    buyer = data.node("buyer")
    return OrderEvent(
        head=OrderHead(
            stamp=stamp,
            order_id=order_id,
            number=data.ident("order_number") or order_id,
            placed_at=data.time(zone, "created_at", "placed_at") or stamp.at,
            locale=data.locale("locale"),
            currency=next((found for node in (data, *adjustments) if (found := node.currency("currency"))), NO_CURRENCY),
            total=next((total.whole("amount") or 0 for total in data.nodes("totals", 50) if total.text("type") == "total"), 0),
            url=data.url("permalink_url"),
            test=data.flag("test"),
            notify=True,
            items=tuple(_item(line) for line in data.nodes("line_items")),
        ),
        customer=_customer(buyer),
        status=status,
        payment=None,
        payment_reason=None,
        shipments=tuple(_shipment(node, stamp.at, zone, unknown) for node in data.nodes("fulfillments", 100)),
        adjustments=tuple(made for node in adjustments if (made := _adjustment(node, zone, unknown))),
        measures=(),
        unknown=tuple(sorted(unknown)),
    )


def _customer(buyer: Node) -> Customer | None:
    name = " ".join(part for part in (buyer.text("first_name"), buyer.text("last_name")) if part) or None
    found = Customer(buyer.ident("customer_id", "id"), buyer.address("email"), buyer.address("phone_number", "phone"), name)
    return found if found != Customer(None) else None


def _item(line: Node) -> Item:
    quantity = line.node("quantity")
    return Item(
        id=line.need_ident("id"),
        product_id=line.ident("product_id"),
        name=line.text("title") or "",
        quantity=quantity.whole("ordered") or quantity.whole("current") or 1,
        unit_price=max(line.whole("unit_price") or 0, 0),
        url=line.url("url"),
        image_url=line.url("image_url"),
    )


def _shipment(node: Node, sent_at: datetime, zone: tzinfo, unknown: set[str]) -> Shipment:
    scans = tuple(
        Mark(look_up(SHIPMENT, event.word("type"), "shipment", unknown), event.need_time(zone, "occurred_at"), event.text("location"))
        for event in node.nodes("events")
    )
    stage = look_up(SHIPMENT, node.word("status") or "pending", "shipment", unknown)
    estimate = node.node("estimated_delivery")
    eta: Due | None = estimate.due(zone, "latest", "earliest")
    return Shipment(
        id=node.need_ident("id"),
        carrier=node.text("carrier"),
        tracking_number=node.ident("tracking_number"),
        tracking_url=node.url("tracking_url"),
        item_ids=tuple(found for line in node.nodes("line_items") if (found := line.ident("id"))),
        stage=stage,
        at=max((scan.at for scan in scans), default=sent_at),
        promised=None,
        eta=eta,
        reason=node.text("description"),
        scans=scans,
    )


def _adjustment(node: Node, zone: tzinfo, unknown: set[str]) -> Adjustment | None:
    kind = look_up(KINDS, node.word("type"), "adjustment_kind", unknown)
    if kind is None:
        return None
    amount = node.whole("amount")
    return Adjustment(
        id=node.need_ident("id"),
        kind=kind,
        status=look_up(ADJUSTMENT, node.word("status"), "adjustment", unknown),
        amount=amount if amount is None else abs(amount),
        at=node.need_time(zone, "occurred_at"),
    )
