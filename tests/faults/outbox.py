"""What waits to be sent, as the widget keeps it: one entry at a time, in order, under the same client id until it is acked.

Several tabs may share one outbox; sending twice must be harmless. Every attempt is an operation of the history.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from tests.faults.history import History, Operation
from tests.faults.line import Json, NoAnswer

TRANSIENT = frozenset({"rate_limited", "unavailable", "internal"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a client is. The widget's: ack 10 s, pauses of full jitter from 1 s up to 30 s; tests are quicker."""

    ack_s: float = 3.0
    base_s: float = 0.1
    most_s: float = 1.0

    def pause(self, attempt: int, at_least_ms: float = 0) -> float:
        """Full jitter up to an exponential ceiling, never less than the server asked for."""
        ceiling: float = min(self.most_s, self.base_s * 2**attempt)
        return at_least_ms / 1000 + random.random() * ceiling


@dataclass(slots=True)
class Entry:
    """`kind`: send, reply or note. `conversation`: where to; None lets the server choose."""

    kind: str
    key: str
    text: str
    conversation: str | None = None


@dataclass
class Outbox:
    """Entries in the order in which they were written; one leaves only when it is acked or refused for good."""

    history: History
    person: str = ""
    pace: Pace = field(default_factory=Pace)
    waiting: list[Entry] = field(default_factory=list)
    wakes: list[asyncio.Event] = field(default_factory=list)
    """one for each tab that sends from here"""
    acked: int = 0
    attempt: int = 0
    refused: list[str] = field(default_factory=list)
    """codes that ended an entry: a workload that was meant to succeed has none"""

    def put(self, entry: Entry) -> None:
        """Whichever tab it was written in, every tab is told."""
        self.waiting.append(entry)
        for wake in self.wakes:
            wake.set()

    async def send(self, entry: Entry, client: str, call: Callable[[Entry], Awaitable[Json]]) -> float:
        """One attempt at an entry. Returns the seconds to wait before the next attempt at anything; 0 when it is done with."""
        operation = Operation(client, self.person, entry.kind, entry.key, entry.text, monotonic())
        self.history.operations.append(operation)
        try:
            answer = await call(entry)
        except NoAnswer as reason:
            operation.completed, operation.why = monotonic(), f"no answer: {reason}"
            self.attempt += 1
            return self.pace.pause(self.attempt)
        operation.completed = monotonic()
        if answer["ok"]:
            operation.outcome, operation.conversation, operation.seq = "ok", answer["conversation"], answer["seq"]
            self.attempt = 0
            self._drop(entry)
            self.acked += 1
            return 0.0
        error = answer["error"]
        operation.why = error["code"]
        if error["code"] in TRANSIENT:
            self.attempt += 1
            return self.pace.pause(self.attempt, error.get("retry_after_ms") or 0)
        if error["code"] == "stale":
            operation.outcome = "fail"
            return 0.05
        operation.outcome = "fail"
        self.refused.append(error["code"])
        self._drop(entry)
        return 0.0

    def _drop(self, entry: Entry) -> None:
        if entry in self.waiting:
            self.waiting.remove(entry)
