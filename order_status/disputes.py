"""Contradictions that were an operator's to decide and that nobody decided: after some days what most tellers say holds. Walk b.

Decides by corrections.py alone, settles like an operator would (operations.py), and says in the log that it was time. No SQL here.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from order_status import store
from order_status.operations import TIME, Operations, Verdict
from order_status.store import disputes as sql
from order_status.store import operations as operated
from order_status.writer import Writer

PATIENCE = timedelta(days=3)
"""for which an operator may answer, from the first doubt on"""


class Disputes:
    def __init__(self, writer: Writer, operations: Operations, source_ids: Collection[str], clock: Callable[[], datetime]) -> None:
        self._writer = writer
        self._operations = operations
        self._source_ids = source_ids
        self._clock = clock

    async def settle(self, limit: int) -> int:
        """How many were settled. Safe on several servers at once, and beside an operator: the first word counts."""
        now, broken = self._clock(), dict[store.OrderKey, str]()
        asked = await self._writer.read(lambda conn: self._asked(conn, now, limit, broken))
        if broken:
            await self._writer.write(lambda conn: operated.set_aside(conn, broken, now))
        return sum([await self._operations.decide(inbox_id, ident, verdict, TIME) == verdict for inbox_id, ident, verdict in asked])

    def _asked(
        self, conn: store.Connection, now: datetime, limit: int, broken: dict[store.OrderKey, str]
    ) -> list[tuple[str, str, Verdict]]:
        rows = sql.undecided(conn, now - PATIENCE, self._source_ids, limit)
        states = store.states(conn, [(row["inbox_id"], row["order_id"]) for row in rows], broken) if rows else {}
        found: list[tuple[str, str, Verdict]] = []
        for row in rows:
            known = states.get((row["inbox_id"], row["order_id"]))
            if known is not None:
                parcel = next((each for each in known[1].parcels if each.facts.id == row["shipment_id"]), None)
                corrected = parcel is not None and parcel.contradiction is not None and parcel.contradiction.outweighs
                found.append((row["inbox_id"], row["id"], "corrected" if corrected else "kept"))
        return found
