"""SQL of order_status: synchronous functions over a connection, to be run inside the writer that app.py is handed.

Here: what is read and told. Beside it: desk.py (what webhooks change, many at once) and operations.py (what operators see and decide).

No decisions here. Every write is safe to repeat: what is already there stays. Walks b and e.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection as Connection
from sqlalchemy import RowMapping, Table, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from order_status.events import Delivery, Effect, OfferSettled, Settlement, Track
from order_status.fold import followed, gather, join_tracks
from order_status.news import News
from order_status.stages import Fragments, OrderState
from order_status.store.keys import among
from order_status.store.prepared import KEYS, Find, Write
from order_status.tables import actions, changes, counts, fragments, orders, parcels, settlements, tracks
from order_status.tables_operations import unreadable

UNKNOWN_KEPT = 100  # distinct unknown values, and distinct ignored topics, counted for each source; further ones are counted together
NUMBER_USED_AGAIN = timedelta(days=120)  # carriers begin their numbers anew: an older order is not the one that is meant
CHANGES_OF_ONE = 8  # as many as an order rarely has at once: what is due is read along its index, and not all of it
OrderKey = tuple[str, str]  # inbox id, order id
_FRAGMENTS = Find(
    select(fragments.c.inbox_id, fragments.c.order_id, fragments.c.fragments).where(
        tuple_(fragments.c.inbox_id, fragments.c.order_id).in_(KEYS)
    )
)


def orders_with(conn: Connection, inbox_id: str, key: str, now: datetime) -> list[str]:
    """The orders that have a parcel with this tracking number."""
    query = select(parcels.c.order_id).where(parcels.c.inbox_id == inbox_id, parcels.c.key == key)
    return list(conn.execute(query.where(parcels.c.seen_at > now - NUMBER_USED_AGAIN).order_by(parcels.c.order_id)).scalars())


def add_track(conn: Connection, inbox_id: str, track: Track, now: datetime) -> None:
    """Keep what a carrier says of a tracking number, whether its order is known or not."""
    key = {"inbox_id": inbox_id, "key": track.key, "teller": track.teller}
    insert_once(conn, tracks, {**key, "track": as_json(track), "heard_at": now})
    here = [tracks.c[name] == value for name, value in key.items()]
    before, heard_at = conn.execute(select(tracks.c.track, tracks.c.heard_at).where(*here).with_for_update()).one()
    known = [msgspec.json.decode(before, type=Track)] if heard_at > now - NUMBER_USED_AGAIN else []
    (joined,) = join_tracks([*known, track])
    conn.execute(update(tracks).where(*here).values(track=as_json(joined), heard_at=now))


def add_fragments(conn: Connection, inbox_id: str, order_id: str, new: Fragments, now: datetime) -> None:
    """Keep what is known of an order until its first snapshot comes."""
    insert_once(conn, fragments, {"inbox_id": inbox_id, "order_id": order_id, "fragments": as_json(Fragments()), "heard_at": now})
    here = (fragments.c.inbox_id == inbox_id) & (fragments.c.order_id == order_id)
    before = conn.execute(select(fragments.c.fragments).where(here).with_for_update()).scalar_one()
    joined = gather(msgspec.json.decode(before, type=Fragments), new)
    conn.execute(update(fragments).where(here).values(fragments=as_json(joined), heard_at=now))


def fragments_of(conn: Connection, keys: Sequence[OrderKey]) -> dict[OrderKey, Fragments]:
    """What came of these orders before their first snapshot."""
    rows = _FRAGMENTS.run(conn, keys)
    return {(inbox_id, order_id): msgspec.json.decode(waiting, type=Fragments) for inbox_id, order_id, waiting in rows}


def due_orders(conn: Connection, now: datetime, limit: int) -> list[OrderKey]:
    """The orders with a change whose debounce is over, the longest waiting first; without those that are set aside. Fewer than there are
    when the first ones have very many changes."""
    waiting = select(changes.c.inbox_id, changes.c.order_id).where(changes.c.taken_at.is_(None), changes.c.due_at <= now)
    aside = select(unreadable.c.order_id).where(unreadable.c.inbox_id == changes.c.inbox_id, unreadable.c.order_id == changes.c.order_id)
    rows = conn.execute(waiting.where(~aside.exists()).order_by(changes.c.due_at).limit(limit * CHANGES_OF_ONE))
    return list(dict.fromkeys((inbox_id, order_id) for inbox_id, order_id in rows))[:limit]


def waiting_changes(conn: Connection, keys: Sequence[OrderKey]) -> list[tuple[OrderKey, str, News, datetime]]:
    """Every change of these orders that nobody took, due or not: (order, change id, news, due_at), by the time when it happened."""
    query = select(changes).where(changes.c.taken_at.is_(None), among(changes.c.inbox_id, changes.c.order_id, keys))
    rows = conn.execute(query.order_by(changes.c.at, changes.c.effect_key)).mappings()
    return [((row["inbox_id"], row["order_id"]), row["id"], news_of(row), row["due_at"]) for row in rows]


def states(conn: Connection, keys: Sequence[OrderKey], broken: dict[OrderKey, str] | None = None) -> dict[OrderKey, tuple[str, OrderState]]:
    """The source and the state of each order, as it is read: with what carriers say of its parcels.

    One that cannot be read is left out, and put into `broken` with the reason.
    """
    query = select(orders).where(among(orders.c.inbox_id, orders.c.order_id, keys), orders.c.state != "")
    found: dict[OrderKey, tuple[str, OrderState]] = {}
    for row in conn.execute(query).mappings():
        key = (row["inbox_id"], row["order_id"])
        try:
            found[key] = (row["source_id"], read_state(row["state"])[1])
        except msgspec.MsgspecError as error:
            if broken is not None:
                broken[key] = str(error)
    return found


def orders_of(conn: Connection, inbox_id: str, customer_id: str, limit: int) -> list[tuple[str, OrderState]]:
    """Newest first; as they are read. What cannot be read is left out."""
    query = select(orders.c.inbox_id, orders.c.order_id).where(orders.c.inbox_id == inbox_id, orders.c.customer_id == customer_id)
    newest = query.where(orders.c.state != "").order_by(orders.c.placed_at.desc(), orders.c.order_id.desc()).limit(limit)
    keys = [(row[0], row[1]) for row in conn.execute(newest)]
    known = states(conn, keys)
    return [known[key] for key in keys if key in known]


def take_changes(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """These need not be handed out again; a repeat changes nothing."""
    conn.execute(update(changes).where(changes.c.id.in_(ids), changes.c.taken_at.is_(None)).values(taken_at=now))


def take_settlements(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    conn.execute(update(settlements).where(settlements.c.id.in_(ids), settlements.c.taken_at.is_(None)).values(taken_at=now))


def settle(conn: Connection, inbox_id: str, source_id: str, settlement: Settlement) -> bool:
    """False when this offer was settled before."""
    row = {"id": f"set_{uuid.uuid4().hex}", "inbox_id": inbox_id, "offer_id": settlement.offer_id, "source_id": source_id}
    return insert_once(conn, settlements, {**row, "status": settlement.status, "reason": settlement.reason, "at": settlement.at})


def due_settlements(conn: Connection, limit: int) -> list[OfferSettled]:
    query = select(settlements).where(settlements.c.taken_at.is_(None)).order_by(settlements.c.at, settlements.c.id).limit(limit)
    return [
        OfferSettled(row["id"], row["inbox_id"], row["offer_id"], row["status"], row["reason"], row["at"])
        for row in conn.execute(query).mappings()
    ]


def outcome(conn: Connection, inbox_id: str, offer_id: str) -> Delivery | None:
    """How the shop settled this offer, or answered to it; None when it never answered."""
    for table in (settlements, actions):
        query = select(table.c.status, table.c.reason).where(table.c.inbox_id == inbox_id, table.c.offer_id == offer_id)
        row = conn.execute(query).one_or_none()
        if row is not None:
            return Delivery(row.status, row.reason)
    return None


def record_outcome(conn: Connection, inbox_id: str, offer_id: str, delivery: Delivery, now: datetime) -> None:
    row = {"inbox_id": inbox_id, "offer_id": offer_id, "status": delivery.status, "reason": delivery.reason, "at": now}
    put_each(conn, actions, [row], ["status", "reason", "at"])


def count(conn: Connection, source_id: str, numbers: Mapping[tuple[str, str], int], now: datetime) -> None:
    """Add to a source's numbers; a key is (outcome, reason)."""
    added: Counter[tuple[str, str]] = Counter()
    for (kind, reason), n in numbers.items():
        key = {"source_id": source_id, "outcome": kind, "reason": reason[:128]}
        if kind in ("unknown", "ignored") and not _is_counted(conn, key) and _distinct(conn, source_id, kind, added) >= UNKNOWN_KEPT:
            key["reason"] = "other"
        added[(kind, key["reason"])] += n
    rows = [{"source_id": source_id, "outcome": kind, "reason": reason, "n": n, "last_at": now} for (kind, reason), n in added.items()]
    _COUNTED.run(conn, rows)


