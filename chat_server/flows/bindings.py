"""A guest proves whose an order is: by the shop's signed link, or by its number and the contact that the shop knows. Walk f.

Every proof is a row that can be undone; a wrong try is counted where it outlives a restart, and is answered alike whatever was wrong.
"""

from __future__ import annotations

from datetime import timedelta

import structlog

from chat_server.core import order_access as access
from chat_server.core.model import Agent, Contact, Conversation, Json, Visitor
from chat_server.core.order_access import Binding, Grade, Link
from chat_server.errors import ClientError, Code
from chat_server.flows import orders
from chat_server.flows.agents import seen_by
from chat_server.flows.context import Context, new_id
from chat_server.flows.people import recipient
from chat_server.flows.ports import Tx
from chat_server.flows.proactive import Outcome, consider, tell

log = structlog.get_logger("bindings")


async def open_link(context: Context, visitor: Visitor, link: Link) -> Json:
    """Bind the order of a link that the shop signed: `{order_id, order}`; `order` is null until the shop has told us of it.

    Opening it again changes nothing. A link that is over, was taken back or went round is `not_found`.
    """

    def work(tx: Tx) -> str:
        if not access.opens(link, tx.bindings.by_evidence(visitor.inbox_id, link.evidence), visitor.id):
            return "refused"
        tx.bindings.put(_binding(context, visitor, link.order_id, Grade.LINK, link.evidence))
        return "bound"

    decision = await context.store.write(work)
    log.info("order link", flow="open_order", decision=decision)
    if decision == "refused":
        raise ClientError(Code.NOT_FOUND, "This link does not open an order any more.")
    await _bound(context, visitor, link.order_id)
    return {"order_id": link.order_id, "order": await orders.one(context, visitor, link.order_id)}


async def find(context: Context, visitor: Visitor, address: str, number: str, email: str | None, phone: str | None) -> Json:
    """Bind the order with this number whose contact is this one: `{order_id, order}`, or `not_found` whatever does not fit.

    The try is written down before anything is compared, so that many at once are counted, too.
    """
    if not (email or phone):
        raise ClientError(Code.BAD_REQUEST, "Tell the e-mail address or the phone number of the order.")
    inbox_id, try_id = visitor.inbox_id, new_id("try")
    most = access.tried_keys(inbox_id, visitor.id, address, number, access.contact_key(email, phone))

    def count(tx: Tx) -> timedelta | None:
        now = context.clock()
        wait = access.wait_for(most, tx.bindings.tried(most, now - access.WINDOW), now)
        if wait is None:
            tx.bindings.add_try(most, try_id, now)
        return wait

    wait = await context.store.write(count)
    if wait is not None:
        log.info("order try", flow="find_order", decision="too_many")
        raise ClientError(Code.RATE_LIMITED, "Too many tries. Try again later.", retry_after_ms=int(wait / timedelta(milliseconds=1)))
    found = await context.orders.proven(inbox_id, number, email, phone)
    log.info("order try", flow="find_order", decision="found" if found else "not_found")
    if found is None:
        raise ClientError(Code.NOT_FOUND, "No order has this number and this contact.")
    order_id = str(found["order_id"])

    def bind(tx: Tx) -> None:
        tx.bindings.forgive(try_id)
        tx.bindings.put(_binding(context, visitor, order_id, Grade.ORDER_AND_CONTACT, "email" if email else "phone"))

    await context.store.write(bind)
    await _bound(context, visitor, order_id)
    return {"order_id": order_id, "order": await orders.one(context, visitor, order_id)}


async def forget(context: Context, visitor: Visitor, order_id: str) -> Json:
    """The shopper takes an order out of this browser; a repeat changes nothing. One that their signature proves is not of this browser."""

    def mine(tx: Tx) -> tuple[Visitor, list[Binding]]:
        bindings = tx.bindings.of_order(visitor.inbox_id, order_id)
        return tx.people.visitor(visitor.id) or visitor, [each for each in bindings if each.visitor_id == visitor.id]

    who, bindings = await context.store.read(mine)
    await _undo(context, who, bindings, order_id, access.BY_SHOPPER)
    return {}


async def unbind(context: Context, agent: Agent, conversation_id: str, order_id: str) -> Json:
    """An agent takes back what browsers of a conversation's shopper have proven: links that did it open nothing any more."""

    def theirs(tx: Tx) -> tuple[Conversation, Visitor, list[Binding]]:
        found = seen_by(tx, agent, conversation_id)
        browsers = tx.people.browsers(found.contact_id or found.visitor_id)
        ids = {each.id for each in browsers}
        return found, browsers[0], [each for each in tx.bindings.of_order(found.inbox_id, order_id) if each.visitor_id in ids]

    found, visitor, bindings = await context.store.read(theirs)
    await _undo(context, visitor, bindings, order_id, agent.id)
    context.announcer.agents(found.inbox_id, "panel_changed", {"conversation": found.id})
    log.info("unbound", flow="unbind_order", decision="undone", agent=agent.id)
    return {}


def _binding(context: Context, visitor: Visitor, order_id: str, grade: Grade, evidence: str) -> Binding:
    return Binding(new_id("bnd"), visitor.inbox_id, order_id, visitor.id, grade, evidence, context.clock())


async def _bound(context: Context, visitor: Visitor, order_id: str) -> None:
    """After the commit: other tabs of this browser look again, and so do agents who have its conversation open."""
    found = await context.store.read(lambda tx: tx.conversations.unresolved(tx.people.visitor(visitor.id) or visitor))
    orders.tell_changed(context, visitor.inbox_id, order_id, None, [visitor.id])
    if found is not None:
        context.announcer.agents(found.inbox_id, "panel_changed", {"conversation": found.id})


async def _undo(context: Context, visitor: Visitor, bindings: list[Binding], order_id: str, by: str) -> None:
    """Undo these proofs; what waits to be said of the order to this shopper goes with them, unless the order is theirs anyway."""
    if not bindings:
        return
    inbox, who = context.inboxes[visitor.inbox_id], recipient(visitor)
    contact_id = visitor.contact_id
    contact: Contact | None = await context.store.read(lambda tx: tx.people.contact(contact_id)) if contact_id else None
    still = await orders.of_shopper(context, inbox.id, contact, [])

    def work(tx: Tx) -> Outcome:
        tx.bindings.undo([each.id for each in bindings], by, context.clock())
        if any(view["order_id"] == order_id for view in still):
            return Outcome()
        about = [each for each in tx.proactive.waiting(who) if each.order is not None and each.order.order_id == order_id]
        gone = frozenset(each.dedupe_key for each in about)
        return consider(context, tx, inbox, who, orders=still, contradicted=gone) if gone else Outcome()

    tell(context, await context.store.write(work))
    orders.tell_changed(context, inbox.id, order_id, None, {each.visitor_id for each in bindings})
