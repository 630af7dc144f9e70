"""Which orders a browser has proven to be its shopper's, and how often it was tried. Decides nothing. Walk f."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from chat_server.core.order_access import Binding, Grade
from chat_server.outbound.store.prune import prune
from chat_server.outbound.tables import contacts, conversations
from chat_server.outbound.tables_orders import order_bindings, order_tries

SHOWN = 20
"""bindings of a browser that are looked at: the newest"""
FOUND = 20
"""conversations of one order that an agent is shown"""


def _binding(row: Row[Any]) -> Binding:
    return Binding(
        row.id, row.inbox_id, row.order_id, row.visitor_id, Grade(row.grade), row.evidence, row.bound_at, row.undone_at, row.undone_by
    )


class Bindings:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def put(self, binding: Binding) -> None:
        """Keep a proof. The same one again stands anew: a browser has one row for each order and evidence."""
        same = (
            order_bindings.c.visitor_id == binding.visitor_id,
            order_bindings.c.inbox_id == binding.inbox_id,
            order_bindings.c.order_id == binding.order_id,
            order_bindings.c.evidence == binding.evidence,
        )
        anew = {"bound_at": binding.bound_at, "undone_at": None, "undone_by": None}
        if self._c.execute(update(order_bindings).where(*same).values(anew)).rowcount == 0:
            self._c.execute(insert(order_bindings), [{name: getattr(binding, name) for name in Binding.__slots__}])

    def of_browsers(self, visitor_ids: Collection[str]) -> list[Binding]:
        """What these browsers may see, newest proof first."""
        where = (order_bindings.c.visitor_id.in_(list(visitor_ids)), order_bindings.c.undone_at.is_(None))
        rows = self._c.execute(select(order_bindings).where(*where).order_by(order_bindings.c.bound_at.desc()).limit(SHOWN))
        return [_binding(row) for row in rows]

    def of_order(self, inbox_id: str, order_id: str) -> list[Binding]:
        """Every browser that may see this order."""
        where = (order_bindings.c.inbox_id == inbox_id, order_bindings.c.order_id == order_id, order_bindings.c.undone_at.is_(None))
        return [_binding(row) for row in self._c.execute(select(order_bindings).where(*where).order_by(order_bindings.c.bound_at))]

    def by_evidence(self, inbox_id: str, evidence: str) -> list[Binding]:
        """All that was ever bound by one link, undone or not."""
        where = (order_bindings.c.inbox_id == inbox_id, order_bindings.c.evidence == evidence)
        return [_binding(row) for row in self._c.execute(select(order_bindings).where(*where))]

    def undo(self, ids: Collection[str], by: str, now: datetime) -> None:
        """They prove nothing from now on; that they did, stays."""
        where = (order_bindings.c.id.in_(list(ids)), order_bindings.c.undone_at.is_(None))
        self._c.execute(update(order_bindings).where(*where).values(undone_at=now, undone_by=by))

    # tries

    def tried(self, keys: Collection[str], since: datetime) -> dict[str, list[datetime]]:
        """When there were tries, by key."""
        found: dict[str, list[datetime]] = {key: [] for key in keys}
        where = (order_tries.c.key.in_(list(keys)), order_tries.c.at > since)
        for row in self._c.execute(select(order_tries.c.key, order_tries.c.at).where(*where)):
            found[row.key].append(row.at)
        return found

    def add_try(self, keys: Collection[str], try_id: str, now: datetime) -> None:
        """Count a try under each of its keys."""
        self._c.execute(insert(order_tries), [{"key": key, "id": try_id, "at": now} for key in keys])

    def forgive(self, try_id: str) -> None:
        """It was right: it counts for nothing."""
        self._c.execute(delete(order_tries).where(order_tries.c.id == try_id))

    def prune_tries(self, before: datetime) -> bool:
        """Forget some old tries; True when there may be more."""
        return prune(self._c, order_tries, order_tries.c.at < before)

    # for the console

    def contact_of(self, inbox_id: str, customer_id: str) -> str | None:
        """The contact that the shop calls so, if they ever came."""
        where = (contacts.c.inbox_id == inbox_id, contacts.c.customer_id == customer_id)
        return self._c.execute(select(contacts.c.id).where(*where)).scalar_one_or_none()

    def conversations(self, inbox_id: str, contact_id: str | None, visitor_ids: Collection[str]) -> list[str]:
        """Where these people spoke, newest word first."""
        named = conversations.c.contact_id.in_([contact_id] if contact_id is not None else [])
        theirs = or_(conversations.c.visitor_id.in_(list(visitor_ids)), named)
        found = select(conversations.c.id).where(conversations.c.inbox_id == inbox_id, theirs)
        return list(self._c.execute(found.order_by(conversations.c.last_at.desc()).limit(FOUND)).scalars())
