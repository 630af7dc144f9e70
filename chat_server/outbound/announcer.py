"""Who is told what. Facts go out in the order of their commits; one that is lost is healed by the reader's cursor.

Every walk ends here. Nothing is decided here but who may see what (core/facts does that); outbound/lane writes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat_server.core.facts import wire
from chat_server.core.model import Conversation, Fact, Json
from chat_server.outbound.lane import Lane

SHOPPER = "/shopper"
AGENT = "/agent"


def shopper_rooms(conversation: Conversation) -> list[str]:
    """Every browser of the shopper whose conversation this is."""
    rooms = [f"visitor:{conversation.visitor_id}"]
    if conversation.contact_id is not None:
        rooms.append(f"contact:{conversation.contact_id}")
    return rooms


class Announcer:
    """Tells at once and never waits: what is told in one turn of the loop is written at its end, in order."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def facts(self, conversation: Conversation, entries: Sequence[Fact]) -> None:
        """Durable facts, to the shopper's browsers and to the inbox's agents."""
        rooms = shopper_rooms(conversation)
        for fact in entries:
            self._lane.broadcast(*wire(fact, agent=False), rooms, SHOPPER)
            self._lane.broadcast(*wire(fact, agent=True), [f"inbox:{conversation.inbox_id}"], AGENT)

    def shopper(self, conversation: Conversation, event: str, body: Json) -> None:
        """A passing event to the shopper of a conversation."""
        self._lane.broadcast(event, body, shopper_rooms(conversation), SHOPPER)

    def shoppers(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every connected shopper of an inbox."""
        self._lane.broadcast(event, body, [f"inbox:{inbox_id}"], SHOPPER)

    def agents(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every agent of an inbox."""
        self._lane.broadcast(event, body, [f"inbox:{inbox_id}"], AGENT)

    def socket(self, sid: str, namespace: str, event: str, body: Json) -> None:
        """A passing event to one connection (its own heartbeat)."""
        self._lane.broadcast(event, body, [sid], namespace)

    def bound(self, visitor_id: str) -> None:
        """A browser has become a contact's: its connections belong into the contact's room."""

    def everyone(self, event: str, body: Json) -> None:
        """To all connections of both namespaces: drain, closing."""
        for namespace in (SHOPPER, AGENT):
            self._lane.broadcast(event, body, ["everyone"], namespace)
