"""AfterShip's tracking webhooks: the whole history of one parcel each time; the order is found by its tracking number.

Pure. Retries go on for 68 hours under one signature, so its age is not judged. Times at checkpoints have no zone: the source's is meant.
Walk b.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from order_status.events import Due
from order_status.shops.answers import Ignored, Keyed, Malformed, Refused, Translated, Verified
from order_status.shops.carriers import History, place_of
from order_status.shops.reading import Node, Unreadable, document
from order_status.shops.signing import body_digest, delivery_key, fits, header, in_base64

TAG: dict[str, str | None] = {
    "pending": None,
    "inforeceived": "preparing",
    "intransit": "in_transit",
    "outfordelivery": "out_for_delivery",
    "attemptfail": "delivery_failed",
    "delivered": "delivered",
    "availableforpickup": "ready_for_pickup",
    "exception": None,
    "expired": None,
}
# Where the part of a tag says more than the tag.
SUBTAG: dict[str, str | None] = {
    "intransit_002": "shipped",  # accepted by the carrier
    "exception_003": "delivery_failed",  # refused at the door
    "exception_007": "delivery_failed",  # incorrect address
    "exception_010": "returning",
    "exception_011": "returned_to_sender",
    "exception_013": "lost",
}
SAID = frozenset({"exception", "attemptfail"})  # tags whose message is the reason


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified | Refused:
    given = header(headers, "aftership-hmac-sha256")
    if given is None:
        return Refused("no_signature")
    return Verified("") if fits(given, secrets, in_base64, body) else Refused("bad_signature")


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        event = data.need_event()
        if event != "tracking_update":
            return Ignored(event)
        message = data.node("msg")
        number = message.need_ident("tracking_number")
        history = History(zone)
        for checkpoint in message.nodes("checkpoints"):
            _add(history, checkpoint, checkpoint.time(zone, "checkpoint_time", "created_at"))
        at = data.need_time(zone, "ts")
        if not history.marks:
            _add(history, message, at)
        tag = message.word("tag")
        fragment = history.fragment(
            "aftership",
            number,
            at,
            body,
            carrier=message.text("slug"),
            tracking_url=message.url("courier_tracking_link"),
            eta=_eta(message, zone),
            reason=message.text("subtag_message") if tag in SAID else None,
        )
        return Keyed(delivery_key("aftership", data.ident("event_id") or body_digest(body)), fragment)
    except Unreadable as error:
        return Malformed(str(error))


def _add(history: History, node: Node, at: datetime | None) -> None:
    tag, subtag = node.word("tag"), node.word("subtag")
    place = place_of(node, "location", "city", "country_name")
    if subtag in SUBTAG:
        history.add(SUBTAG, subtag, at, place)
    else:
        history.add(TAG, tag, at, place)


def _eta(message: Node, zone: tzinfo) -> Due | None:
    """The newest of three places where it may stand."""
    latest = message.node("latest_estimated_delivery")
    return latest.due(zone, "datetime_max", "datetime") or message.due(zone, "courier_estimated_delivery_date", "expected_delivery")
