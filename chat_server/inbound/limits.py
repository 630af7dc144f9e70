"""How much one visitor or address may ask for. Over it: `rate_limited`, and when to come back. In memory, per process."""

from __future__ import annotations

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chat_server.errors import ClientError, Code
from chat_server.flows.ports import Clock
from chat_server.inbound.peer import Peers


class Limits:
    """Moving windows of one minute: `limits` names what is counted and how many there may be."""

    def __init__(self, clock: Clock, peers: Peers, **limits: int) -> None:
        self._clock = clock
        self.peers = peers
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items: dict[str, RateLimitItem] = {what: RateLimitItemPerMinute(most) for what, most in limits.items()}

    def take(self, what: str, who: str) -> None:
        """Count one; raises ClientError(RATE_LIMITED) with `retry_after_ms` when there is no room."""
        item = self._items[what]
        if self._limiter.hit(item, what, who):
            return
        free_at = self._limiter.get_window_stats(item, what, who).reset_time
        wait = max(1, int((free_at - self._clock().timestamp()) * 1000))
        raise ClientError(Code.RATE_LIMITED, "Too many at once. Try again shortly.", retry_after_ms=wait)
