"""Offers made, and every call to the shop about them. Decides nothing. Walk e."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, insert, or_, select, update

from chat_server.core.model import Json
from chat_server.core.offer import Standing
from chat_server.outbound.tables import conversations, messages
from chat_server.outbound.tables_offers import offer_attempts, offers

MADE = ("open", "accepted", "pending", "done", "undoing")
TAKEN = MADE[1:]
ABOUT = 40
"""offers about a shopper's orders that are looked at: the newest"""


class Offers:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, offer: Json) -> None:
        """An offer made: a row of the table, by column."""
        self._c.execute(insert(offers), [offer])

    def get(self, offer_id: str) -> Json | None:
        """One offer."""
        row = self._c.execute(select(offers).where(offers.c.id == offer_id)).first()
        return None if row is None else dict(row._mapping)

    def of(self, conversation_id: str) -> list[Json]:
        """The offers made in a conversation, newest first."""
        rows = self._c.execute(select(offers).where(offers.c.conversation_id == conversation_id).order_by(offers.c.at.desc(), offers.c.id))
        return [dict(row._mapping) for row in rows]

    def about(self, visitor_id: str, contact_id: str | None, order_ids: Collection[str]) -> list[Json]:
        """The offers about these orders that a shopper got, newest first, each with its `message`'s parts."""
        here = offers.join(conversations, conversations.c.id == offers.c.conversation_id)
        contact = conversations.c.contact_id.in_([contact_id] if contact_id is not None else [])
        found = select(offers, messages.c.parts).select_from(here.join(messages, messages.c.id == offers.c.message_id))
        theirs = found.where(or_(conversations.c.visitor_id == visitor_id, contact), offers.c.order_id.in_(list(order_ids)))
        rows = self._c.execute(theirs.order_by(offers.c.made_at.desc(), offers.c.id).limit(ABOUT))
        return [dict(row._mapping) for row in rows]

    def settle(self, offer_id: str, state: str, reason: str | None, now: datetime, **more: object) -> None:
        """An offer's new state, and what came with it."""
        self._c.execute(update(offers).where(offers.c.id == offer_id).values(state=state, reason=reason, at=now, **more))

    def standing(
        self, inbox_id: str, recipient: str, template: str, order_id: str | None, since: datetime, *, taken: bool = False, but: str = ""
    ) -> Standing:
        """What a contact or visitor has of a template, for this order and since then. `taken`: accepted ones; `but`: that one aside.

        An order that several browsers may see is taken once for all of them.
        """
        made = (
            select(func.count())
            .select_from(offers.join(conversations, conversations.c.id == offers.c.conversation_id))
            .where(offers.c.inbox_id == inbox_id, offers.c.template == template)
            .where(offers.c.state.in_(TAKEN if taken else MADE), offers.c.id != but)
        )
        theirs = made.where(or_(conversations.c.contact_id == recipient, conversations.c.visitor_id == recipient))
        same = offers.c.order_id == order_id if order_id is not None else offers.c.order_id.is_(None)
        of_order = self._c.execute((made if taken and order_id is not None else theirs).where(same)).scalar_one()
        lately = self._c.execute(theirs.where(offers.c.made_at >= since)).scalar_one()
        return Standing(of_order, lately)

    # calls to the shop

    def calling(self, offer_id: str, call: str, now: datetime) -> int:
        """A call is about to be made; its number."""
        count = self._c.execute(select(func.count()).where(offer_attempts.c.offer_id == offer_id)).scalar_one()
        self._c.execute(insert(offer_attempts), [{"offer_id": offer_id, "n": count + 1, "call": call, "at": now}])
        return int(count) + 1

    def called(self, offer_id: str, n: int, status: str, reason: str | None, ms: int) -> None:
        """What came of it."""
        here = (offer_attempts.c.offer_id == offer_id, offer_attempts.c.n == n)
        self._c.execute(update(offer_attempts).where(*here).values(status=status, reason=reason, ms=ms))

    def attempts(self, ids: Collection[str]) -> dict[str, list[Json]]:
        """The calls of each of these offers, oldest first: `{call, at, status, reason, ms}`."""
        found: dict[str, list[Json]] = {offer_id: [] for offer_id in ids}
        query = select(offer_attempts).where(offer_attempts.c.offer_id.in_(found))
        for row in self._c.execute(query.order_by(offer_attempts.c.offer_id, offer_attempts.c.n)).mappings():
            found[row["offer_id"]].append({name: row[name] for name in ("call", "at", "status", "reason", "ms")})
        return found

    def unanswered(self, inbox_id: str, reasons: Collection[str], limit: int = 100) -> list[Json]:
        """Accepted offers of an inbox whose calls ended without the shop's word (or with a status that is none), newest first."""
        ended = or_(offers.c.reason.in_(list(reasons)), offers.c.reason.startswith("http_", autoescape=True))
        query = select(offers).where(offers.c.inbox_id == inbox_id, offers.c.state == "refused", ended)
        return [dict(row._mapping) for row in self._c.execute(query.order_by(offers.c.at.desc()).limit(limit))]
