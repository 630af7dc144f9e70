"""Takes a person out of the database: what they and others wrote in their conversations, and everything that is known of them.

Places stay: every fact keeps its `seq`, under a new epoch, so that nobody's count has a gap and every reader starts afresh.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, or_, select, update

from chat_server.core.model import Json
from chat_server.core.order_access import visitor_key
from chat_server.core.person import Known, Person
from chat_server.outbound.tables import (
    activities,
    answers,
    candidates,
    contacts,
    conversations,
    facts,
    messages,
    touches,
    verdicts,
    visitors,
    visits,
)
from chat_server.outbound.tables_offers import offers
from chat_server.outbound.tables_orders import order_bindings, order_tries

REDACTED = [{"type": "text", "text": "—"}]


class Erasure:
    """Writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def person(self, visitor_id: str) -> Person | None:
        """The person behind a visitor, with all their browsers; None: nobody has this id."""
        row = self._c.execute(select(visitors.c.contact_id, visitors.c.inbox_id).where(visitors.c.id == visitor_id)).first()
        if row is None:
            return None
        if row.contact_id is None:
            return self._proven(Person(frozenset({visitor_id}), None, Known(row.inbox_id)))
        return self._contact(self._c.execute(select(contacts).where(contacts.c.id == row.contact_id)).one())

    def customer(self, inbox_id: str, customer_id: str) -> Person:
        """The person whom the shop calls so, though they may never have come."""
        named = (contacts.c.inbox_id == inbox_id, contacts.c.customer_id == customer_id)
        row = self._c.execute(select(contacts).where(*named)).first()
        return Person(frozenset(), None, Known(inbox_id, customer_id)) if row is None else self._contact(row)

    def _contact(self, row: Row[Any]) -> Person:
        browsers = self._c.execute(select(visitors.c.id).where(visitors.c.contact_id == row.id)).scalars()
        return self._proven(Person(frozenset(browsers), row.id, Known(row.inbox_id, row.customer_id, row.email, row.phone)))

    def _proven(self, person: Person) -> Person:
        """With the orders that the browsers have proven, and the offers of the conversations."""
        browsers, contact_id, known = person
        bound, live = order_bindings.c.visitor_id.in_(browsers), order_bindings.c.undone_at.is_(None)
        order_ids = self._c.execute(select(order_bindings.c.order_id).where(bound, live)).scalars()
        made = offers.c.conversation_id.in_(self._conversations_of(browsers, contact_id))
        offer_ids = self._c.execute(select(offers.c.id).where(made)).scalars()
        return person._replace(known=replace(known, order_ids=tuple(sorted({*order_ids})), offer_ids=tuple(sorted(offer_ids))))

    def _conversations_of(self, browsers: frozenset[str], contact_id: str | None) -> list[str]:
        people = [*browsers, *([contact_id] if contact_id else [])]
        theirs = or_(conversations.c.visitor_id.in_(people), conversations.c.contact_id.in_(people))
        return list(self._c.execute(select(conversations.c.id).where(theirs)).scalars())

    def erase(self, browsers: frozenset[str], contact_id: str | None) -> list[str]:
        """Redact and forget; answers the conversations that begin anew. May be repeated."""
        people = sorted({*browsers, *([contact_id] if contact_id else [])})
        ids = self._conversations_of(browsers, contact_id)
        self._conversations(ids)
        for table in (verdicts, candidates, touches):
            self._c.execute(delete(table).where(table.c.recipient.in_(people)))
        for table in (activities, visits):
            self._c.execute(delete(table).where(table.c.visitor_id.in_(people)))
        self._c.execute(delete(answers).where(answers.c.principal.in_(people)))
        self._c.execute(delete(order_bindings).where(order_bindings.c.visitor_id.in_(people)))
        tried = select(order_tries.c.id).where(order_tries.c.key.in_([visitor_key(each) for each in people]))
        self._c.execute(delete(order_tries).where(order_tries.c.id.in_(tried)))
        for visitor_id in browsers:  # the browser's token is worth nothing now: it comes back as somebody new
            forgotten: Json = {"token_hash": secrets.token_bytes(32), "timezone": None, "consent": None, "state": {}, "opt_outs": []}
            self._c.execute(update(visitors).where(visitors.c.id == visitor_id).values(forgotten))
        if contact_id is not None:
            unknown = {"customer_id": None, "name": None, "email": None, "phone": None}
            self._c.execute(update(contacts).where(contacts.c.id == contact_id).values(unknown))
        return ids

    def _conversations(self, ids: list[str]) -> None:
        about = facts.c.conversation_id.in_(ids)
        said = messages.c.conversation_id.in_(ids)
        self._c.execute(update(messages).where(said).values(parts=REDACTED, digest="erased", meta=None))
        self._c.execute(update(messages).where(said, messages.c.sender_kind == "visitor").values(sender_name=""))
        self._c.execute(update(facts).where(about, facts.c.kind == "context_recorded").values(data={"card": None}))
        for row in self._c.execute(select(facts).where(about, facts.c.kind == "conversation_rated")).all():
            place = (facts.c.conversation_id == row.conversation_id, facts.c.seq == row.seq)
            self._c.execute(update(facts).where(*place).values(data={**row.data, "comment": None}))
        for row in self._c.execute(select(facts).where(about, facts.c.kind == "offer_settled")).all():
            place = (facts.c.conversation_id == row.conversation_id, facts.c.seq == row.seq)
            self._c.execute(update(facts).where(*place).values(data={**row.data, "reason": None, "chosen": None}))
        erased: Json = {"title": "", "order_id": None, "order_number": None, "params": {}, "choice": None, "chosen": None, "reason": None}
        self._c.execute(update(offers).where(offers.c.conversation_id.in_(ids)).values(erased))
        under_way = offers.c.state.in_(("open", "accepted", "pending", "undoing"))  # nothing is asked of the shop any more
        self._c.execute(update(offers).where(offers.c.conversation_id.in_(ids), under_way).values(state="refused", reason="erased"))
        # The turn ends too: a bot that is just thinking about the old words would say them again.
        state = {"preview": "", "card": None, "epoch": conversations.c.epoch + 1, "turn": conversations.c.turn + 1}
        self._c.execute(update(conversations).where(conversations.c.id.in_(ids)).values(state))
        for row in self._c.execute(select(conversations.c.id, conversations.c.epoch).where(conversations.c.id.in_(ids))).all():
            for table in (messages, facts):
                self._c.execute(update(table).where(table.c.conversation_id == row.id).values(epoch=row.epoch))
