"""What of an order is worth a word: its effects, which of them are news, how long they stay fresh, and which one tells most.

Pure. An effect is told once ever; what comes late, from a test, or against a later stage is recorded in silence. Walk b.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from order_status.events import Due, Effect, Mark, OrderOverdue
from order_status.stages import (
    ATTEMPT_STAGES,
    SHIPMENT_RANK,
    OrderState,
    Parcel,
    current,
    is_cancelled,
    is_delayed,
    is_open,
    payment_of,
    progress,
    rank_of,
    stage_of,
    standing_marks,
)

# The most telling first: a problem before a good word, a later stage before an earlier one.
TELLING = (
    "corrected",
    "delayed",
    "still_delayed",
    "delivery_failed",
    "payment_failed",
    "cancelled",
    "refunded",
    "returned",
    "delivered",
    "out_for_delivery",
    "ready_for_pickup",
    "shipped",
    "packed",
    "paid",
    "placed",
)
FRESH = {
    "placed": timedelta(hours=24),
    "paid": timedelta(hours=24),
    "payment_failed": timedelta(hours=24),
    "packed": timedelta(hours=12),
    "shipped": timedelta(hours=48),
    "ready_for_pickup": timedelta(hours=72),
    "delivered": timedelta(hours=72),
    "delivery_failed": timedelta(hours=48),
    "cancelled": timedelta(days=14),
    "refunded": timedelta(days=14),
    "returned": timedelta(days=14),
    "corrected": timedelta(hours=72),
}  # out_for_delivery: the same local day; delayed: while the expected time lies ahead, or OVERDUE_FRESH where we noticed it
OVERDUE_FRESH = timedelta(days=7)
PAYMENT_PATIENCE = timedelta(minutes=3)  # most failed payments succeed at the next try
NEXT_FAILURE = timedelta(hours=6)  # two records of a failed delivery closer than this, with none of a new attempt between them, are one

_SPOKEN_PARCEL = frozenset({"packed", "out_for_delivery", "delivery_failed", "ready_for_pickup", "delivered"})
_SHIPPED = frozenset({"shipped", "in_transit"})
_SETTLED = {"refund": "refunded", "return": "returned"}


@dataclass(frozen=True, slots=True)
class News:
    """An effect on its way to the outbox. `timed`: the sender told when it happened (else `at` is only when it was reported)."""

    effect: Effect
    fresh_until: datetime
    timed: bool = True
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """The one word about several effects. `silent`: none of them is to be told any more."""

    effect: Effect
    stage: str
    fresh_until: datetime
    silent: bool


def news(
    before: OrderState | None,
    after: OrderState,
    recorded: Collection[News],
    now: datetime,
    zone: tzinfo,
    *,
    quiet: bool,
    stale: bool,
) -> list[News]:
    """The effects of `after` that were never recorded, silent where the shopper must not hear them. `zone`: the source's.

    `quiet`: nothing is to be told (a test, an import). `stale`: a newer snapshot of this order was here before.
    """
    known = [each.effect for each in recorded]
    keys = {effect.key for effect in known}
    observations = {(effect.entity, effect.stage, effect.at) for effect in known if effect.stage != "delayed"}
    first_and_old = before is None and after.head.placed_at + FRESH["placed"] <= now
    fresh = []
    for found in effects(after, zone):
        effect = found.effect
        if effect.key in keys or (effect.entity, effect.stage, effect.at) in observations:
            continue
        silent = (
            quiet
            or found.fresh_until <= now
            or (first_and_old and not found.timed)
            or (stale and effect.entity in ("order", "payment"))
            or _comes_late(before, effect)
            or (effect.stage == "delayed" and _was_told_later(effect, known))
        )
        fresh.append(News(effect, found.fresh_until, found.timed, silent))
    told = [each.effect for each in recorded if not each.silent]
    again = (found for parcel in after.parcels for found in _told_again(parcel, told, now))
    return fresh + [replace(found, silent=quiet) for found in again if found.effect.key not in keys]


def _told_again(parcel: Parcel, told: Iterable[Effect], now: datetime) -> Iterable[News]:
    """We said that a parcel was delivered, and it was not: one word. When it is delivered after that: one more."""
    entity, stage = f"shipment:{parcel.facts.id}", stage_of(parcel)
    ours = [effect.stage for effect in told if effect.entity == entity]
    deliveries, corrections = ours.count("delivered"), ours.count("corrected")
    if parcel.corrections and deliveries > corrections and rank_of(parcel) < SHIPMENT_RANK["delivered"]:
        yield _news(entity, "corrected", now, str(corrections + 1))
    elif stage == "delivered" and corrections >= deliveries > 0:
        yield _news(entity, "delivered", now, str(deliveries + 1))


def effects(state: OrderState, zone: tzinfo) -> list[News]:
    """Everything about this order that could ever be told, each with the key under which it is told once."""
    found = [*_order_effects(state), *_payment_effects(state)]
    for parcel in state.parcels:
        found.extend(_parcel_effects(parcel, zone))
    for known in state.adjustments:
        stage = _SETTLED.get(known.adjustment.kind)
        if stage and known.adjustment.status == "completed":
            found.append(_news(f"adjustment:{known.adjustment.id}", stage, known.adjustment.at, timed=known.adjustment.timed))
    return found


def word(pending: Sequence[News], state: OrderState, now: datetime) -> Word:
    """What to say about these effects (at least one) together: the most telling one that is still true, fresh ones first."""
    failures_here = sum(item.effect.stage == "payment_failed" for item in pending)
    told = [
        item
        for item in pending
        if not item.silent and is_standing(item.effect, state) and not _was_never_missed(item.effect, failures_here, pending)
    ]
    chosen = min(told or pending, key=lambda item: (item.fresh_until <= now, TELLING.index(item.effect.stage), item.effect.key))
    stage = "placed" if chosen.effect.stage == "paid" else chosen.effect.stage
    return Word(chosen.effect, stage, chosen.fresh_until, silent=not told)


def _was_never_missed(effect: Effect, failures_here: int, pending: Iterable[News]) -> bool:
    """A payment that succeeded before the shopper heard of a failure: all failures (their number ends the key) stand beside it, untold.
    The correction of a delivery that nobody heard of, and the delivery after a correction that nobody heard of: both are untold here."""
    if effect.stage == "corrected" or (effect.stage == "delivered" and effect.key != f"{effect.entity}/delivered"):
        missed = "delivered" if effect.stage == "corrected" else "corrected"
        return any(not item.silent and item.effect.entity == effect.entity and item.effect.stage == missed for item in pending)
    return effect.stage == "paid" and int(effect.key.rpartition("/")[2]) <= failures_here


def is_standing(effect: Effect, state: OrderState) -> bool:
    """Whether the effect still describes the order: not overtaken by a later stage, another expected day, or a payment that succeeded."""
    kind, _, ident = effect.entity.partition(":")
    if kind == "adjustment" or effect.stage == "cancelled":
        return True
    if is_cancelled(state):
        return False
    if effect.stage == "placed":
        return payment_of(state) != "failed"
    if kind == "payment":
        return payment_of(state) == ("failed" if effect.stage == "payment_failed" else "paid")
    parcel = next((parcel for parcel in state.parcels if parcel.facts.id == ident), None)
    if parcel is None:
        return False
    if is_overdue(effect):
        return is_open(parcel)  # the outbox has asked `expected.stands` already
    if effect.stage == "delayed":
        return is_delayed(parcel) and effect.key == _delay_key(parcel)
    if effect.stage == "corrected":
        return rank_of(parcel) < SHIPMENT_RANK["delivered"]
    mark = current(parcel)
    if mark is None:
        return False
    return mark.stage == effect.stage or (effect.stage == "shipped" and mark.stage in _SHIPPED)


def overdue_key(overdue: OrderOverdue, stage: str) -> str:
    """`delayed` is told once for each step; `still_delayed`, the next word about it, too."""
    key = f"shipment:{overdue.shipment_id}/overdue/{overdue.step}"
    return key if stage == "delayed" else f"{key}/again"


def is_overdue(effect: Effect) -> bool:
    """Noticed by us, not told by shop or carrier."""
    return effect.key.startswith(f"{effect.entity}/overdue/")


def _order_effects(state: OrderState) -> Iterable[News]:
    by_stage = {mark.stage: mark for mark in state.statuses}
    if "placed" in by_stage or "confirmed" in by_stage:
        yield _news("order", "placed", state.head.placed_at)
    if "cancelled" in by_stage:
        yield _news("order", "cancelled", by_stage["cancelled"].at, timed=False)


def _payment_effects(state: OrderState) -> Iterable[News]:
    """Each run of `failed`, and the payment that succeeded after it; a payment that never failed is part of `placed`."""
    failures, last = 0, ""
    for mark in state.payments:
        if mark.status == "failed" and last != "failed":
            failures += 1
            yield _news("payment", "payment_failed", mark.stamp.at, str(failures), timed=False)
        elif mark.status == "paid" and last != "paid" and failures:
            yield _news("payment", "paid", mark.stamp.at, str(failures), timed=False)
        last = mark.status


def _parcel_effects(parcel: Parcel, zone: tzinfo) -> Iterable[News]:
    entity = f"shipment:{parcel.facts.id}"
    seen: set[str] = set()
    for mark in standing_marks(parcel):
        stage = "shipped" if mark.stage in _SHIPPED else mark.stage
        if stage in seen or stage in ATTEMPT_STAGES or not (stage == "shipped" or stage in _SPOKEN_PARCEL):
            continue
        seen.add(stage)
        yield _news(entity, stage, mark.at)
    for mark, attempt in attempts(parcel):
        fresh_until = _end_of_day(mark.at.astimezone(zone).date(), zone) if mark.stage == "out_for_delivery" else None
        yield _news(entity, mark.stage, mark.at, str(attempt), fresh_until=fresh_until)
    eta = parcel.facts.eta
    if eta is not None and is_delayed(parcel):
        yield News(Effect(_delay_key(parcel), entity, "delayed", parcel.stamp.at), eta.time or _end_of_day(eta.day, zone), timed=False)


def attempts(parcel: Parcel) -> list[tuple[Mark, int]]:
    """The first record of each delivery attempt and of each failure, with its number: a new attempt begins after a failure."""
    found: dict[tuple[str, int], Mark] = {}
    failures, failed_at, out_since = 0, None, False
    for mark in sorted((mark for mark in parcel.marks if mark.stage in ATTEMPT_STAGES), key=progress):
        if mark.stage == "out_for_delivery":
            found.setdefault((mark.stage, failures + 1), mark)
            out_since = True
        elif failed_at is None or out_since or mark.at - failed_at >= NEXT_FAILURE:
            failures, failed_at, out_since = failures + 1, mark.at, False
            found[(mark.stage, failures)] = mark
    return [(mark, attempt) for (_, attempt), mark in found.items()]


def _comes_late(before: OrderState | None, effect: Effect) -> bool:
    """`placed` of an order whose parcels had moved on before. (What a parcel has left behind is no longer standing: see `word`.)"""
    return effect.stage == "placed" and before is not None and any(rank_of(parcel) >= SHIPMENT_RANK["packed"] for parcel in before.parcels)


def _was_told_later(effect: Effect, recorded: Iterable[Effect]) -> bool:
    """A delay to a day that is not later than one already recorded for this parcel (the day ends the key)."""
    told = [earlier for earlier in recorded if earlier.stage == "delayed" and not is_overdue(earlier)]
    return any(earlier.entity == effect.entity and earlier.key >= effect.key for earlier in told)


def _delay_key(parcel: Parcel) -> str:
    eta: Due | None = parcel.facts.eta
    return f"shipment:{parcel.facts.id}/delayed/{eta.day.isoformat() if eta else ''}"


def _news(entity: str, stage: str, at: datetime, nth: str = "", *, timed: bool = True, fresh_until: datetime | None = None) -> News:
    key = f"{entity}/{stage}/{nth}" if nth else f"{entity}/{stage}"
    return News(Effect(key, entity, stage, at), fresh_until or at + FRESH[stage], timed)


def _end_of_day(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
