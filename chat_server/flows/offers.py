"""Walk e: a shopper accepts an offer, or takes it back while that is possible; every state is told in the thread.

The calls to the shop are made by flows/offer_calls.py; here is decided what they, the shopper and the clock may change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chat_server.core.conversation import append
from chat_server.core.facts import iso
from chat_server.core.model import Conversation, FactKind, Job, Json, Plan, Visitor
from chat_server.core.offer import Chosen, No, Terms, Wrong, after_call, chosen, kind_of, moved_on, proven, used_up
from chat_server.core.order_access import Grade
from chat_server.errors import ClientError, Code
from chat_server.flows import orders
from chat_server.flows.context import Context, ack, not_found, save
from chat_server.flows.messages import as_known, authorized
from chat_server.flows.offer_making import grade_of, window
from chat_server.flows.ports import Tx

DELIVER = "deliver_offer"
GIVE_UP = "give_up_offer"
UNDO = "_undo"
"""what is added to an offer's id: the id under which the shop hears that it was taken back, and settles that later"""


def call(offer_id: str, what: str, at: datetime, again: int = 0) -> Job:
    """Tell the shop: `accepted` or `withdrawn`. `again`: how many calls were made before somebody asked for another."""
    key = f"{DELIVER}:{offer_id}" + (UNDO if what == "withdrawn" else "") + (f":{again}" if again else "")
    return Job(key, DELIVER, at, {"offer": offer_id, "call": what, "again": again > 0})


def settled(found: Conversation, offer: Json, state: str, reason: str | None, now: datetime, **more: object) -> Plan:
    """The fact that tells a new state. `chosen`: what the shopper chose, in words; `undo_until`: until when it may be undone."""
    data = {"offer_id": offer["id"], "message_id": offer["message_id"], "state": state, "reason": reason}
    return append(Plan(found, reason=state), FactKind.OFFER_SETTLED, now, {**data, "chosen": offer["chosen"], "undo_until": None, **more})


def theirs(tx: Tx, visitor: Visitor, offer_id: str) -> tuple[Conversation, Json]:
    """The offer, if it was made to this shopper; anything else is `not_found`."""
    offer = tx.offers.get(offer_id)
    if offer is None:
        raise not_found("offer")
    return authorized(tx, visitor, offer["conversation_id"]), offer


async def order_of(context: Context, offer: Json) -> Json | None:
    """The order of an offer as it is now."""
    return await context.orders.order(offer["inbox_id"], offer["order_id"]) if offer["order_id"] else None


def outdated(offer: Json, order: Json | None, now: datetime) -> str | None:
    """Why an offer that was made in good faith cannot be carried out any more: the order moved on."""
    no = moved_on(kind_of(offer["kind"]), Terms.from_json(offer["terms"]), order, now)
    return No.TOO_LATE.value if no is not None else None


async def accept(context: Context, visitor: Visitor, offer_id: str, given: Mapping[str, object] | None = None) -> Json:
    """Accept once; every repeat answers the state that stands. `given`: what the offer asks for.

    `forbidden` for who has lost the proof that it is theirs. Refused for good when the order has moved on meanwhile (`too_late`),
    or the shopper took it elsewhere (`already_made`, `too_often`).
    """
    order, grade = await _as_seen_by(context, visitor, offer_id)

    def work(tx: Tx) -> tuple[Plan, str]:
        now = context.clock()
        found, offer = theirs(tx, visitor, offer_id)
        if offer["state"] != "open":
            return Plan(found, reason="repeated"), offer["state"]
        if offer["expires_at"] <= now:
            return _end(tx, found, offer, "expired", None, now), "expired"
        if not proven(Terms.from_json(offer["terms"]), grade) or (offer["order_id"] is not None and order is None and grade != "signed"):
            raise ClientError(Code.FORBIDDEN, "It is not proven any more that this order is yours.", reason=No.NOT_PROVEN.value)
        no = outdated(offer, order, now) or taken_elsewhere(tx, found, offer, now)
        if no is not None:
            return _end(tx, found, offer, "refused", no, now), "refused"
        choice = chosen(kind_of(offer["kind"]), offer["choices"] or (), given or {})
        if isinstance(choice, Wrong):
            raise ClientError(Code.BAD_REQUEST, choice.problem)
        return _accepted(tx, found, offer, choice, now), "accepted"

    plan, state = await context.store.write(work)
    _tell(context, plan)
    return ack(plan, state=state)


async def _as_seen_by(context: Context, visitor: Visitor, offer_id: str) -> tuple[Json | None, Grade]:
    """The order of an offer, and how it is proven that it is theirs; nothing is looked up for an offer that is not open."""

    def load(tx: Tx) -> tuple[Json, Grade]:
        known = as_known(tx, visitor)
        return theirs(tx, known, offer_id)[1], grade_of(tx, known.contact_id or known.id)

    offer, grade = await context.store.read(load)
    if offer["state"] != "open" or offer["order_id"] is None:
        return None, grade
    order = await orders.one(context, visitor, offer["order_id"])
    if order is not None:
        return order, Grade(order["proof"])
    return (await order_of(context, offer) if grade is Grade.SIGNED else None), grade  # one of theirs that is too old for the list


def taken_elsewhere(tx: Tx, found: Conversation, offer: Json, now: datetime) -> str | None:
    """They may have taken the same offer from another message, or somebody else who may see the order has."""
    if offer["template"] is None:
        return None
    terms = Terms.from_json(offer["terms"])
    recipient = found.contact_id or found.visitor_id
    since, order_id = window(terms, now), offer["order_id"]
    standing = tx.offers.standing(offer["inbox_id"], recipient, offer["template"], order_id, since, taken=True, but=offer["id"])
    no = used_up(terms, standing)
    return no.value if no is not None else None


