"""What an agent asks about orders: one by its number, with the conversations of its people, and why it stands where it stands. Reads only.

Any order of the agent's inbox; each search and each question is logged with who asked. Walk f.
"""

from __future__ import annotations

import structlog

from chat_server.core.facts import iso
from chat_server.core.model import Agent, Json
from chat_server.core.order_access import Grade, strongest
from chat_server.flows.context import Context, not_found
from chat_server.flows.orders import may_see
from chat_server.flows.ports import Tx

log = structlog.get_logger("console_orders")


async def find(context: Context, agent: Agent, number: str) -> Json:
    """`{orders: [{order, customer, conversations}]}` of docs/wire.md; none is no error."""
    found = await context.orders.search(agent.inbox_id, number)
    log.info("search", flow="find_orders", decision="found" if found else "none", agent=agent.id)

    def work(tx: Tx) -> list[Json]:
        return [
            {"order": view, "customer": name, "conversations": _conversations(tx, agent.inbox_id, view["order_id"], customer_id)}
            for view, customer_id, name in found
        ]

    return {"orders": await context.store.read(work)}


async def explain(context: Context, agent: Agent, order_id: str) -> Json:
    """The webhooks behind an order of the agent's inbox."""
    found = await context.orders.explain(agent.inbox_id, order_id)
    log.info("explain", flow="explain_order", decision="none" if found is None else "told", agent=agent.id)
    if found is None:
        raise not_found("order")
    return found


def _conversations(tx: Tx, inbox_id: str, order_id: str, customer_id: str | None) -> list[Json]:
    """Where those who may see the order spoke, and by what it is proven to be theirs."""
    contact_id, bindings = may_see(tx, inbox_id, order_id, customer_id)
    told: list[Json] = []
    for conversation in tx.conversations.load(
        tx.bindings.conversations(inbox_id, contact_id, [each.visitor_id for each in bindings])
    ).values():
        contact = tx.people.contact(conversation.contact_id) if conversation.contact_id else None
        signed = [Grade.SIGNED] if contact_id is not None and conversation.contact_id == contact_id else []
        grade = strongest([*signed, *(each.grade for each in bindings if each.visitor_id == conversation.visitor_id)])
        told.append(
            {
                "id": conversation.id,
                "status": conversation.status.value,
                "last_at": iso(conversation.last_at),
                "name": (contact.name if contact else None) or "",
                "preview": conversation.preview,
                "proof": grade.value,
            }
        )
    return sorted(told, key=lambda each: str(each["last_at"]), reverse=True)
