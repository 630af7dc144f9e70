"""A person asks to be forgotten: what the orders and the stored webhooks tell of them goes, a few at a time; the orders' stages stay.

Whom to forget is the caller's to prove. The shop is the source: what it tells afterwards is kept as it comes. No SQL here.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import islice

from order_status.fold import followed, forget
from order_status.lookup import parcel_keys
from order_status.proof import normal_email
from order_status.stages import KnownCustomer, OrderState
from order_status.store import Connection
from order_status.store import operations as operated
from order_status.store import people as sql
from order_status.store.people import Waiting
from order_status.traces import Person, Traces, is_person, of_customer, speaks_of, traces_of
from order_status.writer import Writer

AT_ONCE = 50
"""orders in one transaction: who writes meanwhile waits for no more"""
READ_AT_ONCE = 500
BODIES_AT_ONCE = 100
TRIED_FOR = timedelta(days=1)
"""after which a webhook that could not be folded is waited for no more: it goes as one does that cannot be read"""

NOBODY = Traces()
log = logging.getLogger("order_status.forgetting")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was reached. `waiting`: orders that were left alone, because a webhook of theirs is not folded yet, be it their first:
    forget once more, soon."""

    orders: int = 0
    bodies: int = 0
    letters: int = 0
    waiting: int = 0


@dataclass(slots=True)
class _Done:
    """What one walk through everything has come to. `waiting`: by source and delivery."""

    orders: int = 0
    bodies: int = 0
    traces: Traces = NOBODY
    waiting: dict[tuple[str, str], Waiting] = field(default_factory=dict)

    def waits(self, rows: Iterable[Waiting]) -> None:
        self.waiting.update({(row.source_id, row.delivery_id): row for row in rows})

    def gave_up(self, rows: Iterable[Waiting], bodies: int) -> None:
        self.bodies += bodies
        for row in rows:
            self.waiting.pop((row.source_id, row.delivery_id), None)

    def subjects(self) -> int:
        """The orders and parcels that wait."""
        return len({row.order_id or key for key, row in self.waiting.items()})


async def forget_customer(writer: Writer, inbox_id: str, person: Person) -> Forgotten:
    """Safe to repeat, and to run beside servers: each order is done or not done, and what is done already counts no more."""
    started = time.perf_counter()
    done = _Done(traces=traces_of(person))
    await _look_ahead(writer, inbox_id, done)
    queue = iter(await _orders_of(writer, inbox_id, person))
    while some := list(islice(queue, AT_ONCE)):
        step = await writer.write(partial(_forget, inbox_id=inbox_id, order_ids=some))
        done.orders += step.count
        done.traces |= step.traces
        done.waits(step.waiting)
        done.gave_up(step.given_up, step.bodies)
    if person.offer_ids:
        done.bodies += await writer.write(lambda conn: sql.silence_offers(conn, inbox_id, person.offer_ids))
    letters = await _burn_letters(writer, inbox_id, done.traces)
    found = Forgotten(done.orders, done.bodies, letters, done.subjects())
    took = round((time.perf_counter() - started) * 1000, 1)
    log.info(
        "forgotten orders %d bodies %d letters %d waiting %d",
        found.orders,
        found.bodies,
        found.letters,
        found.waiting,
        extra={"flow": "forget_customer", "inbox": inbox_id, "decision": "waiting" if found.waiting else "forgotten", "ms": took},
    )
    return found


async def _look_ahead(writer: Writer, inbox_id: str, done: _Done) -> None:
    """What is not folded yet and speaks of the person, also of orders that nobody knows yet. Before the orders are looked for: what is
    folded meanwhile is found there."""
    if done.traces == NOBODY:
        return
    for source_id in await writer.read(sql.waiting_sources):
        after: Waiting | None = None
        next_of = partial(sql.waiting_after, inbox_id=inbox_id, source_id=source_id, limit=BODIES_AT_ONCE)
        while some := await writer.read(partial(next_of, after=after)):
            after = some[-1][0]
            theirs = await asyncio.to_thread(_speaking, some, done.traces)  # thousands of bodies in a storm: beside the loop
            lost = [row for row in theirs if _is_lost(row)]
            done.waits(theirs)
            if lost:
                done.gave_up(lost, await writer.write(partial(sql.give_up, inbox_id=inbox_id, rows=lost)))


