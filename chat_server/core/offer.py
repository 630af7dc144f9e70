"""An offer: a way out that a message may hold, who may get it and until when, and what the shopper chooses in it. Pure. Walk e.

The same rules judge it three times: when it is made, when it is accepted, and before the shop is called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chat_server.core.model import Json
from chat_server.core.order_access import Grade, strongest


class Kind(StrEnum):
    """What the shop is asked to do."""

    PICKUP_POINT = "pickup_point"
    SPLIT = "split"
    REFUND = "refund"
    VOUCHER = "voucher"
    CANCEL = "cancel"
    CHANGE_ADDRESS = "change_address"
    RESERVE_IN_STORE = "reserve_in_store"


def kind_of(name: str) -> Kind:
    """The kind of an offer made. One of an older version may have a kind of the shop's own: it asks nothing, and only its time ends it."""
    return Kind(name) if name in set(Kind) else Kind.VOUCHER


class No(StrEnum):
    """Why a shopper does not get an offer, or not any more."""

    NO_ORDER = "no_order"
    NOT_PROVEN = "not_proven"
    NOT_LATE = "not_late"
    WRONG_STAGE = "wrong_stage"
    TOO_LATE = "too_late"
    ORDER_TOTAL = "order_total"
    ALREADY_MADE = "already_made"
    TOO_OFTEN = "too_often"


