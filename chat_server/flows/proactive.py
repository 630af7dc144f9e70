"""Speaking first: new candidates and held ones of a shopper are judged together, and what may be said is said, once.

All of it in one write, so that two at once cannot take the same last slot. Walk b arrives by `order_changed`, walk c by
flows/visits, an agent's invitation by flows/invitations, and whatever waits by the job `reconsider`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from chat_server.core.conversation import RECONSIDER, append
from chat_server.core.inbox import Inbox
from chat_server.core.model import Contact, Conversation, FactKind, Job, Json, Plan, Visitor
from chat_server.core.order_access import SPOKEN_TO
from chat_server.core.order_news import OrderNews, Unsaid, compose
from chat_server.core.order_news import contradicted as overtaken
from chat_server.core.proactive import Candidate, Hold, Send, Verdict, arbitrate, touch_of
from chat_server.core.triggers import ORDER, Activity, Shopper, VisitorState, match
from chat_server.flows.context import Context, ack, new_id, not_found, save
from chat_server.flows.messages import authorized, open_for
from chat_server.flows.offer_making import of_candidate, worthless
from chat_server.flows.orders import may_see, tell_changed, to_speak_of
from chat_server.flows.people import recipient as recipient_of
from chat_server.flows.ports import Tx
from chat_server.flows.situation import Subject, situation, subject
from chat_server.flows.unasked import compose_message

log = structlog.get_logger("proactive")


@dataclass(frozen=True, slots=True)
class Customer:
    """Hears of an order because it is theirs; `id` is the shop's."""

    id: str


@dataclass(frozen=True, slots=True)
class Linked:
    """A browser that opened the shop's link to an order; its customer, if it has one, is told apart."""

    visitor_id: str
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided and written; `tell` it after the commit. `panel`: the open conversation whose panel has changed."""

    verdicts: tuple[Verdict, ...] = ()
    plans: tuple[Plan, ...] = ()
    panel: Conversation | None = None

    @property
    def held(self) -> bool:
        """Something waits for this shopper."""
        return any(isinstance(verdict, Hold) for verdict in self.verdicts)

    def of(self, candidate: Candidate) -> str:
        """`decision reason` of one candidate, for the log; `known` when it was settled before."""
        found = next((verdict for verdict in self.verdicts if verdict.candidate_id == candidate.id), None)
        return "known" if found is None else f"{found.decision} {found.reason.value}"


def tell(context: Context, outcome: Outcome) -> None:
    """After the commit: the messages, then that the panel has changed."""
    for plan in outcome.plans:
        context.tell(plan)
    if outcome.panel is not None:
        context.announcer.agents(outcome.panel.inbox_id, "panel_changed", {"conversation": outcome.panel.id})


def consider(
    context: Context,
    tx: Tx,
    inbox: Inbox,
    recipient: str,
    new: Sequence[Candidate] = (),
    *,
    orders: Sequence[Json] = (),
    contradicted: frozenset[str] = frozenset(),
    present: bool = False,
) -> Outcome:
    """Take on the new candidates, judge them with all that waits for this shopper, and write what follows.

    `orders`: OrderViews fetched before the write: for cards, and for what has been overtaken. `present`: they are here now.
    """
    now = context.clock()
    for candidate in new:
        tx.proactive.add(inbox.id, recipient, candidate)
    waiting = tx.proactive.waiting(recipient)
    if not waiting:
        return Outcome()
    who = subject(tx, recipient)
    untrue = contradicted | overtaken(waiting, {order["order_id"]: order for order in orders})
    untrue |= worthless(tx, inbox, waiting, recipient, orders, now)
    look = situation(tx, inbox, who, untrue, orders, now, present=present)
    verdicts = arbitrate(waiting, look, inbox.policy, now)
    plans: list[Plan] = []
    told, changed = who.conversation, False
    for candidate, verdict in zip(waiting, verdicts, strict=True):
        changed |= tx.proactive.settle(verdict, recipient, now)
        touch = touch_of(candidate, verdict, now)
        if touch is not None:
            tx.proactive.touch(inbox.id, recipient, candidate, shadow=touch.shadow, now=now)
        if isinstance(verdict, Send):
            plan = _send(context, tx, inbox, who, told, candidate, orders)
            plans.append(plan)
            told = plan.conversation
        elif isinstance(verdict, Hold):
            tx.jobs.add([_later(inbox, recipient, verdict)])
    return Outcome(verdicts, tuple(plans), told if changed else None)


def _later(inbox: Inbox, recipient: str, hold: Hold) -> Job:
    """Judge again when the hold ends. A millisecond later: the job's row knows no finer time."""
    at = (hold.until or hold.expires_at) + timedelta(milliseconds=1)
    key = f"{RECONSIDER}:{hold.candidate_id}:{int(at.timestamp() * 1000)}"
    return Job(key, RECONSIDER, at, {"inbox": inbox.id, "recipient": recipient})


