"""An agent at the console: signed in once, follows every conversation of the inbox by cursor, answers what is assigned to them."""

from __future__ import annotations

import random
import re
import uuid

import aiohttp
from yarl import URL

from tests.faults.history import History, Sight, View
from tests.faults.line import Json
from tests.faults.outbox import Entry, Outbox, Pace
from tests.faults.person import Person, Urls
from tests.faults.words import CANARY, answer

COOKIE = "shopbell_session"
MOST_WAITING = 4
"""an agent who is behind leaves a question alone: what is in the outbox must come to an end"""
RESOLVED = 0.03
"""how often an answer is the last one: the shopper's next message opens a new conversation"""


class Session:
    """A console session: the login form, as a browser fills it in."""

    def __init__(self, cookie: str, csrf: str) -> None:
        self.cookie, self.csrf = cookie, csrf

    @classmethod
    async def sign_in(cls, url: str, email: str, password: str) -> Session:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(f"{url}/console/login") as form:
                token = re.search(r'name="csrf" value="([^"]+)"', await form.text())
                assert token is not None, "the login form has a token"
            async with http.post(f"{url}/console/login", data={"email": email, "password": password, "csrf": token[1]}) as shell:
                page = await shell.text()
                csrf = re.search(r'"csrf":\s*"([^"]+)"', page)
                assert csrf is not None, page
            cookies = http.cookie_jar.filter_cookies(URL(url))
            return cls(cookies[COOKIE].value, csrf[1])


class Desk(Person):
    """One connected agent. Answers no question twice, whichever connection it came over; now and then writes a note or resolves."""

    namespace = "/agent"

    def __init__(
        self, http: aiohttp.ClientSession, history: History, urls: Urls, session: Session, name: str, inbox: str, note: str, pace: Pace
    ) -> None:
        self.session, self.note, self.id = session, note, ""
        self._mine: set[str] = set()
        self._asked: dict[str, list[tuple[str, str]]] = {}
        self._answered: set[str] = set()
        super().__init__(http, history, urls, View(name, name, "agent", inbox, {note}), Outbox(history, name), pace)

    def auth(self) -> Json:
        return {"csrf": self.session.csrf}

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"{COOKIE}={self.session.cookie}"}

    async def hello(self) -> None:
        answer = await self.sync(None)
        self.id = answer["me"]["id"]
        if answer["me"]["availability"] != "online" and self.line is not None:
            await self.line.call("set_availability", {"availability": "online"}, self.pace.ack_s)
        for row in answer["conversations"]:
            if self.last.get(row["id"]) != row["seq"] or self.epochs.get(row["id"]) != row["epoch"]:
                await self.sync(row["id"])
        for each in self.last.keys() - {row["id"] for row in answer["conversations"]}:
            # Resolved: no head will tell of what was written there while nobody listened.
            self._ask(each)

    def noticed(self, sight: Sight, fact: Json) -> None:
        if sight.fact == "conversation_assigned":
            mine = (fact["agent"] or {}).get("id") == self.id
            (self._mine.add if mine else self._mine.discard)(sight.conversation)
        elif sight.sender == "visitor":
            self._asked.setdefault(sight.conversation, []).append((sight.key, sight.text))
        if sight.conversation in self._mine:
            if sight.sender == "visitor" and random.random() < 0.2:
                self.quietly("mark_read", {"conversation": sight.conversation, "through": sight.seq})
            if sight.sender == "agent" and random.random() < RESOLVED:
                self.quietly("resolve", {"conversation": sight.conversation})
            for key, text in self._asked.pop(sight.conversation, []):
                if key not in self._answered and len(self.outbox.waiting) < MOST_WAITING:
                    self._answered.add(key)
                    self._answer(sight.conversation, key, text)

    def _answer(self, conversation: str, asked: str, text: str) -> None:
        key = str(uuid.uuid4())
        mark = CANARY.findall(text)
        self.write(Entry("reply", key, answer(key, asked, mark[0] if mark else ""), conversation))
        if len(self._answered) % 5 == 0:
            key = str(uuid.uuid4())
            self.write(Entry("note", key, f"msg:{key} {self.note}", conversation))

    async def deliver(self, entry: Entry) -> Json:
        assert self.line is not None
        if entry.kind == "note":
            body: Json = {"conversation": entry.conversation, "client_id": entry.key, "text": entry.text}
            return await self.line.call("add_note", body, self.pace.ack_s)
        conversation = entry.conversation or ""
        body = {"conversation": conversation, "client_id": entry.key, "text": entry.text, "seen_seq": self.last.get(conversation, 0)}
        told = await self.line.call("reply", body, self.pace.ack_s)
        if not told["ok"] and told["error"]["code"] == "stale":
            self._ask(conversation)
        return told
