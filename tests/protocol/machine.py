"""The protocol as a state machine: people write, repeat, answer and read over a network that drops, doubles and reorders, and a server
that stops at any moment and comes back on its database. After every step the database is held against a model; at the end every view too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from chat_server.core.facts import listed
from chat_server.core.model import Agent, Fact, Json, Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, messages
from chat_server.flows.erasure import erase
from chat_server.flows.messages import Draft
from chat_server.outbound.database import Database
from chat_server.outbound.store import Store, Tx
from chat_server.outbound.tables import conversations
from tests.flows.world import World, inbox
from tests.walks.wire import Thread

T = TypeVar("T")
SHOPPERS = 2
TABS = 2
WHO = st.integers(0, SHOPPERS - 1)
LUCK = st.randoms(use_true_random=False)


@dataclass
class Tab:
    """A reader with its cursor; `line` is what is on its way to it."""

    shopper: int
    thread: Thread = field(default_factory=Thread)
    line: list[Json] = field(default_factory=list)


@dataclass
class Item:
    """A message of a shopper's outbox: with its ack, or still unknown; `gone` when it was erased."""

    shopper: int
    draft: Draft
    ack: Json | None = None
    gone: bool = False


class Protocol(RuleBasedStateMachine):
    """`database_url` names an empty, migrated database; a subclass says which."""

    def database_url(self) -> str:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.url = self.database_url()
        self.world: World = self.run(self._open())
        self.shoppers: list[Visitor] = []
        self.agent: Agent
        self.items: list[Item] = []
        self.tabs = [Tab(number) for number in range(SHOPPERS) for _ in range(TABS)]
        self.heard = 0
        self.erased: set[int] = set()
        self.epochs: dict[str, int] = {}
        self.count = 0

    async def _open(self) -> World:
        return World(self.url, inbox())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        try:
            self.everybody_comes_back()
        finally:
            self.run(self.world.database.close())
            self.runner.close()

    @initialize()
    def people(self) -> None:
        self.world.bot.state = "off"
        self.shoppers = [self.run(self.world.visitor()) for _ in range(SHOPPERS)]
        self.agent = self.run(self.world.agent())

    # what people do

    def draft(self, shopper: int) -> Draft:
        self.count += 1
        return self.world.draft(f"{shopper}:{self.count}", f"client-{self.count:04}")

    async def send(self, item: Item) -> None:
        """Hand a message over and look at the ack; the shopper may have lost an earlier one."""
        ack, code = await outcome(messages.send_message(self.world.context, self.shoppers[item.shopper], item.draft, None))
        if ack is None:
            assert code is (Code.CONFLICT if item.gone else Code.UNAVAILABLE)
            return
        assert item.ack in (None, ack), "the first ack again"
        item.ack = ack

    @rule(shopper=WHO, lost=st.booleans())
    def write(self, shopper: int, lost: bool) -> None:
        item = Item(shopper, self.draft(shopper))
        self.items.append(item)
        self.run(self.send(item))
        if lost:
            item.ack = None  # stored, and the shopper does not know

    @rule(luck=LUCK, shopper=WHO, count=st.integers(2, 6))
    def write_at_once(self, luck: Any, shopper: int, count: int) -> None:
        """Several messages of both shoppers, and some of them twice, in one commit."""
        fresh = [Item((shopper + number) % SHOPPERS, self.draft((shopper + number) % SHOPPERS)) for number in range(count)]
        self.items += fresh
        both = [*fresh, *luck.sample(fresh, 2)]

        async def send_all() -> None:
            await asyncio.gather(*(self.send(item) for item in both))

        self.run(send_all())

    @precondition(lambda self: self.items)
    @rule(luck=LUCK)
    def repeat(self, luck: Any) -> None:
        self.run(self.send(luck.choice(self.items)))

    @precondition(lambda self: self.acked())
    @rule(luck=LUCK)
    def another_text_under_the_same_id(self, luck: Any) -> None:
        item = luck.choice(self.acked())
        other = self.world.draft("another text", item.draft.client_id)
        ack, code = self.run(outcome(messages.send_message(self.world.context, self.shoppers[item.shopper], other, None)))
        assert (ack, code) == (None, Code.CONFLICT)

    @precondition(lambda self: self.acked())
    @rule(luck=LUCK, kind=st.sampled_from(["reply", "note", "read", "resolve", "claim", "return"]))
    def agent_acts(self, luck: Any, kind: str) -> None:
        place = luck.choice(self.acked()).ack["conversation"]
        head = self.run(self.world.conversation(place)).seq
        about = (self.world.context, self.agent, place)
        acts: dict[str, Any] = {
            "reply": lambda: agents.reply(*about, self.world.draft("An answer"), head),
            "note": lambda: agents.add_note(*about, self.world.draft("A note")),
            "read": lambda: agents.mark_read(*about, head), "resolve": lambda: agents.resolve(*about),
            "claim": lambda: agents.claim(*about), "return": lambda: agents.return_to_bot(*about),
        }  # fmt: skip
        assert self.run(outcome(acts[kind]()))[1] in (None, Code.CONFLICT), "it may be resolved already"

    @precondition(lambda self: self.acked())
    @rule(luck=LUCK)
    def shopper_reads(self, luck: Any) -> None:
        item = luck.choice(self.acked())
        self.run(messages.mark_read(self.world.context, self.shoppers[item.shopper], item.ack["conversation"], item.ack["seq"]))

    @rule(shopper=WHO)
    def erase(self, shopper: int) -> None:
        self.run(erase(self.world.store, self.world.shop, self.shoppers[shopper].id, self.world.clock()))
        for item in self.items:
            item.gone |= item.shopper == shopper and item.ack is not None
        stored = {fact.message.client_id for fact in self.stored() if fact.message}
        for item in self.items:
            item.gone |= item.shopper == shopper and item.draft.client_id in stored

    @rule(luck=LUCK, count=st.integers(0, 4))
    def server_stops_and_comes_back(self, luck: Any, count: int) -> None:
        """With messages on their way in: each is stored or refused as `unavailable`, and its shopper asks again."""
        waiting = [Item(number % SHOPPERS, self.draft(number % SHOPPERS)) for number in range(count)]
        self.items += waiting
        self.hear()

        async def stop() -> None:
            sending = [asyncio.ensure_future(self.send(item)) for item in waiting]
            for _ in range(luck.randint(0, 3)):
                await asyncio.sleep(0)
            await self.world.database.close()
            await asyncio.gather(*sending)

        self.run(stop())
        self.run(self.start())
        for tab in self.tabs:
            tab.line.clear()  # what was on its way is lost with the connection

    async def start(self) -> None:
        self.world.database = Database(self.url)
        self.world.store = Store(self.world.database)
        self.world.use(self.world.inbox)

    # the network

    def hear(self) -> None:
        """What was announced goes on its way to every tab of its shopper."""
        for fact in self.world.ears.told[self.heard :]:
            for tab in self.tabs:
                if self.owner(fact.conversation_id) == tab.shopper:
                    tab.line.append(listed(fact, agent=False))
        self.heard = len(self.world.ears.told)

    def owner(self, conversation: str) -> int:
        visitor = self.run(self.world.conversation(conversation)).visitor_id
        return [each.id for each in self.shoppers].index(visitor)

    @rule(luck=LUCK, what=st.sampled_from(["deliver", "deliver all", "drop", "double", "swap"]))
    def network(self, luck: Any, what: str) -> None:
        self.hear()
        tab = luck.choice(self.tabs)
        if not tab.line:
            return
        at = luck.randrange(len(tab.line))
        if what == "deliver":
            self.deliver(tab, tab.line.pop(0))
        elif what == "deliver all":
            while tab.line:
                self.deliver(tab, tab.line.pop(0))
        elif what == "drop":
            del tab.line[at]
        elif what == "double":
            tab.line.insert(at, tab.line[at])
        else:
            tab.line[0], tab.line[at] = tab.line[at], tab.line[0]

    def deliver(self, tab: Tab, fact: Json) -> None:
        thread = tab.thread
        if thread.conversation is None or fact["conversation"] != thread.conversation or not thread.take(fact):
            self.sync(tab)

    @rule(luck=LUCK)
    def come_back(self, luck: Any) -> None:
        self.sync(luck.choice(self.tabs))

    def sync(self, tab: Tab) -> None:
        """Ask with the cursor; a new conversation of the shopper's is asked for from its beginning."""
        thread, who = tab.thread, self.shoppers[tab.shopper]
        found, answer = self.run(messages.catch_up(self.world.context, who, thread.conversation, thread.epoch, thread.last))
        if found is not None and thread.conversation is not None:
            changed = answer["epoch"] != thread.epoch
            assert answer["reset"] is changed, "another epoch, and only that, begins afresh"
        latest, afresh = self.run(messages.catch_up(self.world.context, who, None, None, None))
        if latest is not None and latest.id != thread.conversation:
            thread.start(afresh, latest.id)
        elif found is not None:
            thread.start(answer, found.id)

    # what must hold

    def acked(self) -> list[Item]:
        return [item for item in self.items if item.ack is not None]

    def stored(self) -> list[Fact]:
        """Every fact of every conversation, in order."""
        return self.run(self.world.store.read(_all))

    @invariant()
    def the_database_holds_what_was_promised(self) -> None:
        by_place: dict[str, list[Fact]] = {}
        for fact in self.stored():
            by_place.setdefault(fact.conversation_id, []).append(fact)
        for place, facts in by_place.items():
            found = self.run(self.world.conversation(place))
            assert [fact.seq for fact in facts] == list(range(1, found.seq + 1)), "seq 1..N without a gap"
            assert {fact.epoch for fact in facts} == {found.epoch}
            assert found.epoch >= self.epochs.get(place, 1), "an epoch never goes back"
            self.epochs[place] = found.epoch
        said = [fact for facts in by_place.values() for fact in facts if fact.message and fact.message.sender.kind.value == "visitor"]
        ids = [fact.message.client_id for fact in said if fact.message]
        assert len(ids) == len(set(ids)), "each client id once"
        assert set(ids) <= {item.draft.client_id for item in self.items}, "nothing that was never sent"
        stored = {fact.message.client_id: fact for fact in said if fact.message}
        for item in self.acked():
            assert item.ack is not None
            fact = stored[item.draft.client_id]
            assert (fact.conversation_id, fact.seq) == (item.ack["conversation"], item.ack["seq"]), "an acked message stays in its place"
            assert fact.message is not None
            assert fact.message.preview == ("—" if item.gone else item.draft.parts[0]["text"])

    def everybody_comes_back(self) -> None:
        """The fault is over: outboxes are sent, every tab catches up, and all of them see what the database has."""
        for item in self.items:
            if item.ack is None:
                self.run(self.send(item))
        for tab in self.tabs:
            self.sync(tab)
            self.sync(tab)
            place = tab.thread.conversation
            if place is not None:
                facts = self.run(self.world.store.read(partial(_whole, place=place)))
                assert tab.thread.facts == [listed(fact, agent=False) for fact in facts]
        if self.shoppers:
            self.the_database_holds_what_was_promised()


async def outcome(work: Coroutine[Any, Any, Json]) -> tuple[Json | None, Code | None]:
    """The ack, or the code of the refusal."""
    try:
        return await work, None
    except ClientError as error:
        return None, error.code


def _all(tx: Tx) -> list[Fact]:
    places = tx.connection.execute(select(conversations.c.id)).scalars().all()
    return [fact for place in places for fact in _whole(tx, place)]


def _whole(tx: Tx, place: str) -> list[Fact]:
    return tx.conversations.after(place, 0, 10_000)
