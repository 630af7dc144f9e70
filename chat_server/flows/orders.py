"""The orders that a shopper may see, each with how it is proven to be theirs. Reads only. Walks b, c and f.

Signed in: the customer's orders, in every browser of theirs. Otherwise what this browser has proven (flows/bindings.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from chat_server.core.facts import iso
from chat_server.core.model import Contact, Conversation, Json, Visitor
from chat_server.core.order_access import SPOKEN_TO, Binding, Grade, strongest
from chat_server.flows.context import Context, not_found
from chat_server.flows.ports import Tx


async def of_shopper(context: Context, inbox_id: str, contact: Contact | None, bindings: Sequence[Binding]) -> list[Json]:
    """OrderViews, newest first, each with its `proof`."""
    customer_id = contact.customer_id if contact else None
    signed = await context.orders.of_customer(inbox_id, customer_id) if customer_id else []
    found = {view["order_id"]: {**view, "proof": Grade.SIGNED.value} for view in signed}
    missing = sorted({each.order_id for each in bindings if each.inbox_id == inbox_id} - set(found))
    for view in await context.orders.named(inbox_id, missing) if missing else []:
        grade = strongest(each.grade for each in bindings if each.order_id == view["order_id"])
        found[view["order_id"]] = {**view, "proof": grade.value}
    return sorted(found.values(), key=lambda view: str(view["placed_at"]), reverse=True)


async def to_speak_of(context: Context, inbox_id: str, recipient: str) -> list[Json]:
    """The orders of which we may speak first: signed, or opened by the shop's link in a browser of theirs."""

    def load(tx: Tx) -> tuple[Contact | None, list[Binding]]:
        browsers = tx.people.browsers(recipient)
        bindings = tx.bindings.of_browsers([each.id for each in browsers]) if browsers else []
        return tx.people.contact(recipient), [each for each in bindings if each.grade in SPOKEN_TO]

    return await of_shopper(context, inbox_id, *await context.store.read(load))


async def listing(context: Context, visitor: Visitor) -> Json:
    """What this browser may see: `{orders}` of docs/wire.md."""
    return {"orders": await _seen_by(context, visitor)}


async def one(context: Context, visitor: Visitor, order_id: str) -> Json | None:
    """One of them, if it is among them."""
    return next((view for view in await _seen_by(context, visitor) if view["order_id"] == order_id), None)


async def _seen_by(context: Context, visitor: Visitor) -> list[Json]:
    """With what was offered about each of them: the offer as its message shows it, and how it stands."""

    def load(tx: Tx) -> tuple[Contact | None, list[Binding]]:
        now = tx.people.visitor(visitor.id) or visitor
        contact = tx.people.contact(now.contact_id) if now.contact_id else None
        return contact, tx.bindings.of_browsers([visitor.id])

    contact, bindings = await context.store.read(load)
    views = await of_shopper(context, visitor.inbox_id, contact, bindings)
    ids = [view["order_id"] for view in views]
    made = await context.store.read(lambda tx: tx.offers.about(visitor.id, contact.id if contact else None, ids)) if ids else []
    return [{**view, "offers": [_offer(each) for each in made if each["order_id"] == view["order_id"]]} for view in views]


def _offer(made: Json) -> Json:
    shown: Json = next((part["offer"] for part in made["parts"] if part["type"] == "offer" and part["offer"]["id"] == made["id"]), {})
    undo_until = iso(made["undo_until"]) if made["undo_until"] else None
    stands = {"id": made["id"], "kind": made["kind"], "title": made["title"], "state": made["state"], "reason": made["reason"]}
    return {**shown, **stands, "chosen": made["chosen"], "undo_until": undo_until, "at": iso(made["at"]), "message_id": made["message_id"]}


async def in_conversation(context: Context, found: Conversation) -> list[Json]:
    """The OrderViews of a conversation's shopper, as far as it is proven that they are theirs."""
    return await of_shopper(context, found.inbox_id, *await context.store.read(lambda tx: _proofs(tx, found)))


def _proofs(tx: Tx, found: Conversation) -> tuple[Contact | None, list[Binding]]:
    contact = tx.people.contact(found.contact_id) if found.contact_id else None
    return contact, tx.bindings.of_browsers([found.visitor_id])


async def behind(context: Context, conversation_id: str) -> Json:
    """`{identified, locale, orders}` of the shopper of a conversation, for the bot's actions. `identified`: whose orders is proven."""

    def load(tx: Tx) -> tuple[Conversation, Contact | None, list[Binding]]:
        found = tx.conversations.get(conversation_id)
        if found is None:
            raise not_found("conversation")
        return (found, *_proofs(tx, found))

    found, contact, bindings = await context.store.read(load)
    orders = await of_shopper(context, found.inbox_id, contact, bindings)
    signed = contact is not None and contact.customer_id is not None
    return {"identified": signed or bool(orders), "locale": found.locale, "orders": orders}


def may_see(tx: Tx, inbox_id: str, order_id: str, customer_id: str | None) -> tuple[str | None, list[Binding]]:
    """Everybody to whom an order is open: its customer's contact, and the browsers that have proven it."""
    contact_id = tx.bindings.contact_of(inbox_id, customer_id) if customer_id else None
    return contact_id, tx.bindings.of_order(inbox_id, order_id)


def tell_changed(context: Context, inbox_id: str, order_id: str, contact_id: str | None, visitor_ids: Collection[str]) -> None:
    """To open order views: look again. A hint only; a view looks by itself now and then."""
    if contact_id is not None:
        context.announcer.person(inbox_id, None, contact_id, "order_changed", {"order_id": order_id})
    for visitor_id in sorted(set(visitor_ids)):
        context.announcer.person(inbox_id, visitor_id, None, "order_changed", {"order_id": order_id})
