"""Why an order stands where it stands: what each webhook said of it, which word holds, and why the others do not. Pure.

Bodies are read again by the source's own translation; nothing is kept for this. The console's "Why this stage?" is made here. Walk f.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from order_status.events import Adjustment, Mark, OrderEvent, OrderFragment, OrderOverdue, Shipment, Track
from order_status.shops import Keyed, Verified
from order_status.sources import Source
from order_status.stages import (
    ADJUSTMENT_RANK,
    ORDER_RANK,
    SHIPMENT_RANK,
    OrderState,
    Parcel,
    current,
    headline,
    is_cancelled,
    is_struck,
    number_key,
)

Verdict = Literal["holds", "agrees", "passed", "outranked", "older", "contradicted", "corrected", "unknown", "elsewhere", "waiting"]
"""`holds`: the first to say what stands. `agrees`: said so later. `passed`: true then, the order has gone on. `outranked`: later, but a
lower stage. `older`: a newer word replaced it. `contradicted`: an ended journey would go on, and that is not settled. `corrected`: an end
that was none. `unknown`: a value that no ledger knows. `elsewhere`: about a parcel or an adjustment that the order does not show.
`waiting`: recorded, and not folded into the order yet."""

MARKS_SHOWN = 12
_MONEY = frozenset({"refunded", "returned"})
_PAYMENT = frozenset({"paid", "payment_failed"})


@dataclass(frozen=True, slots=True)
class Told:
    """One webhook as it was accepted. `body` is empty when its time is over; its `summary` stays. `topic`: an unsigned header's hint.
    `waits`: it is not folded yet."""

    source_id: str
    delivery_id: str
    kind: str
    received_at: datetime
    body: bytes
    topic: str
    summary: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that a webhook said: of `entity` (as in the timeline), that it reached `stage` at `at`."""

    entity: str
    stage: str
    at: datetime


def decided_by(state: OrderState) -> str:
    """The ledger that the headline comes from: `order`, `payment`, `shipment` or `adjustment`."""
    word = headline(state)
    if word in _MONEY:
        return "adjustment"
    if word in _PAYMENT:
        return "payment"
    return "order" if word in ("cancelled", "placed") else "shipment"


def explanation(
    state: OrderState, told: Sequence[Told], sources: Mapping[str, Source], overdue: Sequence[OrderOverdue], *, complete: bool
) -> dict[str, Any]:
    """Newest first. `complete`: whether these are all the webhooks of the order. A body that cannot be read any more has no `said`."""
    read = [(each, _read(each, sources)) for each in told]
    first = _first_words([(each.received_at, body) for each, body in read if body and not each.waits])
    return {
        "order_id": state.head.order_id,
        "number": state.head.number,
        "headline": headline(state),
        "decided_by": decided_by(state),
        "complete": complete,
        "events": [_event(state, each, body, sources, first) for each, body in read],
        "corrections": [
            {
                "shipment_id": parcel.facts.id,
                "said": each.said.stage,
                "said_at": _iso(each.said.at),
                "stage": each.stage,
                "since": _iso(each.since),
                "by": each.by,
            }
            for parcel in state.parcels
            for each in parcel.corrections
        ],
        "overdue": [_overdue(each) for each in overdue],
    }


@dataclass(frozen=True, slots=True)
class _Body:
    """What a webhook said, its own time, its digest, and whether it was for the record only."""

    at: datetime
    digest: str
    quiet: bool
    claims: tuple[Claim, ...]


def _event(
    state: OrderState, told: Told, body: _Body | None, sources: Mapping[str, Source], first: Mapping[Claim, datetime]
) -> dict[str, Any]:
    source = sources.get(told.source_id)
    return {
        "source_id": told.source_id,
        "source": source.config.kind if source else None,
        "delivery_id": told.delivery_id,
        "type": told.kind,
        "received_at": _iso(told.received_at),
        "happened_at": _iso(body.at) if body else None,
        "newest": body is not None and body.digest == state.head.stamp.digest and body.at == state.head.stamp.at,
        "quiet": body is not None and body.quiet,
        "summary": told.summary,
        "said": [
            {"entity": claim.entity, "stage": claim.stage, "at": _iso(claim.at), "verdict": _verdict(state, claim, told, first)}
            for claim in (body.claims if body else ())
        ],
    }


def _read(told: Told, sources: Mapping[str, Source]) -> _Body | None:
    """None where its source or its body is gone, or it is read as something else today."""
    source = sources.get(told.source_id)
    if source is None or not told.body:
        return None
    event = source.translate(told.body, Verified(told.delivery_id, topic=told.topic, at=told.received_at))
    if isinstance(event, Keyed):
        event = event.event
    match event:
        case OrderEvent():
            claims = [Claim("order", event.status, event.head.stamp.at)]
            claims += [Claim("payment", event.payment, event.head.stamp.at)] if event.payment else []
            claims += [_of_shipment(shipment) for shipment in event.shipments]
            claims += [_of_adjustment(adjustment) for adjustment in event.adjustments]
            stamp = event.head.stamp
            return _Body(stamp.at, stamp.digest, event.head.test or not event.head.notify, tuple(claims))
        case OrderFragment():
            claims = [_of_shipment(shipment) for shipment in event.shipments]
            claims += [_of_adjustment(adjustment) for adjustment in event.adjustments]
            claims += [claim for track in event.tracks for claim in _of_track(track)]
            return _Body(event.stamp.at, event.stamp.digest, event.quiet, tuple(claims))
        case _:
            return None


