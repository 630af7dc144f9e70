"""Conversations, their messages and other facts. `seq` is read and written under the writer's lock.

What is saved is compared with what this transaction loaded: only the columns that changed are written, for many rows at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, insert, or_, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from chat_server.core.model import Conversation, Fact, FactKind, Message, MessageType, Plan, Sender, SenderKind, Status, Visitor
from chat_server.errors import AlreadySent
from chat_server.outbound.store.prepared import Prepared
from chat_server.outbound.tables import conversations, facts, messages

PAGE = 300
PLACES = 1024
"""of one statement"""
JUST_NOW = timedelta(minutes=2)
"""several heartbeats"""
STATE = Conversation._fields
SELECTED = select(*(conversations.c[name] for name in STATE))
STATUS = STATE.index("status")
SAID_AT, DONE_AT = (
    select(table).where(tuple_(table.c.conversation_id, table.c.seq).in_(bindparam("places", expanding=True)))
    for table in (messages, facts)
)
BY_IDS = SELECTED.where(conversations.c.id.in_(bindparam("ids", expanding=True)))
ADD_MESSAGES = Prepared(insert(messages))
ADD_FACTS = Prepared(insert(facts))


def _padded(places: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Of few lengths, because a statement is prepared for each: the last one again."""
    return [*places, *[places[-1]] * ((1 << (len(places) - 1).bit_length()) - len(places))]


def _conversation(row: Row[Any]) -> Conversation:
    values: list[Any] = [*row]
    values[STATUS] = Status(values[STATUS])
    return Conversation._make(values)


def _message_fact(row: Row[Any]) -> Fact:
    sender = Sender(SenderKind(row.sender_kind), row.sender_id, row.sender_name)
    message = Message(row.id, row.client_id, MessageType(row.type), sender, tuple(row.parts), row.created_at, row.digest, row.meta)
    return Fact(row.conversation_id, row.epoch, row.seq, FactKind.MESSAGE_CREATED, row.created_at, {}, message)


