"""A client that posts webhooks over connections that stay open, cut down so that it is not what is measured.

Knows HTTP/1.1 as far as an answer with a Content-Length; nothing of what is posted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

TICK_S = 0.002
Packet = Callable[[], bytes]
"""makes a request when it is sent"""


def request(path: str, port: int, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    """One POST, ready to be written."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(slots=True)
class Answers:
    """What came back: times in seconds, and how often each status and outcome (the word behind `outcome` in the body)."""

    times: list[float] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)


class _Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._buffer = b""
        self._due = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but name

    def send(self, due: float, packet: Packet) -> None:
        assert self.transport is not None
        self._due = due
        self.transport.write(packet())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        at = head.lower().index(b"content-length:") + len("content-length:")
        if len(body) < int(head[at : (head + b"\r").index(b"\r", at)]):
            return
        self._buffer = b""
        self._post.answered(self, self._due, head[9:12], body)

    def connection_lost(self, exc: Exception | None) -> None:
        self._post.lost(self)


class Post:
    """Posts through `lines` connections. What is due and finds none free waits, and its wait counts."""

    def __init__(self, port: int, lines: int) -> None:
        self._port, self._count = port, lines
        self._free: deque[_Line] = deque()
        self._lines: list[_Line] = []
        self._waiting: deque[tuple[float, Packet]] = deque()
        self._unanswered = 0
        self._done = asyncio.Event()
        self.answers = Answers()

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(self._count):
            _, line = await loop.create_connection(lambda: _Line(self), "127.0.0.1", self._port)
            self._lines.append(line)
        self._free = deque(self._lines)

    def close(self) -> None:
        for line in self._lines:
            if line.transport is not None:
                line.transport.abort()

    async def all_at_once(self, packets: Sequence[Packet]) -> float:
        """As fast as it goes; how many seconds it took."""
        began = time.perf_counter()
        self._take([(began, packet) for packet in packets])
        await self._all()
        return time.perf_counter() - began

    async def paced(self, packets: Sequence[Packet], rate: float) -> float:
        """`rate` a second, whatever the answers do; times count from when each was due. Seconds until the last answer."""
        began, sent = time.perf_counter(), 0
        while sent < len(packets):
            due = min(len(packets), int((time.perf_counter() - began) * rate) + 1)
            self._take([(began + place / rate, packets[place]) for place in range(sent, due)])
            sent = due
            await asyncio.sleep(TICK_S)
        await self._all()
        return time.perf_counter() - began

    def answered(self, line: _Line, due: float, status: bytes, body: bytes) -> None:
        self.answers.times.append(time.perf_counter() - due)
        at = body.find(b'"outcome": "')
        word = body[at + 12 : body.index(b'"', at + 12)].decode() if at >= 0 else ""
        self.answers.outcomes[f"{status.decode()} {word}".strip()] += 1
        self._finish()
        if self._waiting:
            line.send(*self._waiting.popleft())
        else:
            self._free.append(line)

    def lost(self, line: _Line) -> None:
        if line not in self._free:
            self.answers.outcomes["lost"] += 1
            self._finish()

    def _take(self, items: Sequence[tuple[float, Packet]]) -> None:
        self._done.clear()
        self._unanswered += len(items)
        for due, packet in items:
            if self._free:
                self._free.popleft().send(due, packet)
            else:
                self._waiting.append((due, packet))

    def _finish(self) -> None:
        self._unanswered -= 1
        if self._unanswered == 0:
            self._done.set()

    async def _all(self) -> None:
        if self._unanswered:
            await self._done.wait()
