"""Walk a, the shopper's side: send, read, rate, catch up. The one handler behind the socket and its HTTP twins."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chat_server.core import conversation as core
from chat_server.core.facts import listed, shopper_view
from chat_server.core.handoff import contact_request, context_card, to_queue
from chat_server.core.model import Conversation, Fact, Json, Message, MessageType, Plan, Sender, SenderKind, Staffing, Status, Visitor
from chat_server.core.routing import queue_order
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Aside, Context, Sent, ack, message_id, new_id, not_found, save, save_all, sent
from chat_server.flows.ports import Tx

CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
GAP = 300
"""further behind than this, a reader starts afresh (docs/wire.md, sync)"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as a client sends it: its own id, and parts that the door has validated."""

    client_id: str
    parts: tuple[Json, ...]
    asked: tuple[Json, ...] | None = None
    """the parts as the client sent them, where we have filled some in since"""

    @property
    def digest(self) -> str:
        """Tells a repeat from another message under the same id."""
        sent = self.parts if self.asked is None else self.asked
        return hashlib.sha256(CANONICAL.encode(sent).encode()).hexdigest()

    @property
    def chosen(self) -> bool:
        """Whether it is a click on something that was offered."""
        return any(part["type"] == "choice" for part in self.parts)


def as_known(tx: Tx, visitor: Visitor) -> Visitor:
    """The visitor as the database has it now: another tab may have signed the browser in since this one said hello."""
    return tx.people.visitor(visitor.id) or visitor


def authorized(tx: Tx, visitor: Visitor, conversation_id: str) -> Conversation:
    """The conversation, if it is this visitor's or their contact's; anything else is `not_found`."""
    found = tx.conversations.get(conversation_id)
    if found is None or found.inbox_id != visitor.inbox_id or not owns(visitor, found):
        raise not_found("conversation")
    return found


def owns(visitor: Visitor, conversation: Conversation) -> bool:
    """Whether the shopper may see it."""
    same_contact = visitor.contact_id is not None and visitor.contact_id == conversation.contact_id
    return conversation.visitor_id == visitor.id or same_contact


def open_for(tx: Tx, visitor: Visitor, context: Context) -> Conversation:
    """The visitor's unresolved conversation, created when there is none."""
    found = tx.conversations.unresolved(visitor)
    if found is not None:
        return found
    now = context.clock()
    started = Conversation(
        new_id("cnv"), visitor.inbox_id, visitor.id, visitor.contact_id, Status.BOT, visitor.locale, created_at=now, last_at=now
    )
    tx.conversations.add(started)
    return started


def repeated(known: Fact, draft: Draft) -> Json:
    """The first ack again; another body under the same client id is a conflict."""
    message = known.message
    if message is None or message.digest != draft.digest:
        raise ClientError(Code.CONFLICT, "This client_id was used for another message.")
    return placed(known, message)


def placed(fact: Fact, message: Message) -> Json:
    """The ack of a message: its own place, whatever else happened in the same breath."""
    place = {"conversation": fact.conversation_id, "fact_id": f"{fact.conversation_id}:{fact.seq}"}
    return {**place, "seq": fact.seq, "epoch": fact.epoch, "message_id": message.id}


def sender_of(tx: Tx, visitor: Visitor) -> Sender:
    """The shopper as others see them."""
    contact = tx.people.contact(visitor.contact_id) if visitor.contact_id else None
    return Sender(SenderKind.VISITOR, visitor.id, (contact.name if contact else None) or "")


@dataclass(frozen=True, slots=True)
class Sending:
    """A message on its way into the store. `conversation` None: the open one, or a new one."""

    context: Context
    visitor: Visitor
    draft: Draft
    conversation: str | None


async def send_message(context: Context, visitor: Visitor, draft: Draft, conversation_id: str | None) -> Json:
    """Store a shopper's message once and answer after the commit. A resolved conversation: a new one is opened."""
    _, answer = await sent(context, _send_together, _send, Sending(context, visitor, draft, conversation_id))
    return answer


