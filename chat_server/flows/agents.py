"""Walks a and d, the agent's side: reply, note, claim, assign, snooze, return, resolve. Doors check the role first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat_server.core import conversation as core
from chat_server.core.handoff import to_queue
from chat_server.core.model import (
    Agent,
    Availability,
    Conversation,
    Json,
    Message,
    MessageType,
    Plan,
    Role,
    Sender,
    SenderKind,
    Status,
)
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Aside, Context, Sent, ack, message_id, not_found, save, save_all, sent
from chat_server.flows.handoff import assign_waiting, tell_presence
from chat_server.flows.messages import Draft, placed, repeated
from chat_server.flows.ports import Tx


def as_sender(agent: Agent) -> Sender:
    """The agent as others see them."""
    return Sender(SenderKind.AGENT, agent.id, agent.name)


def seen_by(tx: Tx, agent: Agent, conversation_id: str) -> Conversation:
    """The conversation, if it is in the agent's inbox."""
    found = tx.conversations.get(conversation_id)
    if found is None or found.inbox_id != agent.inbox_id:
        raise not_found("conversation")
    return found


def unresolved(conversation: Conversation) -> Conversation:
    """Refuses what is over."""
    if conversation.status is Status.RESOLVED:
        raise ClientError(Code.CONFLICT, "This conversation is resolved.")
    return conversation


async def _change(context: Context, agent: Agent, conversation_id: str, decide: Callable[[Tx, Conversation], Plan]) -> Json:
    """Load, decide, commit, announce; the pattern of every agent's command on an unresolved conversation."""

    def work(tx: Tx) -> Plan:
        return save(tx, decide(tx, unresolved(seen_by(tx, agent, conversation_id))))

    plan = await context.store.write(work)
    context.tell(plan)
    return ack(plan)


async def claim(context: Context, agent: Agent, conversation_id: str) -> Json:
    """Take a conversation that no other agent has: atomic, the second one gets `conflict`."""

    def decide(tx: Tx, found: Conversation) -> Plan:
        if found.status is Status.ASSIGNED and found.assignee_id == agent.id:
            return Plan(found, reason="already_yours")
        if found.status is Status.ASSIGNED:
            raise ClientError(Code.CONFLICT, f"{found.assignee_name} has this conversation.")
        tx.people.assigned(agent.id, context.clock())
        return core.assign(found, agent, as_sender(agent), context.clock())

    answer = await _change(context, agent, conversation_id, decide)
    await after_routing(context, agent.inbox_id)
    return answer


async def after_routing(context: Context, inbox_id: str) -> None:
    """Loads changed: somebody may be free, places in the queue may have moved."""
    await assign_waiting(context, inbox_id)
    await tell_presence(context, inbox_id)


@dataclass(frozen=True, slots=True)
class Replying:
    """An agent's answer on its way into the store; `seen_seq`: the last that the agent has seen."""

    context: Context
    agent: Agent
    conversation: str
    draft: Draft
    seen_seq: int


async def reply(context: Context, agent: Agent, conversation_id: str, draft: Draft, seen_seq: int) -> Json:
    """An answer to the shopper. `stale` when a message came after `seen_seq`: the agent looks, and sends again."""
    replying = Replying(context, agent, conversation_id, draft, seen_seq)
    plan, answer = await sent(context, _reply_together, _reply, replying)
    if plan is not None and len(plan.facts) > 1:
        await after_routing(context, agent.inbox_id)
    return answer


def _reply_together(tx: Tx, waiting: Sequence[Replying]) -> list[Sent | Exception]:
    """Answers of agents who have the conversation and have seen all of it; as with shoppers' messages, a repeat is found by the store."""
    now = waiting[0].context.clock()
    loaded = tx.conversations.load({each.conversation for each in waiting})
    outcomes: list[Sent | Exception] = []
    plans = []
    for each in waiting:
        found, agent = loaded.get(each.conversation), each.agent
        theirs = found is not None and found.inbox_id == agent.inbox_id and found.assignee_id == agent.id
        if found is None or not theirs or found.status is not Status.ASSIGNED or each.seen_seq < found.heard:
            outcomes.append(Aside())
            continue
        message = outgoing(each.draft, MessageType.OUTGOING, agent, now)
        plan = core.agent_replied(found, agent, message, now)
        loaded[found.id] = plan.conversation
        plans.append(plan)
        outcomes.append((plan, placed(plan.facts[-1], message)))
    save_all(tx, plans)
    return outcomes


def outgoing(draft: Draft, kind: MessageType, agent: Agent, now: datetime) -> Message:
    """An agent's message, or their note."""
    return Message(message_id(now), draft.client_id, kind, as_sender(agent), draft.parts, now, draft.digest)


