"""Shopware's app webhooks: the order as it is when it enters a state. Also answers the shop when it registers the app.

Pure. The shop's words are about deliveries and transactions: `shipped` is on its way, a completed order is not a delivered one, and a
partial refund has no amount, so nothing is said of it. Walk b.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import parse_qs

from order_status.events import Adjustment, Customer, Item, OrderEvent, OrderHead, Shipment, Stamp
from order_status.shops.answers import Ignored, Keyed, Malformed, Refused, Translated, Verified
from order_status.shops.reading import NO_CURRENCY, Node, Unreadable, document, look_up
from order_status.shops.signing import body_digest, delivery_key, fits, header, in_hex

APP = "ShopbellOrders"  # the app's name in its manifest: part of the proof at registration
ORDER = {"open": "placed", "in_progress": "confirmed", "completed": "confirmed", "cancelled": "cancelled"}
PAYMENT = {
    "open": "pending",
    "in_progress": "pending",
    "unconfirmed": "pending",
    "reminded": "pending",
    "authorized": "authorized",
    "paid": "paid",
    "paid_partially": "pending",
    "refunded": "paid",
    "refunded_partially": "paid",
    "failed": "failed",
    "cancelled": "voided",
    "chargeback": "disputed",
}
DELIVERY = {
    "open": "preparing",
    "shipped": "shipped",
    "shipped_partially": "preparing",
    "returned": "shipped",  # the return is told apart
    "returned_partially": "shipped",
    "cancelled": "cancelled",
}


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    given = header(headers, "shopware-shop-signature")
    if given is None:
        return Refused("no_signature")
    return Verified("") if fits(given.lower(), secrets, in_hex, body) else Refused("bad_signature")


def greet(headers: Mapping[str, str], query: str, secrets: Sequence[str], address: str) -> dict[str, Any] | None:
    """The registration of the app: the shop proves that it knows the secret, so do we, and the same secret signs from then on."""
    given = header(headers, "shopware-app-signature")
    if given is None or not fits(given.lower(), secrets, in_hex, query.encode("utf-8", "replace")):
        return None
    asked = parse_qs(query)
    shop_id, shop_url = (asked.get(name, [""])[0] for name in ("shop-id", "shop-url"))
    if not shop_id or not shop_url:
        return None
    key = next(secret for secret in secrets if fits(given.lower(), [secret], in_hex, query.encode("utf-8", "replace")))
    proof = hmac.digest(key.encode("utf-8", "replace"), (shop_id + shop_url + APP).encode("utf-8"), "sha256").hex()
    return {"proof": proof, "secret": secrets[0], "confirmation_url": address}


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        if "apiKey" in data and "secretKey" in data:
            return Ignored("app.confirmed")  # the end of the registration; we do not call the shop and keep no key
        event = data.node("data").need_event()
        order = data.node("data").node("payload").node("order")
        if not order:
            return Ignored(event)
        source = data.node("source")
        key = delivery_key("shopware", source.ident("eventId") or body_digest(body))
        return Keyed(key, _order(order, event, data.time(zone, "timestamp"), body, zone))
    except Unreadable as error:
        return Malformed(str(error))


def _order(order: Node, event: str, sent_at: datetime | None, body: bytes, zone: tzinfo) -> OrderEvent:
    unknown: set[str] = set()
    order_id = order.need_ident("id")
    currency = order.node("currency").currency("isoCode") or NO_CURRENCY
    deliveries, transactions = list(order.nodes("deliveries", 100)), list(order.nodes("transactions", 50))
    placed_at = order.need_time(zone, "orderDateTime", "createdAt")
    changed = [at for node in (order, *deliveries, *transactions) if (at := node.time(zone, "updatedAt", "createdAt"))]
    payment = _latest(transactions, zone)
    return OrderEvent(
        head=OrderHead(
            stamp=Stamp(-1, max(changed, default=sent_at or placed_at), body_digest(body)),
            order_id=order_id,
            number=order.ident("orderNumber") or order_id,
            placed_at=placed_at,
            locale=order.node("language").node("locale").locale("code"),
            currency=currency,
            total=max(order.money("amountTotal", currency) or 0, 0),
            url=None,
            test=False,
            notify=True,
            items=tuple(_item(line, currency) for line in order.nodes("lineItems") if line.text("type") in (None, "product", "custom")),
        ),
        customer=_customer(order),
        status=look_up(ORDER, _state(order, event, "order") or "open", "order", unknown),
        payment=look_up(PAYMENT, _state(payment, event, "order_transaction"), "payment", unknown) if payment else None,
        payment_reason=None,
        shipments=tuple(_shipment(node, event, placed_at, zone, unknown) for node in deliveries),
        adjustments=(*_refunds(transactions, event, currency, placed_at, zone), *_returns(deliveries, event, currency, placed_at, zone)),
        measures=(),
        unknown=tuple(sorted(unknown)),
    )


def _state(node: Node, event: str, machine: str) -> str | None:
    """The state in the body; where the shop leaves it out, the one that the (signed) event says was entered."""
    found = node.node("stateMachineState").word("technicalName")
    prefix = f"state_enter.{machine}.state."
    return found or (event.removeprefix(prefix) if event.startswith(prefix) else None)


def _latest(transactions: Sequence[Node], zone: tzinfo) -> Node | None:
    """A payment that is tried again is a transaction of its own: the last one begun speaks."""
    timed = [(at, place) for place, node in enumerate(transactions) if (at := node.time(zone, "createdAt"))]
    if timed:
        return transactions[max(timed)[1]]
    return transactions[-1] if transactions else None


def _item(line: Node, currency: str) -> Item:
    return Item(
        id=line.need_ident("id"),
        product_id=line.ident("productId"),
        name=line.text("label") or "",
        quantity=line.whole("quantity") or 1,
        unit_price=max(line.money("unitPrice", currency) or 0, 0),
        url=None,
        image_url=line.node("cover").url("url"),
    )


def _customer(order: Node) -> Customer | None:
    customer = order.node("orderCustomer")
    guest = customer.node("customer").flag("guest")
    name = " ".join(part for part in (customer.text("firstName"), customer.text("lastName")) if part) or None
    found = Customer(None if guest else customer.ident("customerId"), customer.address("email"), None, name)
    return found if found != Customer(None) else None


def _shipment(node: Node, event: str, placed_at: datetime, zone: tzinfo, unknown: set[str]) -> Shipment:
    codes = node.get("trackingCodes")
    number = Node({"code": codes[0]}).ident("code") if isinstance(codes, list) and codes else None
    return Shipment(
        id=node.need_ident("id"),
        carrier=node.node("shippingMethod").text("name"),
        tracking_number=number,
        tracking_url=None,
        item_ids=tuple(found for position in node.nodes("positions") if (found := position.ident("orderLineItemId"))),
        stage=look_up(DELIVERY, _state(node, event, "order_delivery") or "open", "shipment", unknown),
        at=node.time(zone, "updatedAt", "createdAt") or placed_at,
        promised=None,
        eta=None,
        reason=None,
    )


def _refunds(transactions: Sequence[Node], event: str, currency: str, placed_at: datetime, zone: tzinfo) -> Iterable[Adjustment]:
    for node in transactions:
        if _state(node, event if len(transactions) == 1 else "", "order_transaction") == "refunded":
            amount = node.node("amount").money("totalPrice", currency)
            yield Adjustment(node.need_ident("id"), "refund", "completed", amount, node.time(zone, "updatedAt") or placed_at)


def _returns(deliveries: Sequence[Node], event: str, currency: str, placed_at: datetime, zone: tzinfo) -> Iterable[Adjustment]:
    for node in deliveries:
        if _state(node, event if len(deliveries) == 1 else "", "order_delivery") == "returned":
            worth = [position.node("price").money("totalPrice", currency) or 0 for position in node.nodes("positions")]
            yield Adjustment(
                node.need_ident("id"), "return", "completed", sum(worth) if worth else None, node.time(zone, "updatedAt") or placed_at
            )
