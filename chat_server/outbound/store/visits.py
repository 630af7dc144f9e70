"""What shoppers do on the site, as their browsers report it: visits and activities, kept short."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from chat_server.core.model import Json
from chat_server.outbound.store.once import insert_once
from chat_server.outbound.store.prune import prune
from chat_server.outbound.tables import activities, visits

VISIT_GAP = timedelta(minutes=30)
KEPT = 200
"""activities kept of each visitor"""


class Visits:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def current(self, visitor_id: str, now: datetime) -> Json | None:
        """The visit that goes on, or None after half an hour of silence."""
        newest = select(visits).where(visits.c.visitor_id == visitor_id).order_by(visits.c.started_at.desc()).limit(1)
        row = self._c.execute(newest).first()
        return None if row is None or row.last_at < now - VISIT_GAP else dict(row._mapping)

    def add(self, visit_id: str, visitor_id: str, page: Json, referrer: str | None, now: datetime) -> None:
        """A new visit."""
        row = {"id": visit_id, "visitor_id": visitor_id, "started_at": now, "last_at": now, "page": page, "referrer": referrer}
        self._c.execute(insert(visits), [row])

    def go_on(self, visit_id: str, page: Json, now: datetime) -> None:
        """The visit's latest page and time."""
        self._c.execute(update(visits).where(visits.c.id == visit_id).values(page=page, last_at=now))

    def prune_before(self, before: datetime) -> bool:
        """Forget some visits that ended before; True when there may be more."""
        return prune(self._c, visits, visits.c.last_at < before)

    def record(self, visitor_id: str, visit_id: str, activity_id: str, kind: str, data: Json, at: datetime) -> bool:
        """Keep an activity; False when this id was reported before (a repeated beacon)."""
        row = {"visitor_id": visitor_id, "visit_id": visit_id, "id": activity_id, "kind": kind, "data": data, "at": at}
        return self._c.execute(insert_once(self._c, activities).values(row)).rowcount == 1

    def prune(self, visitor_id: str) -> None:
        """Drop all but the last activities of a visitor."""
        newest = select(activities.c.id).where(activities.c.visitor_id == visitor_id)
        kept = newest.order_by(activities.c.at.desc(), activities.c.id).limit(KEPT)
        self._c.execute(delete(activities).where(activities.c.visitor_id == visitor_id, activities.c.id.not_in(kept)))

    def activities(self, visit_id: str, limit: int = 50) -> list[tuple[str, datetime, Json]]:
        """(kind, at, data) of a visit, newest first."""
        newest = select(activities).where(activities.c.visit_id == visit_id).order_by(activities.c.at.desc()).limit(limit)
        return [(row.kind, row.at, row.data) for row in self._c.execute(newest)]
