"""Who is connected to this process, and their heartbeat: presence, and the heads that heal a lost hint.

A memory of this process only; the database is told who is here, so that other processes and restarts know too. Walk d passes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from chat_server.core.model import Agent, Json, Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows.context import Context
from chat_server.flows.handoff import assign_waiting, tell_presence
from chat_server.flows.ports import Tx
from chat_server.inbound.auth import session
from chat_server.inbound.commands import CLOSE

ROUND_S = 9.5
"""every connection has its turn in this time, so that the heads of an open conversation are at most 10 s apart"""
TURNS = 19
"""of a round: 10,000 connections are not told at once"""
SEEN_EVERY = 2
"""rounds; presence lasts 45 s"""
log = structlog.get_logger("sockets")
Place = tuple[int, int]
Heads = Mapping[str, Place]
Tell = Callable[[str, str, str, Json], None]
Enter = Callable[[str, str, str], Awaitable[None]]


class Connections:
    """Sockets by id. `tell(sid, namespace, event, body)` is the announcer's, `enter(sid, room, namespace)` the server's.

    `signed_out_here(agent)` tells other processes; `compare(heads)` answers the conversations of which nothing is known here.
    """

    def __init__(
        self,
        context: Context,
        tell: Tell,
        enter: Enter,
        admit: Callable[[dict[str, Any]], None],
        signed_out_here: Callable[[str], None] = lambda _agent: None,
        compare: Callable[[Heads], set[str]] | None = None,
    ) -> None:
        self._context = context
        self._tell = tell
        self._enter = enter
        self._admit = admit
        self._signed_out_here = signed_out_here
        self._compare = compare
        self._shoppers: dict[str, Visitor] = {}
        self._turns: list[dict[str, None]] = [{} for _ in range(TURNS)]
        self._turn_of: dict[str, int] = {}
        self._tabs: dict[str, set[str]] = {}
        """sockets of each visitor"""
        self._agents: dict[str, Agent] = {}
        self._signed_in: dict[str, tuple[str, Callable[[], Awaitable[None]]]] = {}
        self._watched: dict[str, str] = {}
        self._bound: set[str] = set()
        self._ended: set[str] = set()
        self._left: set[str] = set()
        self._gap = False
        self._asked = asyncio.Event()
        self._registered = 0
        self.draining = False

    def admit(self, environ: dict[str, Any]) -> None:
        """Refuse while draining, and floods of handshakes."""
        if self.draining:
            raise ClientError(Code.UNAVAILABLE, "The server is shutting down.", retry_after_ms=1000)
        self._admit(environ)

    def shopper(self, sid: str, visitor: Visitor) -> None:
        """A shopper said hello, or is somebody else's browser now."""
        self._shoppers[sid] = visitor
        self._tabs.setdefault(visitor.id, set()).add(sid)
        if sid not in self._turn_of:
            self._registered += 1
            turn = self._turn_of[sid] = self._registered % TURNS
            self._turns[turn][sid] = None

    def agent(self, sid: str, agent: Agent, token: str, close: Callable[[], Awaitable[None]]) -> None:
        """An agent came in, with a session's token; `close` ends this connection."""
        self._agents[sid] = agent
        self._signed_in[sid] = token, close

    async def signed_out(self, token: str) -> None:
        """A session has ended: its connections end with it, in whatever tab, at whatever process."""
        agents = {self._agents[sid].id for sid, (known, _) in self._signed_in.items() if known == token and sid in self._agents}
        await self._close(token)
        for agent_id in agents:
            self._signed_out_here(agent_id)

    async def _close(self, token: str) -> None:
        for sid, (known, close) in list(self._signed_in.items()):
            if known == token:
                self._tell(sid, "/agent", "closing", {"code": CLOSE[Code.UNAUTHENTICATED], "retry": False})
                await close()

    def session_ended(self, agent_id: str) -> None:
        """Another process says that a session of this agent has ended: theirs here are looked up at once."""
        if any(agent.id == agent_id for agent in self._agents.values()):
            self._ended.add(agent_id)
            self._asked.set()

    def bound(self, visitor_id: str) -> None:
        """A browser may have become a contact's: all its connections belong into the contact's room."""
        if visitor_id in self._tabs:
            self._bound.add(visitor_id)
            self._asked.set()

    def resubscribed(self) -> None:
        """Hints may have been missed: what is open here is compared with the database at once."""
        self._gap = True
        self._asked.set()

    def watch(self, sid: str, conversation_id: str) -> None:
        """A conversation whose head this shopper is told besides the one that is open: the one they look at."""
        self._watched[sid] = conversation_id

    def forget(self, sid: str) -> None:
        """The socket is gone."""
        visitor = self._shoppers.pop(sid, None)
        if visitor is not None:
            tabs = self._tabs[visitor.id]
            tabs.discard(sid)
            if not tabs:
                del self._tabs[visitor.id]
            del self._turns[self._turn_of.pop(sid)][sid]
        self._watched.pop(sid, None)

    async def agent_left(self, sid: str) -> None:
        """Their last socket at this process: away at once, not after the heartbeat's grace, unless another process has one."""
        agent = self._agents.pop(sid, None)
        self._signed_in.pop(sid, None)
        if agent is None or any(other.id == agent.id for other in self._agents.values()):
            return
        if self.draining:
            self._left.add(agent.id)  # they come back elsewhere in a moment, and are not away meanwhile
            return
        await self._context.store.write(lambda tx: tx.people.agents_seen([agent.id], None))
        await tell_presence(self._context, agent.inbox_id)

    async def leave(self) -> None:
        """The process ends: nobody is seen here any more."""
        agents = {agent.id for agent in self._agents.values()} | self._left
        if agents:
            await self._context.store.write(lambda tx: tx.people.agents_seen(agents, None))

    @property
    def counts(self) -> dict[str, int]:
        """For /metrics."""
        return {"shopper": len(self._shoppers), "agent": len(self._agents)}

    async def run(self) -> None:
        """The heartbeat and what is asked between, until cancelled."""
        await asyncio.gather(self._beat_on(), self._answer())

    async def _beat_on(self) -> None:
        loop = asyncio.get_running_loop()
        due, turn = loop.time(), 0
        while True:
            due = max(due + ROUND_S / TURNS, loop.time() - ROUND_S)  # a turn that took long is made up for: nobody's round gets longer
            await asyncio.sleep(max(0.0, due - loop.time()))
            try:
                await self.beat(turn % TURNS, seen=turn // TURNS % SEEN_EVERY == 0)
            except Exception:  # outermost guard of the loop: a heartbeat that fails must not be the last one
                log.exception("heartbeat failed")
            turn += 1

    async def beat(self, turn: int, *, seen: bool = True) -> None:
        """One turn: some of the shoppers, and at the first of a round the agents."""
        await self._beat_shoppers(list(self._turns[turn]), seen=seen)
        if turn == 0:
            await self._beat_agents()

    async def _beat_shoppers(self, sids: Iterable[str], *, seen: bool) -> None:
        shoppers = {sid: self._shoppers[sid] for sid in sids if sid in self._shoppers}
        if not shoppers:
            return
        heads = await self._heads_of(shoppers)
        for sid, told in heads.items():
            self._tell(sid, "/shopper", "heads", {"heads": wire_heads(told)})
        if seen:
            await self._note(lambda tx: tx.people.seen({each.id for each in shoppers.values()}, self._context.clock()))

    async def _beat_agents(self) -> None:
        agents = {agent.id: agent for agent in self._agents.values()}
        if not agents:
            return
        heads = await self._heads_of_inboxes()
        for sid, agent in list(self._agents.items()):
            self._tell(sid, "/agent", "heads", {"heads": wire_heads(heads.get(agent.inbox_id, {}))})
        await self._note(lambda tx: tx.people.agents_seen(agents, self._context.clock()))
        await self._end_old_sessions({token for token, _ in self._signed_in.values()})
        for inbox_id in {agent.inbox_id for agent in agents.values()}:
            await assign_waiting(self._context, inbox_id)

    async def _note(self, work: Callable[[Tx], None]) -> None:
        """Who is here. What cannot be written now is written in a later round, and holds up nothing else."""
        try:
            await self._context.store.write(work)
        except ClientError as error:
            log.warning("presence was not written", reason=error.code.value)

    async def _end_old_sessions(self, tokens: Iterable[str]) -> None:
        """Sessions that ended elsewhere, by their age or by a new password."""
        for token in tokens:
            if await session(self._context, token, touch=False) is None:
                await self._close(token)

    async def _heads_of(self, shoppers: Mapping[str, Visitor]) -> dict[str, dict[str, Place]]:
        """For each connection the head of what is open and of what it looks at. Whose browser is a contact's by now joins the others."""
        watched = {sid: self._watched[sid] for sid in shoppers if sid in self._watched}

        def work(tx: Tx) -> tuple[dict[str, str], dict[str, str], dict[str, Place]]:
            bound = tx.people.bound({visitor.id for visitor in shoppers.values() if visitor.contact_id is None})
            people = {visitor.id for visitor in shoppers.values()} | {each.contact_id for each in shoppers.values() if each.contact_id}
            people.update(bound.values())
            opened = tx.conversations.open_of(people)
            wanted = {*watched.values(), *opened.values()}
            return bound, opened, tx.conversations.heads(wanted) if wanted else {}

        bound, opened, heads = await self._context.store.read(work)
        await self._join(bound)
        told: dict[str, dict[str, Place]] = {}
        for sid, visitor in shoppers.items():
            contact = visitor.contact_id or bound.get(visitor.id, "")
            theirs = {watched.get(sid), opened.get(visitor.id), opened.get(contact)}
            if found := {each: heads[each] for each in theirs if each in heads}:
                told[sid] = found
        return told

    async def _heads_of_inboxes(self) -> dict[str, dict[str, Place]]:
        inboxes, now = {agent.inbox_id for agent in self._agents.values()}, self._context.clock()
        read = self._context.store.read
        return await read(lambda tx: {each: tx.conversations.open_heads(each, now) for each in inboxes}) if inboxes else {}

    async def _answer(self) -> None:
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self._end_sessions()
                await self._join_contacts()
                await self._catch_up()
            except Exception:  # outermost guard of the loop: the heartbeat finds what was missed here
                log.exception("connections could not be looked up")

    async def _end_sessions(self) -> None:
        ended, self._ended = self._ended, set()
        await self._end_old_sessions({token for sid, (token, _) in self._signed_in.items() if self._agents[sid].id in ended})

    async def _join_contacts(self) -> None:
        """Whose browser it is, is read from the database; then the tabs are told the head, and fetch what they lack."""
        bound, self._bound = self._bound, set()
        try:
            await self._beat_shoppers([sid for each in bound for sid in self._tabs.get(each, ())], seen=False)
        except BaseException:
            self._bound |= bound
            raise

    async def _join(self, bound: Mapping[str, str]) -> None:
        """All connections of these browsers into their contact's room."""
        for sid in [sid for each in bound for sid in self._tabs.get(each, ())]:
            visitor = self._shoppers.get(sid)
            contact_id = bound.get(visitor.id) if visitor is not None else None
            if visitor is not None and contact_id is not None and visitor.contact_id != contact_id:
                self._shoppers[sid] = replace(visitor, contact_id=contact_id)
                await self._enter(sid, f"contact:{contact_id}", "/shopper")

    async def _catch_up(self) -> None:
        """After a gap in the hints: what was told here and is behind is told now; of the rest the heads are."""
        if not self._gap or self._compare is None:
            return
        self._gap = False
        sids = list(self._shoppers)
        for start in range(0, len(sids), 500):
            heads = await self._heads_of({sid: self._shoppers[sid] for sid in sids[start : start + 500] if sid in self._shoppers})
            unknown = self._compare({each: place for told in heads.values() for each, place in told.items()})
            for sid, told in heads.items():
                if unknown & told.keys():
                    self._tell(sid, "/shopper", "heads", {"heads": wire_heads(told)})
        for inbox_id, open_heads in (await self._heads_of_inboxes()).items():
            unknown = self._compare(open_heads)
            lacking = wire_heads({each: open_heads[each] for each in unknown})
            for sid, agent in list(self._agents.items()):
                if lacking and agent.inbox_id == inbox_id:
                    self._tell(sid, "/agent", "heads", {"heads": lacking})


def wire_heads(heads: Heads) -> Json:
    """`{conversation: {epoch, seq}}`."""
    return {conversation: {"epoch": epoch, "seq": seq} for conversation, (epoch, seq) in heads.items()}
