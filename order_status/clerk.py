"""Folds what was recorded only: in a storm webhooks are stored and answered at once, and worked off beside it, at a pace that leaves room.

One source after the other, so that a shop's storm delays its own orders and no other shop's. Whatever is due is taken up after a start
or from a server that died. What cannot be folded stays recorded and is tried again. Walk b.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from order_status import store
from order_status.commit import LATER, Taken, fold_waiting
from order_status.sources import fingerprint
from order_status.store import desk as sql
from order_status.writer import Writer

AT_ONCE, FEW = 32, 4
"""webhooks of one batch, and of one in a storm: the larger, the fewer statements for each, and the longer others wait for it"""
SHARE, SHARE_IN_STORM = 0.6, 0.1
"""of the time that is spent on this while something waits; the rest is for those who send, and for the chat"""
STILL_S, BEHIND = 0.2, timedelta(minutes=1)
"""a storm is over when nothing was recorded for so long; and when we are that far behind: so many are what that shop sends"""
LOOK_S = 5.0
"""after which one looks for what another server left, and for what was put off"""
TRIES, PAUSE_S = 3, 2.0
"""of a webhook that fails alone, before it is put off"""

Read = Callable[[Mapping[Any, Any]], Taken | str]
log = logging.getLogger("order_status.clerk")


class Clerk:
    """`read`: a stored row of deliveries as what it said, or why it cannot be read. `wake` is set when something was folded."""

    def __init__(self, writer: Writer, clock: Callable[[], datetime], read: Read, wake: asyncio.Event) -> None:
        self._writer = writer
        self._clock = clock
        self._read = read
        self._wake = wake
        self._behind: dict[str, int] = {}
        """source -> how many of its webhooks the next batch may have"""
        self._came_at: dict[str, float] = {}
        """source -> when something of it was recorded last, by the monotonic clock"""
        self._failed = Counter[str]()
        """source -> how often its next webhook failed alone, in a row"""
        self._storms = False
        self._looked_at = 0.0
        self._called = asyncio.Event()

    def is_behind(self, source_id: str) -> bool:
        """Something of this source is recorded and not folded."""
        return source_id in self._behind

    def expect(self, source_id: str) -> None:
        """Something of this source was recorded."""
        self._behind.setdefault(source_id, AT_ONCE)
        self._came_at[source_id] = time.monotonic()
        self._called.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            self._called.clear()
            started = time.perf_counter()
            try:
                await self.work_off()
            except Exception as error:
                log.error("what was recorded could not be worked off: %s", type(error).__name__, exc_info=log.isEnabledFor(logging.DEBUG))
                await asyncio.sleep(PAUSE_S)
                continue
            took = time.perf_counter() - started
            if self._failed:
                await asyncio.sleep(PAUSE_S)
            elif self._behind:
                share = SHARE_IN_STORM if self._storms else SHARE
                await asyncio.sleep(took * (1 - share) / share)
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._called.wait(), LOOK_S)

    async def work_off(self) -> int:
        """Fold one batch of the source whose turn it is; how many webhooks were due in it."""
        if not self._behind or time.monotonic() - self._looked_at >= LOOK_S:
            await self._look()
        if not self._behind:
            return 0
        source_id, most = next(iter(self._behind.items()))
        began = time.monotonic()
        fold = partial(fold_waiting, source_id=source_id, now=self._clock(), limit=most, read_stored=self._read)
        try:
            folded = await self._writer.write(fold)
        except Exception as error:  # whatever one of them does, the others are folded: each by itself
            told = (fingerprint(source_id), type(error).__name__)
            log.error("source %s: recorded webhooks could not be folded: %s", *told, exc_info=log.isEnabledFor(logging.DEBUG))
            if most == 1:
                await self._doubt(source_id)
            self._again(source_id, 1)
            return 1
        del self._failed[source_id]
        if folded.stuck:
            reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(folded.stuck.items()))
            log.warning("source %s: recorded webhooks cannot be folded now: %s", fingerprint(source_id), reasons)
        came_at = self._came_at.get(source_id, 0.0)
        self._storms = time.monotonic() - came_at < STILL_S and folded.waited < BEHIND
        more = folded.due == most or came_at >= began
        self._again(source_id, min(most * 2, FEW if self._storms else AT_ONCE) if more else 0)
        if folded.due:
            self._wake.set()
        return folded.due

    async def _look(self) -> None:
        now = self._clock()
        found = await self._writer.read(lambda conn: sql.behind(conn, now))
        self._looked_at = time.monotonic()
        for source_id in found:
            self._behind.setdefault(source_id, AT_ONCE)

    def _again(self, source_id: str, most: int) -> None:
        """After all others; 0: nothing of it waits any more."""
        self._behind.pop(source_id, None)
        if most:
            self._behind[source_id] = most

    async def _doubt(self, source_id: str) -> None:
        """The one that waits longest failed alone; again and again, it is not the database's fault, and must not hold up the others."""
        self._failed[source_id] += 1
        if self._failed[source_id] < TRIES:
            return
        now = self._clock()

        def work(conn: store.Connection) -> None:
            first = [(source_id, row["delivery_id"]) for row in sql.due_deliveries(conn, source_id, now, 1)]
            sql.fold_at(conn, first, now + LATER)

        await self._writer.write(work)
        del self._failed[source_id]