def _reply(tx: Tx, replying: Replying) -> tuple[Plan | None, Json]:
    """One answer by itself: a repeat, one that claims the conversation, one that is refused."""
    agent, draft = replying.agent, replying.draft
    found = seen_by(tx, agent, replying.conversation)
    known = tx.conversations.sent(found.id, as_sender(agent), draft.client_id)
    if known is not None:
        return None, repeated(known, draft)
    if unresolved(found).status is Status.ASSIGNED and found.assignee_id != agent.id:
        raise ClientError(Code.CONFLICT, f"{found.assignee_name} has this conversation. Assign it to yourself first.")
    if replying.seen_seq < found.heard:
        raise ClientError(Code.STALE, "The conversation moved on. Look, and send again.", seq=found.seq)
    now = replying.context.clock()
    message = outgoing(draft, MessageType.OUTGOING, agent, now)
    plan = save(tx, core.agent_replied(found, agent, message, now))
    return plan, placed(plan.facts[-1], message)


async def add_note(context: Context, agent: Agent, conversation_id: str, draft: Draft) -> Json:
    """A private note; also on what is resolved."""

    def work(tx: Tx) -> tuple[Plan | None, Json]:
        found = seen_by(tx, agent, conversation_id)
        known = tx.conversations.sent(found.id, as_sender(agent), draft.client_id)
        if known is not None:
            return None, repeated(known, draft)
        now = context.clock()
        message = outgoing(draft, MessageType.NOTE, agent, now)
        plan = save(tx, core.add_message(Plan(found, reason="noted"), message, now))
        return plan, placed(plan.facts[-1], message)

    plan, answer = await context.store.write(work)
    if plan is not None:
        context.tell(plan)
    return answer


async def assign(context: Context, agent: Agent, conversation_id: str, to: str | None) -> Json:
    """To a colleague, to oneself (taking over), or with None back to the queue."""

    def decide(tx: Tx, found: Conversation) -> Plan:
        now = context.clock()
        if to is None:
            if found.status is Status.QUEUED:
                return Plan(found, reason="already_queued")
            standing = context.staffing(tx, context.inboxes[found.inbox_id])
            nobodys = found._replace(status=Status.BOT, assignee_id=None, assignee_name=None)
            return to_queue(Plan(nobodys), "agent_returned_to_queue", None, standing, None, now)
        colleague = tx.people.agent(to, now)
        if colleague is None or colleague.inbox_id != agent.inbox_id or colleague.role is Role.VIEWER:
            raise not_found("agent")
        if found.status is Status.ASSIGNED and found.assignee_id == to:
            return Plan(found, reason="already_assigned")
        tx.people.assigned(to, now)
        return core.assign(found, colleague, as_sender(agent), now)

    answer = await _change(context, agent, conversation_id, decide)
    await after_routing(context, agent.inbox_id)
    return answer


async def snooze(context: Context, agent: Agent, conversation_id: str, until: datetime) -> Json:
    """Put aside until `until` (in the future), or until the shopper writes."""
    if until <= context.clock():
        raise ClientError(Code.BAD_REQUEST, "`until` must be in the future.")
    answer = await _change(context, agent, conversation_id, lambda _tx, found: core.snooze(found, until, context.clock()))
    await after_routing(context, agent.inbox_id)
    return answer


async def return_to_bot(context: Context, agent: Agent, conversation_id: str) -> Json:
    """Give the conversation back to the bot."""

    def decide(_tx: Tx, found: Conversation) -> Plan:
        if found.status is Status.BOT:
            return Plan(found, reason="already_bot")
        return core.return_to_bot(found, as_sender(agent), context.clock())

    answer = await _change(context, agent, conversation_id, decide)
    await after_routing(context, agent.inbox_id)
    return answer


async def resolve(context: Context, agent: Agent, conversation_id: str) -> Json:
    """Done; doing it twice is acked and writes nothing."""

    def work(tx: Tx) -> Plan:
        found = seen_by(tx, agent, conversation_id)
        if found.status is Status.RESOLVED:
            return Plan(found, reason="already_resolved")
        return save(tx, core.resolve(found, as_sender(agent), context.clock()))

    plan = await context.store.write(work)
    context.tell(plan)
    await after_routing(context, agent.inbox_id)
    return ack(plan)


async def mark_read(context: Context, agent: Agent, conversation_id: str, through: int) -> Json:
    """An agent has seen everything up to `through`."""

    def work(tx: Tx) -> Plan:
        found = seen_by(tx, agent, conversation_id)
        return save(tx, core.read(found, SenderKind.AGENT, agent.id, through, context.clock()))

    plan = await context.store.write(work)
    context.tell(plan)
    return ack(plan)


async def typing(context: Context, agent: Agent, conversation_id: str, on: bool) -> None:
    """Passing: told to the shopper and to the other agents."""
    found = await context.store.read(lambda tx: seen_by(tx, agent, conversation_id))
    body: Json = {"conversation": found.id, "who": as_sender(agent).wire(), "typing": on}
    context.announcer.agents(found.inbox_id, "typing_changed", body)
    if found.assignee_id == agent.id:
        context.announcer.shopper(found, "typing_changed", body)


async def set_availability(context: Context, agent: Agent, availability: Availability) -> None:
    """What an agent says of themselves; coming online may empty the queue."""

    def work(tx: Tx) -> None:
        tx.people.set_availability(agent.id, availability)
        tx.people.agents_seen([agent.id], context.clock())

    await context.store.write(work)
    await after_routing(context, agent.inbox_id)