def _end(tx: Tx, found: Conversation, offer: Json, state: str, reason: str | None, now: datetime) -> Plan:
    tx.offers.settle(offer["id"], state, reason, now)
    return save(tx, settled(found, offer, state, reason, now))


def _accepted(tx: Tx, found: Conversation, offer: Json, choice: Chosen, now: datetime) -> Plan:
    tx.offers.settle(offer["id"], "accepted", None, now, choice=choice.params, chosen=choice.text)
    plan = settled(found, offer, "accepted", None, now, chosen=choice.text)
    return save(tx, plan._replace(jobs=(*plan.jobs, call(offer["id"], "accepted", now))))


def _tell(context: Context, plan: Plan) -> None:
    context.tell(plan)
    if plan.facts:
        context.announcer.agents(plan.conversation.inbox_id, "panel_changed", {"conversation": plan.conversation.id})


async def undo(context: Context, visitor: Visitor, offer_id: str) -> Json:
    """Take back what is done, within its time; a repeat answers the state that stands. `conflict` when it cannot be undone (any more)."""

    def work(tx: Tx) -> tuple[Plan, str]:
        now = context.clock()
        found, offer = theirs(tx, visitor, offer_id)
        if offer["state"] in ("undoing", "undone"):
            return Plan(found, reason="repeated"), offer["state"]
        if offer["state"] != "done" or offer["undo_until"] is None or offer["undo_until"] <= now:
            raise ClientError(Code.CONFLICT, "This cannot be undone (any more).", reason=No.TOO_LATE.value)
        tx.offers.settle(offer_id, "undoing", None, now)
        plan = settled(found, offer, "undoing", None, now)
        return save(tx, plan._replace(jobs=(*plan.jobs, call(offer_id, "withdrawn", now)))), "undoing"

    plan, state = await context.store.write(work)
    _tell(context, plan)
    return ack(plan, state=state)


async def answered(
    context: Context, offer_id: str, what: str, status: str, reason: str | None, also: Callable[[Tx], None] = lambda tx: None
) -> str:
    """The shop's word on a call (`pending`, `done`, `refused`), at once, later by its own event, or ours in its place.

    `also` is written in the same transaction. Returns the new state, or `unchanged`.
    """

    def work(tx: Tx) -> Plan | None:
        also(tx)
        now = context.clock()
        offer = tx.offers.get(offer_id)
        state = None if offer is None else after_call(offer["state"], offer["reason"], what, status)
        if what == "withdrawn" and status == "pending" and offer is not None and offer["state"] == "undoing":
            tx.jobs.add([_give_up(offer, what, now)])
        if offer is None or state is None:
            return None
        found = tx.conversations.get(offer["conversation_id"])
        assert found is not None, "an offer names a conversation that exists"
        return _moved(tx, found, offer, what, state, reason, now)

    plan = await context.store.write(work)
    if plan is None:
        return "unchanged"
    _tell(context, plan)
    return plan.reason


def _moved(tx: Tx, found: Conversation, offer: Json, what: str, state: str, reason: str | None, now: datetime) -> Plan:
    terms = Terms.from_json(offer["terms"])
    until = now + timedelta(minutes=terms.undo_minutes) if state == "done" and what == "accepted" and terms.undo_minutes else None
    tx.offers.settle(offer["id"], state, reason, now, undo_until=until)
    plan = settled(found, offer, state, reason, now, undo_until=iso(until) if until else None)
    if state == "pending":
        plan = plan._replace(jobs=(*plan.jobs, _give_up({**offer, "at": now}, what, now)))
    return save(tx, plan)


def _give_up(offer: Json, what: str, now: datetime) -> Job:
    """The shop said "later": how long we wait for its word. `offer["at"]` tells this wait from another one."""
    since = iso(offer["at"])
    due = now + timedelta(hours=Terms.from_json(offer["terms"]).patience_hours)
    payload = {"offer": offer["id"], "call": what, "since": since}
    return Job(f"{GIVE_UP}:{offer['id']}:{since}", GIVE_UP, due, payload)


async def give_up(context: Context, job: Job) -> str:
    """The shop never said what became of it."""
    offer = await context.store.read(lambda tx: tx.offers.get(job.payload["offer"]))
    if offer is None or offer["state"] not in ("pending", "undoing") or iso(offer["at"]) != job.payload["since"]:
        return "settled_before"
    return await answered(context, offer["id"], job.payload["call"], "refused", "no_answer")


async def settled_by_shop(context: Context, inbox_id: str, named: str, status: str, reason: str | None) -> str:
    """The shop's later event, about an offer of its own that a shopper accepted or took back; anything else is passed over."""
    offer_id = named.removesuffix(UNDO)
    offer = await context.store.read(lambda tx: tx.offers.get(offer_id))
    if offer is None or offer["inbox_id"] != inbox_id or offer["state"] == "open":
        return "not_accepted"
    return await answered(context, offer_id, "withdrawn" if named != offer_id else "accepted", status, reason)


async def expire(context: Context, job: Job) -> str:
    """An offer that nobody took up in time."""

    def work(tx: Tx) -> Plan | None:
        offer = tx.offers.get(job.payload["offer"])
        if offer is None or offer["state"] != "open":
            return None
        found = tx.conversations.get(offer["conversation_id"])
        assert found is not None, "an offer names a conversation that exists"
        return _end(tx, found, offer, "expired", None, context.clock())

    plan = await context.store.write(work)
    if plan is None:
        return "unchanged"
    _tell(context, plan)
    return "expired"
