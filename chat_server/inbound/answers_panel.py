"""What the panel of a conversation holds, field by field, beside answers.py: who it is, orders, offers and their calls."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from chat_server.inbound.answers import Cart, Closed, Facts, Row


class PanelContact(Closed):
    id: str | None
    name: str
    email: str | None
    phone: str | None
    grade: Literal["signed", "link", "order_and_contact", "browser"]


class PanelVisitor(Closed):
    id: str
    locale: str
    timezone: str | None
    consent: bool | None
    first_seen: str
    online: bool


class ActivityView(Closed):
    kind: str
    at: str
    data: dict[str, Any]


class Visit(Closed):
    started_at: str
    page: dict[str, Any] | None
    cart: Cart | None
    activities: list[ActivityView]


class VerdictView(Closed):
    id: str
    at: str
    class_: str = field(name="class")
    subject: str
    source: str
    decision: Literal["send", "hold", "drop"]
    reason: str
    until: str | None
    text: str


class Earlier(Closed):
    id: str
    resolved_at: str | None
    preview: str
    rating: int | None


class Attempt(Closed):
    call: Literal["accepted", "withdrawn"]
    at: str
    status: str | None
    reason: str | None
    ms: int | None


class OfferView(Closed):
    id: str
    kind: str
    title: str
    state: str
    reason: str | None
    at: str
    order_id: str | None
    chosen: str | None
    undo_until: str | None
    attempts: list[Attempt]


class MayOffer(Closed):
    offer: str
    kind: str
    title: str
    worth: int | None
    order_id: str | None


class Panel(Closed):
    contact: PanelContact
    visitor: PanelVisitor
    visit: Visit | None
    verdicts: list[VerdictView]
    card: dict[str, Any] | None
    earlier: list[Earlier]
    offers: list[OfferView]
    may_offer: list[MayOffer]
    orders: list[dict[str, Any]]


class PanelAlone(Panel):
    ok: bool


class ThreadSynced(Facts):
    row: Row
    panel: Panel
