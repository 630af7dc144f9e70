"""How facts look on the wire, and what each reader may see of them. Walks a to e end here."""

from __future__ import annotations

from datetime import datetime

from chat_server.core.model import Conversation, Fact, FactKind, Json, Message


def iso(moment: datetime) -> str:
    """UTC with milliseconds and `Z`."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def message_body(message: Message, *, agent: bool) -> Json:
    """A message; `meta` (intent, rule) is for agents only."""
    body: Json = {
        "id": message.id,
        "client_id": message.client_id,
        "type": message.type.value,
        "sender": message.sender.wire(),
        "parts": list(message.parts),
        "created_at": iso(message.created_at),
    }
    if agent and message.meta:
        body["meta"] = message.meta
    return body


def wire(fact: Fact, *, agent: bool) -> tuple[str, Json]:
    """Event name and body for a reader. What a shopper may not see becomes `hidden`, so that their count has no gap."""
    place: Json = {"conversation": fact.conversation_id, "epoch": fact.epoch, "seq": fact.seq}
    if fact.private and not agent:
        return "hidden", place
    if fact.message is None:
        return fact.kind.value, {**place, "at": iso(fact.at), **fact.data}
    body = message_body(fact.message, agent=agent)
    return fact.kind.value, {**place, "at": body["created_at"], **fact.data, "message": body}


def alike(fact: Fact) -> bool:
    """Whether a shopper and an agent are told the same of it."""
    return not fact.private and not (fact.message is not None and fact.message.meta)


def listed(fact: Fact, *, agent: bool) -> Json:
    """A fact inside a `sync` answer: the event's body with its name as `fact`."""
    name, body = wire(fact, agent=agent)
    return {"fact": name, **body}


def assignee(conversation: Conversation) -> Json | None:
    """Who is in charge, if it is a person."""
    if conversation.assignee_id is None:
        return None
    return {"id": conversation.assignee_id, "name": conversation.assignee_name or ""}


def shopper_view(conversation: Conversation, queue_position: int | None) -> Json:
    """ConversationView of docs/wire.md."""
    return {
        "id": conversation.id,
        "epoch": conversation.epoch,
        "seq": conversation.seq,
        "status": conversation.status.value,
        "assignee": assignee(conversation),
        "queue_position": queue_position,
        "read": {"shopper": conversation.shopper_read, "agent": conversation.agent_read},
        "rated": conversation.rating is not None,
        "unread": conversation.shopper_unread,
    }


__all__ = ["FactKind", "alike", "assignee", "iso", "listed", "message_body", "shopper_view", "wire"]
