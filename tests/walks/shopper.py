"""A shopper's browser tab as a test client: socket, beacon, and the HTTP twins. Keeps its token and reads by cursor."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import aiohttp

from tests.processes import INBOX_KEY, ChatServer
from tests.walks.wire import Json, Thread, Wire

DURABLE = frozenset(
    "message_created message_read conversation_queued conversation_assigned conversation_resolved conversation_returned "
    "conversation_rated proactive_shown offer_settled hidden".split()
)


def new_client_id() -> str:
    return str(uuid.uuid4())


class Shopper:
    """One tab. `token` is what localStorage would hold: hand it to another `Shopper` for a second tab of the same browser."""

    def __init__(
        self, server: ChatServer, *, key: str = INBOX_KEY, token: str | None = None, identity: str | None = None, locale: str = "en"
    ) -> None:
        self.server, self.key, self.token, self.identity, self.locale = server, key, token, identity, locale
        self.wire = Wire(server.url, "/shopper", self._heard)
        self.http = aiohttp.ClientSession(headers={"Origin": server.origin})
        self.thread = Thread()
        self.visitor = ""
        self.hello: Json = {}
        """the last `sync` answer"""
        self.syncs = 0
        """how often a gap made it ask"""
        self.deaf = False
        """as if the network lost what the server tells"""
        self.other: list[Json] = []
        """facts of a conversation that is not the one in the thread"""
        self._healing: asyncio.Task[None] | None = None

    async def open(self, transport: str = "websocket", **auth: Any) -> Shopper:
        """Connect and say hello with the cursor, if there is one."""
        hello = {"key": self.key, "visitor": self.token, "identity": self.identity, "locale": self.locale, **auth}
        headers = {"Origin": self.server.origin}
        await self.wire.connect({name: value for name, value in hello.items() if value is not None}, headers=headers, transport=transport)
        await self.sync()
        return self

    async def sync(self) -> Json:
        """Catch up from the cursor. Called at every (re)connect, and on a gap."""
        cursor: Json = {}
        if self.thread.conversation is not None:
            cursor = {"conversation": self.thread.conversation, "epoch": self.thread.epoch, "after": self.thread.last}
        self.hello = await self.wire.call("sync", **cursor)
        self.token = self.hello["visitor"].get("token", self.token)
        self.visitor = self.hello["visitor"]["id"]
        view = self.hello["conversation"]
        self.thread.start(self.hello, view["id"] if view else None)
        return self.hello

    def _heard(self, name: str, body: Json) -> None:
        if name not in DURABLE or self.deaf:
            return
        fact = {"fact": name, **body}
        if self.thread.conversation is None:
            self.thread.conversation, self.thread.epoch = fact["conversation"], fact["epoch"]
        if fact["conversation"] != self.thread.conversation:
            self.other.append(fact)
        elif not self.thread.take(fact) and (self._healing is None or self._healing.done()):
            self._healing = asyncio.ensure_future(self._heal())

    async def _heal(self) -> None:
        self.syncs += 1
        await self.sync()

    async def say(self, text: str, client_id: str | None = None, **more: Any) -> Json:
        return await self.wire.call("send_message", client_id=client_id or new_client_id(), text=text, **more)

    async def saw(self, kind: str, count: int = 1) -> Json:
        """Wait for the count-th fact of a kind; returns it."""
        await self.wire.until(lambda: len(self.thread.of(kind)) >= count, f"{count} × {kind}, have {self.thread.kinds()}")
        return self.thread.of(kind)[count - 1]

    async def read(self, text: str) -> Json:
        """Wait for a message with this text; returns it."""
        await self.wire.until(lambda: text in self.thread.texts(), f"{text!r}, have {self.thread.texts()}")
        return next(each for each in self.thread.messages() if any(part.get("text") == text for part in each["parts"]))

    async def has(self, seq: int) -> None:
        """Wait until the thread has come to this place."""
        await self.wire.until(lambda: self.thread.last >= seq, f"seq {seq}, have {self.thread.last}")

    async def beacon(self, *activities: Json, page: Json | None = None, expect: int = 200, **report: Any) -> Json:
        """POST /v1/visits as the loader sends it; keeps a new token."""
        about = {"key": self.key, "visitor": self.token, "identity": self.identity, "locale": self.locale}
        body = {name: value for name, value in {**about, **report}.items() if value is not None}
        body["page"] = page or {"url": f"{self.server.origin}/en/", "title": "Shop"}
        body["activities"] = list(activities)
        async with self.http.post(f"{self.server.url}/v1/visits", json=body) as response:
            answer: Json = await response.json()
            assert response.status == expect, answer
        self.token = answer.get("visitor", self.token)
        return answer

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "X-Shopbell-Key": self.key}

    async def post(self, text: str, client_id: str, conversation: str = "current") -> tuple[int, Json]:
        """Twin of `send_message`."""
        url = f"{self.server.url}/v1/conversations/{conversation}/messages"
        headers = {**self.bearer(), "Idempotency-Key": client_id}
        async with self.http.post(url, json={"text": text}, headers=headers) as response:
            return response.status, await response.json()

    async def fetch(self, conversation: str = "current", **query: int) -> tuple[int, Json]:
        """Twin of `sync`."""
        url = f"{self.server.url}/v1/conversations/{conversation}/facts"
        async with self.http.get(url, params={name: str(value) for name, value in query.items()}, headers=self.bearer()) as response:
            return response.status, await response.json()

    async def leave(self) -> None:
        """Close the socket; the tab keeps its cursor."""
        if self._healing is not None:
            await asyncio.wait([self._healing])
        await self.wire.close()

    async def close(self) -> None:
        await self.leave()
        await self.http.close()


def did(kind: str, ago_ms: int = 0, **data: Any) -> Json:
    """An activity of a beacon."""
    return {"id": new_client_id(), "kind": kind, "ago_ms": ago_ms, "data": data}
