"""A shop with a real database, a clock that stands still, and ears at the announcer. Builders for the tests of flows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import func, select

from chat_server.core.bot_turn import BotAnswer, BotQuestion, BotReply, BotUnavailable
from chat_server.core.hours import Hours
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Availability, Contact, Conversation, Fact, Job, Json, Role, Visitor
from chat_server.core.offer import Kind, OfferTemplate
from chat_server.core.order_news import OrderMessage, OrderNews
from chat_server.core.person import Known, Reached
from chat_server.core.policy import MessageClass, Policy
from chat_server.core.proactive import Touch
from chat_server.core.triggers import compile_rules, parse_rules
from chat_server.flows.clocks import Clocks
from chat_server.flows.context import Context
from chat_server.flows.messages import Draft
from chat_server.flows.people import token_hash
from chat_server.flows.visits import Report, Told
from chat_server.outbound import tables
from chat_server.outbound.database import Database
from chat_server.outbound.store import Store, Tx
from order_status.catalogue import Catalogue

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAGE: Json = {"url": "https://shop.example/checkout", "title": "Checkout", "referrer": None}
HELP_RULE: dict[str, Any] = {
    "id": "stuck-checkout", "class": "help", "on": ["dwell"], "when": {"dwell": {"path": "/checkout*", "at_least": 60}},
    "text": {"en": "Can we help with the checkout?", "pl": "Pomóc przy zamówieniu?"}, "cap": {"times": 50, "days": 1},
}  # fmt: skip
PROMO_RULE: dict[str, Any] = {
    "id": "looked-thrice", "class": "promo", "on": ["view_item"],
    "when": {"count": {"kind": "view_item", "times": 3, "seconds": 3600, "same": "items.id"}},
    "text": {"en": "Still thinking about it?"}, "cap": {"times": 50, "days": 1},
}  # fmt: skip
ORDER_MESSAGES = {
    stage: OrderMessage(stage, class_, {"en": f"{{number}} {stage}", "pl": f"{{number}} {stage} po polsku"}, offer=offer)
    for stage, class_, offer in (
        ("placed", MessageClass.ORDER_PROGRESS, None),
        ("shipped", MessageClass.ORDER_PROGRESS, None),
        ("out_for_delivery", MessageClass.ORDER_PROGRESS, None),
        ("delivered", MessageClass.ORDER_PROGRESS, None),
        ("delayed", MessageClass.ORDER_PROBLEM, "voucher"),
        ("delivery_failed", MessageClass.ORDER_PROBLEM, None),
    )
}
VOUCHER = OfferTemplate(
    "voucher", Kind.VOUCHER, 72, {"en": "A voucher"}, {"en": "10 zł off your next order"}, {"en": "Take it"}, 1000, {"code": "SORRY"}
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Ears:
    """What was announced: facts by conversation, and passing events as (audience, event, body)."""

    told: list[Fact] = field(default_factory=list)
    passing: list[tuple[str, str, Json]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def facts(self, conversation: Conversation, entries: Sequence[Fact]) -> None:
        self.told += entries
        self.heard.set()

    def shopper(self, conversation: Conversation, event: str, body: Json) -> None:
        self.passing.append(("shopper", event, body))

    def shoppers(self, inbox_id: str, event: str, body: Json) -> None:
        self.passing.append(("shoppers", event, body))

    def agents(self, inbox_id: str, event: str, body: Json) -> None:
        self.passing.append(("agents", event, body))

    def person(self, inbox_id: str, visitor_id: str | None, contact_id: str | None, event: str, body: Json) -> None:
        self.passing.append((visitor_id or contact_id or "", event, body))

    def bound(self, visitor_id: str) -> None:
        self.passing.append(("bound", visitor_id, {}))

    def kinds(self) -> list[str]:
        return [fact.kind.value for fact in self.told]

    def texts(self) -> list[str]:
        """First text of every message announced, in order."""
        return [fact.message.preview for fact in self.told if fact.message is not None]

    def panels(self) -> list[str]:
        return [body["conversation"] for _, event, body in self.passing if event == "panel_changed"]


class Bot:
    """Says what it was told to say; `meanwhile` happens while it thinks."""

    def __init__(self) -> None:
        self.answers: list[BotAnswer | None] = []
        self.questions: list[BotQuestion] = []
        self.forgotten: list[str] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.state = "ready"

    def says(self, *texts: str, handoff: str | None = None) -> None:
        replies = tuple(BotReply(text) for text in texts)
        self.answers.append(replace(SILENT, replies=replies, handoff=handoff))

    async def ask(self, question: BotQuestion) -> BotAnswer:
        self.questions.append(question)
        if self.meanwhile is not None:
            await self.meanwhile()
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            raise BotUnavailable("scripted")
        return answer

    async def forget(self, conversation: str) -> None:
        if self.state != "ready":
            raise BotUnavailable("scripted")
        self.forgotten.append(conversation)


class Shop:
    """The shop's orders and action endpoint."""

    def __init__(self) -> None:
        self.views: dict[str, list[Json]] = {}
        self.contacts: dict[str, str] = {}
        """an order's number -> the contact that the shop knows"""
        self.answers: list[tuple[str, str | None, float | None]] = []
        self.calls: list[Json] = []
        self.forgotten: list[Known] = []
        self.busy = 0
        """orders that cannot be emptied just now"""

    async def of_customer(self, inbox_id: str, customer_id: str) -> list[Json]:
        return list(self.views.get(customer_id, []))

    async def order(self, inbox_id: str, order_id: str) -> Json | None:
        return next((view for views in self.views.values() for view in views if view["order_id"] == order_id), None)

    async def named(self, inbox_id: str, order_ids: Sequence[str]) -> list[Json]:
        return [view for views in self.views.values() for view in views if view["order_id"] in order_ids]

    async def proven(self, inbox_id: str, number: str, email: str | None, phone: str | None) -> Json | None:
        owner = self.contacts.get(number, "")
        return next((view for view in await self.named(inbox_id, [number])), None) if owner in (email, phone) and owner else None

    async def search(self, inbox_id: str, number: str) -> list[tuple[Json, str | None, str | None]]:
        return [(view, owner or None, None) for owner, views in self.views.items() for view in views if view["number"] == number]

    async def forget(self, known: Known) -> Reached:
        self.forgotten.append(known)
        return Reached(len(self.views.pop(known.customer_id, [])) if known.customer_id else 0, self.busy)

    async def explain(self, inbox_id: str, order_id: str) -> Json | None:
        return {"order_id": order_id, "events": []} if await self.named(inbox_id, [order_id]) else None

    async def deliver(self, offer: Json) -> tuple[str, str | None, float | None]:
        self.calls.append(offer)
        return self.answers.pop(0) if self.answers else ("done", None, None)


