"""What every flow is handed: store, announcer, clock, inboxes, and how to wake the job loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from chat_server.core.hours import promised_at
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Conversation, Json, Plan, Staffing
from chat_server.core.routing import answers
from chat_server.errors import AlreadySent, ClientError, Code
from chat_server.flows.ports import Announcer, Bot, Catalogue, Clock, Orders, Store, Tx

A = TypeVar("A")


def new_id(prefix: str) -> str:
    """128 random bits, with a prefix that says what it names."""
    return f"{prefix}_{os.urandom(16).hex()}"


def message_id(now: datetime) -> str:
    """Milliseconds and 80 random bits: new messages stand together in the index of ids, so that a commit writes fewer pages of it."""
    return f"msg_{int(now.timestamp() * 1000):012x}{os.urandom(10).hex()}"


@dataclass(frozen=True, slots=True)
class Context:
    """Ports and rules, built once by app.py. `bot_state` answers `ready`, `loading` or `off` without waiting."""

    store: Store
    announcer: Announcer
    clock: Clock
    inboxes: Mapping[str, Inbox]
    bot: Bot | None
    bot_state: Callable[[], str]
    orders: Orders
    catalogue: Catalogue
    wake: Callable[[], None]
    turn_token: Callable[[str], str]
    """a short-lived token that names a conversation, for the bot's actions"""

    def tell(self, plan: Plan) -> None:
        """After the commit: announce the plan's facts, and wake the job loop when it left jobs."""
        self.announcer.facts(plan.conversation, plan.facts)
        if plan.jobs:
            self.wake()

    def staffing(self, tx: Tx, inbox: Inbox) -> Staffing:
        """Who could answer now."""
        return staffing(inbox, tx.people.agents(inbox.id, self.clock()), self.clock(), self.bot_state() == "ready")


def staffing(inbox: Inbox, agents: list[Agent], now: datetime, bot: bool) -> Staffing:
    """Agents online, and the promise of the shop's hours when there is none."""
    online = sum(answers(agent) for agent in agents)
    promise = promised_at(inbox.hours, inbox.promised_minutes, now)
    minutes = -(-int((promise - now).total_seconds()) // 60)
    return Staffing(online, None if online else minutes, bot)


class Aside(Exception):
    """Not as plain as the others that wait: it is done by itself."""


Sent = tuple[Plan, Json]
"""what became of a message, and its ack"""


async def sent(
    context: Context,
    together: Callable[[Tx, Sequence[A]], Sequence[Sent | Exception]],
    alone: Callable[[Tx, A], tuple[Plan | None, Json]],
    item: A,
) -> tuple[Plan | None, Json]:
    """Write a message with all that waits; `alone` where that is refused or the store has it already. Told after the commit.

    The plan is None where nothing was written: a repeat.
    """
    plan: Plan | None
    try:
        plan, answer = await context.store.write_each(together, item)
    except (Aside, AlreadySent):
        plan, answer = await context.store.write(lambda tx: alone(tx, item))
    if plan is not None:
        context.tell(plan)
    return plan, answer


def save(tx: Tx, plan: Plan) -> Plan:
    """Store a plan: state, facts and jobs, in the transaction of the caller."""
    save_all(tx, [plan])
    return plan


def save_all(tx: Tx, plans: Sequence[Plan]) -> None:
    """Store several plans at once; those of one conversation in their order."""
    tx.conversations.save(*(plan for plan in plans if plan.facts or plan.jobs))
    tx.jobs.add(job for plan in plans for job in plan.jobs)


def ack(plan: Plan, **more: object) -> Json:
    """What a durable command answers: the place of its last fact, or the head when nothing was written."""
    conversation: Conversation = plan.conversation
    return {
        "conversation": conversation.id,
        "fact_id": f"{conversation.id}:{conversation.seq}",
        "seq": conversation.seq,
        "epoch": conversation.epoch,
        **more,
    }


def not_found(what: str) -> ClientError:
    """The same answer for what does not exist and for what is not yours."""
    return ClientError(Code.NOT_FOUND, f"There is no such {what}.")
