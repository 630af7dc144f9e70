"""What verified events change in the database: many webhooks in one transaction, each of them wholly or not at all. Walk b.

Snapshots are folded into their order; a fragment waits for its order, and a carrier's word for the order that has its tracking number.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from order_status import catalogue, store
from order_status.desk import Desk, Numbers, Unreadable
from order_status.events import OrderEvent, OrderFragment, Settlement
from order_status.fold import add_fragments, fold, fragments_of
from order_status.products import Product
from order_status.shops import Event, Ignored
from order_status.sources import Source
from order_status.stages import Fragments, OrderState, number_key
from order_status.store import desk as sql

SAID = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """A webhook that was verified and read. `again`: a stored one that an operator lets us read once more."""

    source: Source
    delivery_id: str
    topic: str
    body: bytes
    event: Event | Ignored
    now: datetime
    again: bool = False


def commit_each(conn: store.Connection, items: Sequence[Taken]) -> list[str]:
    """The outcome of each: `accepted`, `duplicate`, `ignored`, or `unreadable` (its order cannot be read; nothing of it stays).

    Runs inside the writer. Who sends the same twice at once has it taken once.
    """
    batch = _Batch(conn, max(item.now for item in items))
    outcomes = [batch.take(item, new) for item, new in zip(items, batch.open(items), strict=True)]
    batch.close()
    return outcomes


class _Batch:
    def __init__(self, conn: store.Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now
        self._desk = Desk(conn, now)
        self._numbers: dict[str, Numbers] = defaultdict(Counter)
        self._given_back: set[sql.DeliveryKey] = set()

    def open(self, items: Sequence[Taken]) -> list[bool]:
        """Record the deliveries, and have on the desk what the new ones are about. Whether each of them is new."""
        rows = {}
        for item in items:
            key = (item.source.config.id, item.delivery_id)
            if not item.again and not isinstance(item.event, Ignored) and key not in rows:
                rows[key] = (_row(item), item)
        recorded = sql.record_deliveries(self._conn, [row for row, _ in rows.values()])
        first = {id(item) for key, (_, item) in rows.items() if key in recorded}
        new = [item.again or id(item) in first for item in items]
        orders, numbers = set(), set()
        for item, is_new in zip(items, new, strict=True):
            if is_new and isinstance(item.event, OrderEvent):
                inbox_id = item.source.config.inbox_id
                orders.add((inbox_id, item.event.head.order_id))
                found = (number_key(shipment.tracking_number or "") for shipment in item.event.shipments)
                numbers |= {(inbox_id, number) for number in found if number is not None}
        if orders:
            self._desk.load(orders, numbers)
        return new

    def take(self, item: Taken, new: bool) -> str:
        """One of them, in the order in which they came."""
        config, event = item.source.config, item.event
        numbers, key = self._numbers[config.id], (item.source.config.id, item.delivery_id)
        if isinstance(event, Ignored):
            numbers[("ignored", event.type)] += 1
            return "ignored"
        if key in self._given_back:
            return "unreadable"
        if not new:
            numbers[("duplicate", "")] += 1
            return "duplicate"
        try:
            match event:
                case OrderEvent():
                    numbers.update(self._snapshot(item.source, event))
                case OrderFragment():
                    numbers.update(self._fragment(item.source, event))
                case Settlement():
                    store.settle(self._conn, config.inbox_id, config.id, event)
                case Product():
                    catalogue.tell(self._conn, config.inbox_id, config.id, event, item.now)
        except Unreadable:
            numbers[("refused", "order_unreadable")] += 1
            if not item.again:
                self._given_back.add(key)
                sql.forget_delivery(self._conn, key)
            return "unreadable"
        numbers[("replayed" if item.again else "accepted", name(event)[0])] += 1
        return "accepted"

    def close(self) -> None:
        self._desk.put_back()
        for source_id, numbers in self._numbers.items():
            store.count(self._conn, source_id, +numbers, self._now)

    def _snapshot(self, source: Source, event: OrderEvent) -> Numbers:
        config, order_id = source.config, event.head.order_id
        order = self._desk.order((config.inbox_id, order_id))

        def told(before: OrderState | None) -> OrderState:
            after, waiting = fold(before, event), self._desk.waiting(order.key)
            return add_fragments(after, waiting) if before is None and waiting != Fragments() else after

        known = order.state
        stale = known is not None and known.head.stamp > event.head.stamp
        quiet = event.head.test or not event.head.notify
        numbers = self._desk.change(order, config.id, source, told, quiet=quiet, stale=stale)
        numbers.update(("unknown", value) for value in event.unknown)
        return numbers

    def _fragment(self, source: Source, fragment: OrderFragment) -> Numbers:
        inbox_id = source.config.inbox_id
        numbers: Numbers = Counter(("unknown", value) for value in fragment.unknown)
        if fragment.order_id is not None:
            if not self._add(source, fragment.order_id, fragments_of(fragment), fragment.quiet, numbers):
                self._desk.wait((inbox_id, fragment.order_id), fragments_of(fragment))
                numbers[("waiting", "order")] += 1
            return numbers
        for track in fragment.tracks:
            store.add_track(self._conn, inbox_id, track, self._now)
            self._desk.heard(inbox_id, track)
            self._desk.write_names()
            found = store.orders_with(self._conn, inbox_id, track.key, self._now)
            for order_id in found:
                with suppress(Unreadable):  # the word is kept with its parcel: the order gets it when it can be read again
                    self._add(source, order_id, Fragments(tracks=(track,)), fragment.quiet, numbers)
            numbers[("waiting", "parcel")] += not found
        return +numbers

    def _add(self, source: Source, order_id: str, fragments: Fragments, quiet: bool, numbers: Numbers) -> bool:
        """False when the order is not known yet."""
        order = self._desk.known_order((source.config.inbox_id, order_id))
        if order is None or order.state is None:
            return False

        def told(before: OrderState | None) -> OrderState:
            assert before is not None, "known_order answers one with a state"
            return add_fragments(before, fragments)

        numbers.update(self._desk.change(order, order.source_id, source, told, quiet=quiet or order.state.head.test))
        return True


def name(event: Event) -> tuple[str, str | None]:
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


def said(event: Event) -> str:
    """An event in one line, without a word about a person: what stays of it when its body goes."""
    match event:
        case OrderEvent():
            words = [f"order {event.status}", *([f"payment {event.payment}"] if event.payment else [])]
            words += [f"shipment {each.id} {each.stage}" for each in event.shipments]
            words += [f"{each.kind} {each.id} {each.status}" for each in event.adjustments]
        case OrderFragment():
            words = [f"shipment {each.id} {each.stage}" for each in event.shipments]
            words += [f"{each.kind} {each.id} {each.status}" for each in event.adjustments]
            words += [f"{each.key} {each.marks[-1].stage}" for each in event.tracks if each.marks]
        case Settlement():
            words = [f"offer {event.status}"]
        case Product():
            words = [f"product {event.product_id}", "for sale" if event.for_sale else "not for sale"]
    return " · ".join(words)[:SAID]


def _row(item: Taken) -> dict[str, object]:
    assert not isinstance(item.event, Ignored), "what is ignored is not stored"
    kind, order_id = name(item.event)
    return {
        "source_id": item.source.config.id,
        "delivery_id": item.delivery_id,
        "inbox_id": item.source.config.inbox_id,
        "type": kind,
        "order_id": order_id,
        "body": item.body,
        "received_at": item.now,
        "digest": hashlib.sha256(item.body).hexdigest(),
        "topic": item.topic[:128],
        "said": said(item.event),
    }