def inbox(*, rules: Sequence[Mapping[str, Any]] = (HELP_RULE, PROMO_RULE), policy: Policy | None = None, **changes: Any) -> Inbox:
    made = Inbox(
        "demo", "pk_demo", "Demo shop", frozenset({"https://shop.example"}), ("en", "pl"), "en", "PLN", "#225588", Hours("UTC"),
        120, 4, False, None, {"voucher": VOUCHER}, policy or Policy(), compile_rules(parse_rules(rules)), ORDER_MESSAGES,
    )  # fmt: skip
    return replace(made, **changes)


def order(headline: str = "shipped", *, order_id: str = "A-1", **changes: Any) -> Json:
    """An OrderView with one parcel, at the stage of the headline."""
    parcel: Json = {"id": "s-1", "carrier": "inpost", "tracking_number": "T1", "tracking_url": None, "stage": headline,
                    "promised": None, "eta": None, "delayed": False, "reason": None, "scans": [{"stage": "shipped"}]}  # fmt: skip
    view: Json = {
        "order_id": order_id, "number": order_id, "source_id": "src", "headline": headline, "placed_at": "2026-11-20T09:12:00.000Z",
        "locale": "en", "currency": "PLN", "total": 14100, "url": None, "delayed": False, "expected": None, "payment": "paid",
        "items": [], "shipments": [parcel], "adjustments": [], "measures": [], "timeline": [{"at": "x"}], "updated_at": "x",
    }  # fmt: skip
    return {**view, **changes}


def late(order_id: str = "A-1") -> Json:
    """An order whose parcel is delayed."""
    view = order("shipped", order_id=order_id, delayed=True)
    view["shipments"] = [{**view["shipments"][0], "delayed": True}]
    return view


def news(
    stage: str, *, order_id: str = "A-1", customer: str | None = "c-1", hours: float = 24, at: datetime = NOON, **changes: Any
) -> OrderNews:
    made = OrderNews(
        "src", order_id, order_id, stage, f"shipment:s-1:{stage}", "shipment:s-1", at, at + timedelta(hours=hours), customer_id=customer
    )
    return replace(made, **changes)


