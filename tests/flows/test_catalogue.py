"""What a product card shows is the catalogue's word; a rule sees the catalogue and never the page; the bot shows what there is."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chat_server.core.bot_turn import BotAnswer, BotReply
from chat_server.core.model import Json, Visitor
from chat_server.core.triggers import compile_rules, parse_rules
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, catalogue, messages, visits
from chat_server.flows.messages import Draft
from order_status.catalogue import tell
from order_status.events import Stamp
from order_status.products import Product, ProductText
from tests.flows.world import World

LOW_STOCK = {
    "id": "low-stock", "class": "help", "on": ["view_item"], "when": {"product": {"stock": {"at_least": 1, "at_most": 3}}},
    "text": {"en": "Only a few left."}, "cap": {"times": 50, "days": 1},
}  # fmt: skip
DEAR_CART = {
    "id": "dear-cart", "class": "help", "on": ["view_cart"], "when": {"cart_value": {"at_least": 20000}},
    "text": {"en": "Free delivery."}, "cap": {"times": 50, "days": 1},
}  # fmt: skip


async def stocked(world: World, product_id: str = "p-3", *, inbox: str = "demo", minute: int = 0, **changed: Any) -> None:
    told = Product(
        product_id, Stamp(-1, datetime(2026, 11, 20, 10, minute, tzinfo=UTC), ""),
        {"en": ProductText("Lamp", "https://shop.example/lamp", None, "Lamps"), "pl": ProductText("Lampa")},
        12900, None, "PLN", 4, True,
    )  # fmt: skip
    product = replace(told, **changed)
    await world.database.write(lambda conn: tell(conn, inbox, "src_1", product, world.clock()))


def card(product_id: str = "p-3") -> tuple[Json, ...]:
    return ({"type": "product_card", "product_id": product_id},)


async def test_a_card_is_filled_in_from_the_catalogue_in_the_shoppers_language(world: World) -> None:
    await stocked(world)
    visitor, agent = await world.visitor(locale="pl"), await world.agent()
    conversation = await said(world, visitor, "hej")
    await agents.claim(world.context, agent, conversation)
    draft = await catalogue.with_cards(world.context, agent, conversation, Draft("client-card-1", card()))
    first = await agents.reply(world.context, agent, conversation, draft, 99)
    shown = world.ears.told[-1].message
    assert shown is not None
    assert shown.parts == (
        {
            "type": "product_card",
            "product": {
                "id": "p-3", "name": "Lampa", "price": 12900, "price_to": None, "currency": "PLN", "url": "https://shop.example/lamp",
                "image_url": None, "category": None, "available": True,
            },
        },
    )  # fmt: skip
    await stocked(world, minute=1, price=1)
    again = await catalogue.with_cards(world.context, agent, conversation, Draft("client-card-1", card()))
    assert await agents.reply(world.context, agent, conversation, again, 99) == first, "a repeat is one, whatever it costs by now"
    await stocked(world, minute=2, for_sale=False, texts={})
    gone = await catalogue.with_cards(world.context, agent, conversation, Draft("client-card-1", card()))
    assert await agents.reply(world.context, agent, conversation, gone, 99) == first
    with pytest.raises(ClientError) as told:
        await catalogue.with_cards(world.context, agent, conversation, Draft("client-card-2", card()))
    assert told.value.code is Code.NOT_FOUND


async def test_a_card_of_another_shops_product_or_in_another_shops_conversation_is_not_found(world: World) -> None:
    await stocked(world, inbox="other")
    visitor, agent = await world.visitor(), await world.agent()
    conversation = await said(world, visitor, "hi")
    for asked in (conversation, "cnv_unknown"):
        with pytest.raises(ClientError) as told:
            await catalogue.with_cards(world.context, agent, asked, Draft("client-card-3", card()))
        assert told.value.code is Code.NOT_FOUND
    assert (await catalogue.search(world.context, agent, "lamp", conversation))["products"] == []


async def test_agents_find_products_in_the_conversations_language(world: World) -> None:
    await stocked(world)
    visitor, agent = await world.visitor(locale="pl"), await world.agent()
    conversation = await said(world, visitor, "hej")
    assert [each["name"] for each in (await catalogue.search(world.context, agent, "lam", conversation))["products"]] == ["Lampa"]
    assert [each["name"] for each in (await catalogue.search(world.context, agent, "lam", None))["products"]] == ["Lamp"]


async def said(world: World, visitor: Visitor, text: str) -> str:
    """The conversation in which a shopper wrote."""
    conversation: str = (await messages.send_message(world.context, visitor, world.draft(text), None))["conversation"]
    return conversation


async def browsed(world: World, kind: str, *items: Json, **more: Any) -> list[str]:
    """What the shopper is told after an activity."""
    visitor = await world.visitor()
    page = {"url": "https://shop.example/lamp", "title": "Lamp"}
    report = visits.Report(page, (visits.Told(f"act-{kind}-{visitor.id}", kind, 0, {"items": list(items), **more}),))
    answer = await visits.beacon(world.context, visitor, report)
    return [answer["nudge"]["text"]] if answer["nudge"] else []


def ruled(world: World, *rules: Json) -> None:
    world.use(replace(world.inbox, rules=compile_rules(parse_rules(rules))))


async def test_a_rule_on_stock_believes_the_catalogue(world: World) -> None:
    ruled(world, LOW_STOCK)
    await stocked(world, stock=9)
    assert await browsed(world, "view_item", {"id": "p-3", "stock": 1, "quantity": 1}) == []
    await stocked(world, minute=1, stock=2)
    assert await browsed(world, "view_item", {"id": "p-3", "stock": 900}) == ["Only a few left."]
    assert await browsed(world, "view_item", {"id": "p-unknown"}) == []


async def test_a_cart_is_worth_what_the_catalogue_says(world: World) -> None:
    ruled(world, DEAR_CART)
    await stocked(world)
    assert await browsed(world, "view_cart", {"id": "p-3", "quantity": 1, "price": 999999}, value=999999, currency="PLN") == []
    assert await browsed(world, "view_cart", {"id": "p-3", "quantity": 2, "price": 1}, value=2) == ["Free delivery."]


async def test_the_bot_shows_cards_of_what_there_is_and_invents_none(world: World) -> None:
    await stocked(world)
    visitor = await world.visitor(locale="pl")
    world.bot.answers.append(BotAnswer((BotReply("Mamy.", products=("p-3", "p-made-up")), BotReply("", products=("p-made-up",)))))
    await said(world, visitor, "macie lampy?")
    await world.work_off()
    spoken = [fact.message for fact in world.ears.told if fact.message is not None and fact.message.sender.id == "bot"]
    assert [[part["type"] for part in message.parts] for message in spoken] == [["text", "product_card"]]
    assert spoken[0].parts[1]["product"]["name"] == "Lampa"


async def test_the_bot_asks_what_a_sentence_speaks_of(world: World) -> None:
    await stocked(world)
    visitor = await world.visitor(locale="pl")
    conversation = await said(world, visitor, "hej")
    told = await catalogue.behind(world.context, conversation, "ile kosztuje lampa?")
    assert (told["locale"], [each["name"] for each in told["products"]]) == ("pl", ["Lampa"])
    with pytest.raises(ClientError):
        await catalogue.behind(world.context, "cnv_unknown", "lampa")


async def test_a_question_that_names_nothing_is_about_what_was_looked_at_or_shown_last(world: World) -> None:
    await stocked(world)
    await stocked(world, "p-4", texts={"en": ProductText("Tent")})
    visitor = await world.visitor()
    conversation = await said(world, visitor, "is it in stock?")

    async def at_hand() -> list[str]:
        return [each["id"] for each in (await catalogue.behind(world.context, conversation, " "))["products"]]

    assert await at_hand() == []
    await visits.beacon(world.context, visitor, world.viewed("p-4", times=1))
    assert await at_hand() == ["p-4"]
    world.clock.forward(seconds=60)
    world.bot.answers += [BotAnswer((BotReply("", products=("p-3",)),))]
    await world.work_off()
    assert await at_hand() == ["p-3"]
    world.clock.forward(minutes=40)
    await visits.beacon(world.context, visitor, world.viewed("p-unknown", times=1))
    assert await at_hand() == []
