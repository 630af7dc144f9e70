"""Things that happen later. A row with `due_at`, leased by one worker; its key is unique for ever."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from chat_server.core.model import Job
from chat_server.outbound.store.once import insert_once
from chat_server.outbound.tables import jobs


class Jobs:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, new: Iterable[Job]) -> None:
        """Take jobs on; one whose key stands already is left as it is."""
        rows = [{"key": job.key, "kind": job.kind, "due_at": job.due_at, "payload": job.payload, "attempts": 0} for job in new]
        if rows:
            self._c.execute(insert_once(self._c, jobs), rows)

    def claim(self, now: datetime, until: datetime, limit: int) -> list[Job]:
        """Due jobs that nobody holds, leased until `until`; a lease that ran out may be claimed again."""
        due = (
            select(jobs)
            .where(jobs.c.done_at.is_(None), jobs.c.due_at <= now, or_(jobs.c.leased_until.is_(None), jobs.c.leased_until < now))
            .order_by(jobs.c.due_at, jobs.c.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        found = [Job(row.key, row.kind, row.due_at, row.payload, row.attempts + 1) for row in self._c.execute(due)]
        for job in found:
            self._c.execute(update(jobs).where(jobs.c.key == job.key).values(leased_until=until, attempts=job.attempts))
        return found

    def renew(self, key: str, until: datetime) -> bool:
        """A longer lease, taken when the work begins; False when the job has ended meanwhile."""
        where = (jobs.c.key == key, jobs.c.done_at.is_(None))
        return self._c.execute(update(jobs).where(*where).values(leased_until=until)).rowcount == 1

    def release(self) -> None:
        """No lease is held: for the start of a process that is alone with its database."""
        self._c.execute(update(jobs).where(jobs.c.done_at.is_(None)).values(leased_until=None))

    def prune(self, before: datetime) -> None:
        """Forget jobs that ended before."""
        self._c.execute(delete(jobs).where(jobs.c.done_at < before))

    def done(self, key: str, outcome: str, now: datetime) -> bool:
        """End a job; False when it had ended before (a second worker after a lost lease)."""
        where = (jobs.c.key == key, jobs.c.done_at.is_(None))
        return self._c.execute(update(jobs).where(*where).values(done_at=now, outcome=outcome)).rowcount == 1

    def again(self, key: str, at: datetime) -> None:
        """Give a job back, to be done later."""
        self._c.execute(update(jobs).where(jobs.c.key == key).values(due_at=at, leased_until=None))
