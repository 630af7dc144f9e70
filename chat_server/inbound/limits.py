"""How much one visitor or address may ask for. Over it: `rate_limited`, and when to come back. In memory, per process.

Ours instead of a library's because it stands in the way of every message: a moving window as a list of times (of which an idle
visitor costs a fifth of a queue), no lock, no thread.
"""

from __future__ import annotations

from bisect import bisect_right

from chat_server.errors import ClientError, Code
from chat_server.flows.ports import Clock
from chat_server.inbound.peer import Peers

WINDOW_S = 60.0


class Limits:
    """Moving windows of one minute: `limits` names what is counted and how many there may be."""

    def __init__(self, clock: Clock, peers: Peers, **limits: int) -> None:
        self._clock = clock
        self.peers = peers
        self._most = limits
        self._taken: dict[tuple[str, str], list[float]] = {}
        self._swept_at = 0.0

    def take(self, what: str, who: str) -> None:
        """Count one; raises ClientError(RATE_LIMITED) with `retry_after_ms` when there is no room."""
        now = self._clock().timestamp()
        if now - self._swept_at >= WINDOW_S:
            self._sweep(now)
        taken = self._taken.get((what, who))
        if taken is None:
            taken = self._taken[what, who] = []
        if taken and taken[0] <= now - WINDOW_S:
            del taken[: bisect_right(taken, now - WINDOW_S)]
        if len(taken) >= self._most[what]:
            wait = max(1, int((taken[0] + WINDOW_S - now) * 1000))
            raise ClientError(Code.RATE_LIMITED, "Too many at once. Try again shortly.", retry_after_ms=wait)
        taken.append(now)

    def _sweep(self, now: float) -> None:
        """Forget those who have asked for nothing within the window."""
        self._swept_at = now
        self._taken = {key: taken for key, taken in self._taken.items() if taken[-1] > now - WINDOW_S}
