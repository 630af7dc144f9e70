"""Agents with their sessions, visitors, contacts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from chat_server.core.model import Agent, Availability, Contact, Json, Role, Status, Visitor
from chat_server.outbound.store.once import insert_once
from chat_server.outbound.store.prune import prune
from chat_server.outbound.tables import agents, candidates, contacts, conversations, presence, sessions, touches, verdicts, visitors

CONNECTED_FOR = timedelta(seconds=45)
"""an agent counts as connected this long after the last heartbeat of one of their sockets"""


NAMED = (
    select(visitors.c.id, contacts.c.name)
    .join(contacts, contacts.c.id == visitors.c.contact_id)
    .where(visitors.c.id.in_(bindparam("ids", expanding=True)))
)

CONTACT_OF = select(visitors.c.id, visitors.c.contact_id).where(
    visitors.c.id.in_(bindparam("ids", expanding=True)), visitors.c.contact_id.is_not(None)
)


def _visitor(row: Row[Any]) -> Visitor:
    return Visitor(row.id, row.inbox_id, row.contact_id, row.locale, row.timezone, row.consent, row.created_at, row.last_seen_at)


def _contact(row: Row[Any]) -> Contact:
    return Contact(row.id, row.inbox_id, row.customer_id, row.name, row.email, row.phone)


class People:
    """Reads and writes of one transaction."""

    def __init__(self, connection: Connection, node: str) -> None:
        self._c = connection
        self._node = node

    # agents

    def agents(self, inbox_id: str, now: datetime) -> list[Agent]:
        """Every agent of an inbox with load and presence."""
        in_hand = (
            select(conversations.c.assignee_id, func.count())
            .where(conversations.c.inbox_id == inbox_id, conversations.c.status == Status.ASSIGNED.value)
            .group_by(conversations.c.assignee_id)
        )
        loads: dict[str, int] = {row[0]: row[1] for row in self._c.execute(in_hand)}
        seen_at = select(func.max(presence.c.seen_at)).where(presence.c.agent_id == agents.c.id).scalar_subquery()
        rows = self._c.execute(select(agents, seen_at.label("seen_at")).where(agents.c.inbox_id == inbox_id).order_by(agents.c.name))
        return [self._agent(row, loads.get(row.id, 0), now) for row in rows]

    @staticmethod
    def _agent(row: Row[Any], load: int, now: datetime) -> Agent:
        connected = row.seen_at is not None and row.seen_at > now - CONNECTED_FOR
        return Agent(
            row.id, row.inbox_id, row.name, row.email, Role(row.role), Availability(row.availability),
            row.capacity, load, row.last_assigned_at, connected,
        )  # fmt: skip

    def agent(self, agent_id: str, now: datetime) -> Agent | None:
        """One agent, with load and presence."""
        row = self._c.execute(select(agents).where(agents.c.id == agent_id)).first()
        if row is None:
            return None
        return next(each for each in self.agents(row.inbox_id, now) if each.id == agent_id)

    def login(self, email: str) -> tuple[str, str] | None:
        """(agent id, password hash) for an e-mail."""
        row = self._c.execute(select(agents.c.id, agents.c.password_hash).where(agents.c.email == email)).first()
        return None if row is None else (row.id, row.password_hash)

    def put_agent(self, agent: Agent, password_hash: str, now: datetime) -> str:
        """Create an agent or, by e-mail, change one; returns the id. A new password ends every session."""
        values = {"inbox_id": agent.inbox_id, "name": agent.name, "role": agent.role.value, "capacity": agent.capacity,
                  "password_hash": password_hash}  # fmt: skip
        known = self._c.execute(select(agents.c.id).where(agents.c.email == agent.email)).scalar_one_or_none()
        if known is not None:
            self._c.execute(update(agents).where(agents.c.id == known).values(values))
            self._c.execute(delete(sessions).where(sessions.c.agent_id == known))
            return str(known)
        row = {**values, "id": agent.id, "email": agent.email, "availability": agent.availability.value, "created_at": now}
        self._c.execute(insert(agents), [row])
        return agent.id

    def set_availability(self, agent_id: str, availability: Availability) -> None:
        """What the agent says of themselves."""
        self._c.execute(update(agents).where(agents.c.id == agent_id).values(availability=availability.value))

    def agents_seen(self, ids: Iterable[str], now: datetime | None) -> None:
        """They have sockets at this process; `now=None`: the last of them has gone. What other processes see stays."""
        here = [presence.c.node == self._node, presence.c.agent_id.in_(list(ids))]
        if now is None:
            self._c.execute(delete(presence).where(*here))
            return
        rows = [{"agent_id": agent_id, "node": self._node, "seen_at": now} for agent_id in ids]
        self._c.execute(insert_once(self._c, presence), rows)
        self._c.execute(update(presence).where(*here).values(seen_at=now))

    def prune_presence(self, before: datetime) -> bool:
        """Forget some of what processes that are gone have seen; True when there may be more."""
        return prune(self._c, presence, presence.c.seen_at < before)

    def assigned(self, agent_id: str, now: datetime) -> None:
        """Remember for the round robin."""
        self._c.execute(update(agents).where(agents.c.id == agent_id).values(last_assigned_at=now))

    # sessions

    def add_session(self, token_hash: bytes, agent_id: str, csrf: str, now: datetime) -> None:
        """A console session; only the hash of its token is kept."""
        row = {"token_hash": token_hash, "agent_id": agent_id, "csrf": csrf, "created_at": now, "last_seen_at": now}
        self._c.execute(insert(sessions), [row])

    def session(self, token_hash: bytes) -> tuple[str, str, datetime, datetime] | None:
        """(agent id, csrf, created, last seen); the caller judges its age."""
        row = self._c.execute(select(sessions).where(sessions.c.token_hash == token_hash)).first()
        return None if row is None else (row.agent_id, row.csrf, row.created_at, row.last_seen_at)

    def touch_session(self, token_hash: bytes, now: datetime) -> None:
        """The session is in use."""
        self._c.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(last_seen_at=now))

    def end_session(self, token_hash: bytes) -> None:
        """Log out."""
        self._c.execute(delete(sessions).where(sessions.c.token_hash == token_hash))

    def prune_sessions(self, idle_since: datetime) -> bool:
        """Forget some sessions that nobody has used since; True when there may be more."""
        return prune(self._c, sessions, sessions.c.last_seen_at < idle_since)

    # visitors and contacts

    def visitor_by_token(self, token_hash: bytes) -> Visitor | None:
        """Who holds this token."""
        row = self._c.execute(select(visitors).where(visitors.c.token_hash == token_hash)).first()
        return None if row is None else _visitor(row)

    def visitor(self, visitor_id: str) -> Visitor | None:
        """One visitor."""
        row = self._c.execute(select(visitors).where(visitors.c.id == visitor_id)).first()
        return None if row is None else _visitor(row)

    def names(self, ids: Iterable[str]) -> dict[str, str | None]:
        """The names of several visitors that the shop vouches for."""
        return {row[0]: row[1] for row in self._c.execute(NAMED, {"ids": list(ids)}).all()}

    def add_visitor(self, visitor: Visitor, token_hash: bytes) -> None:
        """A new browser."""
        row = {name: getattr(visitor, name) for name in Visitor.__slots__} | {"token_hash": token_hash, "opt_outs": [], "state": {}}
        self._c.execute(insert(visitors), [row])

    def rotate(self, visitor_id: str, token_hash: bytes) -> None:
        """The old token is worth nothing from now on."""
        self._c.execute(update(visitors).where(visitors.c.id == visitor_id).values(token_hash=token_hash))

    def seen(self, ids: Iterable[str], now: datetime, **changes: object) -> None:
        """These visitors are here; `changes` may set locale, timezone and consent."""
        self._c.execute(update(visitors).where(visitors.c.id.in_(list(ids))).values(last_seen_at=now, **changes))

    def state(self, visitor_id: str) -> Json:
        """What the rules remember of a visitor."""
        return dict(self._c.execute(select(visitors.c.state).where(visitors.c.id == visitor_id)).scalar_one())

    def set_state(self, visitor_id: str, state: Json) -> None:
        """Keep what the rules remember."""
        self._c.execute(update(visitors).where(visitors.c.id == visitor_id).values(state=state))

    def contact(self, contact_id: str) -> Contact | None:
        """One contact."""
        row = self._c.execute(select(contacts).where(contacts.c.id == contact_id)).first()
        return None if row is None else _contact(row)

    def put_contact(self, contact: Contact, now: datetime) -> Contact:
        """Create a contact, or fill what the shop newly vouches for; found by the shop's customer id."""
        where = (contacts.c.inbox_id == contact.inbox_id, contacts.c.customer_id == contact.customer_id)
        row = self._c.execute(select(contacts).where(*where)).first()
        if row is None:
            values = {name: getattr(contact, name) for name in Contact.__slots__}
            self._c.execute(insert(contacts), [{**values, "created_at": now}])
            return contact
        told = {name: getattr(contact, name) for name in ("name", "email", "phone") if getattr(contact, name)}
        if told:
            self._c.execute(update(contacts).where(contacts.c.id == row.id).values(told))
        return _contact(self._c.execute(select(contacts).where(contacts.c.id == row.id)).one())

    def opt_out(self, visitor_id: str, classes: Iterable[str]) -> None:
        """Classes of unasked messages that this shopper does not want, besides those refused before."""
        known = self._c.execute(select(visitors.c.opt_outs).where(visitors.c.id == visitor_id)).scalar_one()
        refused = sorted({*known, *classes})
        self._c.execute(update(visitors).where(visitors.c.id == visitor_id).values(opt_outs=refused))

    def opt_outs(self, recipient: str) -> frozenset[str]:
        """What a shopper refused in any of their browsers."""
        where = (visitors.c.contact_id == recipient) | (visitors.c.id == recipient)
        return frozenset(each for row in self._c.execute(select(visitors.c.opt_outs).where(where)) for each in row.opt_outs)

    def bind(self, visitor_id: str, contact_id: str) -> None:
        """This browser is that contact's, with all that was kept under the browser."""
        self._c.execute(update(visitors).where(visitors.c.id == visitor_id).values(contact_id=contact_id))
        said = select(candidates.c.dedupe_key).where(candidates.c.recipient == contact_id, candidates.c.state != "dropped")
        twice = (candidates.c.recipient == visitor_id, candidates.c.dedupe_key.in_(said))
        self._c.execute(update(candidates).where(*twice).values(state="dropped", reason="already_said"))
        for table in (candidates, verdicts, touches):
            self._c.execute(update(table).where(table.c.recipient == visitor_id).values(recipient=contact_id))

    def bound(self, ids: Iterable[str]) -> dict[str, str]:
        """The contact of each of these browsers that has one."""
        return {row.id: row.contact_id for row in self._c.execute(CONTACT_OF, {"ids": list(ids)})}

    def browsers(self, recipient: str) -> list[Visitor]:
        """Every browser of a contact (or the one visitor), last seen first."""
        where = (visitors.c.contact_id == recipient) | (visitors.c.id == recipient)
        rows = self._c.execute(select(visitors).where(where).order_by(visitors.c.last_seen_at.desc()).limit(20))
        return [_visitor(row) for row in rows]
