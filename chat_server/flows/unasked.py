"""Builds the message of a candidate that goes out: text, order card, offer, and the offer's row. Writes nothing.

Walks b, c and e pass here. The words are the candidate's; nothing is made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chat_server.core.conversation import add_message
from chat_server.core.inbox import Inbox
from chat_server.core.model import Conversation, Json, Message, MessageType, Plan, Sender, SenderKind
from chat_server.core.offer import OfferTemplate
from chat_server.core.proactive import Candidate, text_for
from chat_server.flows import offer_making
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
    inbox: Inbox,
    conversation: Conversation,
    candidate: Candidate,
    locale: str,
    order: Json | None,
    template: OfferTemplate | None,
    now: datetime,
) -> Draft:
    """In the shopper's locale. The candidate's id is the client id, so that it cannot be posted twice.

    `template`: of the offer that this shopper may get; None where the candidate names none, or they may not.
    """
    message_id = new_id("msg")
    words = candidate.message if template is not None or not candidate.plain else candidate.plain
    parts: list[Json] = [{"type": "text", "text": text_for(words, locale, inbox.default_locale)[1]}]
    if order is not None:
        parts.append({"type": "order_card", "order": card_of(order)})
    row: Json | None = None
    if template is not None:
        row = offer_making.row(inbox, template, conversation, message_id, order, locale, now)
        parts.append({"type": "offer", "offer": offer_making.shown(inbox, template, row, locale)})
    sender = Sender(SenderKind.INTEGRATION, candidate.source, inbox.name)
    meta: Json = {"proactive": {"class": candidate.class_.value, "source": candidate.source, "candidate": candidate.id}}
    message = Message(message_id, candidate.id, MessageType.OUTGOING, sender, tuple(parts), now, candidate.id, meta)
    plan = add_message(Plan(conversation, reason="sent"), message, now)
    if row is not None:
        plan = plan._replace(jobs=(*plan.jobs, offer_making.expiry(row)))
    return Draft(plan, message, row)


def card_of(order: Json) -> Json:
    """An OrderView shortened for a message: no history, a few items and parcels."""
    card: Json = {name: order[name] for name in ON_CARD if name in order}
    card["items"] = list(order.get("items") or [])[:ITEMS]
    card["shipments"] = [{**parcel, "scans": []} for parcel in list(order.get("shipments") or [])[:SHIPMENTS]]
    return card
