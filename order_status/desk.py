"""The orders that one transaction works on: loaded together, changed one after the other in memory, put back together. Walk b.

What a change is worth is asked here (news, contradictions); the SQL stands in store/. An order whose saved state cannot be read is set
aside and concerns nobody else.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from order_status import store
from order_status.events import Track
from order_status.fold import add_fragments, followed, gather, join_tracks
from order_status.news import PAYMENT_PATIENCE, News, news
from order_status.sources import Source
from order_status.stages import Fragments, OrderState, contradicted
from order_status.store import Connection, OrderKey, read_state
from order_status.store import desk as sql
from order_status.store import operations as operated
from order_status.store.desk import Change

Numbers = Counter[tuple[str, str]]
SOON = timedelta(seconds=20)
"""after which an order is looked at, of which something became known"""


class Unreadable(Exception):
    """The saved state of this order cannot be read."""


@dataclass(slots=True)
class Order:
    """An order on the desk. `source_id`: the shop's; `state` as it is saved, `seen` as it is read; None until the first snapshot."""

    key: OrderKey
    source_id: str
    state: OrderState | None
    seen: OrderState | None
    recorded: list[News]
    changes: list[Change] = field(default_factory=list)
    changed: bool = False


class Desk:
    """Use `load` first for what is sure to be needed, and `put_back` at the end."""

    def __init__(self, conn: Connection, now: datetime) -> None:
        self._conn = conn
        self._now = now
        self._orders: dict[OrderKey, Order] = {}
        self._absent: set[OrderKey] = set()
        self._broken: dict[OrderKey, str] = {}
        self._tracks: dict[tuple[str, str], list[Track]] = {}
        self._named: set[tuple[str, str, str]] = set()
        self._waiting: dict[OrderKey, Fragments] = {}

    def load(self, keys: Collection[OrderKey], numbers: Collection[tuple[str, str]] = ()) -> None:
        """These orders, whether we have seen them or not, and what carriers said of these tracking numbers: (inbox, key)."""
        self._take(sql.lock_orders(self._conn, keys, self._now))
        new = [key for key in keys if key not in self._orders and key not in self._broken]
        self._orders.update({key: Order(key, "", None, None, []) for key in new})
        self._waiting.update(store.fragments_of(self._conn, new) if new else {})
        self._tracks.update({number: [] for number in numbers})
        self._tracks.update(sql.tracks_of(self._conn, numbers, self._now))

    def order(self, key: OrderKey) -> Order:
        """One that was loaded. Raises Unreadable."""
        if key in self._broken:
            raise Unreadable(self._broken[key])
        return self._orders[key]

    def waiting(self, key: OrderKey) -> Fragments:
        """What came of a loaded order before its first snapshot."""
        return self._waiting.get(key, Fragments())

    def wait(self, key: OrderKey, fragments: Fragments) -> None:
        """Keep a piece of an order until its first snapshot comes."""
        store.add_fragments(self._conn, *key, fragments, self._now)
        if key in self._orders:
            self._waiting[key] = gather(self.waiting(key), fragments)

    def known_order(self, key: OrderKey) -> Order | None:
        """None for one that no snapshot has told of yet. Raises Unreadable."""
        if key not in self._orders and key not in self._broken and key not in self._absent:
            self._take(sql.lock_orders(self._conn, [key], None))
            if key not in self._orders and key not in self._broken:
                self._absent.add(key)
                return None
        if key in self._absent:
            return None
        order = self.order(key)
        return order if order.state is not None else None

    def heard(self, inbox_id: str, track: Track) -> None:
        """A carrier's word that was just stored: whoever comes to that parcel later in this transaction must have it."""
        if (inbox_id, track.key) in self._tracks:
            self._tracks[(inbox_id, track.key)].append(track)

    def write_names(self) -> None:
        """Which order a tracking number leads to, before anybody asks for it."""
        sql.name_parcels(self._conn, self._named, self._now)
        self._named.clear()

    def change(
        self, order: Order, shop: str, source: Source, work: Callable[[OrderState | None], OrderState], *, quiet: bool, stale: bool = False
    ) -> Numbers:
        """The order as `work` makes it, and what of that is news; returns what is to be counted. `shop`: the source whose order it is;
        `source`: who reported."""
        before, seen_before = order.state, order.seen
        after = work(before)
        named = _numbers(after) - _numbers(before)
        if named:
            self._named.update((order.key[0], key, order.key[1]) for key in named)
            told = self._told_of(order.key[0], named)
            after = add_fragments(after, Fragments(tracks=told)) if told else after
        seen = followed(after)
        found = news(seen_before, seen, order.recorded, self._now, source.zone, quiet=quiet, stale=stale)
        order.source_id, order.state, order.seen, order.changed = shop, after, seen, True
        order.recorded += found
        self._announce(order, source, found)
        if _contradicted(seen) or _contradicted(seen_before):
            operated.note_contradictions(self._conn, order.key, seen.parcels, self._now)
        return Counter({("contradiction", ""): len(_contradicted(seen) - _contradicted(seen_before))})

    def put_back(self) -> None:
        """Save what was changed."""
        self.write_names()
        changed = [order for order in self._orders.values() if order.changed]
        saved = [(each.key, each.source_id, each.state, each.seen) for each in changed if each.state is not None and each.seen is not None]
        sql.save_orders(self._conn, saved)
        sql.add_changes(self._conn, [(order.key, change) for order in changed for change in order.changes], self._now)
        sql.look_soon(self._conn, [order.key for order in changed], self._now, self._now + SOON)
        operated.set_aside(self._conn, self._broken, self._now)

    def _take(self, found: dict[OrderKey, tuple[str, str]]) -> None:
        states: dict[OrderKey, tuple[str, OrderState, OrderState]] = {}
        for key, (source_id, text) in found.items():
            if text:
                try:
                    states[key] = (source_id, *read_state(text))
                except msgspec.MsgspecError as error:
                    self._broken[key] = str(error)
        told = sql.recorded(self._conn, list(states)) if states else {}
        for key, (source_id, state, seen) in states.items():
            self._orders[key] = Order(key, source_id, state, seen, told.get(key, []))

    def _told_of(self, inbox_id: str, numbers: Iterable[str]) -> tuple[Track, ...]:
        keys = [(inbox_id, number) for number in sorted(numbers)]
        missing = [key for key in keys if key not in self._tracks]
        if missing:
            self._tracks.update({key: [] for key in missing})
            self._tracks.update(sql.tracks_of(self._conn, missing, self._now))
        return join_tracks(track for key in keys for track in self._tracks[key])

    def _announce(self, order: Order, source: Source, found: list[News]) -> None:
        due_at = self._now + timedelta(seconds=source.config.debounce_s)
        patient = max(due_at, self._now + PAYMENT_PATIENCE)
        if any(item.effect.stage == "payment_failed" and not item.silent for item in found):
            sql.postpone(self._conn, order.key, "placed", patient)
            for change in order.changes:
                if change.news.effect.stage == "placed":
                    change.due_at = max(change.due_at, patient)
            placed_at = patient
        else:
            placed_at = due_at
        for item in found:
            waits = {"payment_failed": patient, "placed": placed_at}
            order.changes.append(Change(order.source_id, item, waits.get(item.effect.stage, due_at)))


def _numbers(state: OrderState | None) -> set[str]:
    """The tracking numbers of an order."""
    return {key for parcel in state.parcels for key in parcel.keys if key.startswith("number:")} if state else set()


def _contradicted(state: OrderState | None) -> set[str]:
    return {parcel.facts.id for parcel in state.parcels if contradicted(parcel)} if state else set()
