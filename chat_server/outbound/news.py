"""Keeps the facts of one conversation in their order at this server, wherever they were committed.

A hint says only that there is something: what it is and who may hear it comes from the database, after what was told here last. So a
forged hint tells nobody anything, and a lost one is made good by the next. Walks a, b, d and e over several servers.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from chat_server.core.model import Conversation, Fact
from chat_server.outbound.hint import Facts

REMEMBERED = 20_000
"""conversations whose last told place is kept"""
AT_ONCE = 256
"""conversations read together"""
FURTHEST = 300
"""facts behind; a reader who is further behind starts afresh (docs/wire.md, sync)"""
AGAIN_S = 1.0
Place = tuple[int, int]
"""epoch and seq"""
Read = Callable[[Callable[[Any], Any]], Awaitable[Any]]
log = structlog.get_logger("news")


class News:
    """`read` is the store's; `tell` hands facts to the connections of this server."""

    def __init__(self, read: Read, tell: Callable[[Conversation, Sequence[Fact]], None]) -> None:
        self._read = read
        self._tell = tell
        self._told: OrderedDict[str, Place] = OrderedDict()
        self._behind: OrderedDict[str, Place] = OrderedDict()
        """conversations to be read, with the place to start from where nothing was told yet"""
        self._reading: frozenset[str] = frozenset()
        self._wanted = asyncio.Event()

    def own(self, conversation: Conversation, entries: Sequence[Fact]) -> Sequence[Fact]:
        """Of facts committed here, those to be told now; the rest was told already, or follows in its order after those before it."""
        if not entries:
            return entries
        first, last = entries[0], entries[-1]
        place = self._told.get(conversation.id)
        if conversation.id in self._behind or conversation.id in self._reading:
            self._want(conversation.id, (first.epoch, first.seq - 1))
            return ()
        if place is None or place[0] != first.epoch or first.seq == place[1] + 1:
            self._note(conversation.id, (last.epoch, last.seq))
            return entries
        if first.seq > place[1] + 1:
            self._want(conversation.id, place)
            return ()
        fresh = [fact for fact in entries if fact.seq > place[1]]
        self._note(conversation.id, (last.epoch, max(last.seq, place[1])))
        return fresh

    def foreign(self, hint: Facts) -> None:
        """Another server says that a conversation has moved, and somebody here may be concerned."""
        place = self._told.get(hint.conversation)
        if place is None or place[0] != hint.epoch:
            self._want(hint.conversation, (hint.epoch, hint.after))
        elif hint.seq > place[1]:
            self._want(hint.conversation, place)

    def forget(self, conversation_id: str) -> None:
        """Nobody here is concerned: what will be told to who comes later starts with what they are then sent."""
        self._told.pop(conversation_id, None)

    def compare(self, heads: Mapping[str, Place]) -> set[str]:
        """After a gap in listening: what was told here and is behind is read. Returns those of which nothing is known here."""
        unknown = set()
        for conversation_id, (epoch, seq) in heads.items():
            place = self._told.get(conversation_id)
            if place is None or place[0] != epoch:
                unknown.add(conversation_id)
            elif seq > place[1]:
                self._want(conversation_id, place)
        return unknown

    async def run(self) -> None:
        """Read and tell, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._behind:
                try:
                    await self._catch_up()
                except Exception:  # outermost guard of the loop: it is read again in a moment, and the heads heal what was missed
                    log.exception("news could not be read", conversations=len(self._behind))
                    await asyncio.sleep(AGAIN_S)

    async def _catch_up(self) -> None:
        popped = [self._behind.popitem(last=False) for _ in range(min(AT_ONCE, len(self._behind)))]
        starts = {each: max(start, told) if (told := self._told.get(each, start))[0] == start[0] else start for each, start in popped}
        self._reading = frozenset(starts)
        try:
            found = await self._read(lambda tx: _read(tx, starts))
        except BaseException:
            for conversation_id, place in starts.items():
                self._want(conversation_id, place)
            raise
        finally:
            self._reading = frozenset()
        for conversation, facts in found:
            epoch, seq = self._told.get(conversation.id, (0, 0))
            fresh = [fact for fact in facts if epoch != conversation.epoch or fact.seq > seq]
            self._note(conversation.id, (conversation.epoch, conversation.seq))
            if fresh:
                self._tell(conversation, fresh)

    def _want(self, conversation_id: str, start: Place) -> None:
        self._behind.setdefault(conversation_id, start)
        if len(self._behind) > REMEMBERED:
            self._behind.popitem(last=False)
        self._wanted.set()

    def _note(self, conversation_id: str, place: Place) -> None:
        self._told[conversation_id] = place
        self._told.move_to_end(conversation_id)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)


def _read(tx: Any, starts: Mapping[str, Place]) -> list[tuple[Conversation, list[Fact]]]:
    """Each conversation as it stands, with its facts after where it is to start."""
    found: dict[str, Conversation] = tx.conversations.load(list(starts))
    places: list[tuple[str, int]] = []
    for conversation in found.values():
        epoch, seq = starts[conversation.id]
        after = seq if epoch == conversation.epoch else conversation.seq - 1  # one fact of the new epoch: its readers start afresh
        places += ((conversation.id, each) for each in range(max(after, conversation.seq - FURTHEST) + 1, conversation.seq + 1))
    facts: dict[str, list[Fact]] = {}
    for fact in tx.conversations.at(places):
        facts.setdefault(fact.conversation_id, []).append(fact)
    return [(each, sorted(facts.get(each.id, ()), key=lambda fact: fact.seq)) for each in found.values()]
