"""Who is connected to this process, and their heartbeat: presence, and the heads that heal a lost hint.

A memory of this process only; the database is told who is here, so that other processes and restarts know too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from chat_server.core.model import Agent, Json, Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context
from chat_server.flows.handoff import assign_waiting, tell_presence
from chat_server.flows.ports import Tx
from chat_server.inbound.auth import session

HEARTBEAT_S = 10.0
log = structlog.get_logger("sockets")
Tell = Callable[[str, str, str, Json], None]


class Connections:
    """Sockets by id. `tell(sid, namespace, event, body)` is the announcer's."""

    def __init__(self, context: Context, tell: Tell, admit: Callable[[dict[str, Any]], None]) -> None:
        self._context = context
        self._tell = tell
        self._admit = admit
        self._shoppers: dict[str, Visitor] = {}
        self._agents: dict[str, Agent] = {}
        self._signed_in: dict[str, tuple[str, Callable[[], Awaitable[None]]]] = {}
        self._watched: dict[str, str] = {}
        self.draining = False

    def admit(self, environ: dict[str, Any]) -> None:
        """Refuse while draining, and floods of handshakes."""
        if self.draining:
            raise ClientError(Code.UNAVAILABLE, "The server is shutting down.", retry_after_ms=1000)
        self._admit(environ)

    def shopper(self, sid: str, visitor: Visitor) -> None:
        """A shopper said hello."""
        self._shoppers[sid] = visitor

    def agent(self, sid: str, agent: Agent, token: str, close: Callable[[], Awaitable[None]]) -> None:
        """An agent came in, with a session's token; `close` ends this connection."""
        self._agents[sid] = agent
        self._signed_in[sid] = token, close

    async def signed_out(self, token: str) -> None:
        """A session has ended: its connections end with it, in whatever tab."""
        for known, close in list(self._signed_in.values()):
            if known == token:
                await close()

    def watch(self, sid: str, conversation_id: str) -> None:
        """A conversation whose head this shopper is told besides the one that is open: the one they look at."""
        self._watched[sid] = conversation_id

    def forget(self, sid: str) -> None:
        """The socket is gone."""
        self._shoppers.pop(sid, None)
        self._watched.pop(sid, None)

    async def agent_left(self, sid: str) -> None:
        """Their last socket: away at once, not after the heartbeat's grace."""
        agent = self._agents.pop(sid, None)
        self._signed_in.pop(sid, None)
        if agent is None or any(other.id == agent.id for other in self._agents.values()):
            return
        await self._context.store.write(lambda tx: tx.people.agents_seen([agent.id], None))
        await tell_presence(self._context, agent.inbox_id)

    @property
    def counts(self) -> dict[str, int]:
        """For /metrics."""
        return {"shopper": len(self._shoppers), "agent": len(self._agents)}

    async def run(self) -> None:
        """The heartbeat, until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            try:
                await self.beat()
            except Exception:  # outermost guard of the loop: a heartbeat that fails must not be the last one
                log.exception("heartbeat failed")

    async def beat(self) -> None:
        """Mark everyone here as here, tell the heads, and look whether somebody can take from the queue."""
        here = {visitor.id for visitor in self._shoppers.values()}
        agents = {agent.id: agent for agent in self._agents.values()}

        def work(tx: Tx) -> None:
            now = self._context.clock()
            if here:
                tx.people.seen(here, now)
            if agents:
                tx.people.agents_seen(agents, now)

        if here or agents:
            await self._context.store.write(work)
        await self._tell_heads()
        await self._end_old_sessions()
        for inbox_id in {agent.inbox_id for agent in agents.values()}:
            await assign_waiting(self._context, inbox_id)

    async def _end_old_sessions(self) -> None:
        """Sessions that ended elsewhere, by their age or by a new password."""
        for token in {token for token, _ in self._signed_in.values()}:
            if await session(self._context, token, touch=False) is None:
                await self.signed_out(token)

    async def _tell_heads(self) -> None:
        shoppers, watched = dict(self._shoppers), dict(self._watched)
        inboxes = {agent.inbox_id for agent in self._agents.values()}
        if not shoppers and not inboxes:
            return

        def work(tx: Tx) -> tuple[dict[str, str], dict[str, tuple[int, int]], dict[str, dict[str, tuple[int, int]]]]:
            people = {visitor.id for visitor in shoppers.values()} | {each.contact_id for each in shoppers.values() if each.contact_id}
            opened = tx.conversations.open_of(people) if people else {}
            heads = tx.conversations.heads({*watched.values(), *opened.values()})
            return opened, heads, {each: tx.conversations.open_heads(each) for each in inboxes}

        opened, heads, open_heads = await self._context.store.read(work)
        for sid, visitor in shoppers.items():
            theirs = {watched.get(sid), opened.get(visitor.id), opened.get(visitor.contact_id or "")}
            told = {each: heads[each] for each in theirs if each in heads}
            if told:
                self._tell(sid, "/shopper", "heads", {"heads": wire_heads(told)})
        for sid, agent in list(self._agents.items()):
            self._tell(sid, "/agent", "heads", {"heads": wire_heads(open_heads.get(agent.inbox_id, {}))})


def wire_heads(heads: dict[str, tuple[int, int]]) -> Json:
    """`{conversation: {epoch, seq}}`."""
    return {conversation: {"epoch": epoch, "seq": seq} for conversation, (epoch, seq) in heads.items()}
