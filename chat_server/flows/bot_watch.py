"""Whether the bot can answer: asked every few seconds, told to shoppers when it changes. Nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

log = structlog.get_logger("bot")
EVERY_S = 3.0


class BotWatch:
    """`state` is `ready`, `loading` or `off`; `changed` is called after each change."""

    def __init__(self, ask: Callable[[], Awaitable[str]] | None) -> None:
        self.state = "off" if ask is None else "loading"
        self._ask = ask

    async def run(self, inboxes: Iterable[str], changed: Callable[[str], Awaitable[None]]) -> None:
        """Until cancelled."""
        if self._ask is None:
            return
        while True:
            try:
                await self._look(self._ask, inboxes, changed)
            except Exception:  # outermost guard of the loop: it looks again in a moment
                log.exception("bot watch failed")
            await asyncio.sleep(EVERY_S)

    async def _look(self, ask: Callable[[], Awaitable[str]], inboxes: Iterable[str], changed: Callable[[str], Awaitable[None]]) -> None:
        state = await ask()
        if state == "off":
            state = "loading"  # it is configured: until it answers, it is on its way
        if state == self.state:
            return
        log.info("bot", flow="bot_watch", decision=state)
        self.state = state
        for inbox_id in inboxes:
            await changed(inbox_id)
