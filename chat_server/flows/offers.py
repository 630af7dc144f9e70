"""Walk e: a shopper accepts an offer; one signed call to the shop, whatever is clicked twice; the outcome in the thread."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from chat_server.core.conversation import append
from chat_server.core.model import Conversation, FactKind, Job, Json, Plan, Visitor
from chat_server.flows.context import Context, ack, not_found, save
from chat_server.flows.messages import authorized
from chat_server.flows.ports import Tx

DELIVER = "deliver_offer"
EXPIRE = "expire_offer"
SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""seconds to the next try; the shop knows a repeat by the offer id. Source: docs/wire.md, Webhooks to the shop"""
JITTER = 0.1
"""of each pause: what failed together does not come back together"""
FINAL = ("done", "refused", "expired")


def settled(found: Conversation, offer: Json, state: str, reason: str | None, context: Context) -> Plan:
    """The fact that tells a new state of an offer."""
    data = {"offer_id": offer["id"], "message_id": offer["message_id"], "state": state, "reason": reason}
    return append(Plan(found, reason=state), FactKind.OFFER_SETTLED, context.clock(), data)


def expiry(offer_id: str, at: datetime) -> Job:
    """Close the offer when its time is over."""
    return Job(f"{EXPIRE}:{offer_id}", EXPIRE, at, {"offer": offer_id})


async def accept(context: Context, visitor: Visitor, offer_id: str) -> Json:
    """Accept once; every repeat answers the state that stands."""

    def work(tx: Tx) -> tuple[Plan, str]:
        now = context.clock()
        offer = tx.proactive.offer(offer_id)
        if offer is None:
            raise not_found("offer")
        found = authorized(tx, visitor, offer["conversation_id"])
        if offer["state"] != "open":
            return Plan(found, reason="repeated"), offer["state"]
        state = "expired" if offer["expires_at"] <= now else "accepted"
        tx.proactive.settle_offer(offer_id, state, None, now)
        plan = settled(found, offer, state, None, context)
        if state == "accepted":
            job = Job(f"{DELIVER}:{offer_id}", DELIVER, now, {"offer": offer_id})
            plan = plan._replace(jobs=(*plan.jobs, job))
        return save(tx, plan), state

    plan, state = await context.store.write(work)
    context.tell(plan)
    if plan.facts:
        context.announcer.agents(plan.conversation.inbox_id, "panel_changed", {"conversation": plan.conversation.id})
    return ack(plan, state=state)


async def deliver(context: Context, job: Job) -> str | None:
    """One signed call to the shop. None: try again later (the job was given back)."""
    offer_id = job.payload["offer"]

    def load(tx: Tx) -> tuple[Json | None, Json]:
        offer = tx.proactive.offer(offer_id)
        found = tx.conversations.get(offer["conversation_id"]) if offer else None
        contact = tx.people.contact(found.contact_id) if found is not None and found.contact_id else None
        return offer, {"customer_id": contact.customer_id if contact else None, "name": contact.name if contact else None}

    offer, contact = await context.store.read(load)
    if offer is None or offer["state"] != "accepted":
        return "nothing_to_do"
    status, reason, retry_after = await context.orders.deliver({**offer, "contact": contact})
    if status == "retry":
        if job.attempts > len(SCHEDULE):
            return await settle(context, offer_id, "refused", "shop_unreachable")
        wait = max(SCHEDULE[job.attempts - 1] * random.uniform(1 - JITTER, 1.0), retry_after or 0.0)
        await context.store.write(lambda tx: tx.jobs.again(job.key, context.clock() + timedelta(seconds=wait)))
        return None
    return await settle(context, offer_id, "refused" if status == "failed" else status, reason)


async def settle(context: Context, offer_id: str, state: str, reason: str | None) -> str:
    """The shop's answer (`pending`, `done`, `refused`), at once or later by its own event.

    A final state stays; only an open offer expires.
    """

    def work(tx: Tx) -> Plan | None:
        offer = tx.proactive.offer(offer_id)
        if offer is None or offer["state"] in FINAL or offer["state"] == state:
            return None
        if state == "expired" and offer["state"] != "open":
            return None
        found = tx.conversations.get(offer["conversation_id"])
        assert found is not None, "an offer names a conversation that exists"
        tx.proactive.settle_offer(offer_id, state, reason, context.clock())
        return save(tx, settled(found, offer, state, reason, context))

    plan = await context.store.write(work)
    if plan is None:
        return "unchanged"
    context.tell(plan)
    context.announcer.agents(plan.conversation.inbox_id, "panel_changed", {"conversation": plan.conversation.id})
    return state


async def settled_by_shop(context: Context, inbox_id: str, offer_id: str, state: str, reason: str | None) -> str:
    """The shop's later event. Only an offer of its own that a shopper has accepted; anything else is passed over."""
    offer = await context.store.read(lambda tx: tx.proactive.offer(offer_id))
    if offer is None or offer["inbox_id"] != inbox_id or offer["state"] == "open":
        return "not_accepted"
    return await settle(context, offer_id, state, reason)


async def expire(context: Context, job: Job) -> str:
    """An offer that nobody took up in time."""
    return await settle(context, job.payload["offer"], "expired", None)
