"""Shippo's `track_updated`: the whole history of one parcel each time; the order is found by its tracking number.

Pure. Signing is switched on by Shippo on request; without a secret the unguessable address is the only proof. The age of a signature is
not judged: a repeat is known by what it says, and changes nothing. Walk b.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import OrderFragment
from order_status.shops.answers import Ignored, Keyed, Malformed, Refused, Translated, Verified
from order_status.shops.carriers import History, place_of
from order_status.shops.reading import Node, Unreadable, document
from order_status.shops.signing import delivery_key, fits, header, in_hex

STATUS: dict[str, str | None] = {
    "unknown": None,
    "pre_transit": "preparing",
    "transit": "in_transit",
    "delivered": "delivered",
    "returned": "returning",
    "failure": "delivery_failed",
}
# Where the substatus says more than the status.
SUBSTATUS: dict[str, str | None] = {
    "package_accepted": "shipped",
    "out_for_delivery": "out_for_delivery",
    "delivery_attempted": "delivery_failed",
    "notice_left": "delivery_failed",
    "location_inaccessible": "delivery_failed",
    "pickup_available": "ready_for_pickup",
    "package_unclaimed": "returning",
    "package_lost": "lost",
    "package_disposed": "lost",
}
_HEADER = re.compile(r"t=([0-9]{1,13}),v1=([0-9a-fA-F]{64})\Z")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    if not secrets:
        return Verified("")
    given = header(headers, "Shippo-Auth-Signature")
    if given is None:
        return Refused("no_signature")
    found = _HEADER.match(given.replace(" ", ""))
    if not found:
        return Refused("bad_header")
    signed = found[1].encode("ascii") + b"." + body
    return Verified("") if fits(found[2].lower(), secrets, in_hex, signed) else Refused("bad_signature")


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        event = data.need_event()
        if event != "track_updated":
            return Ignored(event)
        track = data.node("data")
        if not track.node("tracking_status"):
            return Ignored("track_without_status")
        number, status = track.need_ident("tracking_number"), track.node("tracking_status")
        key = delivery_key("shippo", number, status.text("status"), status.node("substatus").text("code"), status.text("status_date"))
        return Keyed(key, _fragment(number, data, track, body, zone))
    except Unreadable as error:
        return Malformed(str(error))


def _fragment(number: str, data: Node, track: Node, body: bytes, zone: tzinfo) -> OrderFragment:
    history = History(zone)
    status = track.node("tracking_status")
    for entry in track.nodes("tracking_history"):
        _add(history, entry, zone)
    _add(history, status, zone)
    at = status.need_time(zone, "object_updated", "object_created", "status_date")
    bad = status.word("status") in ("failure", "returned") or status.node("substatus").flag("action_required")
    return history.fragment(
        "shippo",
        number,
        at,
        body,
        carrier=track.text("carrier"),
        tracking_url=track.url("tracking_url_provider"),
        eta=track.due(zone, "eta"),
        reason=status.text("status_details") if bad else None,
        quiet=data.flag("test") or track.flag("test"),
    )


def _add(history: History, entry: Node, zone: tzinfo) -> None:
    at = entry.time(zone, "status_date")
    place = place_of(entry.node("location"), "city", "country")
    substatus = entry.node("substatus").word("code") or entry.word("substatus")
    status = entry.word("status")
    if substatus in SUBSTATUS and status in STATUS:
        history.add(SUBSTATUS, substatus, at, place)
    else:
        history.add(STATUS, status, at, place)
