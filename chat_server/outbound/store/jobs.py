"""Things that happen later. A row with `due_at`, leased by one process; its key is unique for ever.

Jobs of one lane (a conversation) are held by one process at a time. Writes are serial, so two claims never see the same row free.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection, exists, or_, select, update

from chat_server.core.model import Job
from chat_server.outbound.store.once import insert_once
from chat_server.outbound.store.prune import prune
from chat_server.outbound.tables import jobs

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class Jobs:
    """Reads and writes of one transaction, in the name of a process."""

    def __init__(self, connection: Connection, node: str) -> None:
        self._c = connection
        self._node = node

    def add(self, new: Iterable[Job]) -> None:
        """Take jobs on; one whose key stands already is left as it is."""
        rows = [
            {"key": job.key, "kind": job.kind, "due_at": job.due_at, "payload": job.payload, "attempts": 0, "lane": job.lane} for job in new
        ]
        if rows:
            self._c.execute(insert_once(self._c, jobs), rows)

    def claim(self, now: datetime, until: datetime, limit: int, *, only: Collection[str] = (), but: Collection[str] = ()) -> list[Job]:
        """Due jobs that nobody holds, in lanes that no other process holds, leased until `until`. A lease that ran out is no lease.

        `only` and `but` name kinds.
        """
        free = or_(jobs.c.leased_until.is_(None), jobs.c.leased_until < now)
        held = jobs.alias()
        elsewhere = exists().where(
            held.c.lane == jobs.c.lane, held.c.done_at.is_(None), held.c.leased_until >= now, held.c.holder != self._node
        )
        due = (
            select(jobs)
            .where(jobs.c.done_at.is_(None), jobs.c.due_at <= now, free, ~elsewhere)
            .order_by(jobs.c.due_at, jobs.c.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        if only:
            due = due.where(jobs.c.kind.in_(list(only)))
        if but:
            due = due.where(jobs.c.kind.not_in(list(but)))
        found = [Job(row.key, row.kind, row.due_at, row.payload, row.attempts + 1) for row in self._c.execute(due)]
        for job in found:
            leased = {"leased_until": until, "attempts": job.attempts, "holder": self._node}
            self._c.execute(update(jobs).where(jobs.c.key == job.key).values(leased))
        return found

    def renew(self, keys: Collection[str], until: datetime) -> set[str]:
        """Longer leases; the keys that this process still holds: the others have ended, or another has taken them."""
        mine = (jobs.c.key.in_(list(keys)), jobs.c.done_at.is_(None), jobs.c.holder == self._node)
        self._c.execute(update(jobs).where(*mine).values(leased_until=until))
        return set(self._c.execute(select(jobs.c.key).where(*mine)).scalars())

    def release(self) -> None:
        """No lease is held: for the start of a process that is alone with its database."""
        self._c.execute(update(jobs).where(jobs.c.done_at.is_(None)).values(leased_until=None, holder=None))

    def give_back(self) -> None:
        """What this process holds is free: for its end."""
        mine = (jobs.c.holder == self._node, jobs.c.done_at.is_(None))
        self._c.execute(update(jobs).where(*mine).values(leased_until=None, holder=None))

    def hold(self, role: str, now: datetime, until: datetime) -> bool:
        """Be the one process that does this until `until`; False while another is."""
        key = f"role:{role}"
        row = {"key": key, "kind": "role", "due_at": NEVER, "payload": {}, "attempts": 0, "lane": key}
        self._c.execute(insert_once(self._c, jobs), [row])
        free = or_(jobs.c.holder == self._node, jobs.c.leased_until.is_(None), jobs.c.leased_until < now)
        taken = update(jobs).where(jobs.c.key == key, free).values(leased_until=until, holder=self._node)
        return self._c.execute(taken).rowcount == 1

    def prune(self, before: datetime) -> bool:
        """Forget some jobs that ended before; True when there may be more."""
        return prune(self._c, jobs, jobs.c.done_at < before)

    def done(self, key: str, outcome: str, now: datetime, *, keep: bool = True) -> bool:
        """End a job; False when it had ended before (a second worker after a lost lease). `keep`: the row still says what it was about."""
        where = (jobs.c.key == key, jobs.c.done_at.is_(None))
        ended = {"done_at": now, "outcome": outcome, **({} if keep else {"payload": {}})}
        return self._c.execute(update(jobs).where(*where).values(ended)).rowcount == 1

    def again(self, key: str, at: datetime) -> None:
        """Give a job back, to be done later; nothing when another process has taken it meanwhile."""
        mine = (jobs.c.key == key, or_(jobs.c.holder == self._node, jobs.c.holder.is_(None)))
        self._c.execute(update(jobs).where(*mine).values(due_at=at, leased_until=None))
