"""The agent's door: Socket.IO namespace `/agent`. Session cookie, same origin, CSRF token; the role is checked each time."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from functools import partial
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from chat_server.core.model import Agent, Json
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, console, proactive
from chat_server.flows.context import Context
from chat_server.flows.messages import Draft
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import authorize, session
from chat_server.inbound.commands import Door, answer, refused
from chat_server.inbound.sockets import Connections

T = TypeVar("T")


def cookie_of(environ: dict[str, Any], name: str) -> str | None:
    """One cookie of the handshake."""
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(environ.get("HTTP_COOKIE", ""))
    except CookieError:
        return None
    return jar[name].value if name in jar else None


class AgentDoor(Door):
    """One method for each command of docs/wire.md."""

    def __init__(self, context: Context, connections: Connections, cookie: str, own_origin: Callable[[str], bool]) -> None:
        super().__init__("/agent")
        self._context = context
        self._connections = connections
        self._cookie = cookie
        self._own_origin = own_origin

    async def on_connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """Only from our own pages, with a live session."""
        try:
            self._connections.admit(environ)
            told = p.parse(auth, p.AgentAuth)
            origin = environ.get("HTTP_ORIGIN")
            if origin is not None and not self._own_origin(origin):
                raise ClientError(Code.FORBIDDEN, "The console is used from its own address.")
            token = cookie_of(environ, self._cookie)
            found = await session(self._context, token)
            if found is None or not hmac.compare_digest(found[1].encode(), told.csrf.encode()):
                raise ClientError(Code.UNAUTHENTICATED, "Sign in again.")
        except ClientError as error:
            raise refused(error) from None
        assert token is not None, "a session was found by it"
        agent = found[0]
        await self.save_session(sid, {"agent": agent.id, "inbox": agent.inbox_id, "token": token})
        for room in ("everyone", f"inbox:{agent.inbox_id}"):
            await self.enter_room(sid, room)
        self._connections.agent(sid, agent, token, partial(self._close, sid))
        await self._context.store.write(lambda tx: tx.people.agents_seen([agent.id], self._context.clock()))
        await agents.after_routing(self._context, agent.inbox_id)

    async def on_disconnect(self, sid: str, _reason: str = "") -> None:
        """An agent without a socket is offline."""
        await self._connections.agent_left(sid)

    async def _close(self, sid: str) -> None:
        """The session has ended: nothing more is told here."""
        for room in ("everyone", f"inbox:{(await self.get_session(sid))['inbox']}"):
            await self.leave_room(sid, room)
        await self.disconnect(sid)

    async def _run(self, sid: str, name: str, raw: object, kind: type[T], flow: Callable[[Agent, T], Awaitable[Json | None]]) -> Json:
        async def authorized(told: T) -> Json | None:
            known = await self.get_session(sid)
            found = await session(self._context, known["token"])
            if found is None:
                raise ClientError(Code.UNAUTHENTICATED, "Your session has ended. Sign in again.")
            authorize(found[0], name)
            return await flow(found[0], told)

        return await answer(name, raw, kind, authorized)

    async def on_sync(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.Sync) -> Json:
            if told.conversation is None:
                return await console.listing(self._context, agent)
            return await console.thread(self._context, agent, told.conversation, told.epoch, told.after)

        return await self._run(sid, "sync", raw, p.Sync, flow)

    async def on_set_availability(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.SetAvailability) -> None:
            await agents.set_availability(self._context, agent, told.availability)

        return await self._run(sid, "set_availability", raw, p.SetAvailability, flow)

    async def on_claim(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.AboutConversation) -> Json:
            return await agents.claim(self._context, agent, told.conversation)

        return await self._run(sid, "claim", raw, p.AboutConversation, flow)

    async def on_reply(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.Reply) -> Json:
            draft = Draft(told.client_id, p.parts_of(told.text, told.parts))
            return await agents.reply(self._context, agent, told.conversation, draft, told.seen_seq)

        return await self._run(sid, "reply", raw, p.Reply, flow)

    async def on_add_note(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.AddNote) -> Json:
            draft = Draft(told.client_id, p.parts_of(told.text, None))
            return await agents.add_note(self._context, agent, told.conversation, draft)

        return await self._run(sid, "add_note", raw, p.AddNote, flow)

    async def on_assign(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.Assign) -> Json:
            return await agents.assign(self._context, agent, told.conversation, told.agent)

        return await self._run(sid, "assign", raw, p.Assign, flow)

    async def on_snooze(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.Snooze) -> Json:
            return await agents.snooze(self._context, agent, told.conversation, p.whole_ms(told.until))

        return await self._run(sid, "snooze", raw, p.Snooze, flow)

    async def on_return_to_bot(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.AboutConversation) -> Json:
            return await agents.return_to_bot(self._context, agent, told.conversation)

        return await self._run(sid, "return_to_bot", raw, p.AboutConversation, flow)

    async def on_resolve(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.AboutConversation) -> Json:
            return await agents.resolve(self._context, agent, told.conversation)

        return await self._run(sid, "resolve", raw, p.AboutConversation, flow)

    async def on_mark_read(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.MarkRead) -> Json:
            return await agents.mark_read(self._context, agent, told.conversation, told.through)

        return await self._run(sid, "mark_read", raw, p.MarkRead, flow)

    async def on_set_typing(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.SetTyping) -> None:
            await agents.typing(self._context, agent, told.conversation, told.typing)

        return await self._run(sid, "set_typing", raw, p.SetTyping, flow)

    async def on_invite(self, sid: str, raw: object = None) -> Json:
        async def flow(agent: Agent, told: p.Invite) -> Json:
            return await proactive.invite(self._context, agent, told.visitor, told.client_id, p.parts_of(told.text, None)[0]["text"])

        return await self._run(sid, "invite", raw, p.Invite, flow)
