"""Saleor's webhooks: the order as our subscription query asks for it (docs/shops/saleor.md), and the payloads from before such queries.

Pure. Signed by a key of the shop's key set (JWS), or by the older secret. A fulfilled line is on its way, never delivered; what came back
is a fulfillment of its own in Saleor, and a return here. Walk b.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import Adjustment, Customer, Item, OrderEvent, OrderHead, Shipment, Stamp
from order_status.shops import jws, signing
from order_status.shops.answers import Ignored, Keyed, Malformed, Refused, Translated, Verified
from order_status.shops.reading import Node, Unreadable, look_up, minor_units, parse

ORDER = {
    "unconfirmed": "placed",
    "unfulfilled": "confirmed",
    "partially_fulfilled": "confirmed",
    "fulfilled": "confirmed",
    "partially_returned": "confirmed",
    "returned": "confirmed",
    "canceled": "cancelled",
    "expired": "cancelled",
}
PAYMENT = {
    "not_charged": "pending",
    "pending": "pending",
    "partially_charged": "pending",
    "fully_charged": "paid",
    "partially_refunded": "paid",
    "fully_refunded": "paid",
    "refused": "failed",
    "cancelled": "voided",
}
# None: no parcel, but a piece of bookkeeping.
FULFILLMENT: dict[str, str | None] = {
    "waiting_for_approval": "preparing",
    "fulfilled": "shipped",
    "canceled": "cancelled",
    "returned": None,
    "refunded_and_returned": None,
    "refunded": None,
    "replaced": None,
}
RETURNS = frozenset({"returned", "refunded_and_returned"})
_HEX = re.compile(r"[0-9a-f]{64}\Z")


def check_secret(secret: str) -> None:
    """A secret of the older kind, or a key set as text. Raises ValueError."""
    if jws.is_key_set(secret):
        if not jws.keys_of(secret):
            raise ValueError("a key set holds at least one RSA key of 2048 bits or more")
    else:
        signing.check_secret(secret)


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    given = signing.header(headers, "Saleor-Signature")
    if given is None:
        return Refused("no_signature")
    event = signing.topic(headers, "Saleor-Event").lower()
    if _HEX.match(given):
        older = [secret for secret in secrets if not jws.is_key_set(secret)]
        return Verified("", topic=event) if signing.fits(given, older, signing.in_hex, body) else Refused("bad_signature")
    verdict = jws.verify(given, body, [secret for secret in secrets if jws.is_key_set(secret)])
    return Verified("", topic=event) if isinstance(verdict, Verified) else verdict


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        document = parse(body)
        top = document[0] if isinstance(document, list) and len(document) == 1 else document
        if not isinstance(top, dict):
            raise Unreadable("not an object")
        node = Node(top)
        event = node.node("data").node("event") or node.node("event") or node
        if event.node("order").ident("id") and "lines" in event.node("order") and "notify_event" not in node:
            return _keyed(event.node("order"), event.time(zone, "issuedAt"), body, zone, verified)
        older = node.node("payload").node("order") if "notify_event" in node else node if node.text("type") == "Order" else Node({})
        if older:
            issued_at = node.node("meta").time(zone, "issued_at")
            return _keyed(_modern(older, node.node("payload")), issued_at, body, zone, verified)
        if verified.topic and not verified.topic.startswith("order_"):
            return Ignored(verified.topic)
        return Malformed("not an order with its lines - at `$.order`")
    except Unreadable as error:
        return Malformed(str(error))


def _keyed(order: Node, issued_at: datetime | None, body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    if order.word("status") == "draft":
        return Ignored("order.draft")
    event = _order(order, issued_at, body, zone)
    return Keyed(signing.delivery_key("saleor", verified.topic, event.head.order_id, signing.body_digest(body)), event)


def _order(order: Node, issued_at: datetime | None, body: bytes, zone: tzinfo) -> OrderEvent:
    unknown: set[str] = set()
    order_id = order.need_ident("id")
    gross = order.node("total").node("gross")
    currency = gross.need_currency("currency")
    placed_at = order.need_time(zone, "created")
    lines = {line.need_ident("id"): line for line in order.nodes("lines")}
    fulfillments = list(order.nodes("fulfillments", 100))
    payment = order.word("paymentStatus")
    return OrderEvent(
        head=OrderHead(
            stamp=Stamp(-1, order.time(zone, "updatedAt") or issued_at or placed_at, signing.body_digest(body)),
            order_id=order_id,
            number=order.ident("number") or order_id,
            placed_at=placed_at,
            locale=(order.locale("languageCodeEnum") or "").replace("_", "-").lower() or None,
            currency=currency,
            total=max(gross.money("amount", currency) or 0, 0),
            url=order.url("order_details_url"),
            test=False,
            notify=True,
            items=tuple(_item(ident, line, currency) for ident, line in lines.items()),
        ),
        customer=_customer(order),
        status=look_up(ORDER, order.word("status"), "order", unknown),
        payment=look_up(PAYMENT, payment, "payment", unknown) if payment else None,
        payment_reason=None,
        shipments=tuple(found for node in fulfillments if (found := _shipment(node, placed_at, zone, unknown))),
        adjustments=(*_refunds(order, currency, zone), *_returns(fulfillments, lines, currency, placed_at, zone)),
        measures=(),
        unknown=tuple(sorted(unknown)),
    )


def _item(ident: str, line: Node, currency: str) -> Item:
    name = " ".join(part for part in (line.text("productName"), line.text("variantName")) if part)
    return Item(
        id=ident,
        product_id=line.node("variant").node("product").ident("id"),
        name=name,
        quantity=line.whole("quantity") or 1,
        unit_price=_price(line, currency),
        url=None,
        image_url=line.node("thumbnail").url("url"),
    )


def _price(line: Node, currency: str) -> int:
    return max(line.node("unitPrice").node("gross").money("amount", currency) or 0, 0)


def _customer(order: Node) -> Customer | None:
    user, address = order.node("user"), order.node("shippingAddress")
    names = [" ".join(part for part in (node.text("firstName"), node.text("lastName")) if part) for node in (user, address)]
    found = Customer(
        id=user.ident("id"),
        email=user.address("email") or order.address("userEmail"),
        phone=address.address("phone"),
        name=next((name for name in names if name), None),
    )
    return found if found != Customer(None) else None


def _shipment(node: Node, placed_at: datetime, zone: tzinfo, unknown: set[str]) -> Shipment | None:
    stage = look_up(FULFILLMENT, node.word("status"), "shipment", unknown)
    if stage is None:
        return None
    number = node.ident("trackingNumber")
    return Shipment(
        id=node.need_ident("id"),
        carrier=None,
        tracking_number=None if node.url("trackingNumber") else number,
        tracking_url=node.url("trackingNumber"),
        item_ids=tuple(found for line in node.nodes("lines") if (found := line.node("orderLine").ident("id"))),
        stage=stage,
        at=node.time(zone, "created") or placed_at,
        promised=None,
        eta=None,
        reason=None,
    )


def _refunds(order: Node, currency: str, zone: tzinfo) -> list[Adjustment]:
    found = []
    for transaction in order.nodes("transactions", 50):
        for event in transaction.nodes("events", 100):
            if event.word("type") == "refund_success":
                amount = abs(minor_units(event.node("amount").get("amount"), currency) or 0)
                found.append(Adjustment(event.need_ident("id"), "refund", "completed", amount, event.need_time(zone, "createdAt")))
    return found


def _returns(fulfillments: Sequence[Node], lines: Mapping[str, Node], currency: str, placed_at: datetime, zone: tzinfo) -> list[Adjustment]:
    """What a return is worth is the price of its lines."""
    found = []
    for node in fulfillments:
        if node.word("status") in RETURNS:
            worth = 0
            for line in node.nodes("lines"):
                ordered = lines.get(line.node("orderLine").ident("id") or "")
                worth += (line.whole("quantity") or 0) * (_price(ordered, currency) if ordered else 0)
            found.append(Adjustment(node.need_ident("id"), "return", "completed", worth, node.time(zone, "created") or placed_at))
    return found


def _modern(older: Node, payload: Node) -> Node:
    """An order as older payloads write it, in the words of the query. A confirmation's parcel is known by its number alone."""
    currency = older.get("currency")
    confirmed = payload.node("fulfillment")
    number = confirmed.ident("tracking_number")
    parcels = [
        {"id": node.get("id"), "status": node.get("status"), "created": node.get("created"), "trackingNumber": node.get("tracking_number")}
        for node in older.nodes("fulfillments")
    ]
    if number is not None:
        parcels.append({"id": number[:64], "status": "fulfilled", "trackingNumber": number})
    return Node(
        {
            "id": older.get("id"),
            "number": older.get("number"),
            "status": older.get("status"),
            "created": older.get("created"),
            "updatedAt": older.get("updated_at"),
            "paymentStatus": older.get("payment_status"),
            "languageCodeEnum": older.get("language_code"),
            "userEmail": older.get("email") or older.get("user_email"),
            "order_details_url": older.get("order_details_url"),
            "total": {"gross": {"amount": older.get("total_gross_amount"), "currency": currency}},
            "shippingAddress": {"phone": older.node("shipping_address").get("phone")},
            "lines": [
                {
                    "id": line.get("id"),
                    "productName": line.get("product_name"),
                    "variantName": line.get("variant_name"),
                    "quantity": line.get("quantity"),
                    "unitPrice": {"gross": {"amount": line.get("unit_price_gross_amount")}},
                }
                for line in older.nodes("lines")
            ],
            "fulfillments": parcels,
        },
        older.path,
    )
