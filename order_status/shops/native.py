"""Our own order event, as a shop's developer sends it: checked strictly, and translated to the canonical event.

Pure; `translate` never raises. The signature is Standard Webhooks, the shape of the body is native_body.py; the same door also takes
the event in a CloudEvents envelope, and orders of the Agentic Commerce Protocol (acp.py). Walks b and e.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from order_status.events import Adjustment, Customer, Due, Item, Mark, Measure, OrderEvent, OrderHead, Settlement, Shipment, Stamp
from order_status.shops import acp, product_body
from order_status.shops.answers import Event, Keyed, Translated, Verified
from order_status.shops.answers import Ignored as Ignored
from order_status.shops.answers import Malformed as Malformed
from order_status.shops.native_body import CloudEvent, CustomerBody, Envelope, Kind, OrderBody, SettledBody, ShipmentBody
from order_status.shops.signing import delivery_key
from order_status.stages import ADJUSTMENT_KINDS, ADJUSTMENT_RANK, ORDER_RANK, PAYMENTS, SHIPMENT_RANK

TAKEN = ("order.updated", "offer.settled", "product.updated")
KNOWN_UNSUPPORTED = frozenset({"contact.updated"})
_kind = msgspec.json.Decoder(Kind)
_envelope = msgspec.json.Decoder(Envelope)
_cloud = msgspec.json.Decoder(CloudEvent)
_order = msgspec.json.Decoder(OrderBody)
_settled = msgspec.json.Decoder(SettledBody)
_any_object = msgspec.json.Decoder(dict[str, Any])
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|\+00:?00)\Z")


def take(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    """What a signed body says in any of the three shapes that this door takes."""
    try:
        kind = _kind.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return translate(body, zone)  # says what is wrong
    if kind.specversion is not None:
        return _read(body, lambda: _cloud_event(body, zone, verified))
    if isinstance(kind.type, str) and kind.type in acp.TYPES:
        return acp.translate(body, zone, verified)
    return translate(body, zone)


def translate(body: bytes, zone: tzinfo) -> Translated:
    """The canonical event in a verified body. `zone` reads times that carry no offset. Whatever cannot be read is Malformed."""

    def enveloped() -> Translated:
        envelope = _envelope.decode(body)
        return _event(envelope.type, _time(envelope.timestamp, zone, "$.timestamp"), envelope.data, body, zone)

    return _read(body, enveloped)


def _cloud_event(body: bytes, zone: tzinfo, verified: Verified) -> Translated:
    """`source` and `id` are the delivery's key, as the specification has it; a missing id is an error and is never made up."""
    envelope = _cloud.decode(body)
    at = _time(envelope.time, zone, "$.time") if envelope.time else verified.at
    if at is None:
        return Malformed("a time is missing - at `$.time`")
    kind = next((kind for kind in (*TAKEN, *KNOWN_UNSUPPORTED) if f".{envelope.type}".endswith(f".{kind}")), envelope.type)
    event = _event(kind, at, envelope.data, body, zone)
    return event if isinstance(event, (Ignored, Malformed)) else Keyed(delivery_key("ce", envelope.source, envelope.id), event)


def _event(kind: str, at: datetime, data: msgspec.Raw, body: bytes, zone: tzinfo) -> Event | Ignored | Malformed:
    try:
        match kind:
            case "order.updated":
                return _order_event(_order.decode(data), at, hashlib.sha256(body).hexdigest()[:32], zone)
            case "offer.settled":
                settled = _settled.decode(data)
                return Settlement(settled.offer_id, settled.status, settled.reason, at)
            case "product.updated":
                return product_body.product(data, at, hashlib.sha256(body).hexdigest()[:32])
            case known if known in KNOWN_UNSUPPORTED:
                _any_object.decode(data)
                return Ignored(known)
            case _:
                return Malformed("unknown type - at `$.type`")
    except msgspec.ValidationError as error:
        return Malformed(_placed(str(error), ".data"))


def _read(body: bytes, read: Callable[[], Translated]) -> Translated:
    try:
        body.decode("utf-8")
        return read()
    except UnicodeDecodeError:
        return Malformed("not UTF-8")
    except msgspec.ValidationError as error:
        return Malformed(_placed(str(error), ""))
    except msgspec.DecodeError:
        return Malformed("not JSON")
    except RecursionError:
        return Malformed("nested too deep")
    except (ValueError, OverflowError) as error:
        return Malformed(str(error))


