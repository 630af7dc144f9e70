"""Our own order event, as a shop's developer sends it: checked strictly, and translated to the canonical event.

Pure; `translate` never raises. The signature is Standard Webhooks, the shape of the body is native_body.py. Walks b and e.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from order_status.events import Adjustment, Customer, Due, Item, Mark, Measure, OrderEvent, OrderHead, Settlement, Shipment, Stamp
from order_status.shops.native_body import CustomerBody, Envelope, OrderBody, SettledBody, ShipmentBody
from order_status.stages import ADJUSTMENT_KINDS, ADJUSTMENT_RANK, ORDER_RANK, PAYMENTS, SHIPMENT_RANK

KNOWN_UNSUPPORTED = frozenset({"contact.updated", "product.updated"})
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?(Z|\+00:?00)\Z")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A topic that we know and do not take yet."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """`message` is for the shop's developer: it names the place, never a value."""

    message: str


Translated = OrderEvent | Settlement | Ignored | Malformed

_envelope = msgspec.json.Decoder(Envelope)
_order = msgspec.json.Decoder(OrderBody)
_settled = msgspec.json.Decoder(SettledBody)
_any_object = msgspec.json.Decoder(dict[str, Any])


def translate(body: bytes, zone: tzinfo) -> Translated:
    """The canonical event in a verified body. `zone` reads times that carry no offset. Whatever cannot be read is Malformed."""
    path = ""
    try:
        body.decode("utf-8")
        envelope = _envelope.decode(body)
        at = _time(envelope.timestamp, zone, "$.timestamp")
        path = ".data"
        match envelope.type:
            case "order.updated":
                return _order_event(_order.decode(envelope.data), at, hashlib.sha256(body).hexdigest()[:32], zone)
            case "offer.settled":
                settled = _settled.decode(envelope.data)
                return Settlement(settled.offer_id, settled.status, settled.reason, at)
            case known if known in KNOWN_UNSUPPORTED:
                _any_object.decode(envelope.data)
                return Ignored(known)
            case _:
                return Malformed("unknown type - at `$.type`")
    except UnicodeDecodeError:
        return Malformed("not UTF-8")
    except msgspec.ValidationError as error:
        return Malformed(_placed(str(error), path))
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
