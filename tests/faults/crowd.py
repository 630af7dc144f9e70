"""The workload: shoppers who talk to the bot, shoppers who want a person, two tabs of one browser, agents, a second shop, order events.

`start` and `stop` are the load; `settle` waits until everything that was sent has been answered and every view has caught up.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic

import aiohttp

from tests.faults import stored
from tests.faults.checks import behind
from tests.faults.desk import Desk
from tests.faults.ground import DEMO, KEYS, SECOND, SECOND_AGENT, Ground
from tests.faults.history import History
from tests.faults.outbox import Pace
from tests.faults.person import Person, Urls
from tests.faults.shop import Backend
from tests.faults.stateless import StatelessTab
from tests.faults.tab import Browser, Tab
from tests.faults.words import canary
from tests.processes import LOGINS

MOST_WAITING = 3
"""a shopper who waits for three acks writes no further message: what is in the outbox must come to an end"""


class Crowd:
    """`urls()` is where everyone connects to: the nodes, or proxies before them."""

    def __init__(self, ground: Ground, urls: Urls | None = None, *, every_s: float = 0.4, pace: Pace | None = None) -> None:
        self.ground, self.every_s, self.pace = ground, every_s, pace or Pace()
        self.history = History()
        self.history.said = ground.bot.said
        self.urls: Urls = urls or (lambda: ground.urls)
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self.shop = Backend(ground.first, self.http, self.history, self.urls, self.pace)
        self.people: list[Person] = []
        self.former: list[Person] = []
        self.browsers: list[Browser] = []
        self._load: list[asyncio.Task[None]] = []

    async def enter(self, *, bot: int = 3, person: int = 4, second: int = 2, stateless: int = 1) -> None:
        """Everyone comes in; returns when all are online."""
        notes = {DEMO: canary(), SECOND: canary()}
        sessions = [(each, LOGINS[number].email, DEMO) for number, each in enumerate(("desk-1", "desk-2"))]
        for name, email, inbox in [*sessions, ("desk-3", SECOND_AGENT, SECOND)]:
            session = await self.ground.sign_in(email)
            desk = Desk(self.http, self.history, self.urls, session, name, inbox, notes[inbox], self.pace)
            self.people.append(desk)
        await self._all_online()
        for number in range(bot):
            self.tab(self.browser(f"asks-bot-{number}", DEMO))
        for number in range(person):
            browser = self.browser(f"wants-person-{number}", DEMO)
            tab = self.tab(browser, wants_person=True)
            await self._online(tab)
            if number % 2:
                self.tab(browser)
        for number in range(second):
            await self._online(self.tab(self.browser(f"second-{number}", SECOND), wants_person=True))
        for number in range(stateless):
            browser = self.browser(f"stateless-{number}", DEMO)
            self.people.append(StatelessTab(self.http, self.history, self.urls, browser, self.pace, wants_person=True))
        await self._all_online()
        self._grant(notes)

    def browser(self, name: str, inbox: str) -> Browser:
        made = Browser(self.history, name, KEYS[inbox], inbox, self.ground.first.origin)
        self.browsers.append(made)
        return made

    def tab(self, browser: Browser, *, wants_person: bool = False) -> Tab:
        made = Tab(self.http, self.history, self.urls, browser, self.pace, wants_person=wants_person)
        self.people.append(made)
        return made

    async def close(self, tab: Tab) -> None:
        """A tab is closed; what it has seen is still checked."""
        await tab.leave()
        tab.view.closed = True
        self.people.remove(tab)
        self.former.append(tab)

    def _grant(self, notes: dict[str, str]) -> None:
        """Agents may read their own inbox, all of it."""
        for person in self.people:
            if isinstance(person, Desk):
                inbox = person.view.inbox
                person.view.rights |= {notes[inbox]} | {each.mark for each in self.browsers if each.inbox == inbox}

    async def _online(self, person: Person) -> None:
        async with asyncio.timeout(30):
            await person.online.wait()

    async def _all_online(self) -> None:
        for person in self.people:
            await self._online(person)

    def start(self) -> None:
        """The load begins."""
        tabs = [person for person in self.people if isinstance(person, Tab)]
        self._load = [asyncio.create_task(self._talk(tab)) for tab in tabs]
        self._load += [asyncio.create_task(self._report()), asyncio.create_task(self._reread())]

    async def _talk(self, tab: Tab) -> None:
        while True:
            await asyncio.sleep(random.random() * 2 * self.every_s)
            if len(tab.outbox.waiting) < MOST_WAITING:
                tab.say()

    async def _reread(self) -> None:
        while True:
            await asyncio.sleep(random.random() * self.every_s)
            random.choice(self.people).look_again()

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(random.random() * 4 * self.every_s)
            if len(self.shop.pending) < MOST_WAITING:
                self.shop.report()

    async def stop(self) -> None:
        """Nobody writes anything new; what waits is still sent."""
        for task in self._load:
            task.cancel()
        await asyncio.gather(*self._load, return_exceptions=True)

    async def settle(self, patience_s: float = 120.0) -> History:
        """The fault has gone: wait for answers, then for every view; read the database. Gives up waiting, never checking."""
        await self.stop()
        await _until(self._answered, patience_s)
        await self.shop.come_back()
        await _until(self._answered, patience_s)
        self.history.healed = monotonic()
        await _until(self._caught_up, self.history.within)
        self.history.read = monotonic()
        await stored.read(self.ground, self.history)
        self.history.views = [person.view for person in (*self.people, *self.former)]
        return self.history

    async def _answered(self) -> bool:
        if self.shop.pending or any(person.outbox.waiting for person in self.people):
            return False
        return await stored.unfinished(self.ground) == 0

    async def _caught_up(self) -> bool:
        heads = await stored.heads(self.ground)
        return not any(behind(person.view, heads) for person in self.people)

    async def leave(self) -> None:
        await self.stop()
        await asyncio.gather(*(person.leave() for person in self.people))
        await self.shop.close()
        await self.http.close()

    def refused(self) -> list[str]:
        """Codes that ended an entry for good: none in an honest workload, but an answer to what a colleague has resolved meanwhile."""
        return [code for person in self.people for code in person.outbox.refused if not (isinstance(person, Desk) and code == "conflict")]


async def _until(condition: Callable[[], Awaitable[bool]], most_s: float) -> None:
    """Until it holds or the time is over; who wants to know which looks at the checks."""
    end = monotonic() + most_s
    while monotonic() < end:
        if await condition():
            return
        await asyncio.sleep(0.2)
