"""Many quiet clients: connected, synced, and then only answering pings. What idle.py and storm.py stand on."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import Sequence

from benchmarks.servers import Server, gathered
from benchmarks.wire import Refused, Socket

BASE_S, CAP_S = 1.0, 30.0
"""full jitter of the widget (widget/shared/failure.ts): the n-th wait is at random below the smaller of CAP and BASE · 2ⁿ"""
RATE_LIMITED = 4029
"""the close code of a refusal that names a place in the line"""


def raise_file_limit(needed: int) -> int:
    """As many open files as this user may have. Raises SystemExit when that is too few."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if needed + 200 > most:
        raise SystemExit(f"{needed} connections need more open files than the {most} allowed here: raise `ulimit -n`, or ask for fewer")
    return most


async def connect(server: Server, count: int, at_once: int = 100) -> list[Socket]:
    """`count` clients, a few at a time."""
    return await gathered([server.visitor] * count, at_once)


async def leave(clients: Sequence[Socket]) -> None:
    """All of them go."""
    for client in clients:
        client.close()
    await asyncio.gather(*(client.gone.wait() for client in clients))


class Returning:
    """A client that comes back by itself as the widget does: full jitter; after a refusal when it was told to, with a second's."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._memory: dict[str, str] = {}
        self._socket: Socket | None = None
        self._attempt = 0
        self.back_at = 0.0
        self.refusals = 0

    async def live(self) -> None:
        """For ever; cancel it."""
        wait = 0.0
        while True:
            await asyncio.sleep(wait)
            try:
                self._socket = await self._server.visitor(self._memory)
            except Refused as refusal:
                self.refusals += 1
                told_s = (refusal.retry_after_ms or 0) / 1000
                wait = told_s + (random.random() * BASE_S if refusal.code == RATE_LIMITED else self._backoff())
                continue
            except OSError:
                self.refusals += 1
                wait = self._backoff()
                continue
            self._attempt, self.back_at = 0, time.perf_counter()
            await self._socket.gone.wait()
            self.back_at, wait = 0.0, self._backoff()

    def _backoff(self) -> float:
        self._attempt += 1
        return random.random() * min(CAP_S, BASE_S * 2.0 ** (self._attempt - 1))

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