class Conversations:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection
        self._loaded: dict[str, Conversation] = {}

    def _first(self, *where: ColumnElement[bool]) -> Conversation | None:
        newest = conversations.c.created_at.desc()
        row = self._c.execute(SELECTED.where(*where).order_by(newest).limit(1)).first()
        return None if row is None else self._keep(_conversation(row))

    def _keep(self, conversation: Conversation) -> Conversation:
        self._loaded[conversation.id] = conversation
        return conversation

    def load(self, ids: Iterable[str]) -> dict[str, Conversation]:
        """Several conversations by id; the caller authorises."""
        rows = self._c.execute(BY_IDS, {"ids": list(ids)})
        return {row[0]: self._keep(_conversation(row)) for row in rows.all()}

    def get(self, conversation_id: str) -> Conversation | None:
        """One conversation by id; the caller authorises."""
        return self._first(conversations.c.id == conversation_id)

    def _of(self, visitor: Visitor) -> ColumnElement[bool]:
        mine = conversations.c.visitor_id == visitor.id
        if visitor.contact_id is not None:
            mine = or_(mine, conversations.c.contact_id == visitor.contact_id)
        return and_(conversations.c.inbox_id == visitor.inbox_id, mine)

    def unresolved(self, visitor: Visitor) -> Conversation | None:
        """The open conversation of a visitor (or of their contact, from another browser)."""
        return self._first(self._of(visitor), conversations.c.status != Status.RESOLVED.value)

    def latest(self, visitor: Visitor) -> Conversation | None:
        """The open conversation, else the last one."""
        return self.unresolved(visitor) or self._first(self._of(visitor))

    def earlier(self, visitor: Visitor, but: str) -> list[Conversation]:
        """Resolved conversations, newest first, at most 20."""
        where = (self._of(visitor), conversations.c.status == Status.RESOLVED.value, conversations.c.id != but)
        rows = self._c.execute(SELECTED.where(*where).order_by(conversations.c.created_at.desc()).limit(20))
        return [_conversation(row) for row in rows]

    def listed(self, inbox_id: str, *, resolved: bool, limit: int) -> list[Conversation]:
        """Conversations of an inbox, newest activity first."""
        state = conversations.c.status == "resolved" if resolved else conversations.c.status != "resolved"
        found = SELECTED.where(conversations.c.inbox_id == inbox_id, state)
        return [_conversation(row) for row in self._c.execute(found.order_by(conversations.c.last_at.desc()).limit(limit))]

    def queued(self, inbox_id: str) -> list[Conversation]:
        """Everything that waits for a person."""
        where = (conversations.c.inbox_id == inbox_id, conversations.c.status == Status.QUEUED.value)
        return [_conversation(row) for row in self._c.execute(SELECTED.where(*where))]

    def add(self, conversation: Conversation) -> None:
        """A new conversation."""
        self._c.execute(insert(conversations), [_columns(conversation, STATE)])
        self._keep(conversation)

    def save(self, *plans: Plan) -> None:
        """The state after each plan, and their facts. Of several plans for one conversation the last one's state stands.

        Raises AlreadySent when a message of them is stored already (by the same sender, under the same client id).
        """
        entries = [fact for plan in plans for fact in plan.facts]
        said = [_message_columns(fact, fact.message) for fact in entries if fact.message is not None]
        done = [_fact_columns(fact) for fact in entries if fact.message is None]
        try:
            ADD_MESSAGES.run(self._c, said)
        except IntegrityError as error:
            raise AlreadySent from error
        ADD_FACTS.run(self._c, done)
        changed: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for conversation in {plan.conversation.id: plan.conversation for plan in plans}.values():
            names = self._changed(conversation)
            if names:
                changed.setdefault(names, []).append({"this": conversation.id, **_columns(conversation, names)})
            self._keep(conversation)
        for names, rows in changed.items():
            _update(names).run(self._c, rows)

    def _changed(self, conversation: Conversation) -> tuple[str, ...]:
        before = self._loaded.get(conversation.id)
        if before is None:
            return STATE[1:]
        return tuple([name for name, old, new in zip(STATE, before, conversation, strict=True) if old is not new])

    def sent(self, conversation_id: str, sender: Sender, client_id: str) -> Fact | None:
        """The message that already has this client id, if there is one."""
        found = select(messages).where(
            messages.c.conversation_id == conversation_id,
            messages.c.sender_kind == sender.kind.value,
            messages.c.sender_id == sender.id,
            messages.c.client_id == client_id,
        )
        row = self._c.execute(found).first()
        return None if row is None else _message_fact(row)

    def sent_anywhere(self, visitor: Visitor, client_id: str) -> Fact | None:
        """The same, over all conversations of a shopper: a repeat may come after the conversation was resolved, and from another
        browser of theirs."""
        found = (
            select(messages)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(
                self._of(visitor),
                messages.c.sender_kind == SenderKind.VISITOR.value,
                messages.c.client_id == client_id,
            )
        )
        row = self._c.execute(found).first()
        return None if row is None else _message_fact(row)

    def message(self, message_id: str) -> Fact | None:
        """A message by id."""
        row = self._c.execute(select(messages).where(messages.c.id == message_id)).first()
        return None if row is None else _message_fact(row)

    def after(self, conversation_id: str, seq: int, limit: int = PAGE) -> list[Fact]:
        """Facts above `seq`, in order, at most `limit`."""
        said = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.seq > seq)
        done = select(facts).where(facts.c.conversation_id == conversation_id, facts.c.seq > seq)
        found = [_message_fact(row) for row in self._c.execute(said.order_by(messages.c.seq).limit(limit))]
        for row in self._c.execute(done.order_by(facts.c.seq).limit(limit)):
            found.append(Fact(row.conversation_id, row.epoch, row.seq, FactKind(row.kind), row.at, row.data))
        return sorted(found, key=lambda fact: fact.seq)[:limit]

    def at(self, places: Sequence[tuple[str, int]]) -> list[Fact]:
        """The facts at these places of (conversation, seq), in no order."""
        found: list[Fact] = []
        for start in range(0, len(places), PLACES):
            some = places[start : start + PLACES]
            said = [_message_fact(row) for row in self._c.execute(SAID_AT, {"places": _padded(some)})]
            found += said
            other = list({*some} - {(fact.conversation_id, fact.seq) for fact in said}) if len(said) < len(some) else []
            if other:
                found += [
                    Fact(row.conversation_id, row.epoch, row.seq, FactKind(row.kind), row.at, row.data)
                    for row in self._c.execute(DONE_AT, {"places": _padded(other)})
                ]
        return found

    def heads(self, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
        """`{conversation: (epoch, seq)}` for the heartbeat."""
        wanted = list(ids)
        found = select(conversations.c.id, conversations.c.epoch, conversations.c.seq)
        rows = self._c.execute(found.where(conversations.c.id.in_(bindparam("ids", wanted, expanding=True))))
        return {row.id: (row.epoch, row.seq) for row in rows}

    def open_of(self, people: Iterable[str]) -> dict[str, str]:
        """The unresolved conversation of each visitor or contact id that has one."""
        wanted = list(people)
        theirs = or_(conversations.c.visitor_id.in_(wanted), conversations.c.contact_id.in_(wanted))
        found = select(conversations.c.id, conversations.c.visitor_id, conversations.c.contact_id)
        rows = self._c.execute(found.where(conversations.c.status != "resolved", theirs).order_by(conversations.c.created_at)).all()
        return {person: row.id for row in rows for person in (row.visitor_id, row.contact_id) if person is not None}

    def open_heads(self, inbox_id: str, now: datetime) -> dict[str, tuple[int, int]]:
        """The heads of every unresolved conversation of an inbox, and of those in which something was said just now (a late note)."""
        found = select(conversations.c.id, conversations.c.epoch, conversations.c.seq)
        told = or_(conversations.c.status != "resolved", conversations.c.last_at > now - JUST_NOW)
        rows = self._c.execute(found.where(conversations.c.inbox_id == inbox_id, told))
        return {row.id: (row.epoch, row.seq) for row in rows}

    def bind(self, visitor_id: str, contact_id: str) -> None:
        """The conversations of a browser now belong to a contact as well."""
        where = (conversations.c.visitor_id == visitor_id, conversations.c.contact_id.is_(None))
        self._c.execute(update(conversations).where(*where).values(contact_id=contact_id))

    def new_epoch(self, epoch: int, limit: int) -> int:
        """Begin the history of up to `limit` conversations anew: whoever comes back to one of them starts as at first load.

        `epoch` was never used before. Answers how many had another one; 0: it is done. A repeat goes on where the last one stopped.
        """
        others = select(conversations.c.id).where(conversations.c.epoch != epoch).limit(limit)
        ids = list(self._c.execute(others).scalars())
        for column in (messages.c.conversation_id, facts.c.conversation_id, conversations.c.id):
            self._c.execute(update(column.table).where(column.in_(ids)).values(epoch=epoch))
        return len(ids)


@cache
def _update(names: tuple[str, ...]) -> Prepared:
    values = {name: bindparam(name, type_=conversations.c[name].type) for name in names}
    return Prepared(update(conversations).where(conversations.c.id == bindparam("this", type_=conversations.c.id.type)).values(values))


def _columns(conversation: Conversation, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(conversation, name) for name in names}
    if "status" in values:
        values["status"] = conversation.status.value
    return values


def _fact_columns(fact: Fact) -> dict[str, Any]:
    place = {"conversation_id": fact.conversation_id, "seq": fact.seq, "epoch": fact.epoch}
    return {**place, "kind": fact.kind.value, "data": fact.data, "at": fact.at}


def _message_columns(fact: Fact, message: Message) -> dict[str, Any]:
    return {
        "conversation_id": fact.conversation_id, "seq": fact.seq, "id": message.id, "epoch": fact.epoch,
        "client_id": message.client_id, "type": message.type.value, "sender_kind": message.sender.kind.value,
        "sender_id": message.sender.id, "sender_name": message.sender.name, "parts": list(message.parts),
        "digest": message.digest, "meta": message.meta, "created_at": message.created_at,
    }  # fmt: skip
