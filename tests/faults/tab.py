"""A shopper's tab: anonymous or signed by the shop, with a token that lasts over reloads; asks the bot or a person."""

from __future__ import annotations

import random
import uuid

import aiohttp

from tests.faults.history import History, Sight, View
from tests.faults.line import Json
from tests.faults.outbox import Entry, Outbox, Pace
from tests.faults.person import Person, Urls
from tests.faults.words import canary, question


class Browser:
    """What localStorage and IndexedDB hold: the token, the outbox, and this shopper's canary. Tabs of one browser share it."""

    def __init__(self, history: History, name: str, key: str, inbox: str, origin: str, identity: str | None = None) -> None:
        self.name, self.key, self.inbox, self.origin, self.identity = name, key, inbox, origin, identity
        self.token: str | None = None
        self.visitor = ""
        self.mark = canary()
        self.outbox = Outbox(history)
        self.tabs = 0

    def view(self) -> View:
        self.tabs += 1
        return View(f"{self.name}/{self.tabs}", self.visitor, "shopper", self.inbox, {self.mark})


class Tab(Person):
    """One tab of a browser. `wants_person`: asks for an agent before it writes."""

    namespace = "/shopper"

    def __init__(
        self, http: aiohttp.ClientSession, history: History, urls: Urls, browser: Browser, pace: Pace, *, wants_person: bool = False
    ) -> None:
        self.browser, self.wants_person = browser, wants_person
        self.conversation: str | None = None
        super().__init__(http, history, urls, browser.view(), browser.outbox, pace)

    def auth(self) -> Json:
        told = {"key": self.browser.key, "visitor": self.browser.token, "identity": self.browser.identity, "locale": "en"}
        return {name: value for name, value in told.items() if value is not None}

    def headers(self) -> dict[str, str]:
        return {"Origin": self.browser.origin}

    async def hello(self) -> None:
        answer = await self.sync(self.conversation)
        for conversation in [each for each in self.epochs if each != self.conversation]:
            await self.sync(conversation)
        who = answer["visitor"]
        self.browser.token = who.get("token", self.browser.token)
        self.browser.visitor = self.view.person = self.outbox.person = who["id"]
        if self.wants_person and self.line is not None:
            self.wants_person = not (await self.line.call("request_agent", {}, self.pace.ack_s))["ok"]

    def take(self, conversation: str, page: Json) -> None:
        if conversation not in self.epochs:
            self.conversation = conversation
        super().take(conversation, page)

    def noticed(self, sight: Sight, fact: Json) -> None:
        """What others wrote is read, now and then."""
        if sight.sender in ("agent", "bot") and random.random() < 0.2:
            self.quietly("mark_read", {"conversation": sight.conversation, "through": sight.seq})

    async def deliver(self, entry: Entry) -> Json:
        assert self.line is not None
        return await self.line.call("send_message", {"client_id": entry.key, "text": entry.text}, self.pace.ack_s)

    def say(self, more: str = "") -> str:
        """Write a message; returns its key."""
        key = str(uuid.uuid4())
        self.write(Entry("send", key, question(key, self.browser.mark) + more))
        return key
