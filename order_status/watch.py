"""Finds parcels that are late before the shopper asks: looks at an order when something became known of it, and when a step should be over.

Each look is a due row, worked off in one transaction: it records how long ended steps took, withdraws what no longer stands, raises
`OrderOverdue` once for each step into the outbox, and says when to look again. No SQL here (history.py). Walk b.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from order_status import history, store
from order_status.calendars import DeliveryConfig, workdays
from order_status.events import Effect, OrderOverdue
from order_status.expected import UNTIL_NEXT_WORD, Expected, Pace, Step, carrier_of, due_of, expect, pace, passed, stands, step_of
from order_status.news import OVERDUE_FRESH, News, overdue_key
from order_status.stages import OrderState, Parcel, headline, is_cancelled
from order_status.store import desk
from order_status.store import operations as operated
from order_status.workdays import Workdays
from order_status.writer import Writer

PACE_KEPT = timedelta(minutes=10)
PATIENCE = timedelta(minutes=1)  # what the carrier says meanwhile goes before what we noticed
LONGEST = timedelta(days=60)  # of working time: a record that took longer was forgotten, not slow
_OVER = frozenset({"cancelled", "refunded", "returned"})

log = logging.getLogger("order_status.watch")


class Watch:
    def __init__(
        self, writer: Writer, deliveries: Mapping[str, DeliveryConfig], clock: Callable[[], datetime], told: Callable[[], None]
    ) -> None:
        """Raises ValueError for a delivery that cannot work. `told` is called when something was put into the outbox."""
        self._writer = writer
        self._clock = clock
        self._told = told
        self._deliveries = {inbox_id: (config, workdays(config)) for inbox_id, config in deliveries.items() if config.watch}
        self._paces: dict[tuple[str, str, str | None], tuple[datetime, Pace]] = {}

    async def look(self, limit: int) -> int:
        """Work off what is due; how many orders were looked at. Any number of servers may do it at once: a row is had by one."""
        started, now = time.perf_counter(), self._clock()
        if not await self._writer.read(lambda conn: history.any_look_due(conn, now)):
            return 0
        looked, raised, withdrawn = await self._writer.write(lambda conn: self._work(conn, now, limit))
        if raised:
            self._told()
        if raised or withdrawn:
            took = round((time.perf_counter() - started) * 1000, 1)
            fields = {"flow": "order_watch", "decision": "raised" if raised else "withdrawn", "ms": took}
            log.info("order_watch raised %d withdrawn %d", raised, withdrawn, extra=fields)
        return looked

    def _work(self, conn: store.Connection, now: datetime, limit: int) -> tuple[int, int, int]:
        looks = history.due_looks(conn, now, limit)
        keys = [key for key, _ in looks]
        broken: dict[store.OrderKey, str] = {}
        states = store.states(conn, keys, broken)
        operated.set_aside(conn, broken, now)
        known = history.overdue_of(conn, keys)
        recorded = history.durations_of(conn, keys)
        learned: list[dict[str, Any]] = []
        again: list[tuple[store.OrderKey, datetime | None]] = []
        opened: list[_Look] = []
        for key, first_seen_at in looks:
            watched = self._deliveries.get(key[0])
            if watched is None or key not in states:
                again.append((key, None))
                continue
            look = _Look(conn, key, *states[key], known.get(key, []), first_seen_at, now, *watched)
            learned += look.learn(recorded.get(key, {}))
            opened.append(look)
        history.record_durations(conn, learned)  # before anybody is judged: what one order teaches holds for the next
        raised = withdrawn = 0
        for look in opened:
            withdrawn += look.withdraw()
            raised += look.judge(self._pace)
            again.append((look.key, look.again_at))
        history.look_at(conn, again)
        return len(looks), raised, withdrawn

    def _pace(self, conn: store.Connection, config: DeliveryConfig, stage: str, carrier: str | None, now: datetime) -> Pace:
        """From the database at most every ten minutes; a step that never ended is asked for again each time."""
        key = (config.inbox_id, stage, carrier)
        if key in self._paces and now - self._paces[key][0] < PACE_KEPT and self._paces[key][1].samples:
            return self._paces[key][1]
        found = pace(*history.paces(conn, config.inbox_id, config.country, stage, carrier))
        self._paces[key] = (now, found)
        return found


class _Look:
    """One order, looked at once."""

    def __init__(
        self,
        conn: store.Connection,
        key: store.OrderKey,
        source_id: str,
        state: OrderState,
        known: list[OrderOverdue],
        first_seen_at: datetime,
        now: datetime,
        config: DeliveryConfig,
        days: Workdays,
    ) -> None:
        self.again_at: datetime | None = None
        self._conn, self.key, self._source_id, self._state = conn, key, source_id, state
        self._known, self._first_seen_at, self._now, self._config, self._days = known, first_seen_at, now, config, days

    def learn(self, recorded: Mapping[tuple[str, str], bool]) -> list[dict[str, Any]]:
        """How long the steps took that have ended, as rows; `recorded`: what is known already. A test teaches nothing."""
        rows: list[dict[str, Any]] = []
        if self._state.head.test:
            return rows
        for parcel in self._state.parcels:
            for step in passed(parcel):
                has_rest = recorded.get((parcel.facts.id, step.name))
                if has_rest or (has_rest is False and step.arrived_at is None):
                    continue
                took = self._days.spent(step.began, step.ended)
                if took <= LONGEST:
                    row = history.duration_row(
                        self.key,
                        parcel.facts.id,
                        step.name,
                        stage=step.stage,
                        carrier=carrier_of(parcel),
                        country=self._config.country,
                        took=took,
                        so_far=self._days.spent(step.begun, step.ended),
                        rest=self._days.spent(step.ended, step.arrived_at) if step.arrived_at else None,
                        ended_at=step.ended,
                    )
                    rows.append(row)
        return rows

    def withdraw(self) -> int:
        """What no longer stands: there was another record, another day, or the order has ended."""
        gone = [each for each in self._known if each.withdrawn_at is None and not stands(each, self._state)]
        for each in gone:
            history.withdraw(self._conn, each, self._now)
        return len(gone)

    def judge(self, pace_of: Callable[[store.Connection, DeliveryConfig, str, str | None, datetime], Pace]) -> int:
        """Raise what is overdue, and say when the next step is. Silent for orders of which the shopper is not to hear."""
        head = self._state.head
        if head.test or not head.notify or is_cancelled(self._state) or headline(self._state) in _OVER:
            return 0
        raised = 0
        for parcel in self._state.parcels:
            step = step_of(parcel)
            if step is None:
                continue
            before = [each for each in self._known if each.shipment_id == parcel.facts.id]
            noticed = next((each for each in before if each.step == step.name), None)
            if noticed is not None:
                self._speak_again(noticed)
                continue
            own = pace_of(self._conn, self._config, step.stage, carrier_of(parcel), self._now)
            shop = pace_of(self._conn, self._config, step.stage, None, self._now) if own.most is None else Pace()
            found = expect(step, due_of(parcel), own, shop, self._days, [each.told for each in before if each.told is not None])
            if found is None:
                continue
            if found.at > self._now:
                self._look_again(found.at)
            elif found.at > self._first_seen_at:  # else it was late before we knew it: an import, and silent
                self._raise(parcel, step, found)
                raised += 1
        return raised

    def _raise(self, parcel: Parcel, step: Step, found: Expected) -> None:
        told = due_of(parcel)
        noticed = OrderOverdue(
            inbox_id=self.key[0],
            source_id=self._source_id,
            order_id=self.key[1],
            shipment_id=parcel.facts.id,
            step=step.name,
            since=step.since,
            seen_at=step.seen_at,
            expected_at=found.at,
            basis=found.basis,
            told=told[0] if told else None,
            samples=found.samples,
            raised_at=self._now,
            next_word_at=self._days.after(self._now, UNTIL_NEXT_WORD),
        )
        history.record_overdue(self._conn, noticed)
        self._tell(noticed, "delayed")
        self._look_again(noticed.next_word_at)

    def _speak_again(self, noticed: OrderOverdue) -> None:
        """The next word, at the time that was named: nothing has changed."""
        if not stands(noticed, self._state):
            return
        if noticed.next_word_at > self._now:
            self._look_again(noticed.next_word_at)
        else:
            self._tell(noticed, "still_delayed")

    def _tell(self, noticed: OrderOverdue, stage: str) -> None:
        effect = Effect(overdue_key(noticed, stage), f"shipment:{noticed.shipment_id}", stage, self._now)
        news = News(effect, self._now + OVERDUE_FRESH)
        desk.add_change(
            self._conn,
            inbox_id=self.key[0],
            order_id=self.key[1],
            source_id=self._source_id,
            news=news,
            due_at=self._now + PATIENCE,
            now=self._now,
        )

    def _look_again(self, at: datetime) -> None:
        self.again_at = at if self.again_at is None else min(self.again_at, at)