def numbers_of(conn: Connection, source_ids: Iterable[str]) -> list[RowMapping]:
    """Rows of (source_id, outcome, reason, n, last_at)."""
    query = select(counts).where(counts.c.source_id.in_(list(source_ids))).order_by(counts.c.source_id, counts.c.outcome, counts.c.reason)
    return list(conn.execute(query).mappings())


def _is_counted(conn: Connection, key: Mapping[str, str]) -> bool:
    return conn.execute(select(counts.c.n).where(*[counts.c[name] == value for name, value in key.items()])).first() is not None


def _distinct(conn: Connection, source_id: str, kind: str, added: Mapping[tuple[str, str], int]) -> int:
    """`added`: what is about to be."""
    query = select(counts.c.reason).where(counts.c.source_id == source_id, counts.c.outcome == kind)
    return len({*conn.execute(query).scalars(), *(reason for other, reason in added if other == kind)})


def insert_each(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Many rows at once; those that break a unique constraint are left out."""
    _written(table, ()).run(conn, rows)


def put_each(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], changed: Sequence[str]) -> None:
    """Many rows at once; where a key is taken, the columns `changed` take the new values."""
    _written(table, tuple(changed)).run(conn, rows)


@cache
def _written(table: Table, changed: tuple[str, ...]) -> Write:
    def make(dialect: str) -> postgresql.Insert | sqlite.Insert:
        insert = _insert(dialect, table)
        if not changed:
            return insert.on_conflict_do_nothing()
        key = [column.name for column in table.primary_key.columns]
        return insert.on_conflict_do_update(index_elements=key, set_={name: insert.excluded[name] for name in changed})

    return Write(make)


def _counted(dialect: str) -> postgresql.Insert | sqlite.Insert:
    insert = _insert(dialect, counts)
    more = {"n": counts.c.n + insert.excluded.n, "last_at": insert.excluded.last_at}
    return insert.on_conflict_do_update(index_elements=["source_id", "outcome", "reason"], set_=more)


_COUNTED = Write(_counted)


def _insert(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_once(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Whether the row was new. A row that breaks a unique constraint is left out, also when another transaction is just adding it."""
    key = list(table.primary_key.columns)
    return conn.execute(_insert(conn.dialect.name, table).values(**row).on_conflict_do_nothing().returning(*key)).first() is not None


class _Memory:
    """Saved states as they were last read or written, by their text: an order of which much is heard is not read from JSON each time.

    What a text says never changes, so that nothing here can be out of date.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, tuple[OrderState, OrderState]] = {}

    def get(self, text: str) -> tuple[OrderState, OrderState] | None:
        return self._known.get(text)

    def put(self, text: str, state: OrderState, seen: OrderState) -> None:
        """Only ever by the writer's thread."""
        self._known.pop(text, None)
        while len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[text] = (state, seen)

    def drop(self, text: str) -> None:
        self._known.pop(text, None)


_memory = _Memory(200)  # more of them make the collector's pauses long


def read_state(text: str) -> tuple[OrderState, OrderState]:
    """As it is saved, and as it is read. Raises msgspec.MsgspecError."""
    known = _memory.get(text)
    if known is None:
        state = msgspec.json.decode(text, type=OrderState)
        known = (state, followed(state))
    return known


def write_state(state: OrderState, seen: OrderState) -> str:
    """`seen`: the same as it is read. Only for the writer's thread."""
    text = as_json(state)
    _memory.put(text, state, seen)
    return text


def unremember(text: str) -> None:
    """What it says is to be forgotten. Only for the writer's thread."""
    _memory.drop(text)


def as_json(value: OrderState | Track | Fragments) -> str:
    return msgspec.json.encode(value).decode("utf-8")


def _effect(row: RowMapping) -> Effect:
    return Effect(row["effect_key"], row["entity"], row["stage"], row["at"])


def news_of(row: RowMapping) -> News:
    return News(_effect(row), row["fresh_until"], silent=row["silent"])
