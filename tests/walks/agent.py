"""An agent at the console as a test client: the real login form over HTTP, then the socket with cookie and CSRF token."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp
from yarl import URL

from tests.processes import ChatServer, Login
from tests.walks.shopper import DURABLE, new_client_id
from tests.walks.wire import Json, Thread, Wire

SEEN = DURABLE | {"context_recorded", "conversation_snoozed", "bot_answer_dropped"}
COOKIE = "shopbell_session"
_SIGNED_IN: dict[tuple[str, str], tuple[str, str]] = {}
"""cookie and CSRF token by data folder and login: people sign in once, and the server bounds how often"""


class Agent:
    """Signed in once; may be connected, away, and back. Threads are opened by `read` and followed by cursor."""

    def __init__(self, server: ChatServer, login: Login) -> None:
        self.server, self.login = server, login
        self.wire = Wire(server.url, "/agent", self._heard)
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.threads: dict[str, Thread] = {}
        self.news: list[Json] = []
        """every durable fact heard, of any conversation"""
        self.csrf = ""
        self.id = ""
        self._healing: set[asyncio.Task[None]] = set()

    async def sign_in(self) -> None:
        """As a browser does it: the form's token, the password, and the boot data of the shell. Once for each server and login."""
        known = _SIGNED_IN.get((str(self.server.stack.data), self.login.email))
        if known is not None:
            self.http.cookie_jar.update_cookies({COOKIE: known[0]}, URL(self.server.url))
            self.csrf = known[1]
            return
        await self.fresh_sign_in()
        _SIGNED_IN[str(self.server.stack.data), self.login.email] = self.cookie, self.csrf

    async def fresh_sign_in(self) -> None:
        """A session of its own, for who will sign out."""
        async with self.http.get(f"{self.server.url}/console/login") as form:
            token = re.search(r'name="csrf" value="([^"]+)"', await form.text())
            assert token is not None
        fields = {"email": self.login.email, "password": self.server.password(self.login), "csrf": token[1]}
        async with self.http.post(f"{self.server.url}/console/login", data=fields) as shell:
            assert shell.status == 200, await shell.text()
            assert shell.url.path == "/console"
            self.csrf = boot_of(await shell.text())["csrf"]

    @property
    def cookie(self) -> str:
        return next(each.value for each in self.http.cookie_jar if each.key == COOKIE)

    async def open(self, availability: str | None = "online", transport: str = "websocket") -> Agent:
        if not self.csrf:
            await self.sign_in()
        headers = {"Cookie": f"{COOKIE}={self.cookie}", "Origin": self.server.url}
        await self.wire.connect({"csrf": self.csrf}, headers=headers, transport=transport)
        self.id = (await self.list())["me"]["id"]
        if availability is not None:
            await self.wire.call("set_availability", availability=availability)
        for conversation in self.threads:
            await self._catch_up(conversation)
        return self

    async def list(self) -> Json:
        return await self.wire.call("sync")

    async def row(self, conversation: str) -> Json | None:
        return next((row for row in (await self.list())["conversations"] if row["id"] == conversation), None)

    def _heard(self, name: str, body: Json) -> None:
        if name not in SEEN:
            return
        fact = {"fact": name, **body}
        self.news.append(fact)
        thread = self.threads.get(fact["conversation"])
        if thread is not None and not thread.take(fact):
            task = asyncio.ensure_future(self._catch_up(fact["conversation"]))
            self._healing.add(task)
            task.add_done_callback(self._healing.discard)

    async def _catch_up(self, conversation: str) -> None:
        thread = self.threads[conversation]
        thread.start(await self.wire.call("sync", conversation=conversation, epoch=thread.epoch, after=thread.last), conversation)

    async def read(self, conversation: str) -> Json:
        """Open a thread; returns the `sync` answer with row and panel."""
        thread = self.threads[conversation] = Thread()
        answer = await self.wire.call("sync", conversation=conversation)
        thread.start(answer, conversation)
        return answer

    async def panel(self, conversation: str) -> Json:
        """The panel alone, over HTTP."""
        async with self.http.get(f"{self.server.url}/v1/agent/conversations/{conversation}/panel") as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def reply(self, conversation: str, text: str, **more: Any) -> Json:
        """An answer, having seen all that there is."""
        seen = more.pop("seen_seq", None)
        if seen is None:
            seen = (await self.wire.call("sync", conversation=conversation))["row"]["seq"]
        client_id = more.pop("client_id", new_client_id())
        return await self.wire.call("reply", conversation=conversation, client_id=client_id, text=text, seen_seq=seen, **more)

    async def heard(self, kind: str, conversation: str, count: int = 1) -> Json:
        """Wait for the count-th live fact of a kind in a conversation."""

        def found() -> list[Json]:
            return [fact for fact in self.news if fact["fact"] == kind and fact["conversation"] == conversation]

        await self.wire.until(lambda: len(found()) >= count, f"{count} × {kind}")
        return found()[count - 1]

    async def leave(self) -> None:
        if self._healing:
            await asyncio.wait(self._healing)
        await self.wire.close()

    async def close(self) -> None:
        await self.leave()
        await self.http.close()


def boot_of(page: str) -> Json:
    """What the shell hands the console's island."""
    found = re.search(r'<script[^>]*id="boot"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found is not None, page
    boot: Json = json.loads(found[1])
    return boot
