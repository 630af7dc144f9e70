"""The shape of our own order event: these structs are the contract, and docs/schemas/order-event.schema.json is made from them.

Pure. Unknown fields are refused; unknown values of a status are not. Walks b and e.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from order_status.stages import ADJUSTMENT_KINDS, ADJUSTMENT_RANK, ORDER_RANK, PAYMENTS, SHIPMENT_RANK

_TEXT = r"^[^\u0000]*$"
_TIME = r"^20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$"
_DUE = r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
_URL = r"^https?://[^\s\u0000\"'<>]+$"

Ident = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_TEXT)]
Blankable = Annotated[str, msgspec.Meta(max_length=128, pattern=_TEXT)]
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=_TEXT)]
Url = Annotated[str, msgspec.Meta(max_length=2048, pattern=_URL)]
Time = Annotated[
    str, msgspec.Meta(max_length=40, pattern=_TIME, description="ISO 8601; without an offset it is read in the source's time zone")
]
DueTime = Annotated[
    str, msgspec.Meta(max_length=40, pattern=_DUE, description="a date, or a time; midnight UTC (T00:00:00Z) is read as a date")
]
Money = Annotated[int, msgspec.Meta(ge=0, le=10**12, description="minor units")]
Locale = Annotated[str, msgspec.Meta(max_length=35, pattern=r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*)?$", description="BCP 47")]


def _status(known: Iterable[str]) -> msgspec.Meta:
    return msgspec.Meta(
        min_length=1,
        max_length=64,
        pattern=_TEXT,
        description=f"one of: {', '.join(known)}. Another value is stored and counted, and says nothing to the shopper",
    )


class CustomerBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: Blankable | None = None
    email: Annotated[str, msgspec.Meta(max_length=320, pattern=_TEXT)] | None = None
    phone: Annotated[str, msgspec.Meta(max_length=40, pattern=_TEXT)] | None = None
    name: Text | None = None


class PaymentBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    status: Annotated[str, _status(sorted(PAYMENTS))]
    reason: Text | None = None


class ItemBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: Ident
    name: Text
    quantity: Annotated[int, msgspec.Meta(ge=1, le=10**6)]
    unit_price: Money
    product_id: Ident | None = None
    url: Url | None = None
    image_url: Url | None = None


class ScanBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    stage: Annotated[str, _status(SHIPMENT_RANK)]
    at: Time
    place: Text | None = None


class ShipmentBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: Ident
    stage: Annotated[str, _status(SHIPMENT_RANK)]
    at: Annotated[Time, msgspec.Meta(description="when the parcel reached this stage: it stays the same while the stage stays")]
    carrier: Text | None = None
    tracking_number: Text | None = None
    tracking_url: Url | None = None
    item_ids: Annotated[tuple[Ident, ...], msgspec.Meta(max_length=500)] = ()
    promised: DueTime | None = None
    eta: DueTime | None = None
    reason: Text | None = None
    scans: Annotated[tuple[ScanBody, ...], msgspec.Meta(max_length=500)] = ()


class AdjustmentBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: Ident
    kind: Annotated[str, _status(sorted(ADJUSTMENT_KINDS))]
    status: Annotated[str, _status(ADJUSTMENT_RANK)]
    at: Time
    amount: Money | None = None


class MeasureBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    id: Ident
    text: Annotated[dict[Annotated[str, msgspec.Meta(min_length=2, max_length=35)], Text], msgspec.Meta(min_length=1, max_length=20)]
    at: Time
    worth: Money | None = None


class OrderBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    order_id: Ident
    number: Ident
    placed_at: Time
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
    total: Money
    status: Annotated[str, _status(ORDER_RANK)]
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53, description="orders snapshots; send it always or never")] | None = None
    locale: Locale | None = None
    url: Url | None = None
    test: bool = False
    notify: bool = True
    customer: CustomerBody | None = None
    payment: PaymentBody | None = None
    items: Annotated[tuple[ItemBody, ...], msgspec.Meta(max_length=500)] = ()
    shipments: Annotated[tuple[ShipmentBody, ...], msgspec.Meta(max_length=100)] = ()
    adjustments: Annotated[tuple[AdjustmentBody, ...], msgspec.Meta(max_length=200)] = ()
    measures: Annotated[tuple[MeasureBody, ...], msgspec.Meta(max_length=100)] = ()


class SettledBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    offer_id: Ident
    status: Literal["done", "refused"]
    reason: Text | None = None


class Envelope(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    timestamp: Time
    data: msgspec.Raw


class CloudEvent(msgspec.Struct, frozen=True):
    """CloudEvents 1.0, structured mode. Extension attributes are allowed and not read."""

    specversion: Literal["1.0"]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=_TEXT)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=2048, pattern=_TEXT)]
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_TEXT)]
    data: msgspec.Raw
    time: Time | None = None
    datacontenttype: Annotated[str, msgspec.Meta(pattern=r"^application/([a-z0-9.+-]+\+)?json(;.*)?$")] | None = None


class Kind(msgspec.Struct, frozen=True):
    """Which of the shapes that this door takes a body has."""

    type: Any = None
    specversion: Any = None


class OrderUpdated(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole order, every time."""

    type: Literal["order.updated"]
    timestamp: Time
    data: OrderBody


class OfferSettled(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How an accepted offer ended that the shop had answered with 202."""

    type: Literal["offer.settled"]
    timestamp: Time
    data: SettledBody


def schema() -> dict[str, Any]:
    """The JSON Schema of what `translate` takes. It cannot say two things: ids are unique within a list, and a date must exist."""
    shapes, definitions = msgspec.json.schema_components([OrderUpdated, OfferSettled], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events that a shop sends",
        "anyOf": list(shapes),
        "$defs": definitions,
    }


def cloud_schema() -> dict[str, Any]:
    """The JSON Schema of the CloudEvents envelope: what is in `data` is said by the other one."""
    (shape,), definitions = msgspec.json.schema_components([CloudEvent], ref_template="#/$defs/{name}")
    data = [{"$ref": f"order-event.schema.json#/$defs/{name}"} for name in ("OrderBody", "SettledBody")]
    data.append({"$ref": "product-event.schema.json#/$defs/ProductBody"})
    definitions["CloudEvent"]["properties"]["data"] = {"anyOf": data}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Events that a shop sends, as CloudEvents",
        **shape,
        "$defs": definitions,
    }
