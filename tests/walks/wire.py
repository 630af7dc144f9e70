"""One socket to the real server as a test client has it: commands with their acks, events as they come, and a reader by cursor.

A reader applies facts exactly as docs/wire.md says: only `seq == last + 1`, older ones dropped, a gap asked for with `sync`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Any

import socketio
from socketio.exceptions import ConnectionError as ConnectionFailed

Json = dict[str, Any]
PATIENCE_S = 10.0
"""how long a test waits for something that must come"""


class Refused(Exception):
    """The handshake was refused; `data` is that of the connect error."""

    def __init__(self, data: Json) -> None:
        super().__init__(str(data))
        self.data = data


class CommandFailed(Exception):
    """An ack with `ok: false`."""

    def __init__(self, error: Json) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code, self.error = error["code"], error


class Thread:
    """A reader's copy of one conversation."""

    def __init__(self) -> None:
        self.conversation: str | None = None
        self.epoch = 0
        self.last = 0
        self.facts: list[Json] = []
        self.dropped = 0
        """facts that came a second time"""
        self.resets = 0

    def start(self, answer: Json, conversation: str | None) -> None:
        """Take the answer of a `sync`: everything after a reset, else what is new."""
        if answer["reset"]:
            self.conversation, self.epoch, self.last, self.facts = conversation, answer["epoch"], answer["start"], []
            self.resets += 1
        for fact in answer["facts"]:
            self.take(fact)

    def take(self, fact: Json) -> bool:
        """Apply one fact; False when something is missing before it."""
        if fact["epoch"] != self.epoch or fact["seq"] > self.last + 1:
            return False
        if fact["seq"] <= self.last:
            self.dropped += 1
            return True
        self.last = fact["seq"]
        self.facts.append(fact)
        return True

    def kinds(self) -> list[str]:
        return [fact["fact"] for fact in self.facts]

    def messages(self) -> list[Json]:
        return [fact["message"] for fact in self.facts if fact["fact"] == "message_created"]

    def texts(self) -> list[str]:
        return [part["text"] for message in self.messages() for part in message["parts"] if part["type"] == "text"]

    def of(self, kind: str) -> list[Json]:
        return [fact for fact in self.facts if fact["fact"] == kind]


class Wire:
    """A socket of one namespace. `on_event(name, body)` is called for everything but the connection's own events."""

    def __init__(self, url: str, namespace: str, on_event: Callable[[str, Json], None]) -> None:
        self._url, self._namespace, self._on_event = url, namespace, on_event
        self._changed = asyncio.Event()
        self._refusal: Json | None = None
        self._client: socketio.AsyncClient | None = None
        self.events: list[tuple[str, Json]] = []
        self.closed = False

    async def connect(self, auth: Json, *, headers: dict[str, str], transport: str = "websocket") -> None:
        client = socketio.AsyncClient(reconnection=False)
        client.on("*", self._heard, namespace=self._namespace)
        client.on("connect_error", self._refused, namespace=self._namespace)
        client.on("disconnect", self._gone, namespace=self._namespace)
        self._refusal, self.closed, self._client = None, False, client
        try:
            await client.connect(
                self._url, headers=headers, auth=auth, transports=[transport], namespaces=[self._namespace], wait_timeout=PATIENCE_S
            )
        except ConnectionFailed as error:
            await self.close()
            raise Refused(self._refusal if isinstance(self._refusal, dict) else {"error": str(error)}) from None

    @property
    def open(self) -> bool:
        return self._client is not None and not self.closed

    def _heard(self, name: str, body: Any = None) -> None:
        self.events.append((name, body))
        self._on_event(name, body)
        self._changed.set()

    def _refused(self, data: Any) -> None:
        self._refusal = data.get("data", data) if isinstance(data, dict) else {"error": data}

    def _gone(self, *_reason: object) -> None:
        self.closed = True
        self._changed.set()

    async def ack(self, command: str, body: Any = None, timeout: float = PATIENCE_S) -> Json:
        """The ack, whatever it says."""
        assert self._client is not None
        answer: Json = await self._client.call(command, body if body is not None else {}, namespace=self._namespace, timeout=timeout)
        self._changed.set()
        return answer

    async def call(self, command: str, **body: Any) -> Json:
        """The ack of a command that must succeed; CommandFailed otherwise."""
        answer = await self.ack(command, body)
        if answer.get("ok") is not True:
            raise CommandFailed(answer["error"])
        return answer

    async def until(self, condition: Callable[[], object], what: str | Callable[[], str] = "", timeout: float = PATIENCE_S) -> None:
        """Wait until it holds, looking at every event; fails with `what` (as it is then) and with what was heard."""
        end = time.monotonic() + timeout
        while not condition():
            self._changed.clear()
            left = end - time.monotonic()
            if left <= 0:
                wanted = what if isinstance(what, str) else what()
                raise AssertionError(
                    f"waited {timeout:.0f} s for {wanted or 'a condition'}; heard {[name for name, _ in self.events][-20:]}"
                )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(left, 0.5))

    def passing(self, name: str) -> list[Json]:
        """Bodies of one event, in the order in which they came."""
        return [body for event, body in self.events if event == name]

    async def close(self) -> None:
        if self._client is not None:
            await self._client.disconnect()
            await self._client.shutdown()
            self._client = None


async def eventually(condition: Callable[[], Any], what: str, timeout: float = PATIENCE_S) -> Any:
    """Ask again and again (an awaitable condition) until it answers something true; returns that."""
    end = time.monotonic() + timeout
    while True:
        found = await condition()
        if found:
            return found
        assert time.monotonic() < end, f"waited {timeout:.0f} s for {what}"
        await asyncio.sleep(0.1)
