"""EasyPost's tracker events: the whole history of one parcel each time; the order is found by its tracking number.

Pure. The key of the signature is normalised (NFKD) before use. `mode: test` is taken and told to nobody. Walk b.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import OrderFragment
from order_status.shops.answers import Ignored, Keyed, Malformed, Refused, Translated, Verified
from order_status.shops.carriers import History, place_of
from order_status.shops.reading import Node, Unreadable, document
from order_status.shops.signing import body_digest, delivery_key, fits, header, in_hex

STATUS: dict[str, str | None] = {
    "unknown": None,
    "pre_transit": "preparing",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "available_for_pickup": "ready_for_pickup",
    "delivered": "delivered",
    "return_to_sender": "returning",
    "failure": "delivery_failed",
    "cancelled": "cancelled",
    "error": None,
}
# Where the detail says more than the status.
DETAIL: dict[str, str | None] = {
    "received_at_origin_facility": "shipped",
    "out_for_delivery": "out_for_delivery",
    "arrived_at_pickup_location": "ready_for_pickup",
    "unable_to_deliver": "delivery_failed",
    "refused": "delivery_failed",
    "return": "returning",
    "lost": "lost",
}
PREFIX = "hmac-sha256-hex="


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    given = header(headers, "X-Hmac-Signature")
    if given is None:
        return Refused("no_signature")
    if not given.startswith(PREFIX):
        return Refused("bad_header")
    keys = [unicodedata.normalize("NFKD", secret) for secret in secrets]
    return Verified("") if fits(given.removeprefix(PREFIX), keys, in_hex, body) else Refused("bad_signature")


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        description, tracker = data.word("description"), data.node("result")
        if description is None or data.text("object") != "Event":
            return Malformed("not an event - at `$.object`")
        if not description.startswith("tracker.") or not tracker:
            return Ignored(description)
        return Keyed(delivery_key("easypost", data.ident("id") or body_digest(body)), _fragment(data, tracker, body, zone))
    except Unreadable as error:
        return Malformed(str(error))


def _fragment(data: Node, tracker: Node, body: bytes, zone: tzinfo) -> OrderFragment:
    history = History(zone)
    for detail in tracker.nodes("tracking_details"):
        where = place_of(detail.node("tracking_location"), "city", "country")
        _add(history, detail, detail.time(zone, "datetime"), where)
    at = tracker.time(zone, "updated_at") or data.need_time(zone, "updated_at", "created_at")
    if not history.marks:
        _add(history, tracker, at, None)
    failed = tracker.word("status") in ("failure", "return_to_sender", "error")
    last = [detail.text("message") for detail in tracker.nodes("tracking_details")][-1:]
    return history.fragment(
        "easypost",
        tracker.need_ident("tracking_code"),
        at,
        body,
        carrier=tracker.text("carrier"),
        tracking_url=tracker.url("public_url"),
        eta=tracker.due(zone, "est_delivery_date"),
        reason=last[0] if failed and last else None,
        quiet=(tracker.word("mode") or data.word("mode")) == "test",
    )


def _add(history: History, node: Node, at: datetime | None, place: str | None) -> None:
    status, detail = node.word("status"), node.word("status_detail")
    if detail in DETAIL and status in STATUS:
        history.add(DETAIL, detail, at, place)
    else:
        history.add(STATUS, status, at, place)
