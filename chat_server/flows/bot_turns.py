"""Walks a and d: one turn of the bot, from a job row. Fenced by `turn`; a retry cannot post twice; silence becomes people.

The bot is asked outside of any transaction; its replies and the end of the job are one commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import NAMESPACE_URL, uuid5

from chat_server.core import conversation as core
from chat_server.core.bot_turn import BotAnswer, BotQuestion, BotReply, BotUnavailable, understands
from chat_server.core.handoff import context_card, reason_of, to_queue
from chat_server.core.model import Conversation, Fact, Job, Json, Message, MessageType, Plan, Sender, SenderKind
from chat_server.flows.catalogue import cards_in
from chat_server.flows.context import Context, new_id, save
from chat_server.flows.messages import contact_ask
from chat_server.flows.orders import behind
from chat_server.flows.ports import Tx

BOT = Sender(SenderKind.BOT, "bot", "")


async def run(context: Context, job: Job) -> str:
    """Ask the bot about the message at `trigger_seq` and post what it says; returns the outcome for the job's row."""
    conversation_id, trigger, turn = job.payload["conversation"], job.payload["trigger_seq"], job.payload["turn"]
    found, said, hint = await context.store.read(lambda tx: _load(tx, conversation_id, trigger))
    late = core.late_reason(found, turn)
    if late is not None or said is None:
        return late or "nothing_said"
    typing: Json = {"conversation": found.id, "who": BOT.wire(), "typing": True}
    context.announcer.shopper(found, "typing_changed", typing)
    answer: BotAnswer | None = None
    try:
        answer = await _ask(context, found, said, hint)
    except BotUnavailable:
        pass
    finally:
        context.announcer.shopper(found, "typing_changed", {**typing, "typing": False})
    about = await _order_of(context, found, answer)
    cards = await cards_in(context, found, answer)
    plan = await context.store.write(lambda tx: _finish(tx, context, job, said, answer, about, cards))
    if plan is None:
        return "done_elsewhere"
    context.tell(plan)
    return plan.reason


def _load(tx: Tx, conversation_id: str, trigger: int) -> tuple[Conversation, Message | None, Json | None]:
    found = tx.conversations.get(conversation_id)
    assert found is not None, "a job names a conversation that exists"
    recent = tx.conversations.after(found.id, max(0, trigger - 50))
    said = next((fact.message for fact in recent if fact.seq == trigger), None)
    return found, said, _order_hint(recent, trigger)


def _order_hint(recent: list[Fact], trigger: int) -> Json | None:
    """The order that the shop last spoke of, so that "and can I still cancel it?" is understood."""
    for fact in reversed(recent):
        if fact.seq < trigger and fact.message is not None and fact.message.sender.kind is SenderKind.INTEGRATION:
            for part in fact.message.parts:
                if part["type"] == "order_card":
                    return {name: part["order"].get(name) for name in ("order_id", "number", "headline")}
    return None


async def _ask(context: Context, found: Conversation, said: Message, hint: Json | None) -> BotAnswer:
    if context.bot is None or context.bot_state() != "ready":
        raise BotUnavailable("the bot is not ready")
    if not understands(found.locale):
        raise BotUnavailable("the bot does not speak this language")
    choice = next((part for part in said.parts if part["type"] == "choice"), None)
    text = "\n".join(part["text"] for part in said.parts if part["type"] == "text")
    return await context.bot.ask(
        BotQuestion(
            sender=found.id,
            text=None if choice else text,
            payload=choice["value"] if choice else None,
            locale=found.locale,
            conversation=found.id,
            turn_token=context.turn_token(found.id),
            order_hint=hint,
            at=context.clock(),
            timezone=context.inboxes[found.inbox_id].hours.zone,
        )
    )


async def _order_of(context: Context, found: Conversation, answer: BotAnswer | None) -> Json | None:
    """`{number, headline}` of the order that a hand-over is about; the headline only of an order of theirs."""
    if answer is None or answer.handoff is None or answer.order_number is None:
        return None
    orders = (await behind(context, found.id))["orders"]
    headline = next((order["headline"] for order in orders if order["number"] == answer.order_number), None)
    return {"number": answer.order_number, "headline": headline}


def _finish(
    tx: Tx, context: Context, job: Job, said: Message, answer: BotAnswer | None, about: Json | None, cards: Mapping[str, Json]
) -> Plan | None:
    now = context.clock()
    if not tx.jobs.done(job.key, "answered" if answer else "unavailable", now):
        return None
    found = tx.conversations.get(job.payload["conversation"])
    assert found is not None, "conversations are not deleted while a turn runs"
    if answer is None:
        if core.late_reason(found, job.payload["turn"]) is not None:
            return Plan(found, reason="late")
        return save(tx, _hand_over(tx, context, Plan(found), core.BOT_UNAVAILABLE, None, said, None))
    said_by_bot = (_message(context, job, index, reply, answer, cards) for index, reply in enumerate(answer.replies))
    messages = tuple(message for message in said_by_bot if message.parts)
    plan = core.bot_answered(found, job.payload["turn"], job.payload["trigger_seq"], messages, now)
    if answer.handoff is not None and plan.reason == "answered":
        queued = _hand_over(tx, context, plan, reason_of(answer.handoff), answer, said, about)
        plan = queued._replace(reason=answer.handoff)
    return save(tx, plan)


def _hand_over(tx: Tx, context: Context, plan: Plan, reason: str, answer: BotAnswer | None, said: Message, about: Json | None) -> Plan:
    inbox = context.inboxes[plan.conversation.inbox_id]
    standing = context.staffing(tx, inbox)
    card = context_card(
        reason,
        plan.conversation.locale,
        intent=answer.intent if answer else None,
        confidence=answer.confidence if answer else None,
        order=about,
        tried=answer.tried if answer else (),
        mood=answer.mood if answer else None,
        question=said.preview,
    )
    ask = contact_ask(context, inbox.id, standing.promised_minutes)
    return to_queue(plan, reason, card, standing, ask, context.clock())


def _message(context: Context, job: Job, index: int, reply: BotReply, answer: BotAnswer, cards: Mapping[str, Json]) -> Message:
    parts: list[Json] = []
    if reply.text:
        parts.append({"type": "text", "text": reply.text[:4000]})
    if reply.order is not None:
        parts.append({"type": "order_card", "order": reply.order})
    parts += [cards[each] for each in reply.products if each in cards]
    if reply.choices:
        parts.append({"type": "choices", "choices": [{"title": title, "value": value} for title, value in reply.choices]})
    client_id = str(uuid5(NAMESPACE_URL, f"{job.key}:{index}"))
    meta: Json = {"intent": answer.intent, "confidence": answer.confidence}
    return Message(new_id("msg"), client_id, MessageType.OUTGOING, BOT, tuple(parts), context.clock(), client_id, meta)
