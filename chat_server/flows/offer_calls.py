"""The calls to the shop about an offer: each written down before it is made, repeated on a schedule, under one key. Walk e."""

from __future__ import annotations

import random
from datetime import timedelta

from chat_server.core.model import Job, Json, Plan
from chat_server.core.offer import UNANSWERED
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context, not_found, save
from chat_server.flows.offers import answered, call, order_of, outdated, settled, taken_elsewhere
from chat_server.flows.ports import Tx

SCHEDULE = (5.0, 300.0, 1800.0, 7200.0, 18000.0, 36000.0, 50400.0, 72000.0, 86400.0)
"""seconds to the next try; the shop knows a repeat by the offer id. Source: docs/wire.md, Webhooks to the shop"""
JITTER = 0.1
"""of each pause: what failed together does not come back together"""
UNDER = {"accepted": "accepted", "withdrawn": "undoing"}
"""the state in which a call is made"""
NO_WORD = UNANSWERED | {"gone", "no_action_address", "bad_address", "private_address", "redirect"}
"""reasons of refusals that the shop's own code never gave: what an operator may want to call in again"""


def without_word(reason: str | None) -> bool:
    """Whether a refusal came from the calls, not from the shop's own code; an HTTP status is no word either."""
    return reason is not None and (reason in NO_WORD or reason.startswith("http_"))


async def deliver(context: Context, job: Job) -> str | None:
    """One signed call to the shop. None: try again later (the job was given back).

    Before the first call the order is looked at once more; after it the shop may have acted, and only it knows.
    """
    offer_id, what, again_asked = job.payload["offer"], job.payload.get("call", "accepted"), job.payload.get("again", False)

    def load(tx: Tx) -> tuple[Json | None, Json]:
        offer = tx.offers.get(offer_id)
        found = tx.conversations.get(offer["conversation_id"]) if offer else None
        contact = tx.people.contact(found.contact_id) if found is not None and found.contact_id else None
        known = {"customer_id": contact.customer_id if contact else None, "name": contact.name if contact else None}
        return offer, {"contact": known, "tried": bool(tx.offers.attempts([offer_id])[offer_id])}

    offer, more = await context.store.read(load)
    if offer is None or offer["state"] != UNDER[what]:
        return "nothing_to_do"
    if not more.pop("tried") and what == "accepted":
        late = outdated(offer, await order_of(context, offer), context.clock())
        if late is not None:
            return await answered(context, offer_id, what, "refused", late)
    n = await context.store.write(lambda tx: _begin(tx, context, offer_id, what))
    if n is None:
        return "nothing_to_do"
    began = context.clock()
    params = {**offer["params"], **(offer["choice"] or {})}
    status, reason, retry_after = await context.orders.deliver({**offer, **more, "params": params, "call": what, "again": again_asked})
    took = int((context.clock() - began).total_seconds() * 1000)

    def note(tx: Tx) -> None:
        tx.offers.called(offer_id, n, status, None if status in ("done", "refused") else reason, took)

    if status != "retry":
        return await answered(context, offer_id, what, "refused" if status == "failed" else status, reason, note)
    if job.attempts > len(SCHEDULE):
        return await answered(context, offer_id, what, "refused", "shop_unreachable", note)
    wait = max(SCHEDULE[job.attempts - 1] * random.uniform(1 - JITTER, 1.0), retry_after or 0.0)

    def again(tx: Tx) -> None:
        note(tx)
        tx.jobs.again(job.key, context.clock() + timedelta(seconds=wait))

    await context.store.write(again)
    return None


def _begin(tx: Tx, context: Context, offer_id: str, what: str) -> int | None:
    """Write the call down, unless the offer moved on meanwhile (it was erased)."""
    offer = tx.offers.get(offer_id)
    if offer is None or offer["state"] != UNDER[what]:
        return None
    return tx.offers.calling(offer_id, what, context.clock())


async def again(context: Context, inbox_id: str, offer_id: str) -> str:
    """An operator has the shop called once more about an offer that ended without its word. The key is the first call's."""

    def work(tx: Tx) -> Plan:
        offer = tx.offers.get(offer_id)
        if offer is None or offer["inbox_id"] != inbox_id:
            raise not_found("offer")
        if offer["state"] != "refused" or not without_word(offer["reason"]):
            raise ClientError(Code.CONFLICT, "The shop has answered, or is being called.")
        found = tx.conversations.get(offer["conversation_id"])
        assert found is not None, "an offer names a conversation that exists"
        now = context.clock()
        if taken_elsewhere(tx, found, offer, now) is not None:
            raise ClientError(Code.CONFLICT, "The shopper has taken the same offer since.")
        tx.offers.settle(offer_id, "accepted", None, now)
        plan = settled(found, offer, "accepted", None, now)
        made = len(tx.offers.attempts([offer_id])[offer_id])
        return save(tx, plan._replace(jobs=(*plan.jobs, call(offer_id, "accepted", now, again=max(1, made)))))

    plan = await context.store.write(work)
    context.tell(plan)
    context.announcer.agents(inbox_id, "panel_changed", {"conversation": plan.conversation.id})
    return "accepted"
