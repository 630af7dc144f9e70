"""What may happen to a conversation, and what follows: one function for each command, each returns a Plan.

Pure. Walks a, d and e pass here. `seq` is handed out in the order of the plan's facts; the caller holds the row locked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chat_server.core.facts import iso
from chat_server.core.model import (
    Agent,
    Conversation,
    Fact,
    FactKind,
    Job,
    Json,
    Message,
    MessageType,
    Plan,
    Sender,
    SenderKind,
    Staffing,
    Status,
)

BOT_TURN = "bot_turn"
ASSIGN_QUEUE = "assign_queue"
SNOOZE_END = "snooze_end"
RECONSIDER = "reconsider"
BOT_UNAVAILABLE = "bot_unavailable"


def append(plan: Plan, kind: FactKind, now: datetime, data: Json | None = None, message: Message | None = None, **changes: Any) -> Plan:
    """The plan with one more fact at the next seq, and the conversation changed by `changes`."""
    before = plan.conversation
    fact = Fact(before.id, before.epoch, before.seq + 1, kind, now, data or {}, message)
    after = before._replace(seq=fact.seq, **changes)
    return plan._replace(conversation=after, facts=(*plan.facts, fact))


def with_job(plan: Plan, job: Job, reason: str = "") -> Plan:
    """The plan with one more job."""
    return plan._replace(jobs=(*plan.jobs, job), reason=reason or plan.reason)


def add_message(plan: Plan, message: Message, now: datetime) -> Plan:
    """A message at the next seq, with previews, unread counts and waiting time kept in step."""
    conversation = plan.conversation
    changes: dict[str, Any] = {"last_at": now}
    place = conversation.seq + 1
    if message.type is not MessageType.NOTE:
        changes["heard"] = place
        if message.preview:
            changes |= {"preview": message.preview, "preview_sender": message.sender.kind.value}
    match message.type:
        case MessageType.INCOMING:
            changes |= {"agent_unread": conversation.agent_unread + 1, "waiting_since": conversation.waiting_since or now}
            changes |= {"shopper_read": place, "shopper_unread": 0, "shopper_at": now, "word_at": now}
        case MessageType.OUTGOING:
            changes["shopper_unread"] = conversation.shopper_unread + 1
            if message.sender.kind is SenderKind.AGENT:
                changes |= {"waiting_since": None, "agent_read": place, "agent_unread": 0, "word_at": now}
            elif message.sender.kind is SenderKind.BOT:
                changes["waiting_since"] = None
                del changes["heard"]
        case MessageType.NOTE:
            pass
    return append(plan, FactKind.MESSAGE_CREATED, message.created_at, message=message, **changes)


def shopper_wrote(conversation: Conversation, message: Message, staffing: Staffing, now: datetime) -> Plan:
    """A shopper's message. The bot gets a turn while it is in charge; a snoozed conversation wakes.

    Reason `bot_unavailable`: the bot is in charge but cannot answer; the caller hands over to people.
    """
    plan = add_message(Plan(conversation, reason="written"), message, now)
    match conversation.status:
        case Status.BOT if not message.preview:
            return plan._replace(reason="nothing_to_ask")
        case Status.BOT if staffing.bot:
            return with_job(plan, bot_turn(plan.conversation, now), "bot_asked")
        case Status.BOT:
            return plan._replace(reason=BOT_UNAVAILABLE)
        case Status.SNOOZED:
            return wake(plan, now)
        case Status.QUEUED | Status.ASSIGNED | Status.RESOLVED:
            return plan


def bot_turn(conversation: Conversation, now: datetime) -> Job:
    """The bot's turn on what stands last in the conversation; one for each trigger, for ever."""
    payload = {"conversation": conversation.id, "trigger_seq": conversation.seq, "turn": conversation.turn}
    return Job(f"{BOT_TURN}:{conversation.id}:{conversation.seq}", BOT_TURN, now, payload)


def wake(plan: Plan, now: datetime) -> Plan:
    """A snoozed conversation comes back to its agent, or to the queue when it has none."""
    conversation = plan.conversation
    if conversation.status is not Status.SNOOZED:
        return plan
    if conversation.assignee_id is None:
        data: Json = {"reason": "snooze_ended", "promised_minutes": None}
        plan = append(
            plan, FactKind.CONVERSATION_QUEUED, now, data,
            status=Status.QUEUED, queued_at=now, queue_reason="snooze_ended", snoozed_until=None,
        )  # fmt: skip
        return with_job(plan, assign_queue(plan.conversation, now), "woken")
    agent = {"id": conversation.assignee_id, "name": conversation.assignee_name or ""}
    data = {"agent": agent, "by": {"kind": "system", "id": "snooze", "name": ""}}
    plan = append(plan, FactKind.CONVERSATION_ASSIGNED, now, data, status=Status.ASSIGNED, snoozed_until=None)
    return plan._replace(reason="woken")


def assign_queue(conversation: Conversation, now: datetime) -> Job:
    """Ask for an agent for the inbox's queue; one job for each time that a conversation enters it."""
    return Job(f"{ASSIGN_QUEUE}:{conversation.id}:{conversation.seq}", ASSIGN_QUEUE, now, {"inbox": conversation.inbox_id})


