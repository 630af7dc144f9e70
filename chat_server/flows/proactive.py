"""Speaking first: new candidates and held ones of a shopper are judged together, and what may be said is said, once.

All of it in one write, so that two at once cannot take the same last slot. Walk b arrives by `order_changed`, walk c by
flows/visits, an agent's invitation by `invite`, and whatever waits by the job `reconsider`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from chat_server.core.conversation import RECONSIDER, append
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Contact, Conversation, FactKind, Job, Json, Plan, Visitor
from chat_server.core.order_news import OrderNews, Unsaid, compose
from chat_server.core.order_news import contradicted as overtaken
from chat_server.core.policy import MessageClass
from chat_server.core.proactive import Candidate, Hold, Send, Verdict, arbitrate, candidate_id, touch_of
from chat_server.core.triggers import ORDER, Activity, Shopper, VisitorState, match
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context, ack, new_id, not_found, save
from chat_server.flows.messages import authorized, open_for
from chat_server.flows.people import recipient as recipient_of
from chat_server.flows.ports import Tx
from chat_server.flows.situation import Subject, situation, subject
from chat_server.flows.unasked import compose_message

INVITATION = timedelta(minutes=10)
"""how long an agent's invitation makes sense"""
INVITATION_VALUE = 1_000
"""a person's own idea goes before a rule's of the same class"""
DECISIONS = {"held": "hold", "sent": "send"}
log = structlog.get_logger("proactive")


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
    draft = compose_message(inbox, found, candidate, visitor.locale, order, context.clock())
    if draft.offer is not None:
        tx.proactive.add_offer(draft.offer)
    plan = save(tx, draft.plan)
    tx.proactive.sent(candidate.id, found.id, draft.message.id)
    return plan


async def reconsider(context: Context, job: Job) -> str:
    """Something may have changed for a shopper: a hold ended, a conversation was resolved. Payload: inbox, and recipient or visitor."""
    inbox = context.inboxes.get(job.payload["inbox"])
    if inbox is None:
        return "no_such_inbox"
    named = str(job.payload.get("recipient") or job.payload["visitor"])

    def load(tx: Tx) -> tuple[str, Contact | None, bool]:
        visitor = tx.people.visitor(named)
        recipient = recipient_of(visitor) if visitor is not None else named
        return recipient, tx.people.contact(recipient), bool(tx.proactive.waiting(recipient))

    recipient, contact, waiting = await context.store.read(load)
    if not waiting:
        return "nothing_waits"
    orders = await orders_of(context, inbox, contact)
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


async def orders_of(context: Context, inbox: Inbox, contact: Contact | None) -> list[Json]:
    """The OrderViews of a contact that the shop has signed; none of anybody else."""
    if contact is None or contact.customer_id is None:
        return []
    return await context.orders.of_customer(inbox.id, contact.customer_id)


async def order_changed(context: Context, inbox_id: str, news: OrderNews, order: Json) -> str:
    """The shop's backend told of an order. Repeats are harmless; returns the outcome for the log."""
    inbox = context.inboxes.get(inbox_id)
    if inbox is None or news.silent or news.customer_id is None:
        unsaid = "no_such_inbox" if inbox is None else (Unsaid.SILENT if news.silent else Unsaid.NO_RECIPIENT).value
        log.info("order", flow="order_changed", stage=news.stage, decision=unsaid)
        return unsaid
    customer_id = news.customer_id
    views = await context.orders.of_customer(inbox.id, customer_id)
    orders = views if any(each["order_id"] == news.order_id for each in views) else [order, *views]

    def work(tx: Tx) -> tuple[Outcome, str]:
        now = context.clock()
        contact = tx.people.put_contact(Contact(new_id("con"), inbox.id, customer_id, None, None, None), now)
        who = subject(tx, contact.id)
        visitor_id = who.visitor.id if who.visitor else None
        zone = ZoneInfo(inbox.hours.zone)
        found = compose(news, inbox.order_messages, visitor_id=visitor_id, contact_id=contact.id, zone=zone, now=now)
        fired = _fired(tx, inbox, who, contact, news, now)
        new = fired if isinstance(found, Unsaid) else (found, *fired)
        outcome = consider(context, tx, inbox, contact.id, new, orders=orders)
        return outcome, found.value if isinstance(found, Unsaid) else outcome.of(found)

    outcome, decision = await context.store.write(work)
    tell(context, outcome)
    log.info("order", flow="order_changed", stage=news.stage, decision=decision, sent=len(outcome.plans))
    return decision


def _fired(tx: Tx, inbox: Inbox, who: Subject, contact: Contact, news: OrderNews, now: datetime) -> tuple[Candidate, ...]:
    """What the shop's own rules on order facts would like to say."""
    visitor = who.visitor
    locale = visitor.locale if visitor else inbox.speaks(news.locale)
    state = VisitorState.from_json(tx.people.state(visitor.id)) if visitor else VisitorState()
    data = {"order_id": news.order_id, "number": news.number, "stage": news.stage, "delayed": news.delayed}
    shopper = Shopper(visitor.id if visitor else None, contact.id, locale, identified=True)
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


async def invite(context: Context, agent: Agent, visitor_id: str, client_id: str, text: str) -> Json:
    """An agent speaks to somebody on the site first; judged like every unasked message. A repeat answers what stands."""
    inbox = context.inboxes[agent.inbox_id]
    visitor, contact = await context.store.read(lambda tx: _invited(tx, inbox, visitor_id))
    orders = await orders_of(context, inbox, contact)

    def work(tx: Tx) -> tuple[Outcome, Json]:
        now = context.clock()
        key = f"agent:{agent.id}:{client_id}"
        candidate = Candidate(
            id=candidate_id(visitor.id, key),
            visitor_id=visitor.id,
            contact_id=visitor.contact_id,
            class_=MessageClass.HELP,
            subject="invitation",
            dedupe_key=key,
            message={visitor.locale: text},
            not_before=now,
            expires_at=now + INVITATION,
            source=f"agent:{agent.id}",
            created_at=now,
            value=INVITATION_VALUE,
        )
        known = tx.proactive.candidate(candidate.id)
        if known is not None and text not in known["body"]["message"].values():
            raise ClientError(Code.CONFLICT, "This client_id was used for another invitation.")
        outcome = consider(context, tx, inbox, recipient_of(visitor), [candidate], orders=orders)
        stands = tx.proactive.candidate(candidate.id)
        assert stands is not None, "it was added, or known before"
        return outcome, stands

    outcome, stands = await context.store.write(work)
    tell(context, outcome)
    answer: Json = {"decision": DECISIONS.get(stands["state"], "drop"), "reason": stands["reason"]}
    if stands["message_id"] is not None:
        answer |= {"conversation": stands["conversation_id"], "message_id": stands["message_id"]}
    return answer


def _invited(tx: Tx, inbox: Inbox, visitor_id: str) -> tuple[Visitor, Contact | None]:
    found = tx.people.visitor(visitor_id)
    if found is None or found.inbox_id != inbox.id:
        raise not_found("visitor")
    return found, tx.people.contact(found.contact_id) if found.contact_id else None
