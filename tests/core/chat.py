"""Builders for the pure core of the chat: one conversation in any status, an agent, a message, who is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chat_server.core.model import Agent, Availability, Conversation, Message, MessageType, Role, Sender, SenderKind, Staffing, Status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHOPPER = Sender(SenderKind.VISITOR, "vis_1", "")
BOT = Sender(SenderKind.BOT, "bot", "")
STAFFED = Staffing(online=1, promised_minutes=None, bot=True)
NO_BOT = replace(STAFFED, bot=False)
DESERTED = Staffing(online=0, promised_minutes=120, bot=False)


def agent(id_: str = "agt_1", **changes: Any) -> Agent:
    made = Agent(id_, "demo", f"Agent {id_}", f"{id_}@test.example", Role.AGENT, Availability.ONLINE, 4, connected=True)
    return replace(made, **changes)


def conversation(status: Status = Status.BOT, **changes: Any) -> Conversation:
    """Three facts old; with an agent where somebody is in charge."""
    begun = NOW - timedelta(hours=1)
    made = Conversation("cnv_1", "demo", "vis_1", None, status, "en", begun, begun, seq=3, turn=2)
    match status:
        case Status.ASSIGNED:
            made = made._replace(assignee_id="agt_1", assignee_name="Agent agt_1")
        case Status.QUEUED:
            made = made._replace(queued_at=begun, queue_reason="requested")
        case Status.SNOOZED:
            made = made._replace(assignee_id="agt_1", assignee_name="Agent agt_1", snoozed_until=NOW + timedelta(hours=1))
        case Status.RESOLVED:
            made = made._replace(resolved_at=begun)
        case Status.BOT:
            pass
    return made._replace(**changes)


def message(kind: MessageType = MessageType.INCOMING, sender: Sender = SHOPPER, text: str = "Hello", id_: str = "msg_1") -> Message:
    return Message(id_, f"client-{id_}", kind, sender, ({"type": "text", "text": text},), NOW, "digest")
