"""What the door answers about orders, field by field, beside answers.py. What the shop said of an order stays open: it has its own page."""

from __future__ import annotations

from typing import Any, Literal

from chat_server.core.model import Status
from chat_server.inbound.answers import Closed, Done


class Ordered(Done):
    orders: list[dict[str, Any]]


class Opened(Done):
    order_id: str
    order: dict[str, Any] | None


class Spoken(Closed):
    id: str
    status: Status
    last_at: str
    name: str
    preview: str
    proof: Literal["signed", "link", "order_and_contact"]


class FoundOrder(Closed):
    order: dict[str, Any]
    customer: str | None
    conversations: list[Spoken]


class FoundOrders(Done):
    orders: list[FoundOrder]


class SaidView(Closed):
    entity: str
    stage: str
    at: str
    verdict: Literal["holds", "agrees", "passed", "outranked", "older", "contradicted", "corrected", "unknown", "elsewhere", "waiting"]


class EventView(Closed):
    source_id: str
    source: str | None
    delivery_id: str
    type: str
    received_at: str
    happened_at: str | None
    newest: bool
    quiet: bool
    summary: str
    said: list[SaidView]


class CorrectionView(Closed):
    shipment_id: str
    said: str
    said_at: str
    stage: str
    since: str
    by: str


class OverdueView(Closed):
    shipment_id: str
    step: str
    since: str
    expected: str
    basis: Literal["promise", "eta", "history", "default"]
    told: str | None
    samples: int
    raised_at: str
    withdrawn_at: str | None


class Explained(Done):
    order_id: str
    number: str
    headline: str
    decided_by: Literal["order", "payment", "shipment", "adjustment"]
    complete: bool
    events: list[EventView]
    corrections: list[CorrectionView]
    overdue: list[OverdueView]
