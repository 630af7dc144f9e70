"""Snapshots into one state: `join` is commutative, associative and idempotent, so any order of arrival, with any duplicates, ends alike.

Pure. Nothing is ever removed: a stale snapshot can only add a parcel, a mark, an adjustment or a measure. Walk b.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from order_status.corrections import SHOP, join_rulings, judged
from order_status.events import Mark, OrderEvent, OrderFragment, OrderHead, Shipment, Stamp, Track
from order_status.stages import (
    ADJUSTMENT_RANK,
    SHIPMENT_RANK,
    Fragments,
    KnownAdjustment,
    KnownCustomer,
    KnownMeasure,
    OrderState,
    Parcel,
    PaymentMark,
    Ruling,
    number_key,
)

MARKS_KEPT = 100  # the latest of each parcel, beside the earliest of each known stage: an honest parcel has a dozen
PAYMENTS_KEPT = 64
KEYS_KEPT = 20


def fold(state: OrderState | None, event: OrderEvent) -> OrderState:
    """The state after one more snapshot; `state` is None at the first."""
    seen = _from_snapshot(event)
    return seen if state is None else join(state, seen)


def join(one: OrderState, other: OrderState) -> OrderState:
    """All that two states know. Both must be of the same order."""
    customers = [known for known in (one.customer, other.customer) if known is not None]
    joined = OrderState(
        head=_join_heads(one.head, other.head),
        customer=_newest_customer(customers),
        statuses=_earliest(one.statuses + other.statuses),
        payments=_join_payments(one.payments + other.payments),
        parcels=_join_parcels(one.parcels + other.parcels),
        adjustments=_join_adjustments(one.adjustments + other.adjustments),
        measures=_join_measures(one.measures + other.measures),
        tracks=join_tracks(one.tracks + other.tracks),
        rulings=join_rulings(one.rulings + other.rulings),
    )
    stamps = [stamp for stamp in (one.forgotten, other.forgotten) if stamp is not None]
    return _without_person(joined, max(stamps), customers) if stamps else joined


def forget(state: OrderState) -> OrderState:
    """The order without its person: their name, contacts and id, and the address of the order's page, which may open it to whoever has
    it. Its stages stay. Only a newer snapshot tells of them again."""
    known = [state.customer] if state.customer else []
    newest = max([state.head.stamp, *(each.stamp for each in known), *([state.forgotten] if state.forgotten else [])])
    return _without_person(state, newest, known)


def _without_person(state: OrderState, forgotten: Stamp, customers: Iterable[KnownCustomer]) -> OrderState:
    """`customers`: all that are known; those that are not newer are left out."""
    newer = [known for known in customers if known.stamp > forgotten]
    head = state.head if state.head.stamp > forgotten else replace(state.head, url=None)
    return replace(state, head=head, customer=_newest_customer(newer), forgotten=forgotten)


def _newest_customer(customers: Iterable[KnownCustomer]) -> KnownCustomer | None:
    return max(customers, key=lambda known: (known.customer.id is not None, known.stamp), default=None)


def _join_heads(one: OrderHead, other: OrderHead) -> OrderHead:
    """The newest; but an order was placed when the earliest word says so, because some senders know only when they wrote."""
    return replace(max(one, other, key=lambda head: head.stamp), placed_at=min(one.placed_at, other.placed_at))


def fragments_of(fragment: OrderFragment) -> Fragments:
    return Fragments(
        parcels=_parcels(fragment.shipments, fragment.stamp),
        adjustments=_join_adjustments(KnownAdjustment(fragment.stamp, adjustment) for adjustment in fragment.adjustments),
        tracks=join_tracks(fragment.tracks),
    )


def gather(one: Fragments, other: Fragments) -> Fragments:
    """Both, while their order is not known yet."""
    return Fragments(
        parcels=_join_parcels(one.parcels + other.parcels),
        adjustments=_join_adjustments(one.adjustments + other.adjustments),
        tracks=join_tracks(one.tracks + other.tracks),
    )


def add_fragments(state: OrderState, fragments: Fragments) -> OrderState:
    """The order with these fragments: the same, whether they came before it or after it."""
    both = gather(Fragments(state.parcels, state.adjustments, state.tracks), fragments)
    return replace(state, parcels=both.parcels, adjustments=both.adjustments, tracks=both.tracks)


def followed(state: OrderState) -> OrderState:
    """The order as it is read: what tellers say of its parcels is laid over them, whoever spoke last is believed about the stage,
    and what was said too early is corrected.

    Never saved: the state keeps snapshots and tracks apart, so that a track finds its parcel also when the number comes later.
    """
    return replace(state, parcels=tuple(_followed(parcel, state.tracks, state.rulings) for parcel in state.parcels))


def _followed(parcel: Parcel, tracks: Iterable[Track], rulings: Iterable[Ruling]) -> Parcel:
    keys = {*parcel.keys, *_keys(parcel.facts)}
    found = sorted((track for track in tracks if track.key in keys), key=lambda track: track.stamp)
    if not found:
        return judged(parcel, {SHOP: parcel.marks}, rulings)
    facts = parcel.facts
    for track in found:
        facts = replace(
            facts,
            carrier=facts.carrier or track.carrier,
            tracking_url=facts.tracking_url or track.tracking_url,
            eta=track.eta or facts.eta,
            reason=track.reason or facts.reason,
        )
    marks = _keep([*parcel.marks, *(mark for track in found for mark in track.marks)])
    told = max((mark for track in found for mark in track.marks), key=_by_time, default=None)
    if told is not None and told.at > facts.at:
        facts = replace(facts, stage=told.stage, at=told.at)
    words: dict[str, tuple[Mark, ...]] = {SHOP: parcel.marks}
    for track in found:
        words[track.teller] = words.get(track.teller, ()) + track.marks
    verdict = judged(replace(parcel, marks=marks), words, rulings)
    return replace(verdict, facts=facts)


def _from_snapshot(event: OrderEvent) -> OrderState:
    stamp = event.head.stamp
    return OrderState(
        head=event.head,
        customer=KnownCustomer(stamp, event.customer) if event.customer else None,
        statuses=(Mark(event.status, stamp.at),),
        payments=(PaymentMark(stamp, event.payment, event.payment_reason),) if event.payment else (),
        parcels=_parcels(event.shipments, stamp),
        adjustments=_join_adjustments(KnownAdjustment(stamp, adjustment) for adjustment in event.adjustments),
        measures=_join_measures(KnownMeasure(stamp, measure) for measure in event.measures),
    )


def _parcels(shipments: Iterable[Shipment], stamp: Stamp) -> tuple[Parcel, ...]:
    return _join_parcels(
        Parcel(stamp=stamp, facts=replace(shipment, scans=()), marks=_keep(_marks(shipment)), keys=_keys(shipment))
        for shipment in shipments
    )


def _keys(shipment: Shipment) -> tuple[str, ...]:
    number = number_key(shipment.tracking_number or "")
    return (f"shipment:{shipment.id}",) if number is None else (number, f"shipment:{shipment.id}")


def _marks(shipment: Shipment) -> tuple[Mark, ...]:
    """A scan of the parcel's stage says better when it came there than `at`, which some shops move with every change."""
    if any(scan.stage == shipment.stage for scan in shipment.scans):
        return shipment.scans
    return (*shipment.scans, Mark(shipment.stage, shipment.at))


