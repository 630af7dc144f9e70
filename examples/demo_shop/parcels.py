"""The parcels of an order: where each is, and the moves that the back office can make. Pure, like orders.py.

A stage is one of Shopbell's shipment stages. `delayed` is no stage: it is an ETA later than the promised day.
"""

import copy
from datetime import date, datetime

from .orders import Order, Refused, Shipment, changed, iso, working_days_after

MOVES = ("packed", "shipped", "in_transit", "out_for_delivery", "delivery_failed", "ready_for_pickup", "delivered")
CLOSED = ("delivered", "cancelled")
PLACES = {
    "packed": "Svalna, Gdańsk",
    "shipped": "Svalna, Gdańsk",
    "in_transit": "Sorting centre, Łódź",
    "out_for_delivery": "Depot, Warszawa",
    "delivery_failed": "Depot, Warszawa",
    "ready_for_pickup": "Pick-up point",
    "delivered": "",
}
CARRIERS = {"courier": "North Courier", "point": "North Points"}


def first_parcel(number: str, item_ids: list[str], delivery: str, now: datetime, track: str) -> Shipment:
    """The parcel that every order starts with. `track` is the address under which tracking numbers are looked up."""
    tracking = f"NC{number}1PL"
    promised = working_days_after(now, 2)
    return Shipment(
        id="s-1", carrier=CARRIERS[delivery], tracking_number=tracking, tracking_url=f"{track}/{tracking}", item_ids=item_ids,
        stage="preparing", at=iso(now), promised=promised, eta=promised, reason=None, scans=[],
    )  # fmt: skip


def shipment_of(order: Order, shipment_id: str) -> Shipment:
    """Raises Refused for an id that the order does not have."""
    for shipment in order["shipments"]:
        if shipment["id"] == shipment_id:
            return shipment
    raise Refused("no_such_parcel")


def is_late(shipment: Shipment) -> bool:
    return shipment["eta"] > shipment["promised"] and shipment["stage"] not in CLOSED


def moved(order: Order, shipment_id: str, stage: str, now: datetime) -> Order:
    """The parcel is now at `stage`. Any order of stages is allowed: carriers do that too, and Shopbell has to cope."""
    if stage not in MOVES or order["status"] == "cancelled":
        raise Refused("not_possible")
    shipment_of(order, shipment_id)
    new = changed(order, now, stage, shipment_id)
    shipment = shipment_of(new, shipment_id)
    shipment["stage"], shipment["at"] = stage, iso(now)
    shipment["reason"] = "Nobody was at home" if stage == "delivery_failed" else None
    shipment["scans"].append({"stage": stage, "at": iso(now), "place": PLACES[stage]})
    return new


def delayed(order: Order, shipment_id: str, eta: str, reason: str, now: datetime) -> Order:
    """A later day than the promised one. Refused for an earlier day, or when the parcel is already there."""
    old = shipment_of(order, shipment_id)
    if old["stage"] in CLOSED:
        raise Refused("not_possible")
    try:
        date.fromisoformat(eta)
    except ValueError as error:
        raise Refused("bad_date") from error
    if eta <= old["promised"]:
        raise Refused("bad_date")
    new = changed(order, now, "delayed", shipment_id, eta)
    shipment = shipment_of(new, shipment_id)
    shipment["eta"], shipment["reason"], shipment["at"] = eta, reason, iso(now)
    return new


def split(order: Order, shipment_id: str, now: datetime) -> Order:
    """The later half of the parcel's lines goes into a parcel of its own. Needs two lines, and a parcel that has not left."""
    old = shipment_of(order, shipment_id)
    if len(old["item_ids"]) < 2 or old["stage"] not in ("preparing", "packed"):
        raise Refused("cannot_split")
    new = changed(order, now, "split", shipment_id)
    first = shipment_of(new, shipment_id)
    half = (len(first["item_ids"]) + 1) // 2
    second = copy.deepcopy(first)
    place = len(new["shipments"]) + 1
    tracking = f"NC{order['number']}{place}PL"
    second["id"], second["tracking_number"] = f"s-{place}", tracking
    second["tracking_url"] = first["tracking_url"].replace(first["tracking_number"], tracking)
    first["item_ids"], second["item_ids"] = first["item_ids"][:half], first["item_ids"][half:]
    new["shipments"].append(second)
    return new


def to_pickup_point(order: Order, point: str, now: datetime) -> Order:
    """The parcels that are still on the way go to a pick-up point, by the next working day. Refused when it is too late for that."""
    if order["shop"]["delivery"] == "point":
        raise Refused("already_pickup_point")
    open_ids = [s["id"] for s in order["shipments"] if s["stage"] in ("preparing", "packed", "shipped", "in_transit", "delivery_failed")]
    if not open_ids or order["status"] == "cancelled":
        raise Refused("too_late_to_reroute")
    new = changed(order, now, "rerouted", note=point)
    new["shop"]["delivery"], new["shop"]["pickup_point"] = "point", point
    for shipment in new["shipments"]:
        if shipment["id"] in open_ids:
            shipment["carrier"] = CARRIERS["point"]
            shipment["eta"] = min(shipment["eta"], working_days_after(now, 1))
            shipment["reason"] = None
    return new
