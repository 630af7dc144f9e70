"""InPost ShipX: one status of one parcel at a time; the order is found by its tracking number.

Pure. ShipX cannot sign: the unguessable address is the only proof, and it is tried with a GET before ShipX posts to it. Walk b.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from order_status.shops.answers import Ignored, Keyed, Malformed, Translated, Verified
from order_status.shops.carriers import History
from order_status.shops.reading import Unreadable, document
from order_status.shops.signing import delivery_key

STATUS: dict[str, str | None] = {
    "created": "preparing",
    "offers_prepared": "preparing",
    "offer_selected": "preparing",
    "confirmed": "preparing",
    "dispatched_by_sender": "shipped",
    "dispatched_by_sender_to_pok": "shipped",
    "collected_from_sender": "shipped",
    "taken_by_courier": "shipped",
    "taken_by_courier_from_pok": "shipped",
    "taken_by_courier_from_customer_service_point": "in_transit",
    "adopted_at_source_branch": "in_transit",
    "sent_from_source_branch": "in_transit",
    "adopted_at_sorting_center": "in_transit",
    "sent_from_sorting_center": "in_transit",
    "adopted_at_target_branch": "in_transit",
    "readdressed": "in_transit",
    "redirect_to_box": "in_transit",
    "canceled_redirect_to_box": "in_transit",
    "permanently_redirected_to_box_machine": "in_transit",
    "permanently_redirected_to_customer_service_point": "in_transit",
    "unstack_from_box_machine": "in_transit",
    "unstack_from_customer_service_point": "in_transit",
    "delay_in_delivery": None,
    "oversized": None,
    "out_for_delivery": "out_for_delivery",
    "out_for_delivery_to_address": "out_for_delivery",
    "avizo": "delivery_failed",
    "undelivered": "delivery_failed",
    "undelivered_wrong_address": "delivery_failed",
    "undelivered_incomplete_address": "delivery_failed",
    "undelivered_unknown_receiver": "delivery_failed",
    "undelivered_cod_cash_receiver": "delivery_failed",
    "undelivered_no_mailbox": "delivery_failed",
    "undelivered_not_live_address": "delivery_failed",
    "undelivered_lack_of_access_letterbox": "delivery_failed",
    "ready_to_pickup": "ready_for_pickup",
    "ready_to_pickup_from_branch": "ready_for_pickup",
    "ready_to_pickup_from_pok": "ready_for_pickup",
    "ready_to_pickup_from_pok_registered": "ready_for_pickup",
    "courier_avizo_in_customer_service_point": "ready_for_pickup",
    "stack_in_box_machine": None,  # a temporary locker near by: the message about the right one follows
    "stack_in_customer_service_point": None,
    "pickup_reminder_sent": None,
    "pickup_reminder_sent_address": None,
    "pickup_time_expired": "returning",
    "stack_parcel_pickup_time_expired": "returning",
    "stack_parcel_in_box_machine_pickup_time_expired": "returning",
    "rejected_by_receiver": "returning",
    "return_pickup_confirmation_to_sender": None,
    "returned_to_sender": "returned_to_sender",
    "delivered": "delivered",
    "canceled": "cancelled",
    "claimed": None,
    "missing": None,
    "other": None,
}
TAKEN = frozenset({"shipment_status_changed", "shipment_confirmed"})


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verified:
    """There is nothing to verify: whoever knows the address may post to it."""
    return Verified("")


def greet(headers: Mapping[str, str], query: str, secrets: Sequence[str], address: str) -> dict[str, Any]:
    return {"ok": True}


def translate(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    try:
        data = document(body)
        event = data.need_event()
        payload = data.node("payload")
        number = payload.ident("tracking_number")
        if event not in TAKEN:
            return Ignored(event)
        if number is None:
            return Ignored("no_tracking_number")  # ShipX leaves it out until the parcel is paid for
        at = data.need_time(zone, "event_ts")
        status = "confirmed" if event == "shipment_confirmed" else payload.word("status")
        history = History(zone)
        history.add(STATUS, status, at)
        reason = "delay" if status == "delay_in_delivery" else None
        fragment = history.fragment("inpost", number, at, body, carrier="InPost", reason=reason)
        return Keyed(delivery_key("inpost", payload.ident("shipment_id"), number, status, at.isoformat()), fragment)
    except Unreadable as error:
        return Malformed(str(error))
