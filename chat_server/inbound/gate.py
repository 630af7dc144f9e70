"""How many handshakes one process takes on in a second, from all addresses together, so that a restart of a fleet is no storm."""

from __future__ import annotations

import random
from collections.abc import Callable

from chat_server.errors import ClientError, Code

LONGEST_MS = 20_000


class Gate:
    """A token bucket that holds one second's worth. Who is refused is told a time of their own: as if they stood in a line.

    `time` is monotonic, in seconds.
    """

    def __init__(self, per_second: int, time: Callable[[], float]) -> None:
        self._rate = float(per_second)
        self._time = time
        self._tokens = self._rate
        self._looked_at = time()
        self._line_ends_at = 0.0
        self.refused = 0

    def enter(self) -> None:
        """Take one; raises ClientError(RATE_LIMITED) with `retry_after_ms`: the end of the line, and jitter of up to half a second."""
        now = self._time()
        self._tokens = min(self._rate, self._tokens + (now - self._looked_at) * self._rate)
        self._looked_at = now
        if self._tokens >= 1:
            self._tokens -= 1
            return
        self.refused += 1
        self._line_ends_at = max(self._line_ends_at, now) + 1 / self._rate
        wait_ms = min(LONGEST_MS, int((self._line_ends_at - now) * 1000)) + random.randint(50, 550)
        raise ClientError(Code.RATE_LIMITED, "Many are coming back at once. Try again shortly.", retry_after_ms=wait_ms)
