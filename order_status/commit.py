"""What one verified event changes in the database, in one transaction: all of it is saved, or none. Walk b.

Snapshots are folded into their order; a fragment waits for its order, and a carrier's word for the order that has its tracking number.
"""

from collections import Counter
from datetime import datetime, timedelta

from order_status import catalogue, history, store
from order_status.events import OrderEvent, OrderFragment, Settlement
from order_status.fold import add_fragments, fold, followed, fragments_of
from order_status.news import PAYMENT_PATIENCE, news
from order_status.products import Product
from order_status.shops import Event, Ignored
from order_status.sources import Source
from order_status.stages import Fragments, OrderState, contradicted

Numbers = Counter[tuple[str, str]]


def commit(conn: store.Connection, source: Source, delivery_id: str, body: bytes, event: Event | Ignored, now: datetime) -> str:
    """The outcome: `accepted`, `duplicate` or `ignored`. Runs inside the writer."""
    config = source.config
    if isinstance(event, Ignored):
        store.count(conn, config.id, {("ignored", event.type): 1}, now)
        return "ignored"
    kind, order_id = _name(event)
    if not store.record_delivery(
        conn, source_id=config.id, delivery_id=delivery_id, inbox_id=config.inbox_id, kind=kind, order_id=order_id, body=body, at=now
    ):
        store.count(conn, config.id, {("duplicate", ""): 1}, now)
        return "duplicate"
    numbers: Numbers = Counter({("accepted", kind): 1})
    match event:
        case OrderEvent():
            numbers.update(_snapshot(conn, source, event, now))
        case OrderFragment():
            numbers.update(_fragment(conn, source, event, now))
        case Settlement():
            store.settle(conn, config.inbox_id, config.id, event)
        case Product():
            catalogue.tell(conn, config.inbox_id, config.id, event, now)
    store.count(conn, config.id, numbers, now)
    return "accepted"


def _name(event: Event) -> tuple[str, str | None]:
    """What the delivery is called in the records, and its order, or its parcel's key where only that is told."""
    match event:
        case OrderEvent():
            return "order.updated", event.head.order_id
        case OrderFragment():
            if event.order_id is None:
                return "parcel.updated", next((track.key for track in event.tracks), None)
            return "order.fragment", event.order_id
        case Settlement():
            return "offer.settled", None
        case Product():
            return "product.updated", None


def _snapshot(conn: store.Connection, source: Source, event: OrderEvent, now: datetime) -> Numbers:
    config, order_id = source.config, event.head.order_id
    before = store.lock_order(conn, config.inbox_id, order_id, config.id, now)
    after = fold(before, event)
    if before is None:
        after = add_fragments(after, store.fragments_of(conn, config.inbox_id, order_id))
    quiet = event.head.test or not event.head.notify
    numbers = _save(conn, source, config.id, before, after, quiet, event.head.stamp != after.head.stamp, now)
    numbers.update(("unknown", value) for value in event.unknown)
    numbers[("contradiction", "")] += sum(
        contradicted(parcel) and parcel.stamp == event.head.stamp and _was_contradicted(before, parcel.facts.id)
        for parcel in followed(after).parcels
    )
    return +numbers


def _fragment(conn: store.Connection, source: Source, fragment: OrderFragment, now: datetime) -> Numbers:
    inbox_id = source.config.inbox_id
    numbers: Numbers = Counter(("unknown", value) for value in fragment.unknown)
    if fragment.order_id is not None:
        if not _add_to(conn, source, fragment.order_id, fragments_of(fragment), fragment.quiet, now, numbers):
            store.add_fragments(conn, inbox_id, fragment.order_id, fragments_of(fragment), now)
            numbers[("waiting", "order")] += 1
        return numbers
    for track in fragment.tracks:
        store.add_track(conn, inbox_id, track, now)
        found = store.orders_with(conn, inbox_id, track.key, now)
        for order_id in found:
            _add_to(conn, source, order_id, Fragments(tracks=(track,)), fragment.quiet, now, numbers)
        numbers[("waiting", "parcel")] += not found
    return +numbers


def _add_to(
    conn: store.Connection, source: Source, order_id: str, fragments: Fragments, quiet: bool, now: datetime, numbers: Numbers
) -> bool:
    """False when the order is not known yet."""
    known = store.lock_known_order(conn, source.config.inbox_id, order_id)
    if known is None:
        return False
    shop, before = known
    after = add_fragments(before, fragments)
    numbers.update(_save(conn, source, shop, before, after, quiet or after.head.test, False, now))
    return True


def _save(
    conn: store.Connection, source: Source, shop: str, before: OrderState | None, after: OrderState, quiet: bool, stale: bool, now: datetime
) -> Numbers:
    """Save the order of the source `shop` and its news; returns what else is to be counted."""
    config, order_id = source.config, after.head.order_id
    named = _keys(after) - _keys(before)
    if named:
        store.name_parcels(conn, config.inbox_id, order_id, named, now)
        after = add_fragments(after, Fragments(tracks=store.tracks_of(conn, config.inbox_id, named, now)))
    store.save_order(conn, config.inbox_id, shop, after)
    history.look_soon(conn, config.inbox_id, order_id, now)
    seen_before, seen = followed(before) if before else None, followed(after)
    recorded = store.recorded(conn, config.inbox_id, order_id)
    found = news(seen_before, seen, recorded, now, source.zone, quiet=quiet, stale=stale)
    due_at = now + timedelta(seconds=config.debounce_s)
    patient = max(due_at, now + PAYMENT_PATIENCE)
    for item in found:
        wait_until = patient if item.effect.stage == "payment_failed" else due_at
        store.add_change(conn, inbox_id=config.inbox_id, order_id=order_id, source_id=shop, news=item, due_at=wait_until, now=now)
    if any(item.effect.stage == "payment_failed" and not item.silent for item in found):
        store.postpone(conn, config.inbox_id, order_id, "placed", patient)
    contradictions = sum(contradicted(parcel) and not _was_contradicted(before, parcel.facts.id) for parcel in seen.parcels)
    return Counter({("contradiction", ""): contradictions})


def _keys(state: OrderState | None) -> set[str]:
    """The tracking numbers of an order."""
    return {key for parcel in state.parcels for key in parcel.keys if key.startswith("number:")} if state else set()


def _was_contradicted(before: OrderState | None, parcel_id: str) -> bool:
    return before is not None and any(contradicted(parcel) for parcel in followed(before).parcels if parcel.facts.id == parcel_id)
