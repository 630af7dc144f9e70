"""What one connection is still to be sent: the library's queue while it polls, frames for one write once it has a WebSocket.

It stands in for the queue of an engine socket, so the library's packets and the lane's own keep one order, through an
upgrade too. It decides nothing about who gets what. Every walk passes here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

MAX_PACKETS = 256
MAX_BYTES = 1_000_000


def frame(payload: bytes, opcode: int = 0x81) -> bytes:
    """A whole WebSocket frame from a server (RFC 6455, 5.2): unmasked, uncompressed. 0x81 is text, 0x82 binary."""
    size = len(payload)
    if size < 126:
        return bytes((opcode, size)) + payload
    if size < 65_536:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + payload


def framed(packet: Any) -> bytes:
    """The library's packet as a frame. Not by its `encode` where it is binary: that keeps its first answer, and a poll needs another."""
    return frame(packet.data, 0x82) if packet.binary else frame(packet.encode().encode())


class Cork:
    """Collects, through one turn of the loop, the outboxes that have something to write, and writes each once."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: list[Outbox] = []

    def add(self, outbox: Outbox) -> None:
        """It is written at the end of this turn."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(outbox)

    def flush(self) -> None:
        """Write now."""
        waiting, self._waiting = self._waiting, []
        for outbox in waiting:
            outbox.flush()


class Held(asyncio.Queue[Any]):
    """Packets that wait for a poll, with their size. `_put` and `_get` are asyncio's hooks for a queue of another kind."""

    size = 0

    def _put(self, item: Any) -> None:
        self.size += weight(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size -= weight(item)
        return item


def weight(packet: Any) -> int:
    """About its bytes on the wire."""
    data = getattr(packet, "data", None)
    return len(data) if isinstance(data, (str, bytes)) else 0


class Outbox:
    """The queue of one engine socket. `put`, `get`, `join` and the like are the library's side, `write` is the lane's."""

    __slots__ = ("_behind", "_cork", "_frames", "_queue", "_shut", "_slow", "_total", "_transport", "pong_due")

    def __init__(self, cork: Cork) -> None:
        self._cork = cork
        self._queue: Held | None = None
        self._shut = False
        self._transport: asyncio.Transport | None = None
        self._frames: list[bytes] = []
        self._slow: Callable[[], None] | None = None
        self._behind: deque[int] | None = None
        self._total = 0
        self.pong_due = 0.0

    @property
    def attached(self) -> bool:
        """A WebSocket takes what is written; otherwise packets wait for the next poll."""
        return self._transport is not None

    @property
    def is_shut(self) -> bool:
        """Takes nothing any more."""
        return self._shut

    def attach(self, transport: asyncio.Transport, slow: Callable[[], None]) -> None:
        """From here on everything goes to this transport, first what has waited. `slow` is called when the reader falls behind."""
        self._transport, self._slow = transport, slow
        held, self._queue = self._queue, None
        while held is not None and not held.empty():
            self.put_nowait(held.get_nowait())

    def overfull(self) -> bool:
        """The reader has fallen behind: too much waits for its poll, or for its window to open."""
        if self._transport is not None:
            return not self._transport.is_closing() and self._transport.get_write_buffer_size() > MAX_BYTES
        return self._queue is not None and (self._queue.qsize() > MAX_PACKETS or self._queue.size > MAX_BYTES)

    def shut(self, last: Iterable[Any]) -> None:
        """What has not left is dropped, these packets are the last, and nothing is taken after them."""
        if self._queue is not None:
            while not self._queue.empty():
                self._queue.get_nowait()
        self._frames.clear()
        self._slow = None
        for packet in last:
            self.put_nowait(packet)
        self.flush()
        self._shut = True

    def abort(self) -> None:
        """The connection ends now, unsent packets are dropped."""
        self._shut = True
        if self._transport is not None:
            self._transport.abort()

    def write(self, data: bytes) -> None:
        """One frame, sent at the end of this turn of the loop. Only when attached."""
        if self._shut:
            return
        if not self._frames:
            self._cork.add(self)
        self._frames.append(data)

    def flush(self) -> None:
        """One write for all frames of the turn."""
        frames, self._frames = self._frames, []
        transport = self._transport
        if not frames or transport is None or transport.is_closing():
            return
        stuck = transport.get_write_buffer_size()
        transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if stuck:
            self._fallen_behind(stuck, frames)
        elif self._behind is not None:
            self._behind = None

    def _fallen_behind(self, stuck: int, frames: list[bytes]) -> None:
        """`stuck` bytes of earlier turns are still here. Counts packets by where each ends in the stream."""
        if self._behind is None:
            self._behind, self._total = deque([stuck]), stuck
        behind, gone = self._behind, self._total - stuck
        while behind and behind[0] <= gone:
            behind.popleft()
        for each in frames:
            self._total += len(each)
            behind.append(self._total)
        if (len(behind) > MAX_PACKETS or self._total - gone > MAX_BYTES) and self._slow is not None:
            self._slow()

    def put_nowait(self, packet: Any) -> None:
        """The library's own packets."""
        if self._transport is None:
            if not self._shut or packet is None:  # None wakes the library's poll at the end
                self._held().put_nowait(packet)
        elif packet is not None:
            self.write(framed(packet))

    def _held(self) -> Held:
        if self._queue is None:
            self._queue = Held()
        return self._queue

    async def put(self, packet: Any) -> None:
        """As `put_nowait`: there is always room, the watchdog ends who lets it grow."""
        self.put_nowait(packet)

    async def get(self) -> Any:
        """For the next poll."""
        return await self._held().get()

    def get_nowait(self) -> Any:
        """Raises QueueEmpty."""
        if self._queue is None:
            raise asyncio.QueueEmpty
        return self._queue.get_nowait()

    def task_done(self) -> None:
        """The library counts what it took."""
        if self._queue is not None:
            self._queue.task_done()

    async def join(self) -> None:
        """Write what is here. The library waits until a poll has taken all: forever, for a client that never polls again."""
        self.flush()

    def qsize(self) -> int:
        """Packets that wait for a poll."""
        return 0 if self._queue is None else self._queue.qsize()
