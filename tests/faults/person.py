"""Somebody at a socket: comes back with jitter, reads by cursor, keeps a view, and sends from an outbox. Shopper and agent differ little.

Applies facts as docs/wire.md says: only `seq == last + 1`, older ones dropped, a gap asked for with `sync`, heads compared.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import Any

import aiohttp

from tests.faults.history import History, Operation, Sight, Thread, View
from tests.faults.line import Json, Line, NoAnswer, Refused
from tests.faults.outbox import Entry, Outbox, Pace
from tests.faults.words import CANARY, CONVERSATION

DURABLE = frozenset(
    "message_created message_read conversation_queued conversation_assigned conversation_snoozed conversation_resolved "
    "conversation_returned conversation_rated context_recorded proactive_shown offer_settled bot_answer_dropped hidden".split()
)
Urls = Callable[[], Sequence[str]]


class Person:
    """One tab. `urls()` names the nodes that may be asked, also those that are down just now."""

    namespace = ""

    def __init__(self, http: aiohttp.ClientSession, history: History, urls: Urls, view: View, outbox: Outbox, pace: Pace) -> None:
        self.http, self.history, self.urls, self.view, self.outbox, self.pace = http, history, urls, view, outbox, pace
        self.line: Line | None = None
        self.epochs: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.refusals = 0
        self.online = asyncio.Event()
        self._stale: set[str] = set()
        self._asides: set[asyncio.Task[None]] = set()
        self._wake, self._stirred = asyncio.Event(), asyncio.Event()
        outbox.wakes.append(self._wake)
        self._tasks = [asyncio.create_task(self._connected()), asyncio.create_task(self._sending())]

    # what differs
    def auth(self) -> Json:
        raise NotImplementedError

    def headers(self) -> dict[str, str]:
        raise NotImplementedError

    async def hello(self) -> None:
        """After each connect: say who we are and catch up."""
        raise NotImplementedError

    async def deliver(self, entry: Entry) -> Json:
        """One command for one entry."""
        raise NotImplementedError

    def new_line(self) -> Line:
        """A fresh connection."""
        return Line(self.http, self._heard, self._told, self._stirred.set)

    def noticed(self, sight: Sight, fact: Json) -> None:
        """A fact has been applied."""

    # the connection
    async def _connected(self) -> None:
        attempt = 0
        while True:
            line = self.line = self.new_line()
            try:
                await line.open(random.choice(list(self.urls())), self.namespace, self.auth(), self.headers())
                await self.hello()
                attempt = 0
                self.online.set()
                self._wake.set()
                while not line.gone.is_set():
                    await self._catch_up(line)
            except Refused:
                self.refusals += 1
            except (NoAnswer, OSError, TimeoutError, aiohttp.ClientError):
                pass
            self.online.clear()
            await line.close()
            attempt += 1
            await asyncio.sleep(self.pace.pause(attempt))

    async def _catch_up(self, line: Line) -> None:
        """Wait until something is stale or the connection goes; ask for what is missing."""
        while not self._stale and not line.gone.is_set():
            await self._stirred.wait()
            self._stirred.clear()
        for conversation in list(self._stale):
            self._stale.discard(conversation)
            try:
                await self.sync(conversation)
            except NoAnswer:
                self._ask(conversation)
                await asyncio.sleep(self.pace.pause(2))

    def _told(self, frame: str) -> None:
        self.view.canaries.update(CANARY.findall(frame))
        self.view.told.update(CONVERSATION.findall(frame))

    def _heard(self, name: str, body: Json) -> None:
        if name in DURABLE:
            self.apply({"fact": name, **body})
        elif name == "heads":
            for conversation, head in body["heads"].items():
                if self.epochs.get(conversation) != head["epoch"] or self.last.get(conversation, 0) < head["seq"]:
                    self._ask(conversation)
        elif name == "drain" and self.line is not None:
            asyncio.get_running_loop().call_later(body["in_ms"] / 1000, self.line.abort)

    def _ask(self, conversation: str) -> None:
        self._stale.add(conversation)
        self._stirred.set()

    # reading
    def apply(self, fact: Json) -> bool:
        """One fact, live or of a sync; False when something is missing before it."""
        conversation, seq = fact["conversation"], fact["seq"]
        if not self.follows(conversation):
            return True
        if self.epochs.get(conversation) != fact["epoch"] or seq > self.last.get(conversation, 0) + 1:
            self._ask(conversation)
            return False
        if seq <= self.last[conversation]:
            return True
        self.last[conversation] = seq
        sight = sight_of(fact, monotonic())
        self.view.threads[conversation].sights.append(sight)
        self.noticed(sight, fact)
        return True

    def follows(self, conversation: str) -> bool:
        """Whether facts of this conversation are for this view."""
        return True

    async def sync(self, conversation: str | None) -> Json:
        """Catch up with one conversation from the cursor, until it is complete; the attempt is an operation."""
        cursor: Json = {}
        if conversation is not None:
            cursor = {"conversation": conversation}
            if conversation in self.epochs:
                cursor |= {"epoch": self.epochs[conversation], "after": self.last[conversation]}
        operation = Operation(self.view.client, self.view.person, "sync", "", "", monotonic(), conversation=conversation)
        self.history.operations.append(operation)
        assert self.line is not None
        answer = await self.line.call("sync", cursor, self.pace.ack_s)
        operation.completed = monotonic()
        if not answer["ok"]:
            operation.why = answer["error"]["code"]
            raise NoAnswer(operation.why)
        operation.outcome = "ok"
        found = answer.get("conversation") or answer.get("row")
        if found and "facts" in answer:
            operation.conversation, operation.seq = found["id"], answer["start"] + len(answer["facts"])
            self.take(found["id"], answer)
            if not answer["complete"]:
                return await self.sync(found["id"])
        return answer

    def take(self, conversation: str, page: Json) -> None:
        """The facts of a sync's answer."""
        if page["reset"]:
            self.epochs[conversation], self.last[conversation] = page["epoch"], page["start"]
            self.view.threads[conversation] = Thread(page["start"])
        for fact in page["facts"]:
            self.apply(fact)

    # writing
    def write(self, entry: Entry) -> None:
        self.outbox.put(entry)

    async def _sending(self) -> None:
        while True:
            if not self.outbox.waiting:
                self._wake.clear()
                await self._wake.wait()
            await self.online.wait()
            for entry in self.outbox.waiting[:1]:
                pause = await self.outbox.send(entry, self.view.client, self.deliver)
                if pause:
                    await asyncio.sleep(pause)

    def quietly(self, command: str, body: Json) -> None:
        """A command that nobody waits for: what becomes of it, the facts will tell."""

        if self.line is not None:
            self._aside(self.line.call(command, body, self.pace.ack_s))

    def look_again(self) -> None:
        """Read something that is known already: a reader must not go back."""
        if self.online.is_set() and self.epochs:
            self._aside(self.sync(random.choice(list(self.epochs))))

    def _aside(self, call: Coroutine[Any, Any, Json]) -> None:
        async def run() -> None:
            with contextlib.suppress(NoAnswer):
                await call

        task = asyncio.create_task(run())
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)

    async def leave(self) -> None:
        """As a closed tab: nothing more is read or sent. The view and the outbox stay."""
        tasks = [*self._tasks, *self._asides]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.line is not None:
            await self.line.close()


def sight_of(fact: Json, at: float) -> Sight:
    """A fact as it came over the wire."""
    message = fact.get("message")
    if message is None:
        return Sight(fact["conversation"], fact["seq"], fact["fact"], at)
    return Sight(fact["conversation"], fact["seq"], fact["fact"], at, message["id"], *written(message))


def written(message: Json) -> tuple[str, str, str]:
    """Key, sender and text. The key of an order's message is its effect: `order:<id>:<stage>`."""
    text = "\n".join(part["text"] for part in message["parts"] if part["type"] == "text")
    sender = "note" if message["type"] == "note" else message["sender"]["kind"]
    card = next((part["order"] for part in message["parts"] if part["type"] == "order_card"), None)
    if sender == "integration" and card is not None:
        return f"order:{card['order_id']}:{message['sender']['id'].removeprefix('order:')}", sender, text
    return message["client_id"], sender, text
