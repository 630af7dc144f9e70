"""Gathers what arbitration looks at, all of one shopper, inside the caller's transaction. Decides nothing, writes nothing.

Walks b, c and d (invitation) pass here, just before `core/proactive.arbitrate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from chat_server.core.inbox import Inbox
from chat_server.core.model import Conversation, Json, Visitor
from chat_server.core.policy import MAX_CAP_DAYS, MessageClass, consented
from chat_server.core.proactive import Situation, liveness
from chat_server.flows.ports import Tx

PRESENT_FOR = timedelta(seconds=45)
"""a shopper is there this long after the last sign of one of their browsers"""
BAD_RATING = 2
UNHAPPY_FOR = timedelta(days=30)
INCIDENTS = frozenset({"delivery_failed", "lost", "returned_to_sender", "payment_failed"})
OVER = frozenset({"delivered", "cancelled", "refunded", "returned", "lost", "returned_to_sender"})


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom it is about. `recipient` is the contact's id, else the browser's; `browsers`: last seen first, may be none."""

    recipient: str
    browsers: tuple[Visitor, ...]
    conversation: Conversation | None

    @property
    def visitor(self) -> Visitor | None:
        """The browser that was seen last: where a new conversation is opened, and whose language is spoken."""
        return self.browsers[0] if self.browsers else None


def subject(tx: Tx, recipient: str) -> Subject:
    """The shopper with their browsers and the conversation that is not over."""
    browsers = tuple(tx.people.browsers(recipient))
    return Subject(recipient, browsers, tx.conversations.unresolved(browsers[0]) if browsers else None)


def situation(
    tx: Tx, inbox: Inbox, who: Subject, contradicted: frozenset[str], orders: Sequence[Json], now: datetime, *, present: bool = False
) -> Situation:
    """`orders`: the shopper's OrderViews, for open incidents. `present`: known to be there, whatever was seen last."""
    visitor, found = who.visitor, who.conversation
    asked = inbox.consent_required
    return Situation(
        consent=consented(required=asked, given=visitor.consent if visitor else None),
        opt_outs=frozenset(MessageClass(each) for each in tx.people.opt_outs(who.recipient)),
        said=tx.proactive.said(who.recipient),
        contradicted=contradicted,
        live=liveness(
            found.status if found else None, found.shopper_at if found else None, found.word_at if found else None, inbox.policy, now
        ),
        present=present or any(browser.last_seen_at > now - PRESENT_FOR for browser in who.browsers),
        unhappy=any(incident(order) for order in orders) or _rated_badly(tx, visitor, now),
        last_dismissed_at=tx.proactive.dismissed_at(who.recipient),
        touches=tx.proactive.touches(who.recipient, now - timedelta(days=MAX_CAP_DAYS)),
        unseen=bool(tx.proactive.unseen(who.recipient, now)),
        zone=_zone(visitor, inbox),
    )


def incident(order: Json) -> bool:
    """Something is wrong with it that the shop has not put right yet."""
    return order["headline"] in INCIDENTS or (bool(order.get("delayed")) and order["headline"] not in OVER)


def _rated_badly(tx: Tx, visitor: Visitor | None, now: datetime) -> bool:
    rated = [each for each in (tx.conversations.earlier(visitor, but="") if visitor else []) if each.rating is not None]
    if not rated or rated[0].rating is None:
        return False
    return rated[0].rating <= BAD_RATING and rated[0].last_at > now - UNHAPPY_FOR


def _zone(visitor: Visitor | None, inbox: Inbox) -> tzinfo:
    """The shopper's zone as the browser tells it; the shop's where it tells none or an unknown one."""
    if visitor is not None and visitor.timezone:
        try:
            return ZoneInfo(visitor.timezone)
        except (KeyError, ValueError, OSError):
            pass
    return ZoneInfo(inbox.hours.zone)
