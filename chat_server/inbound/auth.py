"""Who may come in: origins, the shop's identity token, console sessions. Which role may do what stands in agent_commands.py."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import timedelta
from math import isfinite
from typing import Any

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent
from chat_server.errors import ClientError, Code, WidgetDisabled
from chat_server.flows.context import Context
from chat_server.flows.people import Claims, token_hash
from chat_server.flows.ports import Tx
from chat_server.inbound.agent_commands import AGENT

IDLE = timedelta(hours=8)
ABSOLUTE = timedelta(days=7)
PURPOSE = "purpose"
"""a claim of tokens that are not for signing in"""
LONGEST_IDENTITY = 3600
"""seconds from `iat` to `exp`"""
HASHER = PasswordHasher()
NOBODY = HASHER.hash("nobody has this password")


def authorize(agent: Agent, action: str) -> None:
    """Default deny. Whether the object is theirs is decided where it is loaded (not theirs: `not_found`)."""
    command = AGENT.get(action)
    if command is None or agent.role not in command.may:
        raise ClientError(Code.FORBIDDEN, f"The role {agent.role.value} may not {action.replace('_', ' ')}.")


def inbox_for(inboxes: Mapping[str, Inbox], key: str, origin: str | None) -> Inbox:
    """The inbox of a public key, if this page may use it. No `Origin` header: not a browser, so no page to protect."""
    for inbox in inboxes.values():
        if hmac.compare_digest(inbox.key.encode(), key.encode(errors="replace")):
            if origin is not None and origin not in inbox.origins:
                raise ClientError(Code.FORBIDDEN, "This site is not on the inbox's list of origins.")
            if not inbox.enabled:
                raise WidgetDisabled
            return inbox
    raise ClientError(Code.UNAUTHENTICATED, "No inbox has this key.")


def turn_of(token: str, secret: str) -> str:
    """The conversation that a bot turn's token names. No id from a text is ever believed."""
    options: jwt.types.Options = {"require": ["sub", "aud", "exp"]}
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], audience="bot-turn", options=options)
    except jwt.PyJWTError:
        raise ClientError(Code.UNAUTHENTICATED, "The turn's token is not valid.") from None
    return str(claims["sub"])


def identity(inbox: Inbox, token: str | None, now: float) -> Claims | None:
    """What the shop signed about the shopper; `unauthenticated` for anything forged, over-long or for another inbox.

    A token that is merely past its `exp` comes back as `expired`: it binds nothing, and is no reason to refuse a chat.
    """
    if token is None:
        return None
    refused = ClientError(Code.UNAUTHENTICATED, "The identity token is not valid.")
    claims = signed_by_shop(inbox, token, ["sub", "aud", "iat", "exp"], refused)
    expires, customer = lifetime(claims, LONGEST_IDENTITY, now, refused), claims["sub"]
    if PURPOSE in claims or not isinstance(customer, str) or not customer or len(customer) > 128:
        raise refused  # made for something else: an order's link signs nobody in
    told = {name: claims.get(name) for name in ("name", "email", "phone")}
    clean = {name: value[:254] if isinstance(value, str) and value and "*" not in value else None for name, value in told.items()}
    return Claims(customer, clean["name"], clean["email"], clean["phone"], expired=expires < now)


def signed_by_shop(inbox: Inbox, token: str, require: list[str], refused: ClientError) -> dict[str, Any]:
    """The claims of a token for this inbox, whatever its age; raises `refused` for any other, and its code where nothing can be signed."""
    secret = inbox.identity_secret
    if not secret:  # an empty key would be everybody's
        raise ClientError(refused.code, "This inbox takes nothing that its shop signed: it has no `identity_secret`.")
    pem = secret.lstrip().startswith("-----BEGIN")
    options: jwt.types.Options = {"require": require, "verify_exp": False, "verify_iat": False}
    try:
        return jwt.decode(token, secret, algorithms=["EdDSA"] if pem else ["HS256"], audience=inbox.key, options=options)
    except jwt.PyJWTError:
        raise refused from None


def lifetime(claims: Mapping[str, Any], longest: int, now: float, refused: ClientError) -> float:
    """When it ends, in seconds since 1970; raises `refused` for a lifetime that is no number, too long, or begins later."""
    issued, expires = claims["iat"], claims["exp"]
    if not all(isinstance(each, int | float) and isfinite(each) for each in (issued, expires)):
        raise refused
    if expires - issued > longest or issued > now + 60:
        raise refused
    return float(expires)


def check_password(stored: str | None, given: str) -> bool:
    """Takes the same time for an unknown user. Slow on purpose: never call it on the event loop."""
    try:
        return HASHER.verify(stored or NOBODY, given) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


async def start_session(context: Context, agent_id: str) -> str:
    """A console session; the token goes into the cookie, its hash into the database."""
    token = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(24)
    await context.store.write(lambda tx: tx.people.add_session(token_hash(token), agent_id, csrf, context.clock()))
    return token


async def agent_of(context: Context, token: str | None, action: str) -> Agent:
    """Who is signed in and may do this; raises else."""
    found = await session(context, token)
    if found is None:
        raise ClientError(Code.UNAUTHENTICATED, "Sign in again.")
    authorize(found[0], action)
    return found[0]


async def session(context: Context, token: str | None, *, touch: bool = True) -> tuple[Agent, str] | None:
    """(agent, csrf) of a session that is neither idle for 8 h nor older than 7 days. `touch`: asking for it is using it."""
    if not token:
        return None
    hashed, now = token_hash(token), context.clock()

    def load(tx: Tx) -> tuple[Agent, str, bool] | None:
        found = tx.people.session(hashed)
        if found is None:
            return None
        agent_id, csrf, created, last_seen = found
        if last_seen < now - IDLE or created < now - ABSOLUTE:
            return None
        agent = tx.people.agent(agent_id, now)
        return None if agent is None else (agent, csrf, last_seen < now - timedelta(minutes=1))

    found = await context.store.read(load)
    if found is None:
        return None
    agent, csrf, stale = found
    if touch and stale:
        await context.store.write(lambda tx: tx.people.touch_session(hashed, now))
    return agent, csrf
