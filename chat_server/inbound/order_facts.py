"""Door of walk b and of the late half of walk e: takes what the shop's backend reported out of its outbox, a handful of orders at a time.

A row is taken only after it was acted upon, so a crash hands it out again; the flows know a repeat. Of several processes one does it
at a time. Must not know SQL.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from chat_server.core.model import Json
from chat_server.core.order_news import news_of
from chat_server.flows import offers, proactive
from chat_server.flows.context import Context

POLL_S = 1.0
PAUSE_S = 0.05
"""between two looks that found nothing: each webhook of a storm wakes us, and what they bring is not due before its debounce is over"""
LIMIT = 50
TOGETHER = 2
"""orders that are told at once, so that their writes share commits; people's messages stand behind them"""
SHARE = 1 / 3
"""of the time that is spent on this while more is due: a storm of news must leave the rest to people"""
ROLE = "order_facts"
HELD = timedelta(seconds=20)
"""how long the outbox waits for another process when the one that works it off has died"""
log = structlog.get_logger("order_facts")


class Effect(Protocol):
    """One thing that can be told about an order."""

    @property
    def key(self) -> str: ...
    @property
    def entity(self) -> str: ...


class Changed(Protocol):
    """What became of one order since the last word about it."""

    @property
    def id(self) -> str: ...
    @property
    def change_ids(self) -> tuple[str, ...]: ...
    @property
    def inbox_id(self) -> str: ...
    @property
    def source_id(self) -> str: ...
    @property
    def order_id(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def customer_id(self) -> str | None: ...
    @property
    def locale(self) -> str | None: ...
    @property
    def effects(self) -> Sequence[Effect]: ...
    @property
    def stage(self) -> str: ...
    @property
    def effect_key(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def fresh_until(self) -> datetime: ...
    @property
    def silent(self) -> bool: ...
    @property
    def order(self) -> Json: ...


class Settled(Protocol):
    """The shop's later word on an accepted offer."""

    @property
    def id(self) -> str: ...
    @property
    def inbox_id(self) -> str: ...
    @property
    def offer_id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


class Source(Protocol):
    """The outbox of the order room. `wake` is a hint that something became available; the poll finds what it misses."""

    @property
    def wake(self) -> asyncio.Event: ...
    async def look(self, limit: int = ...) -> int: ...
    async def due_changes(self, limit: int = ...) -> Sequence[Changed]: ...
    async def taken(self, change_ids: Sequence[str]) -> None: ...
    async def due_settlements(self, limit: int = ...) -> Sequence[Settled]: ...
    async def settlements_taken(self, ids: Sequence[str]) -> None: ...


class OrderFacts:
    """Runs beside the doors for as long as the server does."""

    def __init__(self, source: Source, context: Context, elsewhere: Callable[[], None] = lambda: None, poll_s: float = POLL_S) -> None:
        """`elsewhere` tells the process that works the outbox off that there is something."""
        self._source = source
        self._context = context
        self._elsewhere = elsewhere
        self._poll_s = poll_s
        self._mine_until: datetime | None = None
        self._looked = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            woken = self._source.wake.is_set()
            self._source.wake.clear()
            if woken and self._mine_until is None:
                self._elsewhere()
            try:
                busy = await self.step()
            except Exception:  # outermost guard of the loop: the outbox keeps what could not be read
                log.exception("order facts")
                busy = False
            if not busy:
                try:
                    await asyncio.wait_for(self._source.wake.wait(), self._poll_s)
                except TimeoutError:
                    continue
                await asyncio.sleep(PAUSE_S)

    def hinted(self) -> None:
        """Another process took something into the outbox."""
        if self._mine_until is not None:
            self._source.wake.set()

    async def step(self) -> bool:
        """Act upon what is due; True when something was taken. A row that fails stays, and holds up no other."""
        if not await self._mine():
            return False
        taken = self._looked = 0
        await self._guarded("watch", "look", self._look)
        changes = await self._source.due_changes(LIMIT)
        for start in range(0, len(changes), TOGETHER):
            if not await self._mine():
                return taken > 0
            began = time.perf_counter()
            taken += await self._told(changes[start : start + TOGETHER])
            if start + TOGETHER < len(changes) or len(changes) == LIMIT:
                await asyncio.sleep((time.perf_counter() - began) * (1 - SHARE) / SHARE)
        for settled in await self._source.due_settlements(LIMIT):
            if not await self._mine():
                return taken > 0
            taken += await self._guarded("settlement", settled.id, partial(self._settled, settled))
        return taken > 0 or self._looked == LIMIT

    async def _mine(self) -> bool:
        """Whether this process works the outbox off: rows of one order are told in their order, by one."""
        now = self._context.clock()
        if self._mine_until is None or now > self._mine_until - HELD / 2:
            held = await self._context.store.write(lambda tx: tx.jobs.hold(ROLE, now, now + HELD))
            self._mine_until = now + HELD if held else None
        return self._mine_until is not None

    async def _told(self, changes: Sequence[Changed]) -> int:
        """Each is of another order, so they need not wait for one another; how many were taken."""
        acted = await asyncio.gather(*(self._guarded("order", change.id, partial(self._changed, change)) for change in changes))
        ids = [change_id for change, done in zip(changes, acted, strict=True) if done for change_id in change.change_ids]
        if ids:
            await self._source.taken(ids)
        return sum(acted)

    @staticmethod
    async def _guarded(kind: str, row: str, act: Callable[[], Awaitable[None]]) -> bool:
        try:
            await act()
        except Exception:  # outermost guard of one row: it is handed out again at the next poll
            log.exception("order fact failed", kind=kind, row=row)
            return False
        return True

    async def _look(self) -> None:
        """Parcels that are late become changes."""
        self._looked = await self._source.look(LIMIT)

    async def _changed(self, change: Changed) -> None:
        entity = next((effect.entity for effect in change.effects if effect.key == change.effect_key), "order")
        news = news_of(
            source_id=change.source_id,
            order_id=change.order_id,
            number=change.number,
            stage=change.stage,
            effect_key=change.effect_key,
            entity=entity,
            at=change.at,
            fresh_until=change.fresh_until,
            silent=change.silent,
            locale=change.locale,
            customer_id=change.customer_id,
            order=change.order,
        )
        await proactive.order_changed(self._context, change.inbox_id, news, change.order)

    async def _settled(self, settled: Settled) -> None:
        await offers.settled_by_shop(self._context, settled.inbox_id, settled.offer_id, settled.status, settled.reason)
        await self._source.settlements_taken([settled.id])
