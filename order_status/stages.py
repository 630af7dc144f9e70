"""The ledgers of one order, their ranks, and what they add up to: each parcel's stage, the delay, the headline.

Pure: no clock, no I/O. Rank beats clock: a parcel never falls back, unless a correction says that its end was none (corrections.py).
Only the two stages of a delivery attempt repeat, and there the clock decides. Walk b.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from order_status.events import Adjustment, Customer, Due, Mark, Measure, OrderHead, Shipment, Stamp, Track

ORDER_RANK = {"placed": 10, "on_hold": 15, "confirmed": 20, "cancelled": 90}
PAYMENTS = frozenset({"pending", "authorized", "paid", "failed", "voided", "disputed"})
SHIPMENT_RANK = {
    "preparing": 10,
    "packed": 20,
    "shipped": 30,
    "in_transit": 35,
    "out_for_delivery": 40,
    "delivery_failed": 42,
    "ready_for_pickup": 45,
    "delivered": 60,
    "returning": 70,
    "returned_to_sender": 80,
    "lost": 85,
    "cancelled": 90,
}
ADJUSTMENT_KINDS = frozenset({"refund", "return", "exchange", "credit", "dispute"})
ADJUSTMENT_RANK = {"requested": 10, "approved": 20, "in_progress": 30, "declined": 90, "failed": 91, "completed": 92}

ATTEMPT_STAGES = frozenset({"out_for_delivery", "delivery_failed"})
_ATTEMPT_RANK = SHIPMENT_RANK["out_for_delivery"]
FINAL = frozenset({"delivered", "returned_to_sender", "lost", "cancelled"})
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Correction:
    """The end `said` was none: from `since` on the parcel goes on. `by`: `scans` (a further one confirmed it), `time`, or `operator`."""

    said: Mark
    since: datetime
    stage: str
    by: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An ended journey is said to go on: `words` came after `said`, the earliest first. `split`: somebody else still says that it ended;
    `outweighs`: but no more tellers than those who say since that it goes on."""

    said: Mark
    words: tuple[Mark, ...]
    split: bool
    outweighs: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Ruling:
    """What was decided about a contradiction that evidence alone does not settle: the parcel goes on from `since` (`corrected`),
    or the words up to `until` are not believed (`kept`). `by` is `time`, or who decided."""

    shipment_id: str
    since: datetime
    until: datetime
    verdict: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """One shipment: `facts` of the newest snapshot that names it (without scans), and every mark that any snapshot carried.

    `keys`: by which tracks find it, for every tracking number that it ever had (see `parcel_keys`). `corrections` and `contradiction`
    are concluded when the order is read (`fold.followed`), never saved.
    """

    stamp: Stamp
    facts: Shipment
    marks: tuple[Mark, ...]
    keys: tuple[str, ...] = ()
    corrections: tuple[Correction, ...] = ()
    contradiction: Contradiction | None = None


@dataclass(frozen=True, slots=True)
class PaymentMark:
    stamp: Stamp
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    stamp: Stamp
    customer: Customer


@dataclass(frozen=True, slots=True)
class KnownAdjustment:
    stamp: Stamp
    adjustment: Adjustment


@dataclass(frozen=True, slots=True)
class KnownMeasure:
    stamp: Stamp
    measure: Measure