class World:
    """Everything a flow is handed, and shortcuts for what tests do all the time."""

    def __init__(self, database_url: str, shop_inbox: Inbox) -> None:
        self.clock, self.ears, self.bot, self.shop = Clock(), Ears(), Bot(), Shop()
        self.database = Database(database_url)
        self.store = Store(self.database)
        self.catalogue = Catalogue(self.database)
        self._count = count(1)
        self.use(shop_inbox)

    def use(self, shop_inbox: Inbox) -> None:
        """Other settings from now on."""
        self.inbox = shop_inbox
        self.context = Context(
            store=self.store, announcer=self.ears, clock=self.clock, inboxes={shop_inbox.id: shop_inbox}, bot=self.bot,
            bot_state=lambda: self.bot.state, orders=self.shop, catalogue=self.catalogue, wake=lambda: None,
            turn_token=lambda conversation: f"turn:{conversation}",
        )  # fmt: skip

    async def visitor(self, customer: str | None = None, *, locale: str = "en", seen: bool = True, **changes: Any) -> Visitor:
        """A browser; of a contact that the shop has signed, with `customer`. `seen`: here right now."""
        number = next(self._count)
        now = self.clock() if seen else self.clock() - timedelta(days=1)
        made = Visitor(f"vis_{number}", "demo", None, locale, None, None, now, now)

        def work(tx: Tx) -> Visitor:
            known = made
            if customer is not None:
                contact = tx.people.put_contact(Contact(f"con_{number}", "demo", customer, None, None, None), now)
                known = replace(known, contact_id=contact.id)
            known = replace(known, **changes)
            tx.people.add_visitor(known, token_hash(known.id))
            return known

        return await self.store.write(work)

    async def agent(self, name: str = "Agent", *, capacity: int = 4, role: Role = Role.AGENT, online: bool = True) -> Agent:
        agent_id = f"agt_{next(self._count)}"
        made = Agent(agent_id, "demo", name, f"{agent_id}@shop.example", role, Availability.ONLINE, capacity)

        def work(tx: Tx) -> Agent:
            tx.people.put_agent(made, "-", self.clock())
            if online:
                tx.people.agents_seen([agent_id], self.clock())
            found = tx.people.agent(agent_id, self.clock())
            assert found is not None
            return found

        return await self.store.write(work)

    async def conversation(self, conversation_id: str) -> Conversation:
        found = await self.store.read(lambda tx: tx.conversations.get(conversation_id))
        assert found is not None
        return found

    async def facts(self, conversation_id: str) -> list[Fact]:
        return await self.store.read(lambda tx: tx.conversations.after(conversation_id, 0))

    async def verdicts(self, recipient: str) -> list[tuple[str, str, str]]:
        """(source, decision, reason), oldest first."""
        found = await self.store.read(lambda tx: tx.proactive.verdicts(recipient))
        return [(each["source"], each["decision"], each["reason"]) for each in reversed(found)]

    async def touches(self, recipient: str) -> tuple[Touch, ...]:
        return await self.store.read(lambda tx: tx.proactive.touches(recipient, NOON - timedelta(days=30)))

    async def jobs(self, kind: str) -> list[Job]:
        """Jobs of a kind that are due, leased for the test."""
        now = self.clock()
        return [job for job in await self.store.write(lambda tx: tx.jobs.claim(now, now, 100)) if job.kind == kind]

    async def work_off(self) -> None:
        """Run every due job, as the server's loop does."""
        clocks = Clocks(self.context, asyncio.Event())
        while await clocks.step():
            await clocks.idle()

    def draft(self, text: str = "Hello", client_id: str | None = None) -> Draft:
        return Draft(client_id or f"client-{next(self._count)}", ({"type": "text", "text": text},))

    def dwelt(self, seconds: int = 90, *, url: str = PAGE["url"], activity: str | None = None, **report: Any) -> Report:
        """A beacon that says how long the shopper has been on the page: the help rule's cue."""
        told = Told(activity or f"act-{next(self._count)}", "dwell", 0, {"url": url, "seconds": seconds})
        return Report(PAGE, (told,), **report)

    def viewed(self, product: str = "p-1", times: int = 3) -> Report:
        """A beacon that says that a product was looked at: the promo rule's cue."""
        return Report(PAGE, tuple(Told(f"act-{next(self._count)}", "view_item", 0, {"items": [{"id": product}]}) for _ in range(times)))


QUIET = Report(PAGE)
SILENT = BotAnswer((), None, None, None, (), None, None)


def visits_of(tx: Tx, visitor_id: str) -> int:
    """How many visits the database has of a visitor."""
    found = select(func.count()).select_from(tables.visits).where(tables.visits.c.visitor_id == visitor_id)
    return tx.connection.execute(found).scalar_one()
