"""Builds the message of a candidate that goes out: text, order card, offer, and the offer's row. Writes nothing.

Walks b, c and e pass here. The words are the candidate's; nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chat_server.core.conversation import add_message
from chat_server.core.facts import iso
from chat_server.core.inbox import Inbox, OfferTemplate
from chat_server.core.model import Conversation, Json, Message, MessageType, Plan, Sender, SenderKind
from chat_server.core.proactive import Candidate, text_for
from chat_server.flows import offers
from chat_server.flows.context import new_id

ON_CARD = ("order_id", "number", "headline", "placed_at", "locale", "currency", "total", "url", "delayed", "expected", "payment")
ITEMS, SHIPMENTS = 4, 4
"""how many a card shows"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message with the plan that posts it; `offer`: the row of the offer in it."""

    plan: Plan
    message: Message
    offer: Json | None


def compose_message(
    inbox: Inbox, conversation: Conversation, candidate: Candidate, locale: str, order: Json | None, now: datetime
) -> Draft:
    """In the shopper's locale. The candidate's id is the client id, so that it cannot be posted twice."""
    message_id = new_id("msg")
    parts: list[Json] = [{"type": "text", "text": text_for(candidate.message, locale, inbox.default_locale)[1]}]
    if order is not None:
        parts.append({"type": "order_card", "order": card_of(order)})
    template = inbox.offers.get(candidate.offer_id) if candidate.offer_id else None
    row: Json | None = None
    if template is not None:
        row = _row(inbox, template, conversation, message_id, candidate, locale, now)
        parts.append({"type": "offer", "offer": _shown(inbox, template, row, locale)})
    sender = Sender(SenderKind.INTEGRATION, candidate.source, inbox.name)
    meta: Json = {"proactive": {"class": candidate.class_.value, "source": candidate.source, "candidate": candidate.id}}
    message = Message(message_id, candidate.id, MessageType.OUTGOING, sender, tuple(parts), now, candidate.id, meta)
    plan = add_message(Plan(conversation, reason="sent"), message, now)
    if row is not None:
        plan = plan._replace(jobs=(*plan.jobs, offers.expiry(row["id"], row["expires_at"])))
    return Draft(plan, message, row)


def card_of(order: Json) -> Json:
    """An OrderView shortened for a message: no history, a few items and parcels."""
    card: Json = {name: order[name] for name in ON_CARD if name in order}
    card["items"] = list(order.get("items") or [])[:ITEMS]
    card["shipments"] = [{**parcel, "scans": []} for parcel in list(order.get("shipments") or [])[:SHIPMENTS]]
    return card


def _row(
    inbox: Inbox, template: OfferTemplate, conversation: Conversation, message_id: str, candidate: Candidate, locale: str, now: datetime
) -> Json:
    return {
        "id": new_id("off"),
        "inbox_id": inbox.id,
        "conversation_id": conversation.id,
        "message_id": message_id,
        "kind": template.kind,
        "title": text_for(template.title, locale, inbox.default_locale)[1],
        "order_id": candidate.order.order_id if candidate.order else None,
        "order_number": candidate.order.number if candidate.order else None,
        "params": dict(template.params),
        "state": "open",
        "reason": None,
        "expires_at": now + timedelta(hours=template.expires_hours),
        "at": now,
    }


def _shown(inbox: Inbox, template: OfferTemplate, row: Json, locale: str) -> Json:
    return {
        "id": row["id"],
        "kind": template.kind,
        "title": row["title"],
        "text": text_for(template.text, locale, inbox.default_locale)[1],
        "accept_label": text_for(template.accept, locale, inbox.default_locale)[1],
        "worth": template.worth,
        "currency": inbox.currency,
        "expires_at": iso(row["expires_at"]),
    }
