"""From bot to people: into the queue with a context card, and what the shopper is told when nobody is there.

Pure. Walk d. The shopper always gets either a place in the queue or a promised time and a way to leave an address.
"""

from __future__ import annotations

from datetime import datetime

from chat_server.core.conversation import add_message, append, assign_queue, with_job
from chat_server.core.model import FactKind, Json, Message, MessageType, Plan, Sender, Staffing, Status

REASONS = ("requested", "bot_failed", "complaint", "bot_unavailable", "bot_asked", "agent_returned_to_queue", "snooze_ended")
"""Why a conversation is in the queue. A closed list: the console has words for each."""
_OF_THE_BOT = {"asked": "requested", "not_understood": "bot_failed", "complaint": "complaint"}


def reason_of(bots: str) -> str:
    """The queue's reason for the bot's (core/bot_turn.BotAnswer); one that we do not know is `bot_asked`."""
    return _OF_THE_BOT.get(bots, "bot_asked")


def to_queue(plan: Plan, reason: str, card: Json | None, staffing: Staffing, ask: Message | None, now: datetime) -> Plan:
    """Queue the conversation of `plan`; already with people: nothing changes, and the plan says so.

    `ask` is the request for contact details, added once for each conversation and only when nobody can answer.
    """
    conversation = plan.conversation
    if conversation.status in (Status.QUEUED, Status.ASSIGNED):
        return Plan(conversation, plan.facts, plan.jobs, reason=f"already_{conversation.status.value}")
    if card is not None:
        plan = append(plan, FactKind.CONTEXT_RECORDED, now, {"card": card}, card=card)
    promised = staffing.promised_minutes if staffing.nobody else None
    plan = append(
        plan, FactKind.CONVERSATION_QUEUED, now, {"reason": reason, "promised_minutes": promised},
        status=Status.QUEUED, turn=conversation.turn + 1, queued_at=now, queue_reason=reason,
        assignee_id=None, assignee_name=None, snoozed_until=None, waiting_since=conversation.waiting_since or now,
    )  # fmt: skip
    if staffing.nobody and ask is not None and not conversation.contact_asked:
        plan = add_message(plan, ask, now)
        plan = plan._replace(conversation=plan.conversation._replace(contact_asked=True))
    return with_job(plan, assign_queue(plan.conversation, now), reason)


def contact_request(message_id: str, client_id: str, shop: Sender, promised_minutes: int | None, now: datetime) -> Message:
    """ "Nobody is here: where may we answer you, and by when." The widget writes the words in the shopper's language."""
    part: Json = {"type": "contact_request", "fields": ["email", "phone"], "promised_minutes": promised_minutes}
    return Message(message_id, client_id, MessageType.OUTGOING, shop, (part,), now, digest="contact_request")


def context_card(
    reason: str, locale: str, *, intent: str | None = None, confidence: float | None = None, order: Json | None = None,
    tried: tuple[str, ...] = (), mood: str | None = None, question: str = "",
) -> Json:  # fmt: skip
    """ContextCard of docs/wire.md: what an agent needs to go on without asking again."""
    return {
        "reason": reason, "intent": intent, "confidence": confidence, "locale": locale, "order": order,
        "tried": list(tried), "mood": mood, "question": question,
    }  # fmt: skip
