"""Key sets of shops that sign with a private key: fetched from the shop's address when a signature needs one, kept, and fetched again
when a signature names a key that is not in them. At most one call a minute for each source. The pure modules get the text. Walk b.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp

from order_status.sources import Source

TIMEOUT_S = 5.0
LARGEST = 64 * 1024
PAUSE = timedelta(minutes=1)  # between two calls, so that foreign signatures are no storm of calls to the shop
KEPT = timedelta(hours=24)  # a key that the shop took back is good for no longer

log = logging.getLogger("order_status.keysets")


class KeySets:
    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sets: dict[str, tuple[str, datetime]] = {}
        self._tried: dict[str, datetime] = {}
        self._running: dict[str, asyncio.Task[bool]] = {}

    def secrets(self, source: Source) -> tuple[str, ...]:
        """The source's secrets, and the key set that is held for it."""
        held = self._held(source)
        return source.config.secrets if held is None else (*source.config.secrets, held)

    def known(self, source: Source) -> bool:
        """Whether a signature by an unknown key can be judged: False while the key set that we should have could not be fetched."""
        return not source.config.jwks_url or self._held(source) is not None

    def _held(self, source: Source) -> str | None:
        text, fetched_at = self._sets.get(source.config.id, ("", None))
        return text if fetched_at is not None and self._clock() - fetched_at < KEPT else None

    async def refresh(self, source: Source, now: datetime) -> bool:
        """Whether there is a key set now that was not there before."""
        key = source.config.id
        if not source.config.jwks_url:
            return False
        running = self._running.get(key)
        if running is None:
            if key in self._tried and now - self._tried[key] < PAUSE:
                return False
            self._tried[key] = now
            running = self._running[key] = asyncio.create_task(self._fetch(source))
            running.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(running)

    async def _fetch(self, source: Source) -> bool:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(source.config.jwks_url, allow_redirects=False) as response,
            ):
                body = await response.content.read(LARGEST) if response.status == 200 else b""
                text = body.decode("utf-8") if response.content.at_eof() else ""
        except (aiohttp.ClientError, OSError, TimeoutError, UnicodeDecodeError) as error:
            log.warning("key set not fetched: %s", type(error).__name__, extra={"inbox": source.config.inbox_id})
            return False
        if not text:
            return False
        self._sets[source.config.id] = (text, self._clock())
        return True