def _speaking(rows: Sequence[tuple[Waiting, bytes]], traces: Traces) -> list[Waiting]:
    return [row for row, body in rows if speaks_of(body, traces)]


def _is_lost(row: Waiting) -> bool:
    """It was tried for so long that it may never be folded: its source is gone, or says something else today."""
    return row.fold_at - row.received_at >= TRIED_FOR


async def _orders_of(writer: Writer, inbox_id: str, person: Person) -> Sequence[str]:
    """By the customer's id; by contact only by looking at every order of the inbox, because the shop names guests in no other way."""
    found = set(person.order_ids)
    if person.customer_id:
        customer_id = person.customer_id
        found.update(await writer.read(lambda conn: sql.ids_of(conn, inbox_id, customer_id)))
    contact = traces_of(Person(email=person.email, phone=person.phone if normal_email(person.email) is None else None))
    if contact != NOBODY:
        last = ""
        while some := await writer.read(partial(sql.named_after, inbox_id=inbox_id, order_id=last, limit=READ_AT_ONCE)):
            found.update(ident for ident, named in some if _names(named, person, contact))
            last = some[-1][0]
    return sorted(found)


def _names(named: KnownCustomer | str | None, person: Person, contact: Traces) -> bool:
    """A text: what is saved of an order cannot be read."""
    if isinstance(named, str):
        return speaks_of(named.encode("utf-8", "replace"), contact)
    return named is not None and is_person(named.customer, person)


@dataclass(frozen=True, slots=True)
class _Step:
    """Of some orders: how many were changed, by what else their webhooks may be known, what waits of them, and what waits no more."""

    count: int
    bodies: int
    traces: Traces
    waiting: Sequence[Waiting]
    given_up: Collection[Waiting]


def _forget(conn: Connection, *, inbox_id: str, order_ids: Sequence[str]) -> _Step:
    """Some orders, in one transaction. An order of which something waits is left as it is; one that cannot be read takes with it what
    waits for it."""
    found = sql.locked(conn, inbox_id, order_ids)
    keys = {ident: {ident} for ident in order_ids}
    for ident, _, state in found:
        keys[ident].update(parcel_keys(state) if state is not None else ())
    broken = {ident for ident, text, state in found if text and state is None}
    waiting = sql.waiting(conn, inbox_id, set().union(*keys.values()))
    given_up = {row for row in waiting if row.order_id in broken or _is_lost(row)}
    busy = {row.order_id for row in waiting if row not in given_up}
    left = {ident for ident, names in keys.items() if names & busy}
    theirs = set().union(*(names for ident, names in keys.items() if ident not in left))
    traces, count = Traces(order_ids=frozenset(order_ids)), 0
    for ident, text, state in found:
        if ident in left or not text:
            continue
        if state is not None and state.customer is not None:
            traces |= of_customer(state.customer.customer)
        if state is None or _tells(state):
            after = forget(state) if state is not None else None
            sql.put(conn, inbox_id, ident, text, (after, followed(after)) if after is not None else None)
            count += 1
    given_up = {row for row in given_up if row.order_id in theirs}
    bodies = sql.give_up(conn, inbox_id, given_up) + sql.empty_bodies(conn, inbox_id, theirs)
    return _Step(count, bodies, traces, [row for row in waiting if row not in given_up], given_up)


def _tells(state: OrderState) -> bool:
    return state.customer is not None or state.head.url is not None or state.forgotten is None or state.forgotten < state.head.stamp


async def _burn_letters(writer: Writer, inbox_id: str, traces: Traces) -> int:
    """The webhooks that could not be read: what speaks of the person can only go as a whole."""
    after, burnt = ("", ""), 0
    while some := await writer.read(partial(sql.letters_after, inbox_id=inbox_id, after=after, limit=BODIES_AT_ONCE)):
        after = some[-1][:2]
        for source_id, digest in [(source_id, digest) for source_id, digest, body in some if speaks_of(body, traces)]:
            burnt += await writer.write(partial(operated.bury, inbox_id=inbox_id, source_id=source_id, digest=digest))
    return burnt