def _send_together(tx: Tx, waiting: Sequence[Sending]) -> list[Sent | Exception]:
    """Everything that waits, loaded once, decided one after the other, saved at once: the path of nearly every message.

    That a client id is new is not looked up: the store refuses a second one of this browser (AlreadySent), and that one is then sent
    by itself; and so is what comes from another browser of the same person, whose repeat the store would not know.
    """
    context = waiting[0].context
    now, bot = context.clock(), context.bot_state() == "ready"
    loaded = tx.conversations.load({each.conversation for each in waiting if each.conversation is not None})
    names = tx.people.names({each.visitor.id for each in waiting})
    outcomes: list[Sent | Exception] = []
    plans = []
    for each in waiting:
        who = each.visitor
        found = loaded.get(each.conversation) if each.conversation is not None else _open_and_new(tx, each, loaded)
        if found is None or found.visitor_id != who.id or found.status is Status.RESOLVED or each.draft.chosen:
            outcomes.append(Aside())
            continue
        message = incoming(each.draft, Sender(SenderKind.VISITOR, who.id, names.get(who.id) or ""), now)
        plan = core.shopper_wrote(found, message, Staffing(0, None, bot), now)
        if plan.reason == core.BOT_UNAVAILABLE:
            outcomes.append(Aside())
            continue
        loaded[found.id] = plan.conversation
        plans.append(plan)
        outcomes.append((plan, placed(plan.facts[0], message)))
    save_all(tx, plans)
    return outcomes


def _open_and_new(tx: Tx, sending: Sending, loaded: dict[str, Conversation]) -> Conversation | None:
    """The open conversation for a message that names none, unless it stands in any of theirs already."""
    who = as_known(tx, sending.visitor)
    if tx.conversations.sent_anywhere(who, sending.draft.client_id) is not None:
        return None
    found = tx.conversations.unresolved(who)
    return None if found is None else loaded.setdefault(found.id, found)


def incoming(draft: Draft, sender: Sender, now: datetime) -> Message:
    """A shopper's message."""
    return Message(message_id(now), draft.client_id, MessageType.INCOMING, sender, draft.parts, now, draft.digest)


def _send(tx: Tx, sending: Sending) -> tuple[Plan | None, Json]:
    """One message by itself: a repeat, the first of a conversation, one after the end, a choice, one that the bot cannot take."""
    context, draft = sending.context, sending.draft
    now = context.clock()
    who = as_known(tx, sending.visitor)
    inbox = context.inboxes[who.inbox_id]
    known = tx.conversations.sent_anywhere(who, draft.client_id)
    if known is not None:
        return None, repeated(known, draft)
    target = authorized(tx, who, sending.conversation) if sending.conversation else None
    if target is None or target.status is Status.RESOLVED:
        target = open_for(tx, who, context)
    check_choice(tx, target, draft.parts)
    message = incoming(draft, sender_of(tx, who), now)
    standing = context.staffing(tx, inbox)
    plan = core.shopper_wrote(target, message, standing, now)
    answer = placed(plan.facts[0], message)
    if plan.reason == core.BOT_UNAVAILABLE:
        card = context_card(core.BOT_UNAVAILABLE, target.locale, question=message.preview)
        ask = contact_ask(context, inbox.id, standing.promised_minutes)
        plan = to_queue(plan, core.BOT_UNAVAILABLE, card, standing, ask, now)
    return save(tx, plan), answer


def contact_ask(context: Context, inbox_id: str, promised_minutes: int | None) -> Message:
    """The request for contact details, in the shop's name."""
    inbox = context.inboxes[inbox_id]
    shop = Sender(SenderKind.INTEGRATION, "away", inbox.name)
    message_id = new_id("msg")
    return contact_request(message_id, message_id, shop, promised_minutes, context.clock())