def _of_shipment(shipment: Shipment) -> Claim:
    """The stage of the snapshot; its scans repeat what other webhooks said."""
    scan = next((scan for scan in reversed(shipment.scans) if scan.stage == shipment.stage), None)
    return Claim(f"shipment:{shipment.id}", shipment.stage, scan.at if scan else shipment.at)


def _of_adjustment(adjustment: Adjustment) -> Claim:
    return Claim(f"adjustment:{adjustment.id}", f"{adjustment.kind}_{adjustment.status}", adjustment.at)


def _of_track(track: Track) -> list[Claim]:
    return [Claim(f"parcel:{track.key}", mark.stage, mark.at) for mark in track.marks[-MARKS_SHOWN:]]


def _first_words(told: Sequence[tuple[datetime, _Body]]) -> dict[Claim, datetime]:
    """When each claim first reached us."""
    first: dict[Claim, datetime] = {}
    for received_at, body in told:
        for claim in body.claims:
            first[claim] = min(received_at, first.get(claim, received_at))
    return first


def _verdict(state: OrderState, claim: Claim, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    if told.waits:
        return "waiting"
    ledger, _, name = claim.entity.partition(":")
    match ledger:
        case "order":
            return _of_order(state, claim, told, first)
        case "payment":
            return _of_payment(state, claim, told, first)
        case "adjustment":
            return _of_money(state, claim, name, told, first)
        case _:
            parcel = _parcel(state, ledger, name)
            return "elsewhere" if parcel is None else _of_parcel(parcel, claim, told, first)


def _held(claim: Claim, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    return "holds" if first[claim] == told.received_at else "agrees"


def _of_order(state: OrderState, claim: Claim, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    if claim.stage not in ORDER_RANK:
        return "unknown"
    reached = max((mark for mark in state.statuses if mark.stage in ORDER_RANK), key=lambda mark: ORDER_RANK[mark.stage], default=None)
    if reached is None or reached.stage == claim.stage:
        earliest = reached is None or reached.at == claim.at
        return _held(claim, told, first) if earliest else "agrees"
    return "outranked" if claim.at > reached.at and is_cancelled(state) else "passed"


def _of_payment(state: OrderState, claim: Claim, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    if not state.payments or state.payments[-1].status != claim.stage:
        return "older"
    same = [mark.stamp.at for mark in state.payments if mark.status == claim.stage]
    return _held(claim, told, first) if claim.at == same[0] else "agrees"


def _of_money(state: OrderState, claim: Claim, name: str, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    known = next((each.adjustment for each in state.adjustments if each.adjustment.id == name), None)
    if known is None:
        return "elsewhere"
    if f"{known.kind}_{known.status}" == claim.stage:
        return _held(claim, told, first)
    status = claim.stage.partition("_")[2]
    if status not in ADJUSTMENT_RANK:
        return "unknown"
    return "passed" if claim.at <= known.at else "outranked"


def _parcel(state: OrderState, ledger: str, name: str) -> Parcel | None:
    """A shipment by its id, or by the key under which its carrier speaks of it."""
    if ledger == "shipment":
        return next((parcel for parcel in state.parcels if parcel.facts.id == name), None)
    return next((parcel for parcel in state.parcels if name in (*parcel.keys, number_key(parcel.facts.tracking_number or ""))), None)


def _of_parcel(parcel: Parcel, claim: Claim, told: Told, first: Mapping[Claim, datetime]) -> Verdict:
    if claim.stage not in SHIPMENT_RANK:
        return "unknown"
    if is_struck(parcel, Mark(claim.stage, claim.at)):
        return "corrected"
    present = current(parcel)
    if present is None:
        return "unknown"
    if claim.stage == present.stage:
        return _held(claim, told, first) if present.at == claim.at else "agrees"
    words = parcel.contradiction.words if parcel.contradiction else ()
    if any((word.stage, word.at) == (claim.stage, claim.at) for word in words):
        return "contradicted"
    return "passed" if claim.at <= present.at else "outranked"


def _overdue(each: OrderOverdue) -> dict[str, Any]:
    return {
        "shipment_id": each.shipment_id,
        "step": each.step,
        "since": _iso(each.since),
        "expected": _iso(each.expected_at),
        "basis": each.basis,
        "told": None if each.told is None else _iso(each.told.time) if each.told.time else each.told.day.isoformat(),
        "samples": each.samples,
        "raised_at": _iso(each.raised_at),
        "withdrawn_at": _iso(each.withdrawn_at) if each.withdrawn_at else None,
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
