"""SQL of what people ask about orders, beside store/: an order by the number on its mail, and every webhook that spoke of it. Reads only.

To be run inside the writer that app.py is handed. Walk f.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from order_status.evidence import Told
from order_status.stages import OrderState
from order_status.store import Connection, states
from order_status.tables import deliveries, orders

ALIKE = 5
"""orders with one number that are looked at: shops with several counters have a few"""


@dataclass(frozen=True, slots=True)
class FoundOrder:
    """An order that was searched for: its OrderView, and whom the shop told us it belongs to."""

    view: dict[str, Any]
    customer_id: str | None
    customer_name: str | None


def numbered(conn: Connection, inbox_id: str, numbers: Collection[str], *, also_ids: bool = False) -> list[tuple[str, OrderState]]:
    """(source, state as it is read) of the orders with one of these numbers, newest first. `also_ids`: or with one of them as their id."""
    named = or_(orders.c.number.in_(numbers), orders.c.order_id.in_(numbers if also_ids else ()))
    query = select(orders.c.order_id).where(orders.c.inbox_id == inbox_id, named, orders.c.state != "")
    ids = conn.execute(query.order_by(orders.c.placed_at.desc(), orders.c.order_id).limit(ALIKE)).scalars()
    keys = [(inbox_id, order_id) for order_id in ids]
    known = states(conn, keys) if keys else {}
    return [known[key] for key in keys if key in known]


def told_of(conn: Connection, inbox_id: str, keys: Iterable[str], limit: int) -> list[Told]:
    """The webhooks that named an order (its id) or one of its parcels (their keys), newest first."""
    query = select(deliveries).where(deliveries.c.inbox_id == inbox_id, deliveries.c.order_id.in_(list(keys)))
    rows = conn.execute(query.order_by(deliveries.c.received_at.desc(), deliveries.c.delivery_id).limit(limit)).mappings()
    return [
        Told(
            row["source_id"],
            row["delivery_id"],
            row["type"],
            row["received_at"],
            row["body"],
            row["topic"] or "",
            row["said"] or "",
            waits=row["fold_at"] is not None,
        )
        for row in rows
    ]


def spellings(number: str) -> list[str]:
    """How an order's number may stand in the shop's events: as it is typed, with or without the `#`, in capitals."""
    plain = number.strip().lstrip("#").strip()[:120]
    return sorted({number.strip()[:128], plain, f"#{plain}", plain.upper(), f"#{plain.upper()}"} - {"", "#"})


def customer_of(state: OrderState) -> tuple[str | None, str | None]:
    """(id, name) of the customer as the shop told them."""
    known = state.customer.customer if state.customer else None
    return (known.id, known.name) if known else (None, None)


def parcel_keys(state: OrderState) -> list[str]:
    """By which carriers speak of this order's parcels without naming it; a shipment's own id is not one of them: it may be anybody's."""
    return [key for parcel in state.parcels for key in parcel.keys if key.startswith("number:")]
