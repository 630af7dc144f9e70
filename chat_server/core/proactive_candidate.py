"""A message that might go out, unasked: who, what, why, and how long it makes sense. Decides nothing.

Made by triggers, order news and invitations; kept by the store while it is held; judged by `proactive.arbitrate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from chat_server.core.model import Json
from chat_server.core.policy import Cap, MessageClass


@dataclass(frozen=True, slots=True)
class OrderRef:
    """The order that a message is about, and the stage that it tells of `entity` (`order`, `payment`, `shipment:<id>`)."""

    order_id: str
    number: str
    stage: str
    entity: str = "order"


@dataclass(frozen=True, slots=True)
class Candidate:
    """`id` follows from recipient and `dedupe_key`: the same news is the same candidate, however often it is found."""

    id: str
    visitor_id: str | None
    contact_id: str | None
    class_: MessageClass
    subject: str
    dedupe_key: str
    message: Mapping[str, str]
    """text by locale; `text_for` picks one"""
    not_before: datetime
    expires_at: datetime
    source: str
    """`rule:<id>`, `order:<stage>`, `agent:<id>`"""
    created_at: datetime
    value: int = 0
    offer_id: str | None = None
    """id of the offer's definition in the inbox, not of an offer made"""
    order: OrderRef | None = None
    cap: Cap | None = None
    hold_out_percent: int = 0
    plain: Mapping[str, str] = field(default_factory=dict)
    """the words where the offer may not be made to this shopper; empty: there are none"""

    @property
    def recipient(self) -> str:
        """The person if we know them, else the browser: what hold-outs stick to."""
        return self.contact_id or self.visitor_id or ""

    def to_json(self) -> Json:
        """Plain values, for the store. `from_json` gives an equal candidate back."""
        return {
            "id": self.id,
            "visitor_id": self.visitor_id,
            "contact_id": self.contact_id,
            "class": self.class_.value,
            "subject": self.subject,
            "dedupe_key": self.dedupe_key,
            "message": dict(self.message),
            "not_before": self.not_before.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "source": self.source,
            "created_at": self.created_at.isoformat(),
            "value": self.value,
            "offer_id": self.offer_id,
            "order": None if self.order is None else [self.order.order_id, self.order.number, self.order.stage, self.order.entity],
            "cap": None if self.cap is None else [self.cap.times, self.cap.days],
            "hold_out_percent": self.hold_out_percent,
            "plain": dict(self.plain),
        }

    @classmethod
    def from_json(cls, saved: Json) -> Candidate:
        """Reads what `to_json` wrote; anything else raises KeyError, TypeError or ValueError."""
        return cls(
            id=saved["id"],
            visitor_id=saved["visitor_id"],
            contact_id=saved["contact_id"],
            class_=MessageClass(saved["class"]),
            subject=saved["subject"],
            dedupe_key=saved["dedupe_key"],
            message=dict(saved["message"]),
            not_before=datetime.fromisoformat(saved["not_before"]),
            expires_at=datetime.fromisoformat(saved["expires_at"]),
            source=saved["source"],
            created_at=datetime.fromisoformat(saved["created_at"]),
            value=saved["value"],
            offer_id=saved["offer_id"],
            order=None if saved["order"] is None else OrderRef(*saved["order"]),
            cap=None if saved["cap"] is None else Cap(*saved["cap"]),
            hold_out_percent=saved["hold_out_percent"],
            plain=dict(saved.get("plain") or {}),  # a candidate held since before there were such words has none
        )


def candidate_id(recipient: str, dedupe_key: str) -> str:
    """`cnd_` and 32 hex digits, always the same for the same news to the same recipient."""
    return "cnd_" + sha256(f"{recipient}\n{dedupe_key}".encode()).hexdigest()[:32]


def text_for(message: Mapping[str, str], locale: str, fallback: str) -> tuple[str, str]:
    """(locale, text) to speak: the exact tag, its language, the inbox's default, else the first there is."""
    for tag in (locale, locale.split("-")[0], fallback, fallback.split("-")[0]):
        if tag in message:
            return tag, message[tag]
    first = next(iter(message))
    return first, message[first]
