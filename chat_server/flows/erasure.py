"""A person asks to be forgotten: their words and details go, the places of their conversations stay, under a new epoch.

Browsers and consoles that are open hear of the new epoch by the next heads and start afresh. What the bot remembers of the
conversations goes by a job for each, because the bot may be away just then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from chat_server.core.bot_turn import BotUnavailable
from chat_server.core.model import Job
from chat_server.flows.context import Context, not_found
from chat_server.flows.ports import Store, Tx

FORGET = "forget_in_bot"
LONGEST_PAUSE = timedelta(hours=1)
log = structlog.get_logger("erasure")


@dataclass(frozen=True, slots=True)
class Erased:
    """How much was reached."""

    browsers: int
    conversations: int


async def erase(store: Store, visitor_id: str, now: datetime) -> Erased:
    """Everything of the person behind a visitor, in one transaction; a contact with all their browsers. May be repeated."""

    def work(tx: Tx) -> Erased:
        found = tx.erasure.person(visitor_id)
        if found is None:
            raise not_found("visitor")
        browsers, contact_id = found
        conversations = tx.erasure.erase(browsers, contact_id)
        tx.jobs.add(_forgetting(each, now) for each in conversations)
        return Erased(len(browsers), len(conversations))

    done = await store.write(work)
    log.info("erased", flow="erase", decision="erased", browsers=done.browsers, conversations=done.conversations)
    return done


def _forgetting(conversation: str, now: datetime) -> Job:
    """In the lane of the conversation: after a turn of the bot that is under way."""
    return Job(f"{FORGET}:{conversation}:{int(now.timestamp() * 1000)}", FORGET, now, {"conversation": conversation})


async def forget_in_bot(context: Context, job: Job) -> str | None:
    """Have the bot forget a conversation. None: it is away, and is asked again later, for as long as it takes."""
    if context.bot is None:
        return "no_bot"
    try:
        await context.bot.forget(job.payload["conversation"])
    except BotUnavailable as error:
        pause = min(LONGEST_PAUSE, timedelta(seconds=2 ** min(job.attempts, 12)))
        log.warning("not forgotten yet", flow=FORGET, conversation=job.payload["conversation"], reason=str(error), attempts=job.attempts)
        await context.store.write(lambda tx: tx.jobs.again(job.key, context.clock() + pause))
        return None
    return "forgotten"
