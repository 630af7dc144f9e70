"""SQL of forgetting a person: which orders are theirs, and what of them is emptied. Beside store/__init__.py.

No decisions here. Every query names the inbox, and every write is safe to repeat.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from order_status.stages import KnownCustomer, OrderState
from order_status.store import read_state, unremember, write_state
from order_status.tables import actions, deliveries, orders, settlements
from order_status.tables_operations import dead_letters, unreadable


@dataclass(frozen=True, slots=True)
class Named:
    """Of a saved state only whom it names."""

    customer: KnownCustomer | None = None


def ids_of(conn: Connection, inbox_id: str, customer_id: str) -> list[str]:
    """The orders of a customer by the shop's own id of them."""
    query = select(orders.c.order_id).where(orders.c.inbox_id == inbox_id, orders.c.customer_id == customer_id)
    return list(conn.execute(query.order_by(orders.c.order_id)).scalars())


def named_after(conn: Connection, inbox_id: str, order_id: str, limit: int) -> list[tuple[str, Named]]:
    """The next orders of an inbox by their ids. One that cannot be read names nobody."""
    query = select(orders.c.order_id, orders.c.state).where(orders.c.inbox_id == inbox_id, orders.c.order_id > order_id)
    found = []
    for ident, state in conn.execute(query.order_by(orders.c.order_id).limit(limit)):
        try:
            found.append((ident, msgspec.json.decode(state, type=Named) if state else Named()))
        except msgspec.MsgspecError:
            found.append((ident, Named()))
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


def waiting(conn: Connection, inbox_id: str, keys: Collection[str]) -> set[str]:
    """Of which of these orders and parcels a webhook waits to be folded."""
    here = (deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.in_(list(keys)), deliveries.c.fold_at.is_not(None))
    return {each for each in conn.execute(select(deliveries.c.order_id).where(*here)).scalars() if each is not None}


def letters_after(conn: Connection, inbox_id: str, after: tuple[str, str], limit: int) -> list[tuple[str, str, bytes]]:
    """(source, digest, body) of the next dead letters."""
    place = (dead_letters.c.source_id > after[0]) | ((dead_letters.c.source_id == after[0]) & (dead_letters.c.digest > after[1]))
    query = select(dead_letters.c.source_id, dead_letters.c.digest, dead_letters.c.body).where(dead_letters.c.inbox_id == inbox_id, place)
    rows = conn.execute(query.order_by(dead_letters.c.source_id, dead_letters.c.digest).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def silence_offers(conn: Connection, inbox_id: str, offer_ids: Sequence[str]) -> tuple[int, int]:
    """What the shop said of these offers goes: its reasons, and the bodies that brought them; how many bodies, and how many are waiting."""
    for table in (actions, settlements):
        conn.execute(update(table).where(table.c.inbox_id == inbox_id, table.c.offer_id.in_(offer_ids)).values(reason=None))
    told = (deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.is_(None), deliveries.c.type == "offer.settled")
    rows = conn.execute(select(deliveries).where(*told, func.length(deliveries.c.body) > 0)).mappings().all()
    theirs = [row for row in rows if any(offer_id.encode() in row["body"] for offer_id in offer_ids)]
    folded = [row for row in theirs if row["fold_at"] is None]
    for row in folded:
        here = (deliveries.c.source_id == row["source_id"], deliveries.c.delivery_id == row["delivery_id"])
        conn.execute(update(deliveries).where(*here).values(body=b""))
    return len(folded), len(theirs) - len(folded)
