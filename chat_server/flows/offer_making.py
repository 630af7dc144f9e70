"""Making an offer: whether this shopper may get it, its row, and how it is shown. An agent's own offer begins here. Walk e.

What may be offered is decided by core/offer.py; order messages and rules come by flows/unasked.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from chat_server.core.conversation import agent_replied
from chat_server.core.facts import iso
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Conversation, Job, Json, Message, MessageType, Plan, Status
from chat_server.core.offer import No, OfferTemplate, Standing, Terms, asks, refused
from chat_server.core.order_access import Grade
from chat_server.core.proactive_candidate import Candidate, text_for
from chat_server.errors import ClientError, Code
from chat_server.flows.agents import after_routing, as_sender, seen_by, unresolved
from chat_server.flows.context import Context, message_id, new_id, not_found, save
from chat_server.flows.messages import placed
from chat_server.flows.orders import in_conversation
from chat_server.flows.ports import Tx

EXPIRE = "expire_offer"
REFUSED = {
    No.NO_ORDER: "This offer is about an order of this shopper's.",
    No.NOT_PROVEN: "It is not proven well enough who this shopper is.",
    No.NOT_LATE: "This offer is for orders that are late.",
    No.WRONG_STAGE: "This offer is not for an order at this stage.",
    No.TOO_LATE: "It is too late for that.",
    No.ORDER_TOTAL: "This offer is not for an order of this total.",
    No.ALREADY_MADE: "This was offered for this order before.",
    No.TOO_OFTEN: "This shopper has had this offer as often as they may.",
}


def grade_of(tx: Tx, recipient: str, order: Json | None = None) -> Grade:
    """How it is proven who this contact or visitor is, or that the order is theirs (`proof` of an OrderView)."""
    if order is not None and "proof" in order:
        return Grade(order["proof"])
    contact = tx.people.contact(recipient)
    return Grade.SIGNED if contact is not None and contact.customer_id is not None else Grade.BROWSER


def window(terms: Terms, now: datetime) -> datetime:
    """Since when offers count against `per_contact`."""
    return now - timedelta(days=terms.per_contact[1] if terms.per_contact else 0)


def may_get(tx: Tx, inbox_id: str, template: OfferTemplate, recipient: str, order: Json | None, now: datetime) -> No | None:
    """Why this contact or visitor may not get it now; None: they may. `order`: one of theirs."""
    grade = grade_of(tx, recipient, order)
    no = refused(template.kind, template.terms, order, grade, Standing(), now)
    if no is not None:  # whatever they have had: most orders of a list end here, without a query
        return no
    order_id, since = order["order_id"] if order else None, window(template.terms, now)
    standing = tx.offers.standing(inbox_id, recipient, template.id, order_id, since)
    return refused(template.kind, template.terms, order, grade, standing, now)


def of_candidate(tx: Tx, inbox: Inbox, candidate: Candidate, recipient: str, orders: Sequence[Json], now: datetime) -> OfferTemplate | None:
    """The offer that a candidate's message may hold."""
    template = inbox.offers.get(candidate.offer_id) if candidate.offer_id else None
    about = candidate.order
    order = next((each for each in orders if about is not None and each["order_id"] == about.order_id), None)
    return template if template is not None and may_get(tx, inbox.id, template, recipient, order, now) is None else None


def worthless(tx: Tx, inbox: Inbox, waiting: Sequence[Candidate], recipient: str, orders: Sequence[Json], now: datetime) -> frozenset[str]:
    """Dedupe keys of messages that speak of an offer which this shopper may not get, and have no words without it."""
    bare = [each for each in waiting if each.offer_id in inbox.offers and not each.plain and not each.source.startswith("order:")]
    return frozenset(each.dedupe_key for each in bare if of_candidate(tx, inbox, each, recipient, orders, now) is None)


def row(
    inbox: Inbox, template: OfferTemplate, conversation: Conversation, in_message: str, order: Json | None, locale: str, now: datetime
) -> Json:
    """The row of an offer, with its terms as they are now."""
    default = inbox.default_locale
    return {
        "id": new_id("off"),
        "inbox_id": inbox.id,
        "conversation_id": conversation.id,
        "message_id": in_message,
        "kind": template.kind.value,
        "title": text_for(template.title, locale, default)[1],
        "order_id": order["order_id"] if order else None,
        "order_number": order["number"] if order else None,
        "params": dict(template.params),
        "state": "open",
        "reason": None,
        "expires_at": now + timedelta(hours=template.expires_hours),
        "at": now,
        "template": template.id,
        "terms": template.terms.to_json(),
        "choices": [
            {
                "id": choice.id,
                "title": text_for(choice.title, locale, default)[1],
                "text": text_for(choice.text, locale, default)[1] if choice.text else "",
            }
            for choice in template.choices
        ],
        "made_at": now,
    }


