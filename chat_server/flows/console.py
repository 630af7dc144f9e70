"""What the console shows: the list of conversations, one thread, and the panel beside it. Reads only. Walks a to e."""

from __future__ import annotations

from typing import Any

from chat_server.core.facts import assignee, iso
from chat_server.core.model import Agent, Conversation, Json, Visitor
from chat_server.core.order_access import Grade, strongest
from chat_server.core.triggers_state import VisitorState
from chat_server.flows.agents import seen_by
from chat_server.flows.context import Context
from chat_server.flows.messages import page
from chat_server.flows.offer_making import offer_lines, offerable
from chat_server.flows.orders import in_conversation
from chat_server.flows.people import recipient
from chat_server.flows.ports import Tx
from chat_server.flows.situation import PRESENT_FOR

LISTED = 200
RESOLVED_LISTED = 100


async def listing(context: Context, agent: Agent) -> Json:
    """The first page of an agent: themselves, colleagues, open conversations (newest activity first)."""

    def work(tx: Tx) -> Json:
        now = context.clock()
        agents = tx.people.agents(agent.inbox_id, now)
        me = next(each for each in agents if each.id == agent.id)
        found = tx.conversations.listed(agent.inbox_id, resolved=False, limit=LISTED + 1)
        return {
            "me": {"id": me.id, "name": me.name, "role": me.role.value, "availability": me.availability.value},
            "agents": [each.wire() for each in agents],
            "conversations": [row(context, tx, each) for each in found[:LISTED]],
            "complete": len(found) <= LISTED,
        }

    return await context.store.read(work)


async def resolved(context: Context, agent: Agent) -> Json:
    """Resolved conversations, newest first."""

    def work(tx: Tx) -> Json:
        found = tx.conversations.listed(agent.inbox_id, resolved=True, limit=RESOLVED_LISTED)
        return {"conversations": [row(context, tx, each) for each in found]}

    return await context.store.read(work)


async def thread(context: Context, agent: Agent, conversation_id: str, epoch: int | None, after: int | None) -> Json:
    """One conversation with its facts after the cursor, and the panel."""

    def work(tx: Tx) -> Json:
        found = seen_by(tx, agent, conversation_id)
        return {"row": row(context, tx, found), **page(tx, found, epoch, after, agent=True)}

    answer = await context.store.read(work)
    return {**answer, "panel": await panel(context, agent, conversation_id)}


def row(context: Context, tx: Tx, found: Conversation) -> Json:
    """Row of docs/wire.md."""
    contact = tx.people.contact(found.contact_id) if found.contact_id else None
    visitor = at_browser(tx, found)
    state = VisitorState.from_json(tx.people.state(visitor.id))
    waiting = found.waiting_since
    return {
        "id": found.id,
        "epoch": found.epoch,
        "seq": found.seq,
        "status": found.status.value,
        "assignee": assignee(found),
        "visitor": found.visitor_id,
        "contact": {
            "id": contact.id if contact else None,
            "name": (contact.name if contact else None) or "",
            "identified": contact is not None,
        },
        "locale": found.locale,
        "preview": {"text": found.preview, "sender_kind": found.preview_sender},
        "unread": found.agent_unread,
        "waiting_since": iso(waiting) if waiting else None,
        "last_at": iso(found.last_at),
        "created_at": iso(found.created_at),
        "page": _page(state),
        "cart": {"value": state.cart.value, "currency": state.cart.currency} if _filled(state) and state.cart else None,
        "queue_reason": found.queue_reason,
        "rating": found.rating,
        "online": _online(context, visitor),
    }


def at_browser(tx: Tx, found: Conversation) -> Visitor:
    """The browser at which the shopper was seen last: a contact may have gone on at another one."""
    return tx.people.browsers(found.contact_id or found.visitor_id)[0]


def _page(state: VisitorState) -> Json | None:
    return {"title": state.page_title or "", "url": state.page_url} if state.page_url else None


def _filled(state: VisitorState) -> bool:
    return state.cart is not None and (bool(state.cart.items) or bool(state.cart.stated))


def _online(context: Context, visitor: Visitor) -> bool:
    return context.clock() - visitor.last_seen_at < PRESENT_FOR


async def panel(context: Context, agent: Agent, conversation_id: str) -> Json:
    """Panel of docs/wire.md: who it is and how that is proven, the visit, orders, and what we said or did not say, and why."""

    def load(tx: Tx) -> tuple[Json, Conversation]:
        found = seen_by(tx, agent, conversation_id)
        visitor = at_browser(tx, found)
        contact = tx.people.contact(found.contact_id) if found.contact_id else None
        body: Json = {
            "contact": {
                "id": contact.id if contact else None,
                "name": (contact.name if contact else None) or "",
                "email": contact.email if contact else None,
                "phone": contact.phone if contact else None,
                "grade": "signed" if contact else "browser",
            },
            "visitor": {
                "id": visitor.id, "locale": visitor.locale, "timezone": visitor.timezone, "consent": visitor.consent,
                "first_seen": iso(visitor.created_at), "online": _online(context, visitor),
            },
            "visit": _visit(context, tx, visitor),
            "verdicts": tx.proactive.verdicts(recipient(visitor)),
            "card": found.card,
            "earlier": [
                {"id": each.id, "resolved_at": iso(each.resolved_at) if each.resolved_at else None,
                 "preview": each.preview, "rating": each.rating}
                for each in tx.conversations.earlier(visitor, found.id)
            ],
            "offers": offer_lines(tx, found.id),
        }  # fmt: skip
        return body, found

    body, found = await context.store.read(load)
    orders = await in_conversation(context, found)
    inbox = context.inboxes[agent.inbox_id]
    if body["contact"]["grade"] != Grade.SIGNED.value:
        body["contact"]["grade"] = strongest(Grade(order["proof"]) for order in orders).value
    may_offer = await context.store.read(lambda tx: offerable(tx, inbox, found, orders, context.clock()))
    return {**body, "orders": orders, "may_offer": may_offer}


def _visit(context: Context, tx: Tx, visitor: Visitor) -> Json | None:
    current = tx.visits.current(visitor.id, context.clock())
    if current is None:
        return None
    state = VisitorState.from_json(tx.people.state(visitor.id))
    cart: dict[str, Any] | None = None
    if state.cart is not None and _filled(state):
        cart = {
            "value": state.cart.value,
            "currency": state.cart.currency,
            "items": [{"id": product, "quantity": quantity, "price": price} for product, quantity, price in state.cart.items],
        }
    return {
        "started_at": iso(current["started_at"]),
        "page": current["page"],
        "cart": cart,
        "activities": [{"kind": kind, "at": iso(at), "data": data} for kind, at, data in tx.visits.activities(current["id"])],
    }
