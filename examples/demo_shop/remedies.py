"""What each kind of offer does to an order, and what taking it back does. Pure, like orders.py. Walk e.

An undo puts the order back as it was, unless something has happened to it since.
"""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from .forms import POINTS
from .money import text as money
from .orders import Entry, Order, Refused, cancelled, changed, iso, refundable, refunded
from .parcels import split, to_pickup_point

POINT_OF = dict(zip(("waw", "gdn", "krk"), POINTS, strict=True))
STORE_OF = {"gdn-dluga": "Svalna, ul. Długa 12, Gdańsk", "waw-koszyki": "Svalna, Hala Koszyki, Warszawa"}
FIELDS = {"name": 120, "street": 120, "postcode": 16, "city": 120, "country": 2, "phone": 32}
REVERSIBLE = frozenset({"pickup_point", "split", "voucher", "change_address", "reserve_in_store"})


@dataclass(frozen=True, slots=True)
class Done:
    """The order afterwards, and what the shopper is told: a key under `offer` in texts/ with its values."""

    order: Order
    say: str
    values: dict[str, str] = field(default_factory=dict)


def carried_out(kind: str, order: Order, params: Entry, now: datetime, locale: str) -> Done:
    """Every kind but the voucher, which is no matter of the order alone. Raises Refused."""
    match kind:
        case "pickup_point":
            point = _choice(POINT_OF, params.get("point", "waw"))
            return Done(to_pickup_point(order, point, now), "pickup_done", {"point": point})
        case "split":
            parcel = next((s["id"] for s in order["shipments"] if len(s["item_ids"]) > 1 and s["stage"] in ("preparing", "packed")), None)
            if parcel is None:
                raise Refused("cannot_split")
            return Done(split(order, parcel, now), "split_done")
        case "refund":
            amount = params.get("amount")
            if not isinstance(amount, int) or isinstance(amount, bool):
                raise Refused("not_now")
            amount = min(amount, refundable(order))
            return Done(refunded(order, amount, now), "refund_done", {"amount": money(amount, locale)})
        case "cancel":
            new = cancelled(order, now)
            return Done(refunded(new, refundable(new), now) if refundable(new) else new, "cancel_done")
        case "change_address":
            return _address(order, params.get("address"), now)
        case "reserve_in_store":
            store = _choice(STORE_OF, params.get("store"))
            return Done(changed(order, now, "reserved", note=store), "reserve_done", {"store": store})
        case _:
            raise Refused("unknown_offer")


def _choice(known: dict[str, str], wanted: object) -> str:
    if not isinstance(wanted, str) or wanted not in known:
        raise Refused("not_now")
    return known[wanted]


def _address(order: Order, given: object, now: datetime) -> Done:
    """The shop looks at an address again, whoever has looked at it before."""
    needed = ("name", "street", "postcode", "city")
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) and given[name] for name in needed):
        raise Refused("not_now")
    if order["status"] == "cancelled" or any(s["stage"] not in ("preparing", "packed") for s in order["shipments"]):
        raise Refused("already_shipped")
    clean = {name: " ".join(str(given.get(name) or "").split())[:most] for name, most in FIELDS.items()}
    line = f"{clean['street']}, {clean['postcode']} {clean['city']}"
    new = changed(order, now, "address_changed", note=line)
    new["customer"] = {**new["customer"], "name": clean["name"], "phone": clean["phone"] or new["customer"]["phone"]}
    new["shop"]["address"] = {name: clean[name] for name in ("street", "postcode", "city")}
    new["shop"]["delivery"], new["shop"]["pickup_point"] = "courier", ""
    return Done(new, "address_done", {"address": line})


def put_back(before: Order, after: Order, now: datetime) -> Order:
    """`after` as it was `before`: with a newer version, its whole timeline, and every parcel (leaving one out removes none)."""
    new = copy.deepcopy(before)
    new["version"] = after["version"] + 1
    new["shop"]["timeline"] = [*after["shop"]["timeline"], {"at": iso(now), "stage": "undone", "shipment": "", "note": ""}]
    had = {s["id"] for s in before["shipments"]}
    for parcel in after["shipments"]:
        if parcel["id"] not in had:
            new["shipments"].append({**parcel, "item_ids": [], "stage": "cancelled", "at": iso(now)})
    return new