def check_choice(tx: Tx, conversation: Conversation, parts: Sequence[Json]) -> None:
    """A clicked choice must have been offered by a message of this conversation."""
    for part in parts:
        if part["type"] != "choice":
            continue
        asked = tx.conversations.message(part["message_id"])
        if asked is None or asked.message is None or asked.conversation_id != conversation.id:
            raise not_found("message")
        offered = [choice for each in asked.message.parts if each["type"] == "choices" for choice in each["choices"]]
        if {"title": part["title"], "value": part["value"]} not in offered:
            raise ClientError(Code.BAD_REQUEST, "That choice was not offered.")


async def mark_read(context: Context, visitor: Visitor, conversation_id: str, through: int) -> Json:
    """The shopper has seen everything up to `through`."""

    def work(tx: Tx) -> Plan:
        found = authorized(tx, visitor, conversation_id)
        return save(tx, core.read(found, SenderKind.VISITOR, visitor.id, through, context.clock()))

    plan = await context.store.write(work)
    context.tell(plan)
    return ack(plan)


async def rate(context: Context, visitor: Visitor, conversation_id: str, score: int, comment: str | None) -> Json:
    """1 to 5 with a comment, once the conversation is resolved."""

    def work(tx: Tx) -> Plan:
        found = authorized(tx, visitor, conversation_id)
        if found.status is not Status.RESOLVED:
            raise ClientError(Code.CONFLICT, "A conversation is rated once it is resolved.")
        return save(tx, core.rate(found, score, comment, context.clock()))

    plan = await context.store.write(work)
    context.tell(plan)
    return ack(plan)


async def typing(context: Context, visitor: Visitor, conversation_id: str, on: bool) -> None:
    """Passing: told to the agents, never stored."""
    found = await context.store.read(lambda tx: authorized(tx, visitor, conversation_id))
    who = {"kind": SenderKind.VISITOR.value, "id": visitor.id, "name": ""}
    body: Json = {"conversation": found.id, "who": who, "typing": on}
    context.announcer.agents(found.inbox_id, "typing_changed", body)
    context.announcer.shopper(found, "typing_changed", body)


def page(tx: Tx, conversation: Conversation, epoch: int | None, after: int | None, *, agent: bool) -> Json:
    """Facts after a cursor, or a fresh start: another epoch, no cursor, or too far behind. All or nothing."""
    reset = after is None or epoch != conversation.epoch or not conversation.seq - GAP <= after <= conversation.seq
    start = max(0, conversation.seq - GAP) if reset or after is None else after
    found = [fact for fact in tx.conversations.after(conversation.id, start, GAP) if fact.seq <= conversation.seq]
    return {
        "epoch": conversation.epoch,
        "start": start,
        "facts": [listed(fact, agent=agent) for fact in found],
        "complete": start + len(found) == conversation.seq,
        "reset": reset,
    }


async def catch_up(
    context: Context, visitor: Visitor, conversation_id: str | None, epoch: int | None, after: int | None, *, any_epoch: bool = False
) -> tuple[Conversation | None, Json]:
    """What a shopper's `sync` answers about their conversation (docs/wire.md); nothing is created.

    `any_epoch`: the caller did not say which epoch its cursor belongs to (the HTTP twin), so the current one is assumed.
    """

    def work(tx: Tx) -> tuple[Conversation | None, Json]:
        who = as_known(tx, visitor)
        found = authorized(tx, who, conversation_id) if conversation_id else tx.conversations.latest(who)
        if found is None:
            return None, {"conversation": None, "epoch": 0, "start": 0, "facts": [], "complete": True, "reset": True}
        view = shopper_view(found, queue_position(tx, found))
        return found, {"conversation": view, **page(tx, found, found.epoch if any_epoch else epoch, after, agent=False)}

    return await context.store.read(work)


def queue_position(tx: Tx, conversation: Conversation) -> int | None:
    """1 for who is served next; None outside the queue."""
    if conversation.status is not Status.QUEUED:
        return None
    order = [each.id for each in queue_order(tx.conversations.queued(conversation.inbox_id))]
    return order.index(conversation.id) + 1 if conversation.id in order else None
