"""Who waits over HTTP for news of a conversation: woken by what is announced here, with a look at the database now and then.

Bounded, and released when the server drains. A memory of this process only. Walk a passes here where no WebSocket can.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from chat_server.errors import ClientError, Code

MOST = 5_000
OF_ONE = 6
"""requests of one visitor that may wait at once: a browser has six connections to a host"""
LOOK_S = 5.0
"""a lost hint is stale for so long at most"""


class Waiters:
    """`with watching(…) as news:` before looking, `await news.wait(…)` when there was nothing."""

    def __init__(self) -> None:
        self._events: dict[str, set[asyncio.Event]] = {}
        self._of: Counter[str] = Counter()
        self._released = False

    def __len__(self) -> int:
        return self._of.total()

    @contextmanager
    def watching(self, conversation_id: str, visitor_id: str) -> Iterator[Waiter]:
        """Raises ClientError(RATE_LIMITED) when this visitor waits often enough, UNAVAILABLE when nobody more can."""
        if self._of[visitor_id] >= OF_ONE:
            raise ClientError(Code.RATE_LIMITED, "Too many requests wait already.", retry_after_ms=5_000)
        if len(self) >= MOST:
            raise ClientError(Code.UNAVAILABLE, "Too many wait. Ask without `wait`.", retry_after_ms=10_000)
        waiter = Waiter(self)
        self._events.setdefault(conversation_id, set()).add(waiter.event)
        self._of[visitor_id] += 1
        try:
            yield waiter
        finally:
            self._of[visitor_id] -= 1
            if not self._of[visitor_id]:
                del self._of[visitor_id]
            mine = self._events[conversation_id]
            mine.discard(waiter.event)
            if not mine:
                del self._events[conversation_id]

    def news(self, conversation_id: str) -> None:
        """There may be something: who waits for it looks."""
        for event in self._events.get(conversation_id, ()):
            event.set()

    def release(self) -> None:
        """The server drains: everyone is answered now, and nobody waits any more."""
        self._released = True
        for events in self._events.values():
            for event in events:
                event.set()

    @property
    def released(self) -> bool:
        """Nobody shall wait."""
        return self._released


class Waiter:
    """One request that waits."""

    def __init__(self, waiters: Waiters) -> None:
        self.event = asyncio.Event()
        self._waiters = waiters

    async def wait(self, seconds: float) -> None:
        """Until there may be news, at most `seconds` or until the next look is due."""
        if not self._waiters.released:
            try:
                await asyncio.wait_for(self.event.wait(), min(seconds, LOOK_S))
            except TimeoutError:
                pass
        self.event.clear()
