"""Walk d: a shopper asks for a person, and the queue finds its agent by an atomic claim inside the writer."""

from __future__ import annotations

from dataclasses import replace

from chat_server.core.conversation import assign
from chat_server.core.handoff import context_card, to_queue
from chat_server.core.model import Conversation, Json, Plan, Sender, SenderKind, Status, Visitor
from chat_server.core.routing import choose, queue_order
from chat_server.flows.context import Context, ack, save
from chat_server.flows.messages import as_known, authorized, contact_ask, open_for
from chat_server.flows.ports import Tx

ROUTING = Sender(SenderKind.INTEGRATION, "routing", "")


async def request_agent(context: Context, visitor: Visitor, conversation_id: str | None) -> Json:
    """To the queue of people at once; already there: acked, nothing written."""
    inbox = context.inboxes[visitor.inbox_id]

    def work(tx: Tx) -> Plan:
        who = as_known(tx, visitor)
        found = authorized(tx, who, conversation_id) if conversation_id else None
        if found is None or found.status is Status.RESOLVED:
            found = open_for(tx, who, context)
        standing = context.staffing(tx, inbox)
        card = context_card("requested", found.locale, question=last_words(tx, found))
        ask = contact_ask(context, inbox.id, standing.promised_minutes)
        return save(tx, to_queue(Plan(found), "requested", card, standing, ask, context.clock()))

    plan = await context.store.write(work)
    context.tell(plan)
    return ack(plan)


def last_words(tx: Tx, conversation: Conversation) -> str:
    """What the shopper said last, for the context card."""
    for fact in reversed(tx.conversations.after(conversation.id, max(0, conversation.seq - 40))):
        if fact.message is not None and fact.message.sender.kind is SenderKind.VISITOR:
            return fact.message.preview
    return ""


async def assign_waiting(context: Context, inbox_id: str) -> str:
    """Hand the queue to whoever is free, first come first served; tells the rest their new place. Job `assign_queue`."""

    def work(tx: Tx) -> tuple[list[Plan], list[Conversation]]:
        now = context.clock()
        agents = {agent.id: agent for agent in tx.people.agents(inbox_id, now)}
        plans: list[Plan] = []
        waiting = queue_order(tx.conversations.queued(inbox_id))
        while waiting and (agent := choose(agents.values())) is not None:
            plans.append(save(tx, assign(waiting.pop(0), agent, ROUTING, now)))
            tx.people.assigned(agent.id, now)
            agents[agent.id] = replace(agent, load=agent.load + 1, last_assigned_at=now)
        return plans, waiting

    plans, waiting = await context.store.write(work)
    for plan in plans:
        context.tell(plan)
    for position, conversation in enumerate(waiting, start=1):
        context.announcer.shopper(conversation, "queue_moved", {"conversation": conversation.id, "position": position})
    if plans:
        await tell_presence(context, inbox_id)
    return f"assigned {len(plans)}, waiting {len(waiting)}"


async def tell_presence(context: Context, inbox_id: str) -> None:
    """Agents see each other's state and load; shoppers see whether somebody is there."""
    inbox = context.inboxes[inbox_id]
    agents = await context.store.read(lambda tx: tx.people.agents(inbox_id, context.clock()))
    for agent in agents:
        context.announcer.agents(inbox_id, "presence_changed", {"agent": agent.wire()})
    context.announcer.shoppers(inbox_id, "inbox_changed", await inbox_state(context, inbox.id))


async def inbox_state(context: Context, inbox_id: str) -> Json:
    """What a shopper is told of the shop's side: `{online, bot, promised_minutes}`."""
    inbox = context.inboxes[inbox_id]
    standing = await context.store.read(lambda tx: context.staffing(tx, inbox))
    return {"online": not standing.nobody, "bot": context.bot_state(), "promised_minutes": standing.promised_minutes}
