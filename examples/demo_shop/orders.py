"""One order of the shop and the changes that it can go through. Pure: takes an order, gives back a new one, never saves or sends.

`Order` has the fields of Shopbell's native event, plus `shop`: what only the shop needs and never leaves it. Walk b starts here.
"""

import copy
from datetime import datetime, timedelta
from typing import Any, TypedDict

Entry = dict[str, Any]  # a JSON object that is stored and sent as it is


class Refused(Exception):
    """The change is not possible any more. The message is a key: under `offer` in texts/ for what shoppers see, else in backoffice.py."""


class Item(TypedDict):
    id: str
    product_id: str
    name: str
    quantity: int
    unit_price: int
    url: str
    image_url: str


class Shipment(TypedDict):
    id: str
    carrier: str
    tracking_number: str
    tracking_url: str
    item_ids: list[str]
    stage: str
    at: str
    promised: str
    eta: str
    reason: str | None
    scans: list[Entry]


class ShopPart(TypedDict):
    """Never sent to Shopbell."""

    delivery: str  # courier, point
    pickup_point: str  # empty for a courier
    address: dict[str, str]
    payment_method: str
    delivery_fee: int
    discount: int
    voucher: str
    timeline: list[Entry]  # {at, stage, shipment, note}, oldest first: what "my orders" shows


class Order(TypedDict):
    order_id: str
    number: str
    version: int
    placed_at: str
    locale: str
    currency: str
    total: int
    test: bool
    notify: bool
    customer: Entry
    status: str
    payment: Entry
    items: list[Item]
    shipments: list[Shipment]
    adjustments: list[Entry]
    measures: list[Entry]
    shop: ShopPart


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def snapshot(order: Order) -> Entry:
    """The `data` of `order.updated`: the whole order as it stands, without the shop's own part."""
    return {key: value for key, value in order.items() if key != "shop"}


def changed(order: Order, now: datetime, stage: str, shipment: str = "", note: str = "") -> Order:
    """A copy with the next version and one more line in its timeline. Every change starts with this."""
    new = copy.deepcopy(order)
    new["version"] += 1
    new["shop"]["timeline"].append({"at": iso(now), "stage": stage, "shipment": shipment, "note": note})
    return new


def working_days_after(day: datetime, days: int) -> str:
    """A date as text, `days` working days later."""
    while days > 0:
        day += timedelta(days=1)
        days -= day.weekday() < 5
    return day.date().isoformat()


def paid(order: Order, now: datetime) -> Order:
    if order["payment"]["status"] == "paid":
        return order
    new = changed(order, now, "paid")
    new["payment"] = {"status": "paid", "reason": None}
    new["status"] = "confirmed"
    return new


def payment_failed(order: Order, reason: str, now: datetime) -> Order:
    new = changed(order, now, "payment_failed")
    new["payment"] = {"status": "failed", "reason": reason}
    return new


def cancelled(order: Order, now: datetime) -> Order:
    """Refused once a parcel has left."""
    if order["status"] == "cancelled":
        raise Refused("already_cancelled")
    if any(s["stage"] not in ("preparing", "packed") for s in order["shipments"]):
        raise Refused("already_shipped")
    new = changed(order, now, "cancelled")
    new["status"] = "cancelled"
    for shipment in new["shipments"]:
        shipment["stage"], shipment["at"] = "cancelled", iso(now)
    return new


def refundable(order: Order) -> int:
    """Minor units that were paid and not yet given back."""
    if order["payment"]["status"] != "paid":
        return 0
    given: int = sum(a["amount"] for a in order["adjustments"] if a["kind"] == "refund" and a["status"] == "completed")
    return max(0, order["total"] - given)


def refunded(order: Order, amount: int, now: datetime) -> Order:
    if not 0 < amount <= refundable(order):
        raise Refused("nothing_to_refund")
    new = changed(order, now, "refunded")
    ref = f"r-{len(new['adjustments']) + 1}"
    new["adjustments"].append({"id": ref, "kind": "refund", "status": "completed", "amount": amount, "at": iso(now)})
    return new


def with_measure(order: Order, text: dict[str, str], worth: int, now: datetime) -> Order:
    """What the shop did for the shopper, in words and money, so that a message can say it."""
    new = changed(order, now, "measure")
    new["measures"].append({"id": f"m-{len(new['measures']) + 1}", "text": text, "worth": worth, "at": iso(now)})
    return new
