"""SQL of contradictions that nobody decided. Beside store/operations.py. Reads only; no decisions here."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, RowMapping, select

from order_status.tables import orders
from order_status.tables_operations import contradictions, unreadable


def undecided(conn: Connection, before: datetime, source_ids: Collection[str], limit: int) -> list[RowMapping]:
    """Split ones that were seen first before that, the longest waiting first: of orders of these sources that can be read."""
    here = (orders.c.inbox_id == contradictions.c.inbox_id) & (orders.c.order_id == contradictions.c.order_id)
    aside = select(unreadable.c.order_id).where(
        unreadable.c.inbox_id == contradictions.c.inbox_id, unreadable.c.order_id == contradictions.c.order_id
    )
    query = select(contradictions).join(orders, here).where(contradictions.c.settled_at.is_(None), contradictions.c.split.is_(True))
    query = query.where(contradictions.c.seen_at <= before, orders.c.source_id.in_(list(source_ids)), orders.c.state != "", ~aside.exists())
    return list(conn.execute(query.order_by(contradictions.c.seen_at, contradictions.c.id).limit(limit)).mappings())