def _order_event(body: OrderBody, at: datetime, digest: str, zone: tzinfo) -> OrderEvent:
    for name, ids in (("shipments", body.shipments), ("adjustments", body.adjustments), ("measures", body.measures), ("items", body.items)):
        if len({part.id for part in ids}) != len(ids):
            raise ValueError(f"two {name} with one id - at `$.data.{name}`")
    return OrderEvent(
        head=OrderHead(
            stamp=Stamp(-1 if body.version is None else body.version, at, digest),
            order_id=body.order_id,
            number=body.number,
            placed_at=_time(body.placed_at, zone, "$.data.placed_at"),
            locale=body.locale or None,
            currency=body.currency,
            total=body.total,
            url=body.url,
            test=body.test,
            notify=body.notify,
            items=tuple(Item(i.id, i.product_id, i.name, i.quantity, i.unit_price, i.url, i.image_url) for i in body.items),
        ),
        customer=_customer(body.customer),
        status=body.status,
        payment=body.payment.status if body.payment else None,
        payment_reason=body.payment.reason if body.payment else None,
        shipments=tuple(_shipment(shipment, zone) for shipment in body.shipments),
        adjustments=tuple(
            Adjustment(a.id, a.kind, a.status, a.amount, _time(a.at, zone, "$.data.adjustments[...].at")) for a in body.adjustments
        ),
        measures=tuple(Measure(m.id, m.text, m.worth, _time(m.at, zone, "$.data.measures[...].at")) for m in body.measures),
        unknown=tuple(_unknown(body)),
    )


def _customer(body: CustomerBody | None) -> Customer | None:
    """None for a guest who left nothing. An address that is empty or masked with asterisks is absent."""
    if body is None:
        return None
    email, phone = (None if not value or "*" in value else value for value in (body.email, body.phone))
    found = Customer(id=body.id or None, email=email, phone=phone, name=body.name or None)
    return found if found != Customer(id=None) else None


def _shipment(body: ShipmentBody, zone: tzinfo) -> Shipment:
    return Shipment(
        id=body.id,
        carrier=body.carrier or None,
        tracking_number=body.tracking_number or None,
        tracking_url=body.tracking_url,
        item_ids=body.item_ids,
        stage=body.stage,
        at=_time(body.at, zone, "$.data.shipments[...].at"),
        promised=_due(body.promised, zone, "$.data.shipments[...].promised"),
        eta=_due(body.eta, zone, "$.data.shipments[...].eta"),
        reason=body.reason or None,
        scans=tuple(
            Mark(scan.stage, _time(scan.at, zone, "$.data.shipments[...].scans[...].at"), scan.place or None) for scan in body.scans
        ),
    )


def _unknown(body: OrderBody) -> Iterable[str]:
    ledgers: list[tuple[str, Iterable[str], Iterable[str]]] = [
        ("order", [body.status], ORDER_RANK),
        ("payment", [body.payment.status] if body.payment else [], PAYMENTS),
        ("shipment", [s.stage for s in body.shipments] + [scan.stage for s in body.shipments for scan in s.scans], SHIPMENT_RANK),
        ("adjustment", [a.status for a in body.adjustments], ADJUSTMENT_RANK),
        ("adjustment_kind", [a.kind for a in body.adjustments], ADJUSTMENT_KINDS),
    ]
    for ledger, values, known in ledgers:
        yield from sorted({f"{ledger}:{value}" for value in values if value not in known})


def _placed(message: str, path: str) -> str:
    """The decoder's words, with the place counted from the top of the body."""
    return message.replace("`$", f"`${path}") if "`$" in message or not path else f"{message} - at `${path}`"


def _time(text: str, zone: tzinfo, where: str) -> datetime:
    """Raises ValueError, naming the place, for a moment that no calendar has (the 31st of February)."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"a time that does not exist - at `{where}`") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def _due(text: str | None, zone: tzinfo, where: str) -> Due | None:
    """A date stays one; midnight UTC is how many backends write a date; any other time also tells its day in the shop's zone."""
    if text is None:
        return None
    if len(text) == len("2026-11-25") or _MIDNIGHT.search(text):
        try:
            return Due(date.fromisoformat(text[:10]))
        except ValueError:
            raise ValueError(f"a date that does not exist - at `{where}`") from None
    moment = _time(text, zone, where)
    return Due(moment.astimezone(zone).date(), moment)
