"""What verified events change in the database: many webhooks in one transaction, each of them wholly or not at all. Walk b.

Snapshots are folded into their order; a fragment waits for its order, and a carrier's word for the order that has its tracking number.
What comes in a storm, or cannot be folded now, is recorded and folded later (clerk.py).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from order_status import catalogue, store
from order_status.desk import Desk, Numbers, Unreadable
from order_status.events import OrderEvent, OrderFragment, Settlement
from order_status.fold import add_fragments, fold, fragments_of
from order_status.products import Product
from order_status.shops import Event, Ignored, Keyed, Malformed, Verified
from order_status.sources import Source
from order_status.stages import Fragments, OrderState, number_key
from order_status.store import desk as sql
from order_status.store import operations as operated

SAID = 500
LATER = timedelta(minutes=10)
"""when a webhook that could not be folded is tried again"""
_LETTER = ("source_id", "digest", "inbox_id", "delivery_id", "topic", "body")


@dataclass(frozen=True, slots=True)
class Taken:
    """A webhook that was verified and read. `later`: only record it; `again`: a stored one that an operator lets us read once more."""

    source: Source
    delivery_id: str
    topic: str
    body: bytes
    event: Event | Ignored
    now: datetime
    later: bool = False
    again: bool = False

    @property
    def key(self) -> sql.DeliveryKey:
        return self.source.config.id, self.delivery_id

    @property
    def waits(self) -> bool:
        """A shop's word on an offer does not: the first one counts, and a shopper waits for it."""
        return self.later and not isinstance(self.event, Settlement)


@dataclass(frozen=True, slots=True)
class Folded:
    """`due`: how many webhooks the batch had; `stuck`: of how many what stands in the way; `waited`: for how long the first was due."""

    due: int
    stuck: Counter[str]
    waited: timedelta


def read(source: Source, verified: Verified, body: bytes, now: datetime) -> Taken | Malformed:
    """A verified body as what it says. Some senders' deliveries are known by what is in them."""
    event = source.translate(body, verified)
    if isinstance(event, Malformed):
        return event
    key, event = (event.key, event.event) if isinstance(event, Keyed) else (verified.delivery_id, event)
    return Taken(source, key, verified.topic, body, event, now)


def commit_each(conn: store.Connection, items: Sequence[Taken]) -> list[str]:
    """The outcome of each: `accepted`, `duplicate`, `ignored`, or `unreadable` (one read again, whose order cannot be read).

    Runs inside the writer. Who sends the same twice at once has it taken once. What is accepted is stored; it is folded now, unless it
    is for later or its order cannot be read.
    """
    batch = _Batch(conn, max(item.now for item in items))
    new = batch.record(items)
    batch.load(item for item, is_new in zip(items, new, strict=True) if is_new and not item.waits)
    outcomes = [batch.take(item, is_new) for item, is_new in zip(items, new, strict=True)]
    batch.close()
    return outcomes


def fold_waiting(
    conn: store.Connection, source_id: str, now: datetime, limit: int, read_stored: Callable[[Mapping[Any, Any]], Taken | str]
) -> Folded:
    """Fold what was recorded of a source, the longest waiting first.

    `read_stored`: a stored row as what it said, or why it cannot be read. What cannot be folded now waits for another time.
    """
    batch, stuck = _Batch(conn, now), Counter[str]()
    due = [(row, read_stored(row)) for row in sql.due_deliveries(conn, source_id, now, limit)]
    batch.load(item for _, item in due if isinstance(item, Taken))
    done: list[sql.DeliveryKey] = []
    waits: list[sql.DeliveryKey] = []
    for row, item in due:
        reason = batch.fold(item) if isinstance(item, Taken) else item
        stuck[reason] += 1
        if reason == "malformed":  # it could be read when it came
            operated.add_dead_letter(conn, {**{name: row[name] for name in _LETTER}, "error": reason}, now)
        (waits if reason in ("unreadable", "no_source") else done).append((source_id, row["delivery_id"]))
    batch.close()
    sql.fold_at(conn, done, None)
    sql.fold_at(conn, waits, now + LATER)
    waited = now - due[0][0]["fold_at"] if due else timedelta()
    return Folded(len(due), stuck - Counter(accepted=len(due), ignored=len(due)), waited)


class _Batch:
    def __init__(self, conn: store.Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now
        self._desk = Desk(conn, now)
        self._numbers: dict[str, Numbers] = defaultdict(Counter)

    def record(self, items: Sequence[Taken]) -> list[bool]:
        """Store the deliveries. Whether each of them is to be taken: it is new, or read again."""
        rows = {}
        for item in items:
            if not item.again and not isinstance(item.event, Ignored) and item.key not in rows:
                rows[item.key] = (_row(item), item)
        recorded = sql.record_deliveries(self._conn, [row for row, _ in rows.values()])
        first = {id(item) for key, (_, item) in rows.items() if key in recorded}
        return [item.again or id(item) in first for item in items]

    def load(self, items: Iterable[Taken]) -> None:
        """Have on the desk what these are about."""
        orders, numbers = set(), set()
        for item in items:
            if isinstance(item.event, OrderEvent):
                inbox_id = item.source.config.inbox_id
                orders.add((inbox_id, item.event.head.order_id))
                found = (number_key(shipment.tracking_number or "") for shipment in item.event.shipments)
                numbers |= {(inbox_id, number) for number in found if number is not None}
        if orders:
            self._desk.load(orders, numbers)

    def take(self, item: Taken, new: bool) -> str:
        """One of them, in the order in which they came."""
        if isinstance(item.event, Ignored):
            self._numbers[item.source.config.id][("ignored", item.event.type)] += 1
            return "ignored"
        if not new:
            self._numbers[item.source.config.id][("duplicate", "")] += 1
            return "duplicate"
        if item.waits:
            return "accepted"
        outcome = self.fold(item)
        if outcome == "unreadable" and not item.again:
            sql.fold_at(self._conn, [item.key], item.now + LATER)
            return "accepted"
        return outcome

    def fold(self, item: Taken) -> str:
        """`accepted`, `ignored`, or `unreadable`: its order cannot be read."""
        config, numbers = item.source.config, self._numbers[item.source.config.id]
        try:
            match item.event:
                case OrderEvent() as event:
                    numbers.update(self._snapshot(item.source, event))
                case OrderFragment() as event:
                    numbers.update(self._fragment(item.source, event))
                case Settlement() as event:
                    store.settle(self._conn, config.inbox_id, config.id, event)
                case Product() as event:
                    catalogue.tell(self._conn, config.inbox_id, config.id, event, item.now)
                case Ignored():
                    return "ignored"
        except Unreadable:
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
        "fold_at": item.now if item.waits else None,
    }
