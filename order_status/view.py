"""The OrderView of docs/wire.md: an order as shoppers, agents and the bot see it. Pure, made from the state alone. Walks b and d."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from order_status.events import Adjustment, Due, Mark, OrderOverdue
from order_status.expected import due_of
from order_status.stages import (
    OrderState,
    Parcel,
    current,
    expected,
    headline,
    is_cancelled,
    is_delayed,
    is_open,
    is_struck,
    payment_of,
    stage_of,
)
from order_status.usual import Outlook, Usual

TIMELINE_KEPT = 60
SCANS_SHOWN = 40
_NOTHING_USUAL = Outlook()


def order_view(
    state: OrderState, source_id: str, overdue: Sequence[OrderOverdue] = (), outlook: Outlook = _NOTHING_USUAL
) -> dict[str, Any]:
    """All keys are always there. Times are ISO 8601 in UTC, a due date without a time is `YYYY-MM-DD`. `overdue`: those that stand."""
    head, noticed = state.head, {each.shipment_id: each for each in overdue}
    return {
        "order_id": head.order_id,
        "number": head.number,
        "source_id": source_id,
        "headline": headline(state),
        "placed_at": _iso(head.placed_at),
        "locale": head.locale,
        "currency": head.currency,
        "total": head.total,
        "url": head.url,
        "delayed": not is_cancelled(state) and any(is_delayed(parcel) or parcel.facts.id in noticed for parcel in state.parcels),
        "expected": _due(expected(state)),
        "usually": _usually(outlook.order),
        "payment": payment_of(state),
        "items": [asdict(item) for item in head.items],
        "shipments": [_shipment(each, noticed.get(each.facts.id), outlook.parcels.get(each.facts.id)) for each in state.parcels],
        "adjustments": [_adjustment(known.adjustment) for known in state.adjustments],
        "measures": [{**asdict(known.measure), "at": _iso(known.measure.at)} for known in state.measures],
        "timeline": _timeline(state),
        "updated_at": _iso(head.stamp.at),
    }


def _adjustment(adjustment: Adjustment) -> dict[str, Any]:
    return {
        "id": adjustment.id,
        "kind": adjustment.kind,
        "status": adjustment.status,
        "amount": adjustment.amount,
        "at": _iso(adjustment.at),
    }


def _shipment(parcel: Parcel, overdue: OrderOverdue | None, usually: Usual | None) -> dict[str, Any]:
    facts, told = parcel.facts, due_of(parcel)
    return {
        "id": facts.id,
        "carrier": facts.carrier,
        "tracking_number": facts.tracking_number,
        "tracking_url": facts.tracking_url,
        "item_ids": list(facts.item_ids),
        "stage": stage_of(parcel),
        "promised": _due(facts.promised),
        "eta": _due(facts.eta),
        "basis": told[1] if told and is_open(parcel) else None,
        "usually": _usually(usually),
        "delayed": is_delayed(parcel) or overdue is not None,
        "overdue": _overdue(overdue) if overdue else None,
        "reason": facts.reason,
        "corrections": [
            {"said": each.said.stage, "said_at": _iso(each.said.at), "stage": each.stage, "since": _iso(each.since)}
            for each in parcel.corrections
        ],
        "scans": [{"stage": mark.stage, "at": _iso(mark.at), "place": mark.place} for mark in parcel.marks[-SCANS_SHOWN:]],
    }


def _usually(usual: Usual | None) -> dict[str, Any] | None:
    """By what day, where nobody tells one; `basis` as in what is overdue."""
    return {"by": usual.by.isoformat(), "basis": "history", "samples": usual.samples} if usual else None


def _overdue(overdue: OrderOverdue) -> dict[str, Any]:
    """The evidence."""
    return {
        "step": overdue.step,
        "since": _iso(overdue.since),
        "expected": _iso(overdue.expected_at),
        "basis": overdue.basis,
        "told": _due(overdue.told),
        "samples": overdue.samples,
        "raised_at": _iso(overdue.raised_at),
        "next_word": _iso(overdue.next_word_at),
    }


def _timeline(state: OrderState) -> list[dict[str, Any]]:
    """Oldest first. `note`: a place, a reason, `contradicted` (said after the journey had ended, and not believed), or `corrected` (an end
    that was none)."""
    entries = sorted(_entries(state), key=lambda entry: (entry[0], entry[1], entry[2]))
    return [{"at": _iso(at), "entity": entity, "stage": stage, "note": note} for at, entity, stage, note in entries[-TIMELINE_KEPT:]]


def _entries(state: OrderState) -> Iterable[tuple[datetime, str, str, str | None]]:
    for mark in state.statuses:
        yield (state.head.placed_at if mark.stage == "placed" else mark.at), "order", mark.stage, None
    last = ""
    for payment in state.payments:
        if payment.status != last:
            yield payment.stamp.at, "payment", payment.status, payment.reason
        last = payment.status
    for parcel in state.parcels:
        for mark in parcel.marks:
            yield mark.at, f"shipment:{parcel.facts.id}", mark.stage, _note(parcel, mark)
    for known in state.adjustments:
        adjustment = known.adjustment
        yield adjustment.at, f"adjustment:{adjustment.id}", f"{adjustment.kind}_{adjustment.status}", None
    for done in state.measures:
        yield done.measure.at, f"measure:{done.measure.id}", "measure", None


def _note(parcel: Parcel, mark: Mark) -> str | None:
    present, open_ = current(parcel), parcel.contradiction
    if is_struck(parcel, mark):
        return "corrected"
    if open_ is not None and any(mark.stage == word.stage and mark.at == word.at for word in open_.words):
        return "contradicted"
    if parcel.facts.reason and mark == present and mark.stage == parcel.facts.stage:
        return parcel.facts.reason
    return mark.place


def _due(due: Due | None) -> str | None:
    if due is None:
        return None
    return _iso(due.time) if due.time else due.day.isoformat()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
