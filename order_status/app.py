"""Composition of order_status: the one object that the chat server builds and talks to. Decides nothing itself. Walks b, d and e."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aiohttp import web

from order_status import history, http, lookup, outbox, store
from order_status.actions import ActionConfig, Actions
from order_status.arrivals import Arrivals
from order_status.calendars import DeliveryConfig
from order_status.catalogue import Catalogue
from order_status.clerk import Clerk
from order_status.disputes import Disputes
from order_status.events import Delivery, OfferAccepted, OfferSettled, OrderOverdue, StageChanged
from order_status.evidence import Told, explanation
from order_status.expected import stands
from order_status.forgetting import Forgotten, forget_customer
from order_status.ingest import Ingest, Receipt
from order_status.keysets import KeySets
from order_status.lookup import FoundOrder
from order_status.operations import Operations
from order_status.proof import is_theirs
from order_status.sources import SourceConfig, check_together, open_source
from order_status.stages import OrderState
from order_status.store import operations as operated
from order_status.traces import Person
from order_status.view import order_view
from order_status.watch import Watch
from order_status.writer import Writer

ORDERS_SHOWN = 20
EVENTS_SHOWN = 60


class OrderStatus:
    """`wake` is set when a change or a settlement was committed: a hint only, `due_changes` and `due_settlements` are the truth."""

    def __init__(
        self,
        writer: Writer,
        sources: Sequence[SourceConfig],
        actions: Sequence[ActionConfig],
        clock: Callable[[], datetime],
        deliveries: Sequence[DeliveryConfig] = (),
    ) -> None:
        """Raises ValueError for a source, an action address or a delivery that cannot work. `clock` gives aware UTC.

        Orders are watched in the inboxes of `deliveries`.
        """
        check_together(sources)
        self.wake = asyncio.Event()
        self.catalogue = Catalogue(writer)
        self._writer = writer
        self._clock = clock
        self._sources = {source.id: open_source(source) for source in sources}
        self.operations = Operations(writer, self._sources, clock, self.wake)
        self._clerk = Clerk(writer, clock, self.operations.read_stored, self.wake)
        self._ingest = Ingest(writer, self._sources, KeySets(clock), clock, self.wake, self._clerk)
        self._disputes = Disputes(writer, self.operations, self._sources, clock)
        self._actions = Actions(writer, actions, clock)
        by_inbox = {each.inbox_id: each for each in deliveries}
        self._watch = Watch(writer, by_inbox, clock, self.wake.set)
        self._arrivals = Arrivals(by_inbox)

    def routes(self) -> list[web.RouteDef]:
        return http.routes(self.ingest, self._ingest.greet)

    async def ingest(self, source_id: str, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Answer one webhook, after COMMIT. `body` is the raw bytes as they came."""
        return await self._ingest.take(source_id, headers, body)

    async def run(self) -> None:
        """Fold what storms leave behind, for ever."""
        await self._clerk.run()

    async def fold(self) -> int:
        """One batch of it; how many webhooks were due in it."""
        return await self._clerk.work_off()

    async def look(self, limit: int = 50) -> int:
        """Do what is due by time: what is overdue, or contradicted for long enough, becomes a change; old bodies go. How many orders."""
        looked = await self._watch.look(limit)
        await self.operations.tend(limit)
        await self._disputes.settle(limit)
        return looked

    async def due_changes(self, limit: int = 50) -> list[StageChanged]:
        """What is to be told (or, if silent, noted) now, one for each order. The same again until `taken`."""
        now, broken = self._clock(), dict[store.OrderKey, str]()
        found = await self._writer.read(lambda conn: outbox.due_changes(conn, now, limit, broken))
        if broken:
            await self._writer.write(lambda conn: operated.set_aside(conn, broken, now))
        return found

    async def taken(self, change_ids: Sequence[str]) -> None:
        """`change_ids` of changes that were acted upon."""
        now = self._clock()
        await self._writer.write(lambda conn: store.take_changes(conn, change_ids, now))

    async def orders(self, inbox_id: str, customer_id: str) -> list[dict[str, Any]]:
        """The OrderViews of a customer whom the shop vouched for, newest first, at most 20."""

        def work(conn: store.Connection) -> list[dict[str, Any]]:
            return self._views(conn, inbox_id, store.orders_of(conn, inbox_id, customer_id, ORDERS_SHOWN))

        return await self._writer.read(work)

    async def order(self, inbox_id: str, order_id: str) -> dict[str, Any] | None:
        """One OrderView; whether the asker may see it is the caller's business."""

        def work(conn: store.Connection) -> list[dict[str, Any]]:
            return self._views(conn, inbox_id, list(store.states(conn, [(inbox_id, order_id)]).values()))

        return next(iter(await self._writer.read(work)), None)

    async def overdue(self, inbox_id: str, order_id: str) -> list[OrderOverdue]:
        """Every step of an order that took longer than expected, with its evidence, also where it was withdrawn."""
        key = (inbox_id, order_id)
        return (await self._writer.read(lambda conn: history.overdue_of(conn, [key]))).get(key, [])

    async def search(self, inbox_id: str, number: str) -> list[FoundOrder]:
        """The orders with this number (or id), for those who may see any order of the inbox."""

        def work(conn: store.Connection) -> list[FoundOrder]:
            found = lookup.numbered(conn, inbox_id, lookup.spellings(number), also_ids=True)
            views = self._views(conn, inbox_id, found)
            return [FoundOrder(view, *lookup.customer_of(state)) for view, (_, state) in zip(views, found, strict=True)]

        return await self._writer.read(work)

    async def proven(self, inbox_id: str, number: str, email: str | None, phone: str | None) -> dict[str, Any] | None:
        """The OrderView of the order with this number whose contact the shop told alike; None whatever does not fit."""

        def work(conn: store.Connection) -> list[dict[str, Any]]:
            found = lookup.numbered(conn, inbox_id, lookup.spellings(number))
            theirs = [each for each in found if is_theirs(each[1].customer.customer if each[1].customer else None, email, phone)]
            return self._views(conn, inbox_id, theirs[:1])

        return next(iter(await self._writer.read(work)), None)

    async def orders_named(self, inbox_id: str, order_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The OrderViews of these orders, newest first; whether the asker may see them is the caller's business."""

        def work(conn: store.Connection) -> list[dict[str, Any]]:
            return self._views(conn, inbox_id, list(store.states(conn, [(inbox_id, each) for each in order_ids]).values()))

        found = await self._writer.read(work) if order_ids else []
        return sorted(found, key=lambda view: view["placed_at"], reverse=True)

    async def explain(self, inbox_id: str, order_id: str) -> dict[str, Any] | None:
        """Why this order stands where it stands, webhook by webhook (evidence.py); None for an order that nobody told us of."""
        key = (inbox_id, order_id)

        def work(conn: store.Connection) -> tuple[OrderState, list[Told], list[OrderOverdue]] | None:
            known = store.states(conn, [key]).get(key)
            if known is None:
                return None
            told = lookup.told_of(conn, inbox_id, [order_id, *lookup.parcel_keys(known[1])], EVENTS_SHOWN + 1)
            return known[1], told, history.overdue_of(conn, [key]).get(key, [])

        found = await self._writer.read(work)
        if found is None:
            return None
        state, told, overdue = found
        complete = len(told) <= EVENTS_SHOWN  # bodies may be large: they are read beside the loop, not in it
        return await asyncio.to_thread(explanation, state, told[:EVENTS_SHOWN], self._sources, overdue, complete=complete)

    async def forget_customer(self, inbox_id: str, person: Person) -> Forgotten:
        """Take a person out of the orders and the stored webhooks (forgetting.py). Again, as long as something is `waiting`."""
        return await forget_customer(self._writer, inbox_id, person)

    async def due_settlements(self, limit: int = 50) -> list[OfferSettled]:
        return await self._writer.read(lambda conn: store.due_settlements(conn, limit))

    async def settlements_taken(self, ids: Sequence[str]) -> None:
        now = self._clock()
        await self._writer.write(lambda conn: store.take_settlements(conn, ids, now))

    async def deliver(self, offer: OfferAccepted) -> Delivery:
        """One signed call to the shop. The schedule of retries is the caller's."""
        return await self._actions.deliver(offer)

    async def health(self) -> list[dict[str, Any]]:
        """For each source its numbers since the beginning, and when a webhook last came that was accepted."""
        await self._ingest.flush()

        now = self._clock()

        def work(conn: store.Connection) -> tuple[Sequence[Mapping[Any, Any]], dict[str, tuple[int, int]]]:
            return store.numbers_of(conn, self._sources), operated.unfolded(conn, now)

        rows, unfolded = await self._writer.read(work)
        return [
            {
                **_health(source.config, [row for row in rows if row["source_id"] == source_id]),
                **dict(zip(("unfolded", "put_off"), unfolded.get(source_id, (0, 0)), strict=True)),
            }
            for source_id, source in self._sources.items()
        ]

    def _views(self, conn: store.Connection, inbox_id: str, found: Sequence[tuple[str, OrderState]]) -> list[dict[str, Any]]:
        noticed = history.overdue_of(conn, [(inbox_id, state.head.order_id) for _, state in found]) if found else {}
        now, views = self._clock(), []
        for source_id, state in found:
            late = [each for each in noticed.get((inbox_id, state.head.order_id), []) if stands(each, state)]
            views.append(order_view(state, source_id, late, self._arrivals.of(conn, inbox_id, state, late, now)))
        return views


def _health(config: SourceConfig, rows: Sequence[Mapping[Any, Any]]) -> dict[str, Any]:
    def total(outcome: str) -> int:
        return sum(row["n"] for row in rows if row["outcome"] == outcome)

    def by_reason(outcome: str) -> dict[str, int]:
        return {row["reason"]: row["n"] for row in rows if row["outcome"] == outcome}

    return {
        "source_id": config.id,
        "inbox_id": config.inbox_id,
        "kind": config.kind,
        "accepted": total("accepted"),
        "duplicates": total("duplicate"),
        "contradictions": total("contradiction"),
        "replayed": total("replayed"),
        "waiting": by_reason("waiting"),
        "ignored": by_reason("ignored"),
        "refused": by_reason("refused"),
        "unknown": by_reason("unknown"),
        "last_event": max((row["last_at"] for row in rows if row["outcome"] == "accepted"), default=None),
    }