def _send(
    context: Context, tx: Tx, inbox: Inbox, who: Subject, told: Conversation | None, candidate: Candidate, orders: Sequence[Json]
) -> Plan:
    visitor = who.visitor
    assert visitor is not None, "nothing is sent to a shopper who was never here: arbitration holds it"
    found = told or open_for(tx, visitor, context)
    order = next((each for each in orders if candidate.order is not None and each["order_id"] == candidate.order.order_id), None)
    if order is None and candidate.order is not None:
        candidate = replace(candidate, order=None)  # an offer names an order only when it is one of theirs
    template = of_candidate(tx, inbox, candidate, who.recipient, orders, context.clock())
    draft = compose_message(inbox, found, candidate, visitor.locale, order, template, context.clock())
    if draft.offer is not None:
        tx.offers.add(draft.offer)
    plan = save(tx, draft.plan)
    tx.proactive.sent(candidate.id, found.id, draft.message.id)
    return plan


async def reconsider(context: Context, job: Job) -> str:
    """Something may have changed for a shopper: a hold ended, a conversation was resolved. Payload: inbox, and recipient or visitor."""
    inbox = context.inboxes.get(job.payload["inbox"])
    if inbox is None:
        return "no_such_inbox"
    named = str(job.payload.get("recipient") or job.payload["visitor"])

    def load(tx: Tx) -> tuple[str, bool]:
        visitor = tx.people.visitor(named)
        recipient = recipient_of(visitor) if visitor is not None else named
        return recipient, bool(tx.proactive.waiting(recipient))

    recipient, waiting = await context.store.read(load)
    if not waiting:
        return "nothing_waits"
    orders = await to_speak_of(context, inbox.id, recipient)
    outcome = await context.store.write(lambda tx: consider(context, tx, inbox, recipient, orders=orders))
    tell(context, outcome)
    return f"sent {len(outcome.plans)} of {len(outcome.verdicts)}"


async def arrived(context: Context, visitor: Visitor) -> None:
    """A shopper has connected: what was held for their next visit is judged again, as a beacon would have it."""
    recipient = recipient_of(visitor)
    now = context.clock()
    job = Job(
        f"{RECONSIDER}:{visitor.id}:{int(now.timestamp() * 1000)}", RECONSIDER, now, {"inbox": visitor.inbox_id, "recipient": recipient}
    )

    if await context.store.read(lambda tx: bool(tx.proactive.waiting(recipient))):  # for most there is nothing: no turn of the writer
        await context.store.write(lambda tx: tx.jobs.add([job]))
        context.wake()


async def order_changed(context: Context, inbox_id: str, news: OrderNews, order: Json) -> str:
    """The shop's backend told of an order: its customer hears of it, and whoever opened the shop's link to it.

    Repeats are harmless; returns the outcome for the log (the customer's, where there is one).
    """
    inbox = context.inboxes.get(inbox_id)
    if inbox is None:
        return _unsaid(news, "no_such_inbox")
    contact_id, bindings = await context.store.read(lambda tx: may_see(tx, inbox.id, news.order_id, news.customer_id))
    linked = [] if news.silent else sorted({each.visitor_id for each in bindings if each.grade in SPOKEN_TO})
    decisions = [] if news.silent or news.customer_id is None else [await _told(context, inbox, news, order, Customer(news.customer_id))]
    for visitor_id in linked:
        said = await _told(context, inbox, news, order, Linked(visitor_id, news.customer_id))
        decisions += [said] if said else []
    tell_changed(context, inbox.id, news.order_id, contact_id, [each.visitor_id for each in bindings])
    return decisions[0] if decisions else _unsaid(news, (Unsaid.SILENT if news.silent else Unsaid.NO_RECIPIENT).value)


def _unsaid(news: OrderNews, decision: str) -> str:
    log.info("order", flow="order_changed", stage=news.stage, decision=decision)
    return decision


