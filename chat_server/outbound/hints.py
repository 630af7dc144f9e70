"""What servers tell each other over Redis: hints, never the truth. A lost one is healed by the heads, a forged one lacks the seal.

Nothing here is ever awaited by a handler: `publish` puts a hint into a bounded queue, and a loop of its own sends what one turn
of the event loop has gathered. A Redis that is gone, hangs or lies costs hints and nothing else. All walks over several servers.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

import structlog
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import RedisError

from chat_server.errors import ClientError
from chat_server.outbound.hint import FRAME, Hint, Passing, Refused, encode, opened, pack, seal, unpack

CHANNEL = "shopbell:hints"
_Waiting = tuple[float, bytes]
"""a hint, and until when it is worth sending (the loop's time)"""
QUEUED = 10_000
"""hints that wait to be sent; beyond that the oldest go"""
PATIENCE_S = 1.0
"""how long a connection, a subscription or a publish may take"""
FRESH_S = 2.0
"""a passing event that could not be sent for so long is old news"""
LISTEN_S = 2.0
"""after so much silence the subscription is asked whether it still stands"""
LONGEST_PAUSE_S = 5.0
AWAY = (RedisError, OSError, TimeoutError)
log = structlog.get_logger("hints")


class Hints:
    """`take` gets what other servers told, `resubscribed` is called after each gap in listening. Both must not raise or wait.

    `key` reads what the servers seal their frames with: whoever can only write to Redis tells nobody anything.
    """

    def __init__(
        self,
        url: str,
        node: str,
        key: Callable[[], Awaitable[bytes]],
        take: Callable[[Sequence[Hint]], None],
        resubscribed: Callable[[], None],
    ) -> None:
        self._pool = ConnectionPool.from_url(
            url, socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S, protocol=2, driver_info=None, client_name="shopbell"
        )
        self._node = node
        self._read_key = key
        self._key = b""
        self._take = take
        self._resubscribed = resubscribed
        self._queue: deque[_Waiting] = deque()
        self._waiting, self._empty = asyncio.Event(), asyncio.Event()
        self.counts: Counter[str] = Counter(dict.fromkeys(("published", "dropped", "received", "refused", "reconnects"), 0))
        """hints sent, given up, heard of others, frames that were refused, and how often a connection was made anew"""

    def publish(self, hint: Hint) -> None:
        """Never waits, never fails."""
        try:
            data = encode(hint)
        except Refused:
            self.counts["dropped"] += 1
            return
        if len(self._queue) >= QUEUED:
            self._queue.popleft()
            self.counts["dropped"] += 1
        until = asyncio.get_running_loop().time() + FRESH_S if isinstance(hint, Passing) else math.inf
        self._queue.append((until, data))
        self._waiting.set()

    async def run(self) -> None:
        """Send and listen until cancelled, whatever becomes of Redis."""
        while not self._key:
            try:
                self._key = await self._read_key()
            except ClientError as error:  # the database is away: without hints everything still works, by the heads
                log.warning("no key for hints yet", reason=error.code.value)
                await asyncio.sleep(PATIENCE_S)
        await asyncio.gather(self._persist("sending", self._send), self._persist("listening", self._listen))

    async def finish(self, seconds: float) -> None:
        """Give what waits a moment to leave; for the end of a server."""
        self._empty.clear()
        if self._queue:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)

    async def _persist(self, what: str, use: Callable[[AbstractConnection, Callable[[], None]], Awaitable[NoReturn]]) -> NoReturn:
        """Connect, use it until it breaks, and again after a pause with full jitter. An outage is logged once."""
        tries = 0

        def stands() -> None:
            nonlocal tries
            if tries:
                log.info("redis is back", flow=what, tries=tries)
            tries = 0

        while True:
            connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]  # the library's gap
            try:
                async with asyncio.timeout(2 * PATIENCE_S):
                    await connection.connect()  # type: ignore[no-untyped-call]  # the library's gap
                await use(connection, stands)
            except AWAY as error:
                if tries == 0:
                    log.warning("redis is away", flow=what, reason=type(error).__name__)
            except Exception:  # outermost guard of the loop: without hints everything still works, by the heads
                log.exception("hints failed", flow=what)
            finally:
                await _drop(connection)
            tries += 1
            self.counts["reconnects"] += 1
            await asyncio.sleep(random.uniform(0, min(LONGEST_PAUSE_S, 0.1 * 2 ** min(tries, 10))))

    async def _send(self, connection: AbstractConnection, stands: Callable[[], None]) -> NoReturn:
        stands()
        while True:
            await self._waiting.wait()
            self._waiting.clear()
            while batch := self._batch():
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await connection.send_command("PUBLISH", CHANNEL, seal(self._key, pack(self._node, [hint for _, hint in batch])))
                        await connection.read_response()
                except BaseException:
                    self._queue.extendleft(reversed(batch[: max(0, QUEUED - len(self._queue))]))
                    self._waiting.set()
                    raise
                self.counts["published"] += len(batch)
            self._empty.set()

    def _batch(self) -> list[_Waiting]:
        """What waits, at most one frame of it, without passing events that have gone stale."""
        batch: list[_Waiting] = []
        now = asyncio.get_running_loop().time()
        while self._queue and len(batch) < FRAME:
            waiting = self._queue.popleft()
            if waiting[0] < now:
                self.counts["dropped"] += 1
            else:
                batch.append(waiting)
        return batch

    async def _listen(self, connection: AbstractConnection, stands: Callable[[], None]) -> NoReturn:
        await connection.send_command("SUBSCRIBE", CHANNEL)
        await connection.read_response()
        stands()
        self._resubscribed()
        asked = False
        while True:
            heard: Any = await connection.read_response(timeout=LISTEN_S, disconnect_on_error=False)
            if heard is not None:
                asked = False
                if heard[0] == b"message":
                    self._hear(heard[2])
            elif asked:
                raise TimeoutError("the subscription is silent")
            else:
                asked = True
                await connection.send_command("PING", check_health=False)

    def _hear(self, frame: bytes) -> None:
        try:
            node, hints, bad = unpack(opened(self._key, frame))
        except Refused as error:
            self._refuse(1, str(error))
            return
        if bad:
            self._refuse(bad, "not a hint")
        if node != self._node:
            self.counts["received"] += len(hints)
            self._take(hints)

    def _refuse(self, count: int, reason: str) -> None:
        before = self.counts["refused"]
        self.counts["refused"] += count
        if before == 0 or before // 1000 != self.counts["refused"] // 1000:
            log.warning("hints were refused", reason=reason, refused=self.counts["refused"])


async def _drop(connection: AbstractConnection) -> None:
    try:
        await connection.disconnect(nowait=True)
    except AWAY:
        pass
