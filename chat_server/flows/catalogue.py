"""The shop's catalogue in conversations: the agents' search, product cards by id, and what the bot asks of products.

A client names a product; its name, price and picture come from the catalogue, in the shopper's language. Walks a and c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chat_server.core.bot_turn import BotAnswer
from chat_server.core.inbox import Inbox
from chat_server.core.model import Agent, Conversation, Json, Visitor
from chat_server.core.product import Products, card_of, ids_in, product_of
from chat_server.core.triggers import VisitorState
from chat_server.flows.agents import as_sender, seen_by
from chat_server.flows.context import Context, not_found
from chat_server.flows.messages import Draft
from chat_server.flows.ports import Tx

LATELY = 50
"""facts of a conversation in which a card counts as just shown"""
LOOKED_LATELY = timedelta(minutes=30)


async def search(context: Context, agent: Agent, text: str, conversation_id: str | None) -> Json:
    """`{products}` of the agent's inbox whose words begin like these; without words the latest. In the conversation's language."""
    inbox = context.inboxes[agent.inbox_id]
    found = await context.store.read(lambda tx: seen_by(tx, agent, conversation_id)) if conversation_id else None
    return {"products": await context.catalogue.search(inbox.id, text, _languages(inbox, found))}


async def with_cards(context: Context, agent: Agent, conversation_id: str, draft: Draft) -> Draft:
    """The draft with the product of each card from the catalogue. An id that it does not know is `not_found`, unless it is a repeat."""
    ids = _named(draft.parts)
    if not ids:
        return draft
    found = await context.store.read(lambda tx: seen_by(tx, agent, conversation_id))
    inbox = context.inboxes[found.inbox_id]
    shown = await context.catalogue.known(inbox.id, ids, _languages(inbox, found))
    if not all(each in shown for each in ids):
        if await context.store.read(lambda tx: tx.conversations.sent(found.id, as_sender(agent), draft.client_id)) is None:
            raise not_found("product")
        return draft
    parts = tuple(card_of(shown[part["product_id"]]) if part["type"] == "product_card" else part for part in draft.parts)
    return replace(draft, parts=parts, asked=draft.parts)


async def behind(context: Context, conversation_id: str, text: str) -> Json:
    """`{locale, products}`, for the bot's actions: what a sentence speaks of, at most three; without words what is at hand, at most one."""

    def load(tx: Tx) -> tuple[Conversation, list[str]]:
        found = tx.conversations.get(conversation_id)
        if found is None:
            raise not_found("conversation")
        return found, [] if text.strip() else _at_hand(tx, found, context.clock())

    found, ids = await context.store.read(load)
    inbox = context.inboxes[found.inbox_id]
    languages = _languages(inbox, found)
    if text.strip():
        return {"locale": found.locale, "products": await context.catalogue.mentioned(inbox.id, text, languages)}
    return {"locale": found.locale, "products": list((await context.catalogue.known(inbox.id, ids, languages)).values())}


def _at_hand(tx: Tx, found: Conversation, now: datetime) -> list[str]:
    """The product that was shown last in the conversation, or looked at last on the shop's pages: whichever is later."""
    recent = tx.conversations.after(found.id, max(0, found.seq - LATELY))
    shown = [
        (fact.message.created_at, part["product"]["id"])
        for fact in recent
        if fact.message is not None and not fact.private
        for part in fact.message.parts
        if part["type"] == "product_card"
    ]
    state = VisitorState.from_json(tx.people.state(found.visitor_id))
    viewed = [
        (seen.at, str(each))
        for seen in state.recent
        if seen.kind == "view_item" and seen.at > now - LOOKED_LATELY
        for each in seen.facts.get("items.id", ())[:1]
    ]
    return [max([*shown, *viewed], key=lambda each: each[0])[1]] if shown or viewed else []


async def cards_in(context: Context, found: Conversation, answer: BotAnswer | None) -> dict[str, Json]:
    """The cards that a bot's answer shows, by product; what the catalogue does not know is not shown."""
    ids = [each for reply in answer.replies for each in reply.products] if answer is not None else []
    inbox = context.inboxes[found.inbox_id]
    return {each: card_of(view) for each, view in (await context.catalogue.known(inbox.id, ids, _languages(inbox, found))).items()}


async def looked_at(context: Context, inbox: Inbox, visitor: Visitor, told: Sequence[Json]) -> Products:
    """What the catalogue knows of the products that activities name, and of the cart where a rule asks for it."""
    ids = {each for data in told for each in ids_in(data)}
    if told and inbox.rules.asks_products:
        state = VisitorState.from_json(await context.store.read(lambda tx: tx.people.state(visitor.id)))
        ids |= {item[0] for item in state.cart.items} if state.cart else set()
    views = await context.catalogue.known(inbox.id, ids, (visitor.locale, inbox.default_locale))
    return {each: product_of(view) for each, view in views.items()}


def _named(parts: Sequence[Json]) -> list[str]:
    return [part["product_id"] for part in parts if part["type"] == "product_card"]


def _languages(inbox: Inbox, found: Conversation | None) -> tuple[str, ...]:
    """The shopper's, then the shop's."""
    return (found.locale, inbox.default_locale) if found is not None else (inbox.default_locale,)
