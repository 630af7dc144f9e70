"""The only place that emits. Facts go out in the order of their commits; a lost emit is healed by the reader's cursor.

Every walk ends here. Nothing is decided here but who may see what (core/facts does that).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import socketio
import structlog

from chat_server.core.facts import wire
from chat_server.core.model import Conversation, Fact, Json

SHOPPER = "/shopper"
AGENT = "/agent"
log = structlog.get_logger("announcer")


def shopper_rooms(conversation: Conversation) -> list[str]:
    """Every browser of the shopper whose conversation this is."""
    rooms = [f"visitor:{conversation.visitor_id}"]
    if conversation.contact_id is not None:
        rooms.append(f"contact:{conversation.contact_id}")
    return rooms


class Announcer:
    """Queues what is to be told; one task emits it. Posting never waits."""

    def __init__(self, sio: socketio.AsyncServer) -> None:
        self._sio = sio
        self._queue: asyncio.Queue[tuple[str, Json, list[str], str] | None] = asyncio.Queue()

    def facts(self, conversation: Conversation, entries: Sequence[Fact]) -> None:
        """Durable facts, to the shopper's browsers and to the inbox's agents."""
        rooms = shopper_rooms(conversation)
        for fact in entries:
            self._post(*wire(fact, agent=False), rooms, SHOPPER)
            self._post(*wire(fact, agent=True), [f"inbox:{conversation.inbox_id}"], AGENT)

    def shopper(self, conversation: Conversation, event: str, body: Json) -> None:
        """A passing event to the shopper of a conversation."""
        self._post(event, body, shopper_rooms(conversation), SHOPPER)

    def shoppers(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every connected shopper of an inbox."""
        self._post(event, body, [f"inbox:{inbox_id}"], SHOPPER)

    def agents(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every agent of an inbox."""
        self._post(event, body, [f"inbox:{inbox_id}"], AGENT)

    def socket(self, sid: str, namespace: str, event: str, body: Json) -> None:
        """A passing event to one connection (its own heartbeat)."""
        self._post(event, body, [sid], namespace)

    def everyone(self, event: str, body: Json) -> None:
        """To all connections of both namespaces: drain, closing."""
        for namespace in (SHOPPER, AGENT):
            self._post(event, body, ["everyone"], namespace)

    def _post(self, event: str, body: Json, rooms: list[str], namespace: str) -> None:
        self._queue.put_nowait((event, body, rooms, namespace))

    async def run(self) -> None:
        """Emit until `finish`; an emit that fails is logged, the cursor heals it."""
        while (item := await self._queue.get()) is not None:
            event, body, rooms, namespace = item
            try:
                await self._sio.emit(event, body, room=rooms, namespace=namespace)
            except Exception:  # outermost guard of the loop: one broken connection must not silence the others
                log.exception("emit failed", event_name=event, namespace=namespace)

    def finish(self) -> None:
        """Emit what is queued, then end."""
        self._queue.put_nowait(None)
