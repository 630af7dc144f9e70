"""The agent's door: Socket.IO namespace `/agent`. Session cookie, same origin, CSRF token; the role is checked each time.

What each command is stands in agent_commands.py.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any

from chat_server.core.model import Agent, Json
from chat_server.errors import ClientError, Code
from chat_server.flows import agents
from chat_server.flows.context import Context
from chat_server.inbound import payloads as p
from chat_server.inbound.agent_commands import AGENT
from chat_server.inbound.auth import agent_of, session
from chat_server.inbound.commands import Command, Door, refused
from chat_server.inbound.sockets import Connections


def cookie_of(environ: dict[str, Any], name: str) -> str | None:
    """One cookie of the handshake."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return None
    return jar[name].value if name in jar else None


async def signed_in(context: Context, token: str | None, csrf: str, origin: str | None, own_origin: Callable[[str], bool]) -> Agent:
    """The agent of a session, used from our own pages: for the handshake and for each HTTP twin."""
    if origin is not None and not own_origin(origin):
        raise ClientError(Code.FORBIDDEN, "The console is used from its own address.")
    found = await session(context, token)
    if found is None or not hmac.compare_digest(found[1].encode(), csrf.encode(errors="replace")):
        raise ClientError(Code.UNAUTHENTICATED, "Sign in again.")
    return found[0]


class AgentDoor(Door[Agent]):
    """Who is behind each socket."""

    def __init__(self, context: Context, connections: Connections, cookie: str, own_origin: Callable[[str], bool]) -> None:
        super().__init__("/agent", AGENT)
        self._context = context
        self._connections = connections
        self._cookie = cookie
        self._own_origin = own_origin
        self._tokens: dict[str, str] = {}

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """Only from our own pages, with a live session."""
        try:
            self._connections.admit(environ)
            told = p.parse(auth, p.AgentAuth)
            token = cookie_of(environ, self._cookie)
            agent = await signed_in(self._context, token, told.csrf, environ.get("HTTP_ORIGIN"), self._own_origin)
        except ClientError as error:
            raise refused(error) from None
        assert token is not None, "a session was found by it"
        if self.server.manager.eio_sid_from_sid(sid, self.namespace) not in self.server.environ:
            return  # closed while the session was looked up: there will be no `disconnect` to forget it by
        self._tokens[sid] = token
        for room in ("everyone", f"inbox:{agent.inbox_id}"):
            await self.enter_room(sid, room)
        self._connections.agent(sid, agent, token, partial(self._close, sid, agent.inbox_id))
        try:
            await self._context.store.write(lambda tx: tx.people.agents_seen([agent.id], self._context.clock()))
            await agents.after_routing(self._context, agent.inbox_id)
        except BaseException as error:  # a connection that is refused has no `disconnect`: it is forgotten here, and raised on
            with suppress(ClientError):
                await self.on_disconnect(sid)
            if isinstance(error, ClientError):
                raise refused(error) from None
            raise

    async def on_disconnect(self, sid: str, _reason: str = "") -> None:
        """An agent without a socket is offline."""
        self._tokens.pop(sid, None)
        await self._connections.agent_left(sid)

    async def _close(self, sid: str, inbox_id: str) -> None:
        """The session has ended: nothing more is told here."""
        for room in ("everyone", f"inbox:{inbox_id}"):
            await self.leave_room(sid, room)
        await self.disconnect(sid)

    async def perform(self, command: Command[Agent], sid: str, told: Any) -> Json | None:
        """The session is asked for at each command: it may have ended, or the role may have changed."""
        agent = await agent_of(self._context, self._tokens.get(sid), command.name)
        return await command.flow(self._context, agent, told)
