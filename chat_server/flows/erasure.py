"""A person asks to be forgotten: their words and details go, the places of their conversations stay, under a new epoch.

Browsers and consoles that are open hear of the new epoch by the next heads and start afresh. What the bot remembers of the
conversations goes by a job for each, because the bot may be away; so does what has to wait of the orders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import structlog

from chat_server.core.bot_turn import BotUnavailable
from chat_server.core.model import Job
from chat_server.core.person import Known, Person
from chat_server.flows.context import Context, new_id, not_found
from chat_server.flows.ports import OrderMemory, Store, Tx

FORGET = "forget_in_bot"
FORGET_ORDERS = "forget_in_orders"
LONGEST_PAUSE = timedelta(hours=1)
ONCE_MORE = timedelta(minutes=1)
"""after which the bot is asked a second time: a question that was given up may still lie before its door"""
log = structlog.get_logger("erasure")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was reached."""

    browsers: int
    conversations: int
    orders: int
    waiting: int
    """orders that follow, when the webhooks that wait for them were read"""


async def erase(store: Store, orders: OrderMemory, visitor_id: str, now: datetime) -> Erased:
    """Everything of the person behind a visitor; a contact with all their browsers. May be repeated."""

    def person(tx: Tx) -> Person:
        found = tx.erasure.person(visitor_id)
        if found is None:
            raise not_found("visitor")
        return found

    return await _erase(store, orders, person, now)


async def erase_customer(store: Store, orders: OrderMemory, inbox_id: str, customer_id: str, now: datetime) -> Erased:
    """The same for whom the shop calls so: their contact, if they ever came, and their orders. May be repeated."""
    return await _erase(store, orders, lambda tx: tx.erasure.customer(inbox_id, customer_id), now)


async def _erase(store: Store, orders: OrderMemory, person: Callable[[Tx], Person], now: datetime) -> Erased:
    """The orders first, because nothing leads to them afterwards; then the chat, in one transaction."""
    known = (await store.read(person)).known
    reached = await orders.forget(known)

    def work(tx: Tx) -> Erased:
        browsers, contact_id, _ = person(tx)
        conversations = tx.erasure.erase(browsers, contact_id)
        tx.jobs.add(_forgetting(each, at) for each in conversations for at in (now, now + ONCE_MORE))
        if reached.waiting:
            tx.jobs.add([Job(new_id(FORGET_ORDERS), FORGET_ORDERS, now, {"known": known.to_json()})])
        return Erased(len(browsers), len(conversations), *reached)

    done = await store.write(work)
    log.info("erased", flow="erase", decision="waiting" if done.waiting else "erased", **asdict(done))
    return done


def _forgetting(conversation: str, at: datetime) -> Job:
    """In the lane of the conversation: after a turn of the bot that is under way."""
    return Job(new_id(FORGET), FORGET, at, {"conversation": conversation})


async def _later(context: Context, job: Job) -> None:
    """Give it back, for a pause that grows."""
    pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(job.attempts, 12)))
    await context.store.write(lambda tx: tx.jobs.again(job.key, context.clock() + pause))


async def forget_in_orders(context: Context, job: Job) -> str | None:
    """What had to wait of the orders. None: it waits still. The job's row names the person until then, and no longer."""
    reached = await context.orders.forget(Known.from_json(job.payload["known"]))
    if reached.waiting == 0:
        await context.store.write(lambda tx: tx.jobs.done(job.key, "forgotten", context.clock(), keep=False))
        return "forgotten"
    log.warning("not forgotten yet", flow=FORGET_ORDERS, reason="webhooks wait", orders=reached.waiting, attempts=job.attempts)
    await _later(context, job)
    return None


async def forget_in_bot(context: Context, job: Job) -> str | None:
    """Have the bot forget a conversation. None: it is away, and is asked again later, for as long as it takes."""
    if context.bot is None:
        return "no_bot"
    try:
        await context.bot.forget(job.payload["conversation"])
    except BotUnavailable as error:
        log.warning("not forgotten yet", flow=FORGET, conversation=job.payload["conversation"], reason=str(error), attempts=job.attempts)
        await _later(context, job)
        return None
    return "forgotten"
