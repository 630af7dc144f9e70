"""The shopper's commands, each in one row: body, flow, how a repeat is known. The socket and its HTTP twins run from here.

Walks a and c to f pass. A row's flow gets an authenticated shopper and a body that payloads.py has read; it decides nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from chat_server.core.model import Json, Visitor
from chat_server.flows import bindings, handoff, messages, offers, orders, people, proactive
from chat_server.flows.context import Context, ack
from chat_server.inbound import payloads as p
from chat_server.inbound import payloads_offers as po
from chat_server.inbound import payloads_orders as o
from chat_server.inbound.commands import Command, Repeat, table
from chat_server.inbound.order_links import order_link


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who asks. `token`: a new one, which the answer of `sync` tells."""

    visitor: Visitor
    token: str | None = None
    address: str = ""
    """where the request came from, as our proxies tell it: guesses are counted by it"""


async def sync(context: Context, who: Shopper, told: p.Sync) -> Json:
    inbox = context.inboxes[who.visitor.inbox_id]
    state = await handoff.inbox_state(context, inbox.id)
    _, caught_up = await messages.catch_up(context, who.visitor, told.conversation, told.epoch, told.after)
    return {
        "visitor": await people.introduce(context, who.visitor, who.token),
        "inbox": {"name": inbox.name, "color": inbox.color, "locales": list(inbox.locales), **state},
        **caught_up,
    }


async def send_message(context: Context, who: Shopper, told: p.SendMessage) -> Json:
    draft = messages.Draft(told.client_id, p.parts_of(told.text, told.parts))
    return await messages.send_message(context, who.visitor, draft, told.conversation)


async def mark_read(context: Context, who: Shopper, told: p.MarkRead) -> Json:
    return await messages.mark_read(context, who.visitor, told.conversation, told.through)


async def set_typing(context: Context, who: Shopper, told: p.SetTyping) -> None:
    await messages.typing(context, who.visitor, told.conversation, told.typing)


async def request_agent(context: Context, who: Shopper, told: p.RequestAgent) -> Json:
    return await handoff.request_agent(context, who.visitor, told.conversation)


async def proactive_seen(context: Context, who: Shopper, told: p.AboutMessage) -> Json:
    return await proactive.seen(context, who.visitor, told.message_id)


async def dismiss_proactive(context: Context, who: Shopper, told: p.AboutMessage) -> Json:
    return await proactive.dismiss(context, who.visitor, told.message_id)


async def proactive_clicked(context: Context, who: Shopper, told: p.AboutMessage) -> Json:
    return await proactive.clicked(context, who.visitor, told.message_id)


async def accept_offer(context: Context, who: Shopper, told: po.AcceptOffer) -> Json:
    return await offers.accept(context, who.visitor, told.offer_id, po.params_of(told.params))


async def undo_offer(context: Context, who: Shopper, told: po.UndoOffer) -> Json:
    return await offers.undo(context, who.visitor, told.offer_id)


async def list_orders(context: Context, who: Shopper, _told: o.ListOrders) -> Json:
    return await orders.listing(context, who.visitor)


async def open_order(context: Context, who: Shopper, told: o.OpenOrder) -> Json:
    link = order_link(context.inboxes[who.visitor.inbox_id], told.token, context.clock().timestamp())
    return await bindings.open_link(context, who.visitor, link)


async def find_order(context: Context, who: Shopper, told: o.FindOrder) -> Json:
    return await bindings.find(context, who.visitor, who.address, told.number, told.email, told.phone)


async def forget_order(context: Context, who: Shopper, told: o.ForgetOrder) -> Json:
    return await bindings.forget(context, who.visitor, told.order_id)


async def rate(context: Context, who: Shopper, told: p.Rate) -> Json:
    return await messages.rate(context, who.visitor, told.conversation, told.score, told.comment and p.cleaned(told.comment))


ONE, WORD = ("command",), ("command", "message")
"""what a command counts as against the limits: a word of the shopper's may ring at people"""

SHOPPER = table(
    Command("sync", p.Sync, sync, Repeat.HARMLESS, limits=ONE),
    Command("send_message", p.SendMessage, send_message, Repeat.CLIENT_ID, limits=WORD),
    Command("mark_read", p.MarkRead, mark_read, Repeat.KEPT, limits=ONE, answer_of=ack),
    Command("set_typing", p.SetTyping, set_typing, Repeat.HARMLESS, limits=ONE),
    Command("request_agent", p.RequestAgent, request_agent, Repeat.KEPT, limits=WORD, answer_of=ack),
    Command("proactive_seen", p.AboutMessage, proactive_seen, Repeat.KEPT, limits=ONE, answer_of=ack),
    Command("dismiss_proactive", p.AboutMessage, dismiss_proactive, Repeat.KEPT, limits=ONE, answer_of=ack),
    Command("proactive_clicked", p.AboutMessage, proactive_clicked, Repeat.KEPT, limits=ONE, answer_of=ack),
    Command("accept_offer", po.AcceptOffer, accept_offer, Repeat.KEPT, limits=ONE, answer_of=lambda done: ack(done[0], state=done[1])),
    Command("undo_offer", po.UndoOffer, undo_offer, Repeat.KEPT, limits=ONE, answer_of=lambda done: ack(done[0], state=done[1])),
    Command("list_orders", o.ListOrders, list_orders, Repeat.HARMLESS, limits=ONE),
    Command("open_order", o.OpenOrder, open_order, Repeat.HARMLESS, limits=ONE),
    Command("find_order", o.FindOrder, find_order, Repeat.HARMLESS, limits=ONE),
    Command("forget_order", o.ForgetOrder, forget_order, Repeat.HARMLESS, limits=ONE),
    Command("rate", p.Rate, rate, Repeat.KEPT, limits=ONE, answer_of=ack),
)
