"""What is usual for orders that somebody looks at: the shop's history, read seldom, for as many orders as there are. Walks b and d.

Concludes nothing itself (usual.py), and has no SQL (history.py).
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from order_status import history
from order_status.calendars import DeliveryConfig, workdays
from order_status.events import OrderOverdue
from order_status.stages import OrderState
from order_status.store import Connection
from order_status.usual import SETTLED, Outlook, Ways, outlook, ways

KEPT = timedelta(hours=1)
MOST = 2000
"""pairs of stage and carrier that are kept: how a shop writes its carriers is the shop's"""


class Arrivals:
    """Used by several threads at once: at worst something is read twice."""

    def __init__(self, deliveries: Mapping[str, DeliveryConfig]) -> None:
        """By inbox. Raises ValueError for a delivery that cannot work. Nothing is usual where nothing is watched: nothing is learned."""
        self._deliveries = {inbox_id: (config, workdays(config)) for inbox_id, config in deliveries.items() if config.watch}
        self._known: dict[tuple[str, str, str | None], tuple[datetime, Ways]] = {}

    def of(self, conn: Connection, inbox_id: str, state: OrderState, late: Collection[OrderOverdue], now: datetime) -> Outlook:
        """`late`: what stands of what is overdue."""
        if inbox_id not in self._deliveries:
            return Outlook()
        config, days = self._deliveries[inbox_id]

        def ways_of(stage: str, carrier: str | None) -> Ways:
            return self._ways(conn, config, stage, carrier, now)

        return outlook(state, late, ways_of, days, now)

    def _ways(self, conn: Connection, config: DeliveryConfig, stage: str, carrier: str | None, now: datetime) -> Ways:
        key = (config.inbox_id, stage, carrier)
        known = self._known.get(key)
        if known is not None and now - known[0] < KEPT:
            return known[1]
        found = ways(history.ways(conn, config.inbox_id, config.country, stage, carrier, now - SETTLED))
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[key] = (now, found)
        return found
