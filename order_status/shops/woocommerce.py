"""WooCommerce's webhooks: the whole order, or product, each time. Money is decimal text, times come twice (naive and GMT).

Pure. Guests are customer 0. `completed` means that the shop has finished with the order: not that anybody received it. Parcels are
read from the metadata that tracking extensions write. A checkout draft is not an order yet. Walk b.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import Adjustment, Customer, Item, OrderEvent, OrderHead, Shipment, Stamp
from order_status.shops import woocommerce_products as products
from order_status.shops.answers import Ignored, Keyed, Malformed, Ping, Refused, Translated, Verified
from order_status.shops.reading import Node, Unreadable, document, look_up
from order_status.shops.signing import body_digest, delivery_key, fits, header, in_base64, topic

# status -> (order, payment); the payment is `paid` whatever the status as soon as there is a date of payment.
STATUS: dict[str, tuple[str, str | None]] = {
    "pending": ("on_hold", "pending"),
    "on_hold": ("placed", "pending"),
    "processing": ("confirmed", None),
    "completed": ("confirmed", None),
    "failed": ("on_hold", "failed"),
    "cancelled": ("cancelled", None),
    "refunded": ("confirmed", "paid"),
}
DRAFTS = frozenset({"checkout_draft", "auto_draft", "draft", "trash"})
TRACKING = "_wc_shipment_tracking_items"
# Of what else WooCommerce and its extensions send, an order's own topics must hold an order; this one names it only.
NOT_TAKEN = frozenset({"order.deleted"})
_PING = re.compile(rb"webhook_id=[0-9]{1,20}\Z")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused | Ping:
    """The ping at a webhook's creation is not signed; a delivery's id repeats within a second, so the body is the key (see translate)."""
    given = header(headers, "X-WC-Webhook-Signature")
    if given is None:
        return Ping() if _PING.match(body) else Refused("no_signature")
    if not fits(given, secrets, in_base64, body):
        return Refused("bad_signature")
    return Verified(header(headers, "X-WC-Webhook-Delivery-ID") or "", topic=topic(headers, "X-WC-Webhook-Topic"))


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    if _PING.match(body):
        return Ignored("ping")
    try:
        data = document(body)
        if "line_items" in data and "order_key" in data:
            if data.word("status") in DRAFTS:
                return Ignored("order.draft")
            return Keyed(delivery_key("woocommerce", verified.topic, data.ident("id"), body_digest(body)), _order(data, body, zone))
        if products.is_product(data):
            if products.is_variation(data):
                return Ignored("product.variation")
            told = products.product(data, body, zone, verified.home, _time)
            return Keyed(delivery_key("woocommerce", "product", told.product_id, body_digest(body)), told)
        if products.is_deletion(data, verified.topic):  # the same body each time: only the delivery's id tells a second one from a repeat
            told = products.deleted(data, verified.at)
            return Keyed(delivery_key("woocommerce", "product.deleted", told.product_id, verified.delivery_id), told)
        if verified.topic in products.TOPICS:
            return Malformed("not a product - at `$`")
        if verified.topic in NOT_TAKEN or "." in verified.topic.removeprefix("order."):
            return Ignored(verified.topic)
        return Malformed("not an order - at `$`")
    except Unreadable as error:
        return Malformed(str(error))


def _order(data: Node, body: bytes, zone: tzinfo) -> OrderEvent:
    unknown: set[str] = set()
    order_id, currency = data.need_ident("id"), data.need_currency("currency")
    placed_at = _time(data, zone, "date_created")
    status = data.word("status")
    if status in STATUS:
        order, payment = STATUS[status]
    else:
        order, payment = look_up({}, status, "order", unknown), None
    if status != "failed" and (data.get("date_paid") or data.get("date_paid_gmt")):
        payment = "paid"
    stamp = Stamp(-1, _time(data, zone, "date_modified", "date_created"), body_digest(body))
    total = max(data.money("total", currency) or 0, 0)
    return OrderEvent(
        head=OrderHead(
            stamp=stamp,
            order_id=order_id,
            number=data.ident("number") or order_id,
            placed_at=placed_at,
            locale=None,
            currency=currency,
            total=total,
            url=None,
            test=False,
            notify=True,
            items=tuple(_item(line, currency) for line in data.nodes("line_items")),
        ),
        customer=_customer(data),
        status=order,
        payment=payment,
        payment_reason=None,
        shipments=tuple(_shipments(data, zone)),
        adjustments=tuple(_refunds(data, status, total, currency, stamp.at)),
        measures=(),
        unknown=tuple(sorted(unknown)),
    )


def _time(data: Node, zone: tzinfo, *names: str) -> datetime:
    """GMT where it is told; else the naive time, in the source's zone."""
    for name in names:
        gmt = data.text(f"{name}_gmt")
        found = Node({name: f"{gmt}Z"}).time(zone, name) if gmt else data.time(zone, name)
        if found is not None:
            return found
    raise Unreadable(f"a time is missing - at `{data.path}.{names[0]}`")


def _item(line: Node, currency: str) -> Item:
    return Item(
        id=line.need_ident("id"),
        product_id=line.ident("product_id"),
        name=html.unescape(line.text("name") or ""),
        quantity=line.whole("quantity") or 1,
        unit_price=max(line.money("price", currency) or 0, 0),
        url=None,
        image_url=line.node("image").url("src"),
    )


def _customer(data: Node) -> Customer | None:
    billing = data.node("billing")
    name = " ".join(part for part in (billing.text("first_name"), billing.text("last_name")) if part) or None
    found = Customer(data.ident("customer_id"), billing.address("email"), billing.address("phone"), name)
    return found if found != Customer(None) else None


def _refunds(data: Node, status: str | None, total: int, currency: str, at: datetime) -> list[Adjustment]:
    """The list tells amounts and no times: a refund was made when we first hear of it. Its order of ids is the order of the list."""
    found = [
        Adjustment(refund.need_ident("id"), "refund", "completed", abs(refund.money("total", currency) or 0), at, timed=False)
        for refund in data.nodes("refunds", 200)
    ]
    if status == "refunded" and not found:
        found.append(Adjustment("all", "refund", "completed", total, at, timed=False))
    return found


def _shipments(data: Node, zone: tzinfo) -> list[Shipment]:
    found = []
    for meta in data.nodes("meta_data", 500):
        if meta.text("key") != TRACKING:
            continue
        for place, parcel in enumerate(meta.nodes("value", 50)):
            number = parcel.ident("tracking_number")
            if number is None:
                continue
            found.append(
                Shipment(
                    id=parcel.ident("tracking_id") or f"{place + 1}",
                    carrier=parcel.text("tracking_provider", "custom_tracking_provider"),
                    tracking_number=number,
                    tracking_url=parcel.url("custom_tracking_link", "tracking_link"),
                    item_ids=(),
                    stage="shipped",
                    at=parcel.time(zone, "date_shipped") or _time(data, zone, "date_created"),
                    promised=None,
                    eta=None,
                    reason=None,
                )
            )
    return found
