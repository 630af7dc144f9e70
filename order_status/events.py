"""The words of this room: the canonical order event that every backend is translated to, and the facts that leave the room.

Plain frozen data, no behaviour and no I/O. Money is minor units, ids are strings, times are aware UTC. Walks b and e pass here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """Which of two snapshots is newer: `version` first (-1 when the shop sends none), then time, then a digest of the body,
    so that ties fall alike everywhere."""

    version: int
    at: datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Due:
    """A promised or expected moment: a day in the shop's zone, and the exact time where the sender knows one."""

    day: date
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Customer:
    id: str | None
    email: str | None = None
    phone: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    product_id: str | None
    name: str
    quantity: int
    unit_price: int
    url: str | None
    image_url: str | None


@dataclass(frozen=True, slots=True)
class Mark:
    """A parcel (or an order) was seen in a stage at a time."""

    stage: str
    at: datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    id: str
    carrier: str | None
    tracking_number: str | None
    tracking_url: str | None
    item_ids: tuple[str, ...]
    stage: str
    at: datetime
    promised: Due | None
    eta: Due | None
    reason: str | None
    scans: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Adjustment:
    """`timed`: the sender told when it happened (else `at` is only when it was reported)."""

    id: str
    kind: str
    status: str
    amount: int | None
    at: datetime
    timed: bool = True


@dataclass(frozen=True, slots=True)
class Measure:
    """What the shop did for the shopper, in the shop's own words by locale, and what it was worth."""

    id: str
    text: dict[str, str]
    worth: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderHead:
    """What the newest snapshot alone decides."""

    stamp: Stamp
    order_id: str
    number: str
    placed_at: datetime
    locale: str | None
    currency: str
    total: int
    url: str | None
    test: bool
    notify: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """A snapshot of one whole order. `unknown` names the status values that no ledger knows: kept, counted, silent."""

    head: OrderHead
    customer: Customer | None
    status: str
    payment: str | None
    payment_reason: str | None
    shipments: tuple[Shipment, ...]
    adjustments: tuple[Adjustment, ...]
    measures: tuple[Measure, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """What one teller (a carrier, a tracking service) says of a parcel. `key` finds it: `number:<tracking number>` or `shipment:<id>`."""

    key: str
    teller: str
    stamp: Stamp
    carrier: str | None
    tracking_url: str | None
    eta: Due | None
    reason: str | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class OrderFragment:
    """A piece of an order without the rest of it: it waits for the order. `order_id` is None when only the parcel's number is known.

    `quiet`: the shopper hears nothing of it (a test).
    """

    order_id: str | None
    stamp: Stamp
    shipments: tuple[Shipment, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    tracks: tuple[Track, ...] = ()
    unknown: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The shop's later word on an accepted offer."""

    offer_id: str
    status: Literal["done", "refused"]
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that can be told about an order, once ever. `entity`: `order`, `payment`, `shipment:<id>`, `adjustment:<id>`;
    `key` adds the stage, and its attempt or day where a stage can come again."""

    key: str
    entity: str
    stage: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StageChanged:
    """What became of one order since the last word about it: every effect in it, and the one that tells most.

    Hand all of `change_ids` to `taken` once acted upon; until then the same effects are handed out again (perhaps with more beside them,
    and then under another `id`; the keys of the effects stay). `silent`: for the record only, the shopper hears nothing.
    """

    id: str
    change_ids: tuple[str, ...]
    inbox_id: str
    source_id: str
    order_id: str
    number: str
    customer_id: str | None
    locale: str | None
    effects: tuple[Effect, ...]
    stage: str
    effect_key: str
    at: datetime
    fresh_until: datetime
    silent: bool
    order: dict[str, Any]


Basis = Literal["promise", "eta", "history", "default"]


@dataclass(frozen=True, slots=True)
class OrderOverdue:
    """A parcel waits in a step for longer than was expected: raised once for each step, withdrawn by its next record.

    The evidence: the next stage was expected by `expected_at`, concluded from `basis` (`told` is the day that the shopper knew), with
    `samples` durations behind it. `seen_at`: the parcel's last record when it was raised. `next_word_at`: when we speak again if it stands.
    """

    inbox_id: str
    source_id: str
    order_id: str
    shipment_id: str
    step: str
    since: datetime
    seen_at: datetime
    expected_at: datetime
    basis: Basis
    told: Due | None
    samples: int
    raised_at: datetime
    next_word_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OfferSettled:
    id: str
    inbox_id: str
    offer_id: str
    status: Literal["done", "refused"]
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OfferAccepted:
    """A shopper accepted an offer, or took it back (`withdrawn`). `contact`: `{customer_id, name}`.

    `again`: the shop said "later" and nothing since: it is asked once more.
    """

    offer_id: str
    inbox_id: str
    kind: str
    conversation: str
    contact: Mapping[str, str | None]
    order_id: str | None
    order_number: str | None
    params: Mapping[str, Any]
    call: Literal["accepted", "withdrawn"] = "accepted"
    again: bool = False

    @property
    def key(self) -> str:
        """Under which the shop hears of it, and by which it knows a repeat."""
        return self.offer_id if self.call == "accepted" else f"{self.offer_id}_undo"


DeliveryStatus = Literal["done", "refused", "pending", "retry", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one call to the shop. `pending`: `offer.settled` follows. `failed`: do not call again.
    `retry`: call again with the same offer, not before `retry_after_s` if that is given."""

    status: DeliveryStatus
    reason: str | None = None
    retry_after_s: int | None = None
