"""Lets the webhooks of one source to the writer in groups: the next group goes when the last of the one before it was answered.

A group comes to the writer whole, so that it is one batch; and what people write meanwhile goes between two groups. Knows no webhooks.
"""

import asyncio
from collections import deque
from types import TracebackType


class Gate:
    """`async with gate:` around what a group does. `most`: of a group."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __aenter__(self) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if not self._inside:
            self._open()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._leave()

    def _open(self) -> None:
        while self._waiting and self._inside < self._most:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._inside += 1

    def _leave(self) -> None:
        self._inside -= 1
        if not self._inside:
            self._open()
