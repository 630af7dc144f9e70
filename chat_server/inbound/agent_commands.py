"""The agent's commands, each in one row: body, flow, how a repeat is known, and which roles may. Default deny.

The socket and its HTTP twins run from here. Walks a, d and e pass.
"""

from __future__ import annotations

from chat_server.core.model import Agent, Json, Role
from chat_server.flows import agents, bindings, catalogue, console, console_orders, invitations, offer_making
from chat_server.flows.context import Context, ack
from chat_server.flows.messages import Draft
from chat_server.inbound import payloads as p
from chat_server.inbound import payloads_offers as po
from chat_server.inbound import payloads_orders as o
from chat_server.inbound.commands import Command, Repeat, table


async def sync(context: Context, agent: Agent, told: p.Sync) -> Json:
    if told.conversation is None:
        return await console.listing(context, agent)
    return await console.thread(context, agent, told.conversation, told.epoch, told.after)


async def set_availability(context: Context, agent: Agent, told: p.SetAvailability) -> None:
    await agents.set_availability(context, agent, told.availability)


async def claim(context: Context, agent: Agent, told: p.AboutConversation) -> Json:
    return await agents.claim(context, agent, told.conversation)


async def reply(context: Context, agent: Agent, told: p.Reply) -> Json:
    draft = await catalogue.with_cards(context, agent, told.conversation, Draft(told.client_id, p.parts_of(told.text, told.parts)))
    return await agents.reply(context, agent, told.conversation, draft, told.seen_seq)


async def add_note(context: Context, agent: Agent, told: p.AddNote) -> Json:
    return await agents.add_note(context, agent, told.conversation, Draft(told.client_id, p.parts_of(told.text, None)))


async def assign(context: Context, agent: Agent, told: p.Assign) -> Json:
    return await agents.assign(context, agent, told.conversation, told.agent)


async def snooze(context: Context, agent: Agent, told: p.Snooze) -> Json:
    return await agents.snooze(context, agent, told.conversation, p.whole_ms(told.until))


async def return_to_bot(context: Context, agent: Agent, told: p.AboutConversation) -> Json:
    return await agents.return_to_bot(context, agent, told.conversation)


async def resolve(context: Context, agent: Agent, told: p.AboutConversation) -> Json:
    return await agents.resolve(context, agent, told.conversation)


async def mark_read(context: Context, agent: Agent, told: p.MarkRead) -> Json:
    return await agents.mark_read(context, agent, told.conversation, told.through)


async def set_typing(context: Context, agent: Agent, told: p.SetTyping) -> None:
    await agents.typing(context, agent, told.conversation, told.typing)


async def invite(context: Context, agent: Agent, told: p.Invite) -> Json:
    said: str = p.parts_of(told.text, None)[0]["text"]
    return await invitations.invite(context, agent, told.visitor, told.client_id, said)


async def make_offer(context: Context, agent: Agent, told: po.MakeOffer) -> Json:
    return await offer_making.make(context, agent, told.conversation, told.client_id, told.offer, told.order_id)


async def find_orders(context: Context, agent: Agent, told: o.FindOrders) -> Json:
    return await console_orders.find(context, agent, told.number)


async def explain_order(context: Context, agent: Agent, told: o.ExplainOrder) -> Json:
    return await console_orders.explain(context, agent, told.order_id)


async def unbind_order(context: Context, agent: Agent, told: o.UnbindOrder) -> Json:
    return await bindings.unbind(context, agent, told.conversation, told.order_id)


def nothing(_written: None) -> Json:
    return {}


ALL = frozenset(Role)
AGENTS = ALL - {Role.VIEWER}

AGENT = table(
    Command("sync", p.Sync, sync, Repeat.HARMLESS, ALL),
    Command("set_availability", p.SetAvailability, set_availability, Repeat.KEPT, AGENTS, answer_of=nothing),
    Command("claim", p.AboutConversation, claim, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("reply", p.Reply, reply, Repeat.CLIENT_ID, AGENTS),
    Command("add_note", p.AddNote, add_note, Repeat.CLIENT_ID, AGENTS),
    Command("assign", p.Assign, assign, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("snooze", p.Snooze, snooze, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("return_to_bot", p.AboutConversation, return_to_bot, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("resolve", p.AboutConversation, resolve, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("mark_read", p.MarkRead, mark_read, Repeat.KEPT, AGENTS, answer_of=ack),
    Command("set_typing", p.SetTyping, set_typing, Repeat.HARMLESS, AGENTS),
    Command("invite", p.Invite, invite, Repeat.CLIENT_ID, AGENTS),
    Command("find_orders", o.FindOrders, find_orders, Repeat.HARMLESS, AGENTS),
    Command("explain_order", o.ExplainOrder, explain_order, Repeat.HARMLESS, AGENTS),
    Command("unbind_order", o.UnbindOrder, unbind_order, Repeat.HARMLESS, AGENTS),
    Command("make_offer", po.MakeOffer, make_offer, Repeat.CLIENT_ID, AGENTS),
)
