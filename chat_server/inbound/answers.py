"""What the HTTP door answers, field by field, for the OpenAPI document and for the tests that hold every answer against it.

Nothing is decoded with these: the flows make plain data. A closed type refuses a field too many; `Fact` and what the shop's
backend says of an order are open, since their own pages describe them.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from chat_server.core.model import Availability, Role, Status

SenderKind = Literal["visitor", "agent", "bot", "integration"]
FactName = Literal[
    "message_created", "message_read", "conversation_queued", "conversation_assigned", "conversation_snoozed", "conversation_resolved",
    "conversation_returned", "conversation_rated", "context_recorded", "proactive_shown", "offer_settled", "bot_answer_dropped", "hidden",
]  # fmt: skip


class Closed(Struct, forbid_unknown_fields=True):
    """No field that is not named here."""


class Done(Closed):
    ok: bool


class Durable(Done):
    conversation: str
    fact_id: str
    seq: int
    epoch: int


class Sent(Durable):
    message_id: str


class Accepted(Durable):
    state: Literal["open", "accepted", "pending", "done", "refused", "expired", "undoing", "undone"]


class Invited(Done):
    decision: Literal["send", "hold", "drop"]
    reason: str | None
    conversation: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET


class Fact(Struct):
    fact: FactName
    conversation: str
    epoch: int
    seq: int


class Facts(Done):
    epoch: int
    start: int
    facts: list[Fact]
    complete: bool
    reset: bool


class Named(Closed):
    id: str
    name: str


class VisitorView(Closed):
    id: str
    identified: bool
    name: str | None
    token: str | UnsetType = UNSET


class InboxView(Closed):
    name: str
    color: str
    locales: list[str]
    online: bool
    promised_minutes: int | None
    bot: Literal["ready", "loading", "off"]


class Markers(Closed):
    shopper: int
    agent: int


class ConversationView(Closed):
    id: str
    epoch: int
    seq: int
    status: Status
    assignee: Named | None
    queue_position: int | None
    read: Markers
    rated: bool
    unread: int


class ShopperSynced(Facts):
    visitor: VisitorView
    inbox: InboxView
    conversation: ConversationView | None


class Colleague(Named):
    availability: Availability
    load: int
    capacity: int


class Me(Named):
    role: Role
    availability: Availability


class RowContact(Closed):
    id: str | None
    name: str
    identified: bool


class Preview(Closed):
    text: str
    sender_kind: SenderKind | Literal[""]


class PageView(Closed):
    title: str
    url: str


class Cart(Struct):
    value: int | None
    currency: str | None


class Row(Closed):
    id: str
    epoch: int
    seq: int
    status: Status
    assignee: Named | None
    visitor: str
    contact: RowContact
    locale: str
    preview: Preview
    unread: int
    waiting_since: str | None
    last_at: str
    created_at: str
    page: PageView | None
    cart: Cart | None
    queue_reason: str | None
    rating: int | None
    online: bool


class Home(Done):
    me: Me
    agents: list[Colleague]
    conversations: list[Row]
    complete: bool


class Resolved(Done):
    conversations: list[Row]


class NudgeCard(Closed):
    kind: str
    title: str


class Nudge(Closed):
    conversation: str
    message_id: str
    text: str
    class_: str = field(name="class")
    card: NudgeCard | UnsetType | None = UNSET


class BeaconInbox(Closed):
    name: str
    color: str
    online: bool
    locales: list[str]


class Beaconed(Done):
    unread: int
    nudge: Nudge | None
    connect: bool
    again: int | None
    inbox: BeaconInbox
    visitor: str | UnsetType = UNSET


class BotOrders(Done):
    identified: bool
    locale: str
    orders: list[dict[str, Any]]


class Health(Closed):
    status: Literal["ok"]


class Readiness(Struct):
    status: str
    bot: Literal["ready", "loading", "off"]


class Receipt(Struct):
    """Of a webhook: `outcome`, or an error as everywhere else."""

    ok: bool
