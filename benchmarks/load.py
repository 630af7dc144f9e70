"""Load on pairs: how much goes through at most (closed loop), and how long one waits at a given rate (open loop).

A pair is a sender and a receiver. Every message is timed to its ack and to its delivery; nothing is sampled.
Must not know which server it loads.
"""

from __future__ import annotations

import asyncio
import gc
import time
import uuid
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from benchmarks.wire import Json, Socket

TICK_S = 0.001
MARK = b"#"
_DIGITS = 10


class Failed(Exception):
    """A message was refused, or did not come back."""


@dataclass(slots=True)
class Tally:
    """What came back so far. `acks` and `deliveries` hold seconds; the two counters run also while nothing is timed."""

    acked: int = 0
    delivered: int = 0
    acks: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    timed: bool = False


class Receiver(Socket):
    """The other of the pair. Each message carries its sender's number behind MARK."""

    sender: Sender

    def __init__(self, namespace: str, auth: Json) -> None:
        super().__init__(namespace, auth)
        self.begins = f'42{self.prefix}["message_created"'.encode()

    def on_event(self, packet: bytes) -> None:
        if not packet.startswith(self.begins):
            return
        at = packet.rfind(MARK) + 1
        if at:
            self.sender.reached(int(packet[at : at + _DIGITS]))


class Sender(Socket):
    """Writes messages of `size` bytes; keeps `window` of them unanswered while a closed loop runs."""

    def __init__(self, namespace: str, auth: Json, tally: Tally, extra: str = "", size: int = 120) -> None:
        super().__init__(namespace, auth)
        self._tally = tally
        self._id = str(uuid.uuid4())[:24]
        self._filling = ("A question about my parcel, and when it will come to me. " * (size // 40 + 1))[: size - _DIGITS - 1]
        self.extra = extra
        self._acks: dict[int, float] = {}
        self._deliveries: dict[int, float] = {}
        self.running = False
        self.failure: str | None = None

    @property
    def waiting(self) -> int:
        """Messages without an ack or without a delivery."""
        return max(len(self._acks), len(self._deliveries))

    def send(self, at: float) -> None:
        """One message; its times count from `at` (perf_counter)."""
        number = next(self.numbers)
        self._acks[number] = self._deliveries[number] = at
        self.write(
            f'42{self.prefix}{number}["send_message",{{"client_id":"{self._id}{number:012x}",'
            f'"text":"{self._filling}#{number:010d}"{self.extra}}}]'.encode()
        )

    def on_ack(self, number: int, packet: bytes) -> None:
        tally = self._tally
        tally.acked += 1
        now = time.perf_counter()
        began = self._acks.pop(number)
        if tally.timed:
            tally.acks.append(now - began)
        if b'"error"' in packet:
            self.failure, self.running = packet.decode(), False
        elif self.running:
            self.send(now)

    def reached(self, number: int) -> None:
        """The receiver has it."""
        tally = self._tally
        began = self._deliveries.pop(number, None)
        if began is None:
            return
        tally.delivered += 1
        if tally.timed:
            tally.deliveries.append(time.perf_counter() - began)

    def on_gone(self) -> None:
        if self.running:
            self.failure, self.running = "the connection ended", False


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run. Times of single messages in seconds, sorted; `cpu_s` of this process."""

    seconds: float
    acked: int
    delivered: int
    acks: list[float]
    deliveries: list[float]
    cpu_s: float

    @property
    def rate(self) -> float:
        return self.acked / self.seconds


@dataclass(slots=True)
class Load:
    """Pairs that are connected and ready. Garbage is collected between runs: a pause in a run would be the client's."""

    senders: Sequence[Sender]
    receivers: Sequence[Receiver]
    tally: Tally

    async def closed(self, seconds: float, window: int, warm: float = 0.5) -> Run:
        """As much as goes: every sender keeps `window` messages unanswered."""
        gc.collect()
        for sender in self.senders:
            sender.running = True
            for _ in range(window):
                sender.send(time.perf_counter())
        await asyncio.sleep(warm)
        run = await self._measure(asyncio.sleep(seconds))
        for sender in self.senders:
            sender.running = False
        await self.settle()
        return run

    async def open(self, seconds: float, rate: float, warm: float = 0.3) -> Run:
        """`rate` messages a second, whatever the answers do. Times count from when a message was due: lateness of the client is in them."""
        gc.collect()
        began = time.perf_counter()
        pacing = asyncio.create_task(self._pace(began, began + warm + seconds, rate))
        await asyncio.sleep(warm)
        run = await self._measure(pacing)
        await self.settle()
        return run

    async def _pace(self, began: float, until: float, rate: float) -> None:
        sent, senders, tick = 0, self.senders, began
        while tick < until:
            due = int((tick - began) * rate)
            for number in range(sent, due):
                senders[number % len(senders)].send(tick)
            sent = max(sent, due)
            tick += TICK_S
            wait = tick - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            elif sent % 16 == 0:
                await asyncio.sleep(0)

    async def _measure(self, while_this: Awaitable[None]) -> Run:
        tally = self.tally
        tally.acks, tally.deliveries, tally.timed = [], [], True
        acked, delivered, cpu, began = tally.acked, tally.delivered, time.process_time(), time.perf_counter()
        await while_this
        seconds = time.perf_counter() - began
        tally.timed = False
        self.check()
        return Run(
            seconds,
            tally.acked - acked,
            tally.delivered - delivered,
            sorted(tally.acks),
            sorted(tally.deliveries),
            time.process_time() - cpu,
        )

    def __post_init__(self) -> None:
        gc.disable()

    def check(self) -> None:
        """Raises Failed when any sender was refused."""
        failures = [sender.failure for sender in self.senders if sender.failure]
        if failures:
            raise Failed(f"{len(failures)} senders failed; the first: {failures[0]}")

    async def settle(self, seconds: float = 10) -> None:
        """Waits until every message is acked and delivered; Failed when some are not."""
        until = time.perf_counter() + seconds
        while any(sender.waiting for sender in self.senders):
            self.check()
            if time.perf_counter() > until:
                missing = sum(sender.waiting for sender in self.senders)
                raise Failed(f"{missing} messages were not acked or not delivered in {seconds:.0f} s")
            await asyncio.sleep(0.02)

    def end(self) -> None:
        """Closes every connection."""
        for each in (*self.senders, *self.receivers):
            each.close()
