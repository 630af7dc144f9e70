"""Who is there: a visitor by token, a contact by the shop's signature, an agent by session. Issues and rotates tokens."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace

from chat_server.core.inbox import Inbox
from chat_server.core.model import Contact, Json, Visitor
from chat_server.flows.context import Context, new_id
from chat_server.flows.ports import Tx


@dataclass(frozen=True, slots=True)
class Claims:
    """What the shop's identity token says; verified by the door."""

    customer_id: str
    name: str | None
    email: str | None
    phone: str | None
    expired: bool
    """past its `exp`: still good to say whom a bound browser belongs to, not to bind one"""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a browser says of itself when it connects or sends a beacon."""

    inbox: Inbox
    token: str | None
    claims: Claims | None
    locale: str | None
    timezone: str | None
    consent: bool | None = None


def token_hash(token: str) -> bytes:
    """Tokens are stored hashed; 256 random bits need no salt."""
    return hashlib.sha256(token.encode(errors="replace")).digest()


def recipient(visitor: Visitor) -> str:
    """Under which id unasked messages are counted: the contact, else the browser."""
    return visitor.contact_id or visitor.id


async def recognise(context: Context, hello: Hello) -> tuple[Visitor, str | None]:
    """The visitor of a browser, created or bound to its contact as needed; the new token when there is one."""
    visitor, token, joined = await context.store.write(lambda tx: _recognise(tx, context, hello))
    if joined:
        context.announcer.bound(visitor.id)
    return visitor, token


async def as_it_stands(context: Context, visitor: Visitor) -> Visitor:
    """The visitor as the database has it now: another tab may have signed the browser in."""
    return await context.store.read(lambda tx: tx.people.visitor(visitor.id) or visitor)


async def find(context: Context, inbox: Inbox, token: str) -> Visitor | None:
    """The visitor of a token, or None."""
    found = await context.store.read(lambda tx: tx.people.visitor_by_token(token_hash(token)))
    return found if found is not None and found.inbox_id == inbox.id else None


def _recognise(tx: Tx, context: Context, hello: Hello) -> tuple[Visitor, str | None, bool]:
    """The visitor, a token when it is new, and whether a browser that was known before has become a contact's."""
    now = context.clock()
    known = tx.people.visitor_by_token(token_hash(hello.token)) if hello.token else None
    if known is not None and known.inbox_id != hello.inbox.id:
        known = None
    bound = tx.people.contact(known.contact_id) if known is not None and known.contact_id else None
    if bound is not None and hello.claims is not None and bound.customer_id != hello.claims.customer_id:
        known = None  # another customer at the same browser: a visitor of their own
    contact = _contact(tx, context, hello)
    fresh: str | None = None
    before = known
    if known is None:
        fresh = secrets.token_urlsafe(32)
        known = Visitor(new_id("vis"), hello.inbox.id, None, hello.inbox.speaks(hello.locale), hello.timezone, hello.consent, now, now)
        tx.people.add_visitor(known, token_hash(fresh))
    if contact is not None and known.contact_id is None:
        tx.people.bind(known.id, contact.id)
        tx.conversations.bind(known.id, contact.id)
        fresh = fresh or secrets.token_urlsafe(32)
        tx.people.rotate(known.id, token_hash(fresh))
        known = replace(known, contact_id=contact.id)
    joined = before is not None and before.contact_id != known.contact_id
    return _up_to_date(tx, context, hello, known), fresh, joined


def _contact(tx: Tx, context: Context, hello: Hello) -> Contact | None:
    claims = hello.claims
    if claims is None or claims.expired:
        return None
    told = Contact(new_id("con"), hello.inbox.id, claims.customer_id, claims.name, claims.email, claims.phone)
    return tx.people.put_contact(told, context.clock())


def _up_to_date(tx: Tx, context: Context, hello: Hello, visitor: Visitor) -> Visitor:
    changes: dict[str, object] = {}
    if hello.locale and hello.inbox.speaks(hello.locale) != visitor.locale:
        changes["locale"] = hello.inbox.speaks(hello.locale)
    for name in ("timezone", "consent"):
        told = getattr(hello, name)
        if told is not None and told != getattr(visitor, name):
            changes[name] = told
    tx.people.seen([visitor.id], context.clock(), **changes)
    return replace(visitor, last_seen_at=context.clock(), **changes)  # type: ignore[arg-type]  # names as in Hello


async def introduce(context: Context, visitor: Visitor, token: str | None) -> Json:
    """The `visitor` of a `sync` answer."""
    contact_id = visitor.contact_id
    contact = await context.store.read(lambda tx: tx.people.contact(contact_id)) if contact_id else None
    body: Json = {"id": visitor.id, "identified": contact is not None, "name": contact.name if contact else None}
    return body if token is None else {**body, "token": token}