@dataclass(frozen=True, slots=True)
class OrderState:
    """All that is known of an order: the same for any order of arrival of the same snapshots (see fold.py). Every tuple is sorted.

    `forgotten`: a snapshot that is not newer says nothing of the person any more.
    """

    head: OrderHead
    customer: KnownCustomer | None
    statuses: tuple[Mark, ...]
    payments: tuple[PaymentMark, ...]
    parcels: tuple[Parcel, ...]
    adjustments: tuple[KnownAdjustment, ...]
    measures: tuple[KnownMeasure, ...]
    tracks: tuple[Track, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    forgotten: Stamp | None = None


@dataclass(frozen=True, slots=True)
class Fragments:
    """What is known of an order beside its snapshots, or before the first of them. Every tuple is sorted."""

    parcels: tuple[Parcel, ...] = ()
    adjustments: tuple[KnownAdjustment, ...] = ()
    tracks: tuple[Track, ...] = ()


@lru_cache(2000)
def number_key(tracking_number: str) -> str | None:
    """The key of a tracking number, however it is spaced and cased; None for one without a letter or digit."""
    plain = "".join(letter for letter in tracking_number.upper() if letter.isalnum())[:100]
    return f"number:{plain}" if plain else None


def progress(mark: Mark) -> tuple[int, datetime, int]:
    """How far along a parcel is at this mark: by rank, and within delivery attempts by time. Unknown stages are behind all."""
    rank = SHIPMENT_RANK.get(mark.stage, 0)
    if mark.stage in ATTEMPT_STAGES:
        return (_ATTEMPT_RANK, mark.at, rank)
    return (rank, _BEGINNING, rank)


def standing_marks(parcel: Parcel) -> list[Mark]:
    """The parcel's marks without the ends that were corrected."""
    return [mark for mark in parcel.marks if not is_struck(parcel, mark)]


def is_struck(parcel: Parcel, mark: Mark) -> bool:
    """Whether a correction says that this was not so."""
    rank = SHIPMENT_RANK.get(mark.stage, 0)
    return any(each.said.at <= mark.at < each.since and rank >= SHIPMENT_RANK[each.said.stage] for each in parcel.corrections)


def current(parcel: Parcel) -> Mark | None:
    """The parcel's present stage and when it was first reached, since the last correction; None while only unknown stages were seen."""
    since = parcel.corrections[-1].since if parcel.corrections else _BEGINNING
    known = [mark for mark in parcel.marks if mark.stage in SHIPMENT_RANK and mark.at >= since]
    return max(known, key=progress, default=None)


def stage_of(parcel: Parcel) -> str:
    mark = current(parcel)
    return mark.stage if mark else parcel.facts.stage


def rank_of(parcel: Parcel) -> int:
    return SHIPMENT_RANK.get(stage_of(parcel), 0)


def contradicted(parcel: Parcel) -> bool:
    """An ended journey is said to go on (delivered, then in transit). We keep what we have, in silence, until it is settled."""
    return parcel.contradiction is not None


def is_later(eta: Due | None, promised: Due | None) -> bool:
    """Exact times are compared where both have one, else days."""
    if eta is None or promised is None:
        return False
    if eta.time is not None and promised.time is not None:
        return eta.time > promised.time
    return eta.day > promised.day


def is_delayed(parcel: Parcel) -> bool:
    """Expected later than promised, and not yet where the shopper can have it."""
    return rank_of(parcel) < SHIPMENT_RANK["ready_for_pickup"] and is_later(parcel.facts.eta, parcel.facts.promised)


def is_open(parcel: Parcel) -> bool:
    return rank_of(parcel) < SHIPMENT_RANK["delivered"]


def is_cancelled(state: OrderState) -> bool:
    return any(mark.stage == "cancelled" for mark in state.statuses)


def payment_of(state: OrderState) -> str | None:
    return state.payments[-1].status if state.payments else None


def expected(state: OrderState) -> Due | None:
    """When the open parcel that is furthest behind is expected (or was promised); of equals, the latest."""
    waiting = [parcel for parcel in state.parcels if is_open(parcel)]
    if not waiting or is_cancelled(state):
        return None
    behind = min(rank_of(parcel) for parcel in waiting)
    dues = [parcel.facts.eta or parcel.facts.promised for parcel in waiting if rank_of(parcel) == behind]
    return max((due for due in dues if due is not None), key=lambda due: (due.day, due.time or _BEGINNING), default=None)


def _covers(state: OrderState, parcels: list[Parcel]) -> bool:
    """Whether these parcels hold everything in the order. A parcel that lists no items may hold any of them."""
    if any(not parcel.facts.item_ids for parcel in parcels):
        return True
    packed = {item for parcel in parcels for item in parcel.facts.item_ids}
    return all(item.id in packed for item in state.head.items)


def _settled(state: OrderState, kind: str) -> bool:
    """Whether completed adjustments of a kind cover the order's total; one without an amount covers all of it."""
    adjustments = [known.adjustment for known in state.adjustments]
    amounts = [adjustment.amount for adjustment in adjustments if adjustment.kind == kind and adjustment.status == "completed"]
    if not amounts:
        return False
    return any(amount is None for amount in amounts) or sum(amount or 0 for amount in amounts) >= state.head.total


def _on_the_way(parcel: Parcel) -> bool:
    return rank_of(parcel) >= SHIPMENT_RANK["shipped"]


def _arrived(parcel: Parcel) -> bool:
    """Delivered, also when it is on its way back since."""
    return stage_of(parcel) == "delivered" or (
        stage_of(parcel) == "returning" and any(mark.stage == "delivered" for mark in standing_marks(parcel))
    )


def headline(state: OrderState) -> str:
    """The order's one word: the first that holds."""
    if is_cancelled(state):
        return "cancelled"
    if _settled(state, "refund"):
        return "refunded"
    if _settled(state, "return"):
        return "returned"
    return _parcels_headline(state) or _payment_headline(state)


def _parcels_headline(state: OrderState) -> str | None:
    live = [parcel for parcel in state.parcels if stage_of(parcel) != "cancelled"]
    if not live:
        return None
    stages = {stage_of(parcel) for parcel in live}
    whole = _covers(state, live)
    for lost in ("lost", "returned_to_sender"):
        if lost in stages:
            return lost
    arrived = [parcel for parcel in live if _arrived(parcel)]
    if arrived:
        return "delivered" if whole and len(arrived) == len(live) else "partially_delivered"
    for present in ("delivery_failed", "out_for_delivery", "ready_for_pickup"):
        if present in stages:
            return present
    moving = [parcel for parcel in live if _on_the_way(parcel)]
    if moving:
        return "shipped" if whole and len(moving) == len(live) else "partially_shipped"
    return "packed" if whole and stages == {"packed"} else None


def _payment_headline(state: OrderState) -> str:
    match payment_of(state):
        case "paid":
            return "paid"
        case "failed":
            return "payment_failed"
        case _:
            return "placed"
