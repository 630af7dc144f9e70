"""A shopper's page where no WebSocket opens: commands by POST, facts by a GET that waits for news, each call to whichever node answers.

The same face as a Line, so that everything else about a tab stays as it is.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.faults.line import Json, Line, NoAnswer
from tests.faults.tab import Tab

WAIT_S = 5


class Calls(Line):
    """`online` at once: there is nothing to connect."""

    def __init__(self, tab: StatelessTab, http: aiohttp.ClientSession, on_event: Callable[[str, Json], None], on_frame: Any) -> None:
        super().__init__(http, on_event, on_frame)
        self._tab = tab
        self._listener: asyncio.Task[None] | None = None

    async def open(self, url: str, namespace: str, auth: Json, headers: dict[str, str]) -> None:
        if self._tab.browser.token is None:
            page = {"url": f"{self._tab.browser.origin}/en/", "title": "Shop"}
            told = await self._ask("POST", "/v1/visits", {**auth, "page": page, "activities": []}, "", self._tab.pace.ack_s)
            self._tab.browser.token = told["visitor"]

    async def call(self, command: str, body: Json, timeout: float) -> Json:
        if self.gone.is_set():
            raise NoAnswer("closed")
        if command == "send_message":
            rest = {name: value for name, value in body.items() if name != "client_id"}
            return await self._ask("POST", "/v1/conversations/current/messages", rest, body["client_id"], timeout)
        key = f"key-{random.getrandbits(64):016x}" if command != "sync" else ""
        answer = await self._ask("POST", f"/v1/shopper/{command}", body, key, timeout)
        if command == "sync" and self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return answer

    async def _listen(self) -> None:
        """Facts after what the tab has applied; a failure is a pause and nothing else."""
        while not self.gone.is_set():
            conversation = self._tab.conversation
            after, epoch = self._tab.last.get(conversation or "", 0), self._tab.epochs.get(conversation or "", 0)
            try:
                path = f"/v1/conversations/current/facts?after={after}&epoch={epoch}&wait={WAIT_S}"
                page = await self._ask("GET", path, None, "", WAIT_S + self._tab.pace.ack_s)
            except NoAnswer:
                await asyncio.sleep(self._tab.pace.pause(2))
                continue
            if not page["ok"]:
                await asyncio.sleep(self._tab.pace.pause(3))
                continue
            for fact in page["facts"]:
                self._on_event(fact["fact"], {name: value for name, value in fact.items() if name != "fact"})
            if page["facts"] and self._tab.last.get(page["facts"][-1]["conversation"], 0) < page["facts"][-1]["seq"]:
                await asyncio.sleep(0.2)  # a gap: the tab asks with `sync`

    async def _ask(self, method: str, path: str, body: Json | None, key: str, timeout: float) -> Json:
        headers = {**self._tab.headers(), "X-Shopbell-Key": self._tab.browser.key}
        if self._tab.browser.token:
            headers["Authorization"] = f"Bearer {self._tab.browser.token}"
        if key:
            headers["Idempotency-Key"] = key
        url = f"{random.choice(list(self._tab.urls()))}{path}"
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._http.request(method, url, json=body, headers=headers, timeout=limit) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from None
        self._on_frame(text)
        try:
            told: Json = json.loads(text)
        except ValueError:
            raise NoAnswer(f"status {answer.status}") from None
        return told

    def abort(self) -> None:
        super().abort()
        if self._listener is not None:
            self._listener.cancel()

    async def close(self) -> None:
        self.abort()
        if self._listener is not None:
            await asyncio.gather(self._listener, return_exceptions=True)


class StatelessTab(Tab):
    """A tab on such a page."""

    def new_line(self) -> Line:
        return Calls(self, self.http, self._heard, self._told)
