"""Who is told what. Facts go out in the order of their commits; one that is lost is healed by the reader's cursor.

Every walk ends here. Nothing is decided here but who may see what (core/facts does that); outbound/lane writes it. With several servers
the others get a hint of it, and what they hint at is told here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from chat_server.core.facts import alike, wire
from chat_server.core.model import Conversation, Fact, Json
from chat_server.outbound.hint import Bound, Facts, Hint, Passing, SignedOut, Wake
from chat_server.outbound.lane import Lane

SHOPPER = "/shopper"
AGENT = "/agent"


def shopper_rooms(visitor_id: str | None, contact_id: str | None) -> list[str]:
    """Every browser of the shopper whose conversation this is."""
    return [f"{kind}:{each}" for kind, each in (("visitor", visitor_id), ("contact", contact_id)) if each is not None]


@dataclass(frozen=True, slots=True)
class Ears:
    """What this server itself does with news; none of it may wait or raise.

    `facts(conversation)` for who waits over HTTP, `bound(visitor)` and `signed_out(agent)` for the connections, `wake()` for the outbox
    of the orders.
    """

    facts: Callable[[str], None]
    bound: Callable[[str], None]
    signed_out: Callable[[str], None]
    wake: Callable[[], None]


class Bus(Protocol):
    """See outbound/hints.py."""

    def publish(self, hint: Hint) -> None: ...


class Order(Protocol):
    """See outbound/news.py."""

    def own(self, conversation: Conversation, entries: Sequence[Fact]) -> Sequence[Fact]: ...
    def foreign(self, hint: Facts) -> None: ...
    def forget(self, conversation_id: str) -> None: ...


class Announcer:
    """Tells at once and never waits: what is told in one turn of the loop is written at its end, in order."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._ears: Ears | None = None
        self._others: tuple[Bus, Order] | None = None

    def listen(self, ears: Ears) -> None:
        """Who at this server wants to know."""
        self._ears = ears

    def join(self, bus: Bus, order: Order) -> None:
        """There are other servers."""
        self._others = bus, order

    def facts(self, conversation: Conversation, entries: Sequence[Fact]) -> None:
        """Durable facts, to the shopper's browsers and to the inbox's agents."""
        if self._others is not None and entries:
            bus, order = self._others
            bus.publish(
                Facts(
                    conversation.id, conversation.inbox_id, conversation.visitor_id, conversation.contact_id,
                    entries[0].epoch, entries[0].seq - 1, entries[-1].seq,
                )
            )  # fmt: skip
            entries = order.own(conversation, entries)
        self.here(conversation, entries)

    def here(self, conversation: Conversation, entries: Sequence[Fact]) -> None:
        """The same, to the connections of this server only."""
        rooms = shopper_rooms(conversation.visitor_id, conversation.contact_id)
        for fact in entries:
            told = wire(fact, agent=False)
            self._lane.broadcast(*told, rooms, SHOPPER)
            inside = told if alike(fact) else wire(fact, agent=True)  # the lane knows a body that it has just written
            self._lane.broadcast(*inside, [f"inbox:{conversation.inbox_id}"], AGENT)
        if self._ears is not None:
            self._ears.facts(conversation.id)

    def shopper(self, conversation: Conversation, event: str, body: Json) -> None:
        """A passing event to the shopper of a conversation."""
        self._lane.broadcast(event, body, shopper_rooms(conversation.visitor_id, conversation.contact_id), SHOPPER)
        self._pass_on(event, "shopper", conversation.inbox_id, body, conversation.visitor_id, conversation.contact_id)

    def person(self, inbox_id: str, visitor_id: str | None, contact_id: str | None, event: str, body: Json) -> None:
        """A passing event to one browser, or to every browser of a contact, whether they have a conversation or not."""
        self._lane.broadcast(event, body, shopper_rooms(visitor_id, contact_id), SHOPPER)
        self._pass_on(event, "shopper", inbox_id, body, visitor_id, contact_id)

    def shoppers(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every connected shopper of an inbox."""
        self._lane.broadcast(event, body, [f"inbox:{inbox_id}"], SHOPPER)
        self._pass_on(event, "shoppers", inbox_id, body)

    def agents(self, inbox_id: str, event: str, body: Json) -> None:
        """A passing event to every agent of an inbox."""
        self._lane.broadcast(event, body, [f"inbox:{inbox_id}"], AGENT)
        self._pass_on(event, "agents", inbox_id, body)

    def bound(self, visitor_id: str) -> None:
        """A browser has become a contact's: its connections belong into the contact's room, wherever they are."""
        if self._ears is not None:
            self._ears.bound(visitor_id)
        self._hint(Bound(visitor_id))

    def signed_out(self, agent_id: str) -> None:
        """A session of this agent has ended here; other servers may have connections of it."""
        self._hint(SignedOut(agent_id))

    def wake(self) -> None:
        """Something came into the outbox of the orders; another server may be the one that works it off."""
        self._hint(Wake())

    def socket(self, sid: str, namespace: str, event: str, body: Json) -> None:
        """A passing event to one connection: its own heartbeat, drain, closing."""
        self._lane.broadcast(event, body, [sid], namespace)

    def take(self, hints: Sequence[Hint]) -> None:
        """What other servers told."""
        for hint in hints:
            match hint:
                case Facts():
                    self._heard(hint)
                case Passing():
                    self._passed(hint)
                case Bound() if self._ears is not None:
                    self._ears.bound(hint.visitor)
                case SignedOut() if self._ears is not None:
                    self._ears.signed_out(hint.agent)
                case Wake() if self._ears is not None:
                    self._ears.wake()
                case _:
                    pass

    def _heard(self, hint: Facts) -> None:
        if self._others is None:
            return
        order = self._others[1]
        if self._lane.anyone(shopper_rooms(hint.visitor, hint.contact), SHOPPER) or self._lane.anyone([f"inbox:{hint.inbox}"], AGENT):
            order.foreign(hint)
        else:
            order.forget(hint.conversation)
        if self._ears is not None:
            self._ears.facts(hint.conversation)

    def _passed(self, hint: Passing) -> None:
        if hint.to == "shopper":
            self._lane.broadcast(hint.event, hint.body, shopper_rooms(hint.visitor, hint.contact), SHOPPER)
        else:
            self._lane.broadcast(hint.event, hint.body, [f"inbox:{hint.inbox}"], AGENT if hint.to == "agents" else SHOPPER)

    def _pass_on(
        self, event: str, to: str, inbox_id: str, body: Json, visitor_id: str | None = None, contact_id: str | None = None
    ) -> None:
        if self._others is not None:
            self._hint(Passing(event, to, inbox_id, body, visitor_id, contact_id))  # type: ignore[arg-type]  # names are checked where heard

    def _hint(self, hint: Hint) -> None:
        if self._others is not None:
            self._others[0].publish(hint)