def shown(inbox: Inbox, template: OfferTemplate, made: Json, locale: str) -> Json:
    """The offer as a part of a message."""
    return {
        "id": made["id"],
        "kind": made["kind"],
        "title": made["title"],
        "text": text_for(template.text, locale, inbox.default_locale)[1] if template.text else "",
        "accept_label": text_for(template.accept, locale, inbox.default_locale)[1],
        "worth": template.worth,
        "currency": inbox.currency,
        "expires_at": iso(made["expires_at"]),
        "order_number": made["order_number"],
        "asks": asks(template.kind, made["choices"]),
        "choices": made["choices"],
        "undo_minutes": template.terms.undo_minutes,
    }


def expiry(made: Json) -> Job:
    """Close the offer when its time is over."""
    return Job(f"{EXPIRE}:{made['id']}", EXPIRE, made["expires_at"], {"offer": made["id"]})


def read_in(tx: Tx, found: Conversation) -> str:
    """The language of the browser at which the shopper was seen last."""
    browsers = tx.people.browsers(found.contact_id or found.visitor_id)
    return browsers[0].locale if browsers else found.locale


def offerable(tx: Tx, inbox: Inbox, found: Conversation, orders: Sequence[Json], now: datetime) -> list[Json]:
    """What an agent may offer in this conversation: for each order, and without one."""
    recipient, locale = found.contact_id or found.visitor_id, read_in(tx, found)
    listed: list[Json] = []
    for template in inbox.offers.values():
        for order in (*orders, None):
            if may_get(tx, inbox.id, template, recipient, order, now) is None:
                title = text_for(template.title, locale, inbox.default_locale)[1]
                about = order["order_id"] if order else None
                listed.append(
                    {"offer": template.id, "kind": template.kind.value, "title": title, "worth": template.worth, "order_id": about}
                )
    return listed


def offer_lines(tx: Tx, conversation_id: str) -> list[Json]:
    """The offers of a conversation as the panel has them, newest first, with every call to the shop."""
    made = tx.offers.of(conversation_id)
    calls = tx.offers.attempts([each["id"] for each in made])
    return [
        {
            **{name: each[name] for name in ("id", "kind", "title", "state", "reason", "order_id", "chosen")},
            "at": iso(each["at"]),
            "undo_until": iso(each["undo_until"]) if each["undo_until"] else None,
            "attempts": [{**one, "at": iso(one["at"])} for one in calls[each["id"]]],
        }
        for each in made
    ]


async def make(context: Context, agent: Agent, conversation_id: str, client_id: str, offer: str, order_id: str | None) -> Json:
    """An agent offers something, in a message of their own. `conflict` with the `reason` when this shopper may not get it.

    A repeat is known by `client_id`. Like an answer it claims what nobody has.
    """
    inbox = context.inboxes[agent.inbox_id]
    digest = hashlib.sha256(f"offer\n{offer}\n{order_id or ''}".encode()).hexdigest()
    seen = await context.store.read(lambda tx: seen_by(tx, agent, conversation_id))
    orders = await in_conversation(context, seen)
    template = inbox.offers.get(offer)
    order = next((each for each in orders if each["order_id"] == order_id), None)

    def work(tx: Tx) -> tuple[Plan | None, Json]:
        now = context.clock()
        found = seen_by(tx, agent, conversation_id)
        known = tx.conversations.sent(found.id, as_sender(agent), client_id)
        if known is not None and known.message is not None:
            if known.message.digest != digest:
                raise ClientError(Code.CONFLICT, "This client_id was used for another message.")
            return None, placed(known, known.message)
        if template is None:
            raise not_found("offer")
        if order_id is not None and order is None:
            raise not_found("order")
        if unresolved(found).status is Status.ASSIGNED and found.assignee_id != agent.id:
            raise ClientError(Code.CONFLICT, f"{found.assignee_name} has this conversation. Assign it to yourself first.")
        no = may_get(tx, found.inbox_id, template, found.contact_id or found.visitor_id, order, now)
        if no is not None:
            raise ClientError(Code.CONFLICT, REFUSED[no], reason=no.value)
        in_message = message_id(now)
        locale = read_in(tx, found)
        made = row(inbox, template, found, in_message, order, locale, now)
        parts: tuple[Json, ...] = ({"type": "offer", "offer": shown(inbox, template, made, locale)},)
        message = Message(in_message, client_id, MessageType.OUTGOING, as_sender(agent), parts, now, digest)
        plan = agent_replied(found, agent, message, now)
        tx.offers.add(made)
        plan = save(tx, plan._replace(jobs=(*plan.jobs, expiry(made))))
        return plan, placed(plan.facts[-1], message)

    plan, answer = await context.store.write(work)
    if plan is not None:
        context.tell(plan)
        context.announcer.agents(inbox.id, "panel_changed", {"conversation": conversation_id})
        if len(plan.facts) > 1:
            await after_routing(context, inbox.id)
    return answer