def _earliest(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """One mark for each stage: the earliest."""
    first: dict[str, Mark] = {}
    for mark in sorted(marks, key=_by_time):
        first.setdefault(mark.stage, mark)
    return tuple(sorted(first.values(), key=_by_time))


def _keep(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """The marks without repeats, bounded: the latest, and the earliest of each known stage, in whatever order they arrived."""
    distinct: dict[tuple[str, datetime], Mark] = {}
    for mark in marks:
        twin = distinct.get((mark.stage, mark.at))
        if twin is None or (mark.place or "") > (twin.place or ""):
            distinct[(mark.stage, mark.at)] = mark
    ordered = sorted(distinct.values(), key=_by_time)
    if len(ordered) <= MARKS_KEPT:
        return tuple(ordered)
    return tuple(sorted({*ordered[-MARKS_KEPT:], *_earliest(mark for mark in ordered if mark.stage in SHIPMENT_RANK)}, key=_by_time))


def _join_payments(marks: Iterable[PaymentMark]) -> tuple[PaymentMark, ...]:
    by_stamp = {mark.stamp: mark for mark in marks}
    return tuple(by_stamp[stamp] for stamp in sorted(by_stamp))[-PAYMENTS_KEPT:]


def _join_parcels(parcels: Iterable[Parcel]) -> tuple[Parcel, ...]:
    found: dict[str, Parcel] = {}
    for parcel in parcels:
        twin = found.get(parcel.facts.id)
        if twin is None:
            found[parcel.facts.id] = parcel
        else:
            newer = max(parcel, twin, key=lambda candidate: candidate.stamp)
            keys = tuple(sorted({*parcel.keys, *twin.keys}, reverse=True)[:KEYS_KEPT][::-1])
            found[parcel.facts.id] = Parcel(newer.stamp, newer.facts, _keep(parcel.marks + twin.marks), keys)
    return tuple(found[key] for key in sorted(found))


def join_tracks(tracks: Iterable[Track]) -> tuple[Track, ...]:
    """One for each parcel and teller: the newest word, and every mark."""
    found: dict[tuple[str, str], Track] = {}
    for track in tracks:
        track = replace(track, marks=_keep(track.marks))
        twin = found.get((track.key, track.teller))
        if twin is not None:
            newer = max(track, twin, key=lambda candidate: candidate.stamp)
            track = replace(newer, marks=_keep(track.marks + twin.marks))
        found[(track.key, track.teller)] = track
    return tuple(found[key] for key in sorted(found))


def _join_adjustments(adjustments: Iterable[KnownAdjustment]) -> tuple[KnownAdjustment, ...]:
    """The furthest status of each; among equals the newest."""
    found: dict[str, KnownAdjustment] = {}
    for known in adjustments:
        twin = found.get(known.adjustment.id)
        if twin is None or _standing(known) > _standing(twin):
            found[known.adjustment.id] = known
    return tuple(found[key] for key in sorted(found))


def _join_measures(measures: Iterable[KnownMeasure]) -> tuple[KnownMeasure, ...]:
    found: dict[str, KnownMeasure] = {}
    for known in measures:
        twin = found.get(known.measure.id)
        if twin is None or known.stamp > twin.stamp:
            found[known.measure.id] = known
    return tuple(found[key] for key in sorted(found))


def _standing(known: KnownAdjustment) -> tuple[int, Stamp]:
    return (ADJUSTMENT_RANK.get(known.adjustment.status, 0), known.stamp)


def _by_time(mark: Mark) -> tuple[datetime, str, str]:
    return (mark.at, mark.stage, mark.place or "")
