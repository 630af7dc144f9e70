"""A person asks to be forgotten: what the orders and the stored webhooks tell of them goes, a few at a time; the orders' stages stay.

Whom to forget is the caller's to prove. The shop is the source: what it tells afterwards is kept as it comes. No SQL here.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from order_status.fold import followed, forget
from order_status.lookup import parcel_keys
from order_status.stages import OrderState
from order_status.store import Connection
from order_status.store import operations as operated
from order_status.store import people as sql
from order_status.traces import Person, Traces, is_person, of_customer, speaks_of, traces_of
from order_status.writer import Writer

AT_ONCE = 50
"""orders in one transaction: who writes meanwhile waits for no more"""
READ_AT_ONCE = 500
LETTERS_AT_ONCE = 100

log = logging.getLogger("order_status.forgetting")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was reached. `waiting`: orders of which a webhook is not folded yet, and which were left alone: forget once more, soon."""

    orders: int = 0
    bodies: int = 0
    letters: int = 0
    waiting: int = 0

    def __add__(self, other: "Forgotten") -> "Forgotten":
        return Forgotten(self.orders + other.orders, self.bodies + other.bodies, self.letters + other.letters, self.waiting + other.waiting)


async def forget_customer(writer: Writer, inbox_id: str, person: Person) -> Forgotten:
    """Safe to repeat, and to run beside servers: each order is done or not done, and what is done already counts no more."""
    started = time.perf_counter()
    order_ids = await _orders_of(writer, inbox_id, person)
    traces, done = traces_of(person), Forgotten()
    queue = iter(order_ids)
    while some := list(islice(queue, AT_ONCE)):
        found, told = await writer.write(partial(_forget, inbox_id=inbox_id, order_ids=some))
        done, traces = done + found, traces | told
    if person.offer_ids:
        bodies, waiting = await writer.write(lambda conn: sql.silence_offers(conn, inbox_id, person.offer_ids))
        done += Forgotten(bodies=bodies, waiting=waiting)
    done += Forgotten(letters=await _burn_letters(writer, inbox_id, traces))
    took = round((time.perf_counter() - started) * 1000, 1)
    log.info(
        "forgotten orders %d bodies %d letters %d waiting %d",
        done.orders,
        done.bodies,
        done.letters,
        done.waiting,
        extra={"flow": "forget_customer", "inbox": inbox_id, "decision": "waiting" if done.waiting else "forgotten", "ms": took},
    )
    return done


async def _orders_of(writer: Writer, inbox_id: str, person: Person) -> Sequence[str]:
    """By the customer's id; by contact only by looking at every order of the inbox, because the shop names guests in no other way."""
    found = set(person.order_ids)
    if person.customer_id:
        customer_id = person.customer_id
        found.update(await writer.read(lambda conn: sql.ids_of(conn, inbox_id, customer_id)))
    if traces_of(Person(email=person.email, phone=person.phone)) != Traces():
        last = ""
        while some := await writer.read(partial(sql.named_after, inbox_id=inbox_id, order_id=last, limit=READ_AT_ONCE)):
            found.update(ident for ident, named in some if named.customer and is_person(named.customer.customer, person))
            last = some[-1][0]
    return sorted(found)


def _forget(conn: Connection, *, inbox_id: str, order_ids: Sequence[str]) -> tuple[Forgotten, Traces]:
    """Some orders, in one transaction; and by what else their webhooks may be known. An order of which something waits is left as it is."""
    found = sql.locked(conn, inbox_id, order_ids)
    keys = {ident: {ident} for ident in order_ids}
    for ident, _, state in found:
        keys[ident].update(parcel_keys(state) if state is not None else ())
    busy = sql.waiting(conn, inbox_id, set().union(*keys.values()))
    left = {ident for ident, names in keys.items() if names & busy}
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
    bodies = sql.empty_bodies(conn, inbox_id, set().union(*(names for ident, names in keys.items() if ident not in left)))
    return Forgotten(count, bodies, 0, len(left)), traces


def _tells(state: OrderState) -> bool:
    return state.customer is not None or state.head.url is not None or state.forgotten is None or state.forgotten < state.head.stamp


async def _burn_letters(writer: Writer, inbox_id: str, traces: Traces) -> int:
    """The webhooks that could not be read: what speaks of the person can only go as a whole."""
    after, burnt = ("", ""), 0
    while some := await writer.read(partial(sql.letters_after, inbox_id=inbox_id, after=after, limit=LETTERS_AT_ONCE)):
        after = some[-1][:2]
        for source_id, digest in [(source_id, digest) for source_id, digest, body in some if speaks_of(body, traces)]:
            burnt += await writer.write(partial(operated.bury, inbox_id=inbox_id, source_id=source_id, digest=digest))
    return burnt
