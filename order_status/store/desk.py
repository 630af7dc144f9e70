"""SQL of the ingest: what a batch of webhooks reads and writes, each with as few statements as the batch allows. Beside store/__init__.py.

No decisions here. Every write is safe to repeat. Walk b.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import RowMapping, bindparam, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from order_status.events import Effect, Track
from order_status.news import News
from order_status.stages import OrderState, headline
from order_status.store import NUMBER_USED_AGAIN, Connection, OrderKey, insert_each, put_each, write_state
from order_status.store.prepared import KEYS, Find
from order_status.tables import changes, deliveries, orders, parcels, tracks, watches

DeliveryKey = tuple[str, str]  # source id, delivery id
_LOCKED = Find(
    select(orders.c.inbox_id, orders.c.order_id, orders.c.source_id, orders.c.state)
    .where(tuple_(orders.c.inbox_id, orders.c.order_id).in_(KEYS))
    .with_for_update()
)
_TOLD = (changes.c.effect_key, changes.c.entity, changes.c.stage, changes.c.at)
_RECORDED = Find(
    select(changes.c.inbox_id, changes.c.order_id, changes.c.fresh_until, changes.c.silent, *_TOLD).where(
        tuple_(changes.c.inbox_id, changes.c.order_id).in_(KEYS)
    )
)
_TRACKS = Find(
    select(tracks.c.inbox_id, tracks.c.key, tracks.c.track)
    .where(tracks.c.heard_at > bindparam("since", required=False))
    .where(tuple_(tracks.c.inbox_id, tracks.c.key).in_(KEYS))
)
_FOLD_AT = (
    update(deliveries)
    .where(deliveries.c.source_id == bindparam("source"), deliveries.c.delivery_id == bindparam("delivery"))
    .values(fold_at=bindparam("at"))
)


@dataclass(slots=True)
class Change:
    """An effect on its way into the outbox."""

    source_id: str
    news: News
    due_at: datetime


def record_deliveries(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> set[DeliveryKey]:
    """Those that this source never sent before. Every key must be in `rows` once."""
    if not rows:
        return set()
    insert = postgresql.insert(deliveries) if conn.dialect.name == "postgresql" else sqlite.insert(deliveries)
    new = insert.on_conflict_do_nothing().returning(deliveries.c.source_id, deliveries.c.delivery_id)
    return {(row[0], row[1]) for row in conn.execute(new, list(rows))}


def due_deliveries(conn: Connection, source_id: str, now: datetime, limit: int) -> list[RowMapping]:
    """What of a source is recorded and due to be folded, the longest waiting first."""
    query = select(deliveries).where(deliveries.c.source_id == source_id, deliveries.c.fold_at <= now)
    return list(conn.execute(query.order_by(deliveries.c.fold_at, deliveries.c.delivery_id).limit(limit)).mappings())


def fold_at(conn: Connection, keys: Collection[DeliveryKey], at: datetime | None) -> None:
    """When these are to be folded; None: they are."""
    if keys:
        rows = [{"source": source_id, "delivery": delivery_id, "at": at} for source_id, delivery_id in sorted(keys)]
        conn.execute(_FOLD_AT, rows)


def behind(conn: Connection, now: datetime) -> list[str]:
    """The sources of which something is due to be folded."""
    return list(conn.execute(select(deliveries.c.source_id).where(deliveries.c.fold_at <= now).distinct()).scalars())


def lock_orders(conn: Connection, keys: Collection[OrderKey], create: datetime | None) -> dict[OrderKey, tuple[str, str]]:
    """The source and the saved state (JSON, empty for one never seen) of these orders, locked until the transaction ends.

    `create`: those never seen are taken possession of, and must be saved in this transaction.
    """
    found = _locked(conn, keys)
    missing = [key for key in keys if key not in found]
    if create is None or not missing:
        return found
    if conn.dialect.name == "postgresql":  # another transaction may be adding the same: its row is waited for, and read
        blank = {"source_id": "", "number": "", "placed_at": create, "updated_at": create, "headline": "", "state": ""}
        insert_each(conn, orders, [{"inbox_id": inbox_id, "order_id": order_id, **blank} for inbox_id, order_id in missing])
        return found | _locked(conn, missing)
    return found


def _locked(conn: Connection, keys: Collection[OrderKey]) -> dict[OrderKey, tuple[str, str]]:
    return {(inbox_id, order_id): (source_id, state) for inbox_id, order_id, source_id, state in _LOCKED.run(conn, sorted(keys))}


def save_orders(conn: Connection, saved: Iterable[tuple[OrderKey, str, OrderState, OrderState]]) -> None:
    """(order, source, state, the state as it is read)."""
    rows = [
        {
            "inbox_id": key[0],
            "order_id": key[1],
            "source_id": source_id,
            "number": state.head.number,
            "customer_id": state.customer.customer.id if state.customer else None,
            "placed_at": state.head.placed_at,
            "updated_at": state.head.stamp.at,
            "headline": headline(seen),
            "state": write_state(state, seen),
        }
        for key, source_id, state, seen in saved
    ]
    put_each(conn, orders, rows, ["source_id", "number", "customer_id", "placed_at", "updated_at", "headline", "state"])


def recorded(conn: Connection, keys: Collection[OrderKey]) -> dict[OrderKey, list[News]]:
    """Every effect of these orders that ever reached the outbox."""
    found: dict[OrderKey, list[News]] = defaultdict(list)
    for inbox_id, order_id, fresh_until, silent, *told in _RECORDED.run(conn, sorted(keys)):
        found[(inbox_id, order_id)].append(News(Effect(*told), fresh_until, silent=silent))
    return found


def add_changes(conn: Connection, found: Iterable[tuple[OrderKey, Change]], now: datetime) -> None:
    rows = [
        {
            "id": f"chg_{uuid.uuid4().hex}",
            "inbox_id": key[0],
            "order_id": key[1],
            "source_id": change.source_id,
            "effect_key": change.news.effect.key,
            "entity": change.news.effect.entity,
            "stage": change.news.effect.stage,
            "at": change.news.effect.at,
            "fresh_until": change.news.fresh_until,
            "silent": change.news.silent,
            "due_at": change.due_at,
            "created_at": now,
        }
        for key, change in found
    ]
    insert_each(conn, changes, rows)


def postpone(conn: Connection, key: OrderKey, stage: str, due_at: datetime) -> None:
    """Let a waiting change of this stage wait until `due_at` at least."""
    conn.execute(
        update(changes)
        .where(changes.c.inbox_id == key[0], changes.c.order_id == key[1], changes.c.stage == stage)
        .where(changes.c.taken_at.is_(None), changes.c.due_at < due_at)
        .values(due_at=due_at)
    )


def look_soon(conn: Connection, keys: Iterable[OrderKey], now: datetime, at: datetime) -> None:
    """Something became known of these orders; several things within a short time are one look."""
    rows = [{"inbox_id": key[0], "order_id": key[1], "first_seen_at": now, "look_at": at} for key in sorted(keys)]
    put_each(conn, watches, rows, ["look_at"])


def name_parcels(conn: Connection, names: Iterable[tuple[str, str, str]], now: datetime) -> None:
    """(inbox, tracking number's key, order): from now on the number leads to the order."""
    insert_each(conn, parcels, [{"inbox_id": each[0], "key": each[1], "order_id": each[2], "seen_at": now} for each in sorted(names)])


def tracks_of(conn: Connection, keys: Collection[tuple[str, str]], now: datetime) -> dict[tuple[str, str], list[Track]]:
    """What carriers have said of these tracking numbers, by (inbox, key)."""
    found: dict[tuple[str, str], list[Track]] = defaultdict(list)
    for inbox_id, number, track in _TRACKS.run(conn, sorted(keys), since=now - NUMBER_USED_AGAIN):
        found[(inbox_id, number)].append(msgspec.json.decode(track, type=Track))
    return found


def add_change(conn: Connection, *, inbox_id: str, order_id: str, source_id: str, news: News, due_at: datetime, now: datetime) -> None:
    add_changes(conn, [((inbox_id, order_id), Change(source_id, news, due_at))], now)