def assign(conversation: Conversation, agent: Agent, by: Sender, now: datetime) -> Plan:
    """An agent takes charge (by claim, by a colleague, or by routing: `by`). The bot's turn is over."""
    data = {"agent": {"id": agent.id, "name": agent.name}, "by": by.wire()}
    return append(
        Plan(conversation, reason="assigned"), FactKind.CONVERSATION_ASSIGNED, now, data,
        status=Status.ASSIGNED, assignee_id=agent.id, assignee_name=agent.name, turn=conversation.turn + 1,
        queued_at=None, queue_reason=None, snoozed_until=None,
    )  # fmt: skip


def agent_replied(conversation: Conversation, agent: Agent, message: Message, now: datetime) -> Plan:
    """An agent's answer; replying to what nobody has claims it."""
    plan = Plan(conversation)
    if conversation.assignee_id != agent.id or conversation.status is not Status.ASSIGNED:
        plan = assign(conversation, agent, message.sender, now)
    return add_message(plan, message, now)._replace(reason="replied")


def snooze(conversation: Conversation, until: datetime, now: datetime) -> Plan:
    """Put aside until a time, or until the shopper writes."""
    plan = append(
        Plan(conversation, reason="snoozed"), FactKind.CONVERSATION_SNOOZED, now, {"until": iso(until)},
        status=Status.SNOOZED, snoozed_until=until, queued_at=None, turn=conversation.turn + 1,
    )  # fmt: skip
    payload = {"conversation": conversation.id, "until": until.isoformat()}
    return with_job(plan, Job(f"{SNOOZE_END}:{conversation.id}:{plan.conversation.seq}", SNOOZE_END, until, payload))


def return_to_bot(conversation: Conversation, by: Sender, now: datetime) -> Plan:
    """The bot takes over again, with a fresh turn."""
    return append(
        Plan(conversation, reason="returned"), FactKind.CONVERSATION_RETURNED, now, {"by": by.wire()},
        status=Status.BOT, turn=conversation.turn + 1, assignee_id=None, assignee_name=None,
        queued_at=None, queue_reason=None, snoozed_until=None, contact_asked=False,
    )  # fmt: skip


def resolve(conversation: Conversation, by: Sender, now: datetime) -> Plan:
    """Done. What the shopper writes next opens a new conversation; held messages may go out now."""
    plan = append(
        Plan(conversation, reason="resolved"), FactKind.CONVERSATION_RESOLVED, now, {"by": by.wire()},
        status=Status.RESOLVED, resolved_at=now, turn=conversation.turn + 1, waiting_since=None,
        queued_at=None, snoozed_until=None, agent_unread=0,
    )  # fmt: skip
    payload = {"inbox": conversation.inbox_id, "visitor": conversation.visitor_id}
    plan = with_job(plan, Job(f"{RECONSIDER}:{conversation.id}:{plan.conversation.seq}", RECONSIDER, now, payload))
    return with_job(plan, assign_queue(plan.conversation, now))


def read(conversation: Conversation, by: SenderKind, reader: str, through: int, now: datetime) -> Plan:
    """A read marker; an older one than the marker that stands changes nothing (a plan without facts)."""
    through = min(through, conversation.seq)
    shopper = by is SenderKind.VISITOR
    if through <= (conversation.shopper_read if shopper else conversation.agent_read):
        return Plan(conversation, reason="already_read")
    changes: dict[str, Any] = {"shopper_read": through} if shopper else {"agent_read": through}
    if through >= conversation.heard:
        changes["shopper_unread" if shopper else "agent_unread"] = 0
    data = {"by": {"kind": by.value, "id": reader}, "through": through}
    return append(Plan(conversation, reason="read"), FactKind.MESSAGE_READ, now, data, **changes)


def rate(conversation: Conversation, score: int, comment: str | None, now: datetime) -> Plan:
    """The shopper's verdict, 1 to 5; a later one replaces it."""
    data = {"score": score, "comment": comment}
    return append(Plan(conversation, reason="rated"), FactKind.CONVERSATION_RATED, now, data, rating=score)


def bot_answered(conversation: Conversation, turn: int, trigger_seq: int, replies: tuple[Message, ...], now: datetime) -> Plan:
    """The bot's messages, or the note that they came too late: a person took over, or another turn began."""
    late = late_reason(conversation, turn)
    if late is not None:
        data = {"reason": late, "trigger_seq": trigger_seq}
        return append(Plan(conversation, reason=late), FactKind.BOT_ANSWER_DROPPED, now, data)
    plan = Plan(conversation, reason="answered")
    for message in replies:
        plan = add_message(plan, message, now)
    return plan


def late_reason(conversation: Conversation, turn: int) -> str | None:
    """Why a bot's answer of this turn may not be shown any more; None while it may."""
    if conversation.status is Status.RESOLVED:
        return "resolved"
    if conversation.status is not Status.BOT:
        return "person_in_charge"
    return "turn_over" if conversation.turn != turn else None
