"""SQL of forgetting a person: which orders are theirs, and what of them is emptied. Beside store/__init__.py.

No decisions here. Every query names the inbox, and every write is safe to repeat.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from order_status.stages import KnownCustomer, OrderState
from order_status.store import read_state, unremember, write_state
from order_status.tables import actions, deliveries, orders, settlements
from order_status.tables_operations import dead_letters, unreadable


@dataclass(frozen=True, slots=True)
class _Named:
    """Of a saved state only whom it names."""

    customer: KnownCustomer | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A webhook that is recorded and not folded yet: `fold_at` is when it is tried next."""

    source_id: str
    delivery_id: str
    order_id: str | None
    received_at: datetime
    fold_at: datetime


_WAITING = (deliveries.c.source_id, deliveries.c.delivery_id, deliveries.c.order_id, deliveries.c.received_at, deliveries.c.fold_at)


def ids_of(conn: Connection, inbox_id: str, customer_id: str) -> list[str]:
    """The orders of a customer by the shop's own id of them."""
    query = select(orders.c.order_id).where(orders.c.inbox_id == inbox_id, orders.c.customer_id == customer_id)
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


def named_after(conn: Connection, inbox_id: str, order_id: str, limit: int) -> list[tuple[str, KnownCustomer | str | None]]:
    """The next orders of an inbox by their ids, each with whom it names, or with its whole text where that cannot be read."""
    query = select(orders.c.order_id, orders.c.state).where(orders.c.inbox_id == inbox_id, orders.c.order_id > order_id)
    found: list[tuple[str, KnownCustomer | str | None]] = []
    for ident, state in conn.execute(query.order_by(orders.c.order_id).limit(limit)):
        try:
            found.append((ident, msgspec.json.decode(state, type=_Named).customer if state else None))
        except msgspec.MsgspecError:
            found.append((ident, state))
    return found


def locked(conn: Connection, inbox_id: str, order_ids: Collection[str]) -> list[tuple[str, str, OrderState | None]]:
    """(id, saved text, state) of these orders, locked until the transaction ends, in the order in which everybody locks them; no state
    for one that cannot be read."""
    query = select(orders.c.order_id, orders.c.state).where(orders.c.inbox_id == inbox_id, orders.c.order_id.in_(list(order_ids)))
    found: list[tuple[str, str, OrderState | None]] = []
    for ident, text in conn.execute(query.order_by(orders.c.order_id).with_for_update()).all():
        try:
            found.append((ident, text, read_state(text)[0] if text else None))
        except msgspec.MsgspecError:
            found.append((ident, text, None))
    return found


def put(conn: Connection, inbox_id: str, order_id: str, before: str, after: tuple[OrderState, OrderState] | None) -> None:
    """Save an order without its person: `after` as it is saved and as it is read. None: as if it had never been seen."""
    unremember(before)
    here = (orders.c.inbox_id == inbox_id, orders.c.order_id == order_id)
    text, known = (write_state(*after), after[0].customer) if after else ("", None)
    conn.execute(update(orders).where(*here).values(state=text, customer_id=known.customer.id if known else None))
    if after is None:
        conn.execute(delete(unreadable).where(unreadable.c.inbox_id == inbox_id, unreadable.c.order_id == order_id))


def empty_bodies(conn: Connection, inbox_id: str, keys: Collection[str]) -> int:
    """The stored webhooks of these orders and parcels, without those that wait to be folded; how many."""
    here = (deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.in_(list(keys)), func.length(deliveries.c.body) > 0)
    return conn.execute(update(deliveries).where(*here, deliveries.c.fold_at.is_(None)).values(body=b"")).rowcount


def waiting(conn: Connection, inbox_id: str, keys: Collection[str]) -> list[Waiting]:
    """What waits to be folded of these orders and parcels; without its bodies."""
    here = (deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.in_(list(keys)), deliveries.c.fold_at.is_not(None))
    return [Waiting(*row) for row in conn.execute(select(*_WAITING).where(*here))]


def waiting_sources(conn: Connection) -> list[str]:
    """Every source of which something waits to be folded; one look into the index for each."""
    found, last = [], ""
    query = select(func.min(deliveries.c.source_id)).where(deliveries.c.fold_at.is_not(None))
    while last := conn.execute(query.where(deliveries.c.source_id > last)).scalar_one() or "":
        found.append(last)
    return found


def waiting_after(conn: Connection, inbox_id: str, source_id: str, after: Waiting | None, limit: int) -> list[tuple[Waiting, bytes]]:
    """The next of what waits of a source, with the bodies, in the order in which it is due. Products speak of nobody."""
    here = [deliveries.c.source_id == source_id, deliveries.c.fold_at.is_not(None)]
    if after is not None:
        beyond = (deliveries.c.fold_at > after.fold_at) | (deliveries.c.delivery_id > after.delivery_id)
        here += [deliveries.c.fold_at >= after.fold_at, beyond]
    query = select(*_WAITING, deliveries.c.body).where(*here, deliveries.c.inbox_id == inbox_id, deliveries.c.type != "product.updated")
    rows = conn.execute(query.order_by(deliveries.c.fold_at, deliveries.c.delivery_id).limit(limit))
    return [(Waiting(*row[:-1]), row[-1]) for row in rows]


def give_up(conn: Connection, inbox_id: str, rows: Collection[Waiting]) -> int:
    """These are folded no more, and their bodies are gone; how many."""
    done = 0
    for row in rows:
        here = (deliveries.c.source_id == row.source_id, deliveries.c.delivery_id == row.delivery_id, deliveries.c.inbox_id == inbox_id)
        done += conn.execute(update(deliveries).where(*here, deliveries.c.fold_at.is_not(None)).values(body=b"", fold_at=None)).rowcount
    return done


def letters_after(conn: Connection, inbox_id: str, after: tuple[str, str], limit: int) -> list[tuple[str, str, bytes]]:
    """(source, digest, body) of the next dead letters."""
    place = (dead_letters.c.source_id > after[0]) | ((dead_letters.c.source_id == after[0]) & (dead_letters.c.digest > after[1]))
    query = select(dead_letters.c.source_id, dead_letters.c.digest, dead_letters.c.body).where(dead_letters.c.inbox_id == inbox_id, place)
    rows = conn.execute(query.order_by(dead_letters.c.source_id, dead_letters.c.digest).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def silence_offers(conn: Connection, inbox_id: str, offer_ids: Sequence[str]) -> int:
    """What the shop said of these offers goes: its reasons, and the bodies that brought them, which never wait; how many bodies."""
    for table in (actions, settlements):
        conn.execute(update(table).where(table.c.inbox_id == inbox_id, table.c.offer_id.in_(offer_ids)).values(reason=None))
    told = (deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.is_(None), deliveries.c.type == "offer.settled")
    query = select(deliveries.c.source_id, deliveries.c.delivery_id, deliveries.c.body).where(*told, func.length(deliveries.c.body) > 0)
    theirs = [row for row in conn.execute(query).all() if any(offer_id.encode() in row.body for offer_id in offer_ids)]
    for row in theirs:
        here = (deliveries.c.source_id == row.source_id, deliveries.c.delivery_id == row.delivery_id)
        conn.execute(update(deliveries).where(*here).values(body=b""))
    return len(theirs)
