"""The nouns of a chat: conversation, message, fact, agent, visitor, contact. Frozen, plain data.

Every walk passes these on; nothing here decides. Times are aware UTC datetimes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

Json = dict[str, Any]


class Status(StrEnum):
    """Who is in charge of a conversation."""

    BOT = "bot"
    QUEUED = "queued"
    ASSIGNED = "assigned"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class SenderKind(StrEnum):
    """Who speaks. `integration` is the shop speaking first: an order message, a rule, an invitation."""

    VISITOR = "visitor"
    AGENT = "agent"
    BOT = "bot"
    INTEGRATION = "integration"


class MessageType(StrEnum):
    """A note is private: only agents ever see it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    NOTE = "note"


class FactKind(StrEnum):
    """Durable facts of a conversation; each takes one `seq` (docs/wire.md, Facts)."""

    MESSAGE_CREATED = "message_created"
    MESSAGE_READ = "message_read"
    CONVERSATION_QUEUED = "conversation_queued"
    CONVERSATION_ASSIGNED = "conversation_assigned"
    CONVERSATION_SNOOZED = "conversation_snoozed"
    CONVERSATION_RESOLVED = "conversation_resolved"
    CONVERSATION_RETURNED = "conversation_returned"
    CONVERSATION_RATED = "conversation_rated"
    CONTEXT_RECORDED = "context_recorded"
    PROACTIVE_SHOWN = "proactive_shown"
    OFFER_SETTLED = "offer_settled"
    BOT_ANSWER_DROPPED = "bot_answer_dropped"


AGENTS_ONLY = frozenset({FactKind.CONVERSATION_SNOOZED, FactKind.CONTEXT_RECORDED, FactKind.BOT_ANSWER_DROPPED})


class Availability(StrEnum):
    """What an agent says of themselves; only `online` gets conversations."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Role(StrEnum):
    """Rights of an agent, highest first (inbound/agent_commands.py holds the table)."""

    OWNER = "owner"
    ADMIN = "admin"
    SUPERVISOR = "supervisor"
    AGENT = "agent"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Sender:
    """`id` is the visitor, the agent, `bot`, or the rule that spoke; never a socket or a token."""

    kind: SenderKind
    id: str
    name: str

    def wire(self) -> Json:
        """As docs/wire.md has it."""
        return {"kind": self.kind.value, "id": self.id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `parts` are validated by the door; `digest` is a hash of them, to tell a repeat from a conflict."""

    id: str
    client_id: str
    type: MessageType
    sender: Sender
    parts: tuple[Json, ...]
    created_at: datetime
    digest: str
    meta: Json | None = None

    @property
    def preview(self) -> str:
        """First words for lists; empty where there are none (a form, a card alone)."""
        for part in self.parts:
            text = part.get("text") or part.get("title")
            if isinstance(text, str) and part["type"] in ("text", "choice"):
                return text[:140]
        return ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened in a conversation, at its place in the count. A `message_created` carries its message."""

    conversation_id: str
    epoch: int
    seq: int
    kind: FactKind
    at: datetime
    data: Json = field(default_factory=dict)
    message: Message | None = None

    @property
    def private(self) -> bool:
        """Only agents may see it."""
        return self.kind in AGENTS_ONLY or (self.message is not None and self.message.type is MessageType.NOTE)


class Conversation(NamedTuple):
    """State of one conversation. `seq` counts its durable facts, `turn` changes whenever another side takes charge.

    A tuple with names, because every message makes one from a row and another one from that: `_replace` costs a fifth of a dataclass'.
    """

    id: str
    inbox_id: str
    visitor_id: str
    contact_id: str | None
    status: Status
    locale: str
    created_at: datetime
    last_at: datetime
    epoch: int = 1
    seq: int = 0
    turn: int = 1
    assignee_id: str | None = None
    assignee_name: str | None = None
    waiting_since: datetime | None = None
    queued_at: datetime | None = None
    queue_reason: str | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    shopper_read: int = 0
    agent_read: int = 0
    shopper_unread: int = 0
    agent_unread: int = 0
    heard: int = 0
    """seq of the last message that an agent must have seen before replying (`stale`)"""
    shopper_at: datetime | None = None
    """the shopper's last word"""
    word_at: datetime | None = None
    """the last word of the shopper or of an agent"""
    rating: int | None = None
    preview: str = ""
    preview_sender: str = ""
    card: Json | None = None
    contact_asked: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser that we gave a token. `contact_id` is set once the shop has signed who it is."""

    id: str
    inbox_id: str
    contact_id: str | None
    locale: str
    timezone: str | None
    consent: bool | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Contact:
    """A person known across visits. `customer_id` comes signed by the shop; details typed in chat never land here."""

    id: str
    inbox_id: str
    customer_id: str | None
    name: str | None
    email: str | None
    phone: str | None


@dataclass(frozen=True, slots=True)
class Agent:
    """Someone who answers in the console."""

    id: str
    inbox_id: str
    name: str
    email: str
    role: Role
    availability: Availability
    capacity: int
    load: int = 0
    last_assigned_at: datetime | None = None
    connected: bool = False

    def wire(self) -> Json:
        """As lists of agents show it."""
        shown = self.availability if self.connected else Availability.OFFLINE
        return {"id": self.id, "name": self.name, "availability": shown.value, "load": self.load, "capacity": self.capacity}


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done at `due_at`. `key` is unique for ever: the same job is never taken on twice."""

    key: str
    kind: str
    due_at: datetime
    payload: Json
    attempts: int = 0

    @property
    def lane(self) -> str:
        """Jobs of one lane are done one after the other: those of a conversation."""
        return str(self.payload.get("conversation") or self.key)


class Plan(NamedTuple):
    """What a decision came to: the conversation afterwards, its new facts in order, jobs to do, and why."""

    conversation: Conversation
    facts: tuple[Fact, ...] = ()
    jobs: tuple[Job, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Staffing:
    """Who could answer now: agents online, or else the promise that follows from the shop's hours."""

    online: int
    promised_minutes: int | None
    """minutes until the shop has promised an answer when nobody is online; None while somebody is"""
    bot: bool
    """the bot can answer (ready)"""

    @property
    def nobody(self) -> bool:
        """No person can answer now. An agent who is online out of hours does answer; the hours only make the promise."""
        return self.online == 0