async def _told(context: Context, inbox: Inbox, news: OrderNews, order: Json, who_hears: Customer | Linked) -> str:
    """One of those whom it concerns; "" where a browser need not be told apart."""
    now = context.clock()

    def recipient_in(tx: Tx) -> str | None:
        match who_hears:
            case Customer(customer_id):
                return tx.people.put_contact(Contact(new_id("con"), inbox.id, customer_id, None, None, None), now).id
            case Linked():
                return _recipient_of_link(tx, inbox.id, news.order_id, who_hears)

    match who_hears:
        case Customer(customer_id):
            views = await context.orders.of_customer(inbox.id, customer_id)
        case Linked():
            seen = await context.store.read(recipient_in)
            views = await to_speak_of(context, inbox.id, seen) if seen is not None else []
    orders = views if any(each["order_id"] == news.order_id for each in views) else [order, *views]

    def work(tx: Tx) -> tuple[Outcome, str]:
        recipient = recipient_in(tx)
        if recipient is None:
            return Outcome(), ""
        who = subject(tx, recipient)
        contact = tx.people.contact(recipient)
        visitor_id = who.visitor.id if who.visitor else None
        named = contact.id if contact else None
        zone = ZoneInfo(inbox.hours.zone)
        found = compose(news, inbox.order_messages, visitor_id=visitor_id, contact_id=named, zone=zone, now=now, offers=inbox.offers)
        fired = _fired(tx, inbox, who, contact, news, now)
        new = fired if isinstance(found, Unsaid) else (found, *fired)
        outcome = consider(context, tx, inbox, recipient, new, orders=orders)
        return outcome, found.value if isinstance(found, Unsaid) else outcome.of(found)

    outcome, decision = await context.store.write(work)
    tell(context, outcome)
    log.info("order", flow="order_changed", stage=news.stage, decision=decision, sent=len(outcome.plans))
    return decision


def _recipient_of_link(tx: Tx, inbox_id: str, order_id: str, browser: Linked) -> str | None:
    """Whom the browser stands for; None: it proves nothing any more, or it is the customer's, who hears of it anyway."""
    visitor = tx.people.visitor(browser.visitor_id)
    contact = tx.people.contact(visitor.contact_id) if visitor is not None and visitor.contact_id else None
    bindings = tx.bindings.of_order(inbox_id, order_id)
    live = any(each.visitor_id == browser.visitor_id and each.grade in SPOKEN_TO for each in bindings)
    if visitor is None or not live:
        return None
    theirs = browser.customer_id is not None and contact is not None and contact.customer_id == browser.customer_id
    return None if theirs else recipient_of(visitor)


def _fired(tx: Tx, inbox: Inbox, who: Subject, contact: Contact | None, news: OrderNews, now: datetime) -> tuple[Candidate, ...]:
    """What the shop's own rules on order facts would like to say."""
    visitor = who.visitor
    locale = visitor.locale if visitor else inbox.speaks(news.locale)
    state = VisitorState.from_json(tx.people.state(visitor.id)) if visitor else VisitorState()
    data = {"order_id": news.order_id, "number": news.number, "stage": news.stage, "delayed": news.delayed}
    shopper = Shopper(visitor.id if visitor else None, contact.id if contact else None, locale, identified=contact is not None)
    return match(inbox.rules, shopper, state, Activity(news.dedupe_key, ORDER, news.at, data), now)


def mark(tx: Tx, context: Context, visitor: Visitor, message_id: str, state: str) -> Plan:
    """`seen`, `dismissed` or `clicked` by the shopper whose message it is; known before: a plan without facts."""
    row = tx.proactive.by_message(message_id)
    if row is None:
        raise not_found("message")
    found = authorized(tx, visitor, row["conversation_id"])
    if not tx.proactive.shown(message_id, state, context.clock()):
        return Plan(found, reason="known")
    data: Json = {"message_id": message_id, "state": state}
    return save(tx, append(Plan(found, reason=state), FactKind.PROACTIVE_SHOWN, context.clock(), data))


async def _shown(context: Context, visitor: Visitor, message_id: str, state: str) -> Json:
    plan = await context.store.write(lambda tx: mark(tx, context, visitor, message_id, state))
    context.tell(plan)
    return ack(plan)


async def seen(context: Context, visitor: Visitor, message_id: str) -> Json:
    """The nudge was on the shopper's screen."""
    return await _shown(context, visitor, message_id, "seen")


async def dismiss(context: Context, visitor: Visitor, message_id: str) -> Json:
    """The shopper waved it away: the cool-down begins."""
    return await _shown(context, visitor, message_id, "dismissed")


async def clicked(context: Context, visitor: Visitor, message_id: str) -> Json:
    """The shopper opened it."""
    return await _shown(context, visitor, message_id, "clicked")