WAY = ("preparing", "packed", "shipped", "in_transit", "out_for_delivery", "delivery_failed", "ready_for_pickup", "delivered")
"""the way of a parcel; what is not on it (lost, on its way back) lies beyond its end"""
ABOUT_AN_ORDER = frozenset({Kind.PICKUP_POINT, Kind.SPLIT, Kind.REFUND, Kind.CANCEL, Kind.CHANGE_ADDRESS})
BEFORE: Mapping[Kind, str] = {
    Kind.PICKUP_POINT: "ready_for_pickup",
    Kind.SPLIT: "packed",
    Kind.CANCEL: "packed",
    Kind.CHANGE_ADDRESS: "shipped",
}
"""the stage of a parcel from which on a kind makes no sense, unless the shop says another"""
GRADE: Mapping[Kind, Grade] = dict.fromkeys(ABOUT_AN_ORDER, Grade.LINK)
"""who moves goods or money must have shown more than a number and an address, unless the shop says another"""
_ENDED = frozenset({"cancelled", "refunded", "returned", "lost", "returned_to_sender", "delivered"})
_OVER: Mapping[Kind, frozenset[str]] = dict.fromkeys(BEFORE, _ENDED) | {Kind.REFUND: frozenset({"refunded"})}
ASKS: Mapping[Kind, str] = {Kind.PICKUP_POINT: "point", Kind.RESERVE_IN_STORE: "store", Kind.CHANGE_ADDRESS: "address"}
ADDRESS = ("name", "street", "postcode", "city")
"""what an address must have; `country` and `phone` it may have"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A pick-up point or a store that the shopper may choose; texts by locale."""

    id: str
    title: Mapping[str, str]
    text: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may get an offer, until when, and what follows. Kept with each offer made: what was promised stands.

    `before`: no parcel may have come that far (for a cancellation; else: not all of them). `within_hours`: of the placing of the order.
    `per_order`, `per_contact` (times, days): how often. `patience_hours`: how long the shop may take after its "later".
    """

    headlines: tuple[str, ...] = ()
    before: str | None = None
    within_hours: int | None = None
    late: bool = False
    grade: Grade = Grade.BROWSER
    total_least: int | None = None
    total_most: int | None = None
    per_order: int = 1
    per_contact: tuple[int, int] | None = None
    undo_minutes: int = 0
    patience_hours: int = 72

    def to_json(self) -> Json:
        """Plain values, for the store; `from_json` gives equal terms back."""
        found = asdict(self)
        return {**found, "headlines": list(self.headlines), "per_contact": list(self.per_contact) if self.per_contact else None}

    @classmethod
    def from_json(cls, saved: Json | None) -> Terms:
        """Reads what `to_json` wrote; None (an offer of an older version) gives the defaults."""
        if not saved:
            return cls()
        often = saved["per_contact"]
        read = {**saved, "headlines": tuple(saved["headlines"]), "grade": Grade(saved["grade"])}
        return cls(**{**read, "per_contact": (often[0], often[1]) if often else None})


@dataclass(frozen=True, slots=True)
class OfferTemplate:
    """An offer as a shop's file defines it; texts by locale. `worth` in minor units of the inbox's currency."""

    id: str
    kind: Kind
    expires_hours: int
    title: Mapping[str, str]
    text: Mapping[str, str]
    accept: Mapping[str, str]
    worth: int | None = None
    params: Json = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)
    choices: tuple[Choice, ...] = ()


class Standing(NamedTuple):
    """What this shopper has of this offer already: for the same order, and within the days of `per_contact`."""

    of_order: int = 0
    lately: int = 0


def proven(terms: Terms, grade: Grade) -> bool:
    """Whether it is known well enough who this is."""
    return strongest((grade, terms.grade)) == grade


def refused(kind: Kind, terms: Terms, order: Json | None, grade: Grade, standing: Standing, now: datetime) -> No | None:
    """Why it may not be made; None: it may. `order`: an OrderView of this shopper, if the offer is about one."""
    if not proven(terms, grade):
        return No.NOT_PROVEN
    if order is not None and terms.headlines and order.get("headline") not in terms.headlines:
        return No.WRONG_STAGE
    if terms.late and not (order is not None and order.get("delayed")):
        return No.NOT_LATE
    return moved_on(kind, terms, order, now) or used_up(terms, standing)


def used_up(terms: Terms, standing: Standing) -> No | None:
    """Whether this shopper has had it as often as they may."""
    if standing.of_order >= terms.per_order:
        return No.ALREADY_MADE
    if terms.per_contact is not None and standing.lately >= terms.per_contact[0]:
        return No.TOO_OFTEN
    return None


def moved_on(kind: Kind, terms: Terms, order: Json | None, now: datetime) -> No | None:
    """Whether the order, as it is now, still allows what is offered."""
    if order is None:
        needs = kind in ABOUT_AN_ORDER or terms.total_least is not None or terms.total_most is not None
        return No.NO_ORDER if needs or terms.headlines or terms.within_hours is not None else None
    if order.get("headline") in _OVER.get(kind, ()):
        return No.TOO_LATE
    if terms.before is not None and _reached(kind, terms.before, order):
        return No.TOO_LATE
    placed = order.get("placed_at")
    if terms.within_hours is not None and (placed is None or datetime.fromisoformat(placed) + timedelta(hours=terms.within_hours) <= now):
        return No.TOO_LATE
    total = order.get("total")
    least, most = terms.total_least or 0, terms.total_most
    if (least or most is not None) and (total is None or total < least or (most is not None and total > most)):
        return No.ORDER_TOTAL
    return None


def _reached(kind: Kind, before: str, order: Json) -> bool:
    parcels = [each.get("stage") for each in order.get("shipments") or [] if each.get("stage") != "cancelled"]
    limit = WAY.index(before)
    come_so_far = [_place(stage) >= limit for stage in parcels or [order.get("headline")]]
    return any(come_so_far) if kind is Kind.CANCEL else all(come_so_far)


def _place(stage: object) -> int:
    """How far along the way; before its beginning for an order that has no parcel yet."""
    if stage in WAY:
        return WAY.index(str(stage))
    return -1 if stage in ("placed", "on_hold", "confirmed", "paid", "payment_failed", "") else len(WAY)


class Chosen(NamedTuple):
    """What the shopper chose: for the shop (`params`) and in words."""

    params: Json
    text: str | None


class Wrong(NamedTuple):
    """What was sent is not what the offer asks; `problem` is a sentence."""

    problem: str


def asks(kind: Kind, choices: Sequence[object]) -> str | None:
    """What must come with an acceptance: `point`, `store`, `address`, or nothing."""
    return ASKS.get(kind) if choices or kind is Kind.CHANGE_ADDRESS else None


def chosen(kind: Kind, choices: Sequence[Json], given: Mapping[str, object]) -> Chosen | Wrong:
    """`choices` as they were shown (`id`, `title`); `given`: what came with the acceptance."""
    wanted = asks(kind, choices)
    other = sorted(name for name in given if name != wanted)
    if other:
        return Wrong(f"This offer does not ask for `{other[0]}`.")
    if wanted is None:
        return Chosen({}, None)
    value = given.get(wanted)
    if value is None:
        return Wrong(f"This offer asks for `{wanted}`.")
    if isinstance(value, Mapping):
        address = {name: text for name, text in value.items() if text}
        missing = [name for name in ADDRESS if name not in address]
        if missing:
            return Wrong(f"The address lacks `{missing[0]}`.")
        return Chosen({wanted: address}, "{street}, {postcode} {city}".format_map(address))
    found = next((each for each in choices if each["id"] == value), None)
    return Wrong(f"There is no such `{wanted}` in this offer.") if found is None else Chosen({wanted: found["id"]}, found["title"])


UNANSWERED = frozenset({"shop_unreachable", "no_answer"})
"""reasons of ours for a refusal: the shop has not said no, and may yet say that it did it"""


def after_call(state: str, reason: str | None, call: str, status: str) -> str | None:
    """The state after the shop's word (`pending`, `done`, `refused`) on a call (`accepted`, `withdrawn`); None: it changes nothing.

    A final state stays, but for a refusal that was ours, of an offer or of its undo: the shop's late "done" is the truth.
    """
    if call == "withdrawn":
        if state == "done" and reason in UNANSWERED and status == "done":
            return "undone"
        return {"done": "undone", "refused": "done"}.get(status) if state == "undoing" else None
    if state == "accepted" or (state == "pending" and status != "pending"):
        return status
    return status if state == "refused" and reason in UNANSWERED and status == "done" else None
