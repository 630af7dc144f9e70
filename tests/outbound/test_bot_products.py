"""The bot on products, as it runs: the trained model, the real action server, and a small server that answers from a catalogue."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chat_server.core.bot_turn import BotAnswer
from chat_server.outbound.bot import RasaBot
from tests.outbound.test_bot_real import NOW, Shop, text, titles
from tests.processes import BotProcesses

pytestmark = pytest.mark.bot


def product(product_id: str, name: str, **more: Any) -> dict[str, Any]:
    view = {"id": product_id, "name": name, "price": 12900, "price_to": None, "currency": "PLN", "available": True}
    return {**view, **more}


BLANKET = product("p-1", "Halla blanket")
TENT = product("p-2", "Vindur tent", price=89900, price_to=99900)
STOVE = product("p-3", "Glodja stove", available=False)
CARD = product("p-4", "Gift card", price=None, currency=None)
KNOWN = {"blanket": [BLANKET], "koc": [BLANKET], "tents": [TENT], "stove": [STOVE], "gift card": [CARD], "lamps": [BLANKET, STOVE]}


class Asked(list[str]):
    """What the bot asked the catalogue for; "" is what is at hand."""


@pytest.fixture
async def asked() -> Asked:
    return Asked()


@pytest.fixture
async def shop(bot: BotProcesses, asked: Asked) -> AsyncIterator[Shop]:
    async def products(request: web.Request) -> web.Response:
        wanted = request.query["q"]
        asked.append(wanted)
        if request.query["token"] == "broken":
            return web.json_response({"ok": False}, status=503)
        at_hand = [TENT] if request.query["token"] == "looking" else []
        found = at_hand if not wanted else next((rows for words, rows in KNOWN.items() if words in wanted.lower()), [])
        return web.json_response({"ok": True, "locale": "en", "products": found})

    app = web.Application()
    app.router.add_get("/internal/bot/products", products)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", bot.stack.ports.chat).start()
    async with aiohttp.ClientSession() as session:
        yield Shop(RasaBot(session, bot.url, bot.secrets["SHOPBELL_BOT_TOKEN"], lambda: NOW))
    await runner.cleanup()


def shown(answer: BotAnswer) -> list[str]:
    return [each for reply in answer.replies for each in reply.products]


async def test_price_and_stock_are_the_catalogues_and_a_card_is_shown(shop: Shop, asked: Asked) -> None:
    answer = await shop.shopper("x").say("do you have the halla blanket?")
    assert text(answer) == "Halla blanket is in stock. Price: 129.00 PLN."
    assert (shown(answer), answer.intent, asked) == (["p-1"], "product_question", ["halla blanket"])
    assert "A person" in titles(answer) or titles(answer)


async def test_in_polish_without_diacritics(shop: Shop) -> None:
    assert text(await shop.shopper("x", "pl").say("ile kosztuje koc halla")) == "Halla blanket – w sprzedaży. Cena: 129,00 PLN."
    assert text(await shop.shopper("x", "pl").say("macie jeszcze glodja stove na stanie")).startswith(
        "Glodja stove – chwilowo niedostępne."
    )


async def test_variants_sold_out_and_without_a_price(shop: Shop) -> None:
    assert text(await shop.shopper("x").say("how much are your tents")) == "Vindur tent is in stock. Price: from 899.00 PLN."
    assert text(await shop.shopper("x").say("is the glodja stove available")) == "Glodja stove is sold out right now. Price: 129.00 PLN."
    assert text(await shop.shopper("x").say("how much is the gift card")) == "Gift card is in stock."


async def test_several_fit(shop: Shop) -> None:
    answer = await shop.shopper("x").say("what lamps do you have")
    assert text(answer).splitlines()[0] == "This is what fits:"
    assert shown(answer) == ["p-1", "p-3"]


async def test_nothing_is_invented(shop: Shop) -> None:
    answer = await shop.shopper("x").say("do you sell submarines")
    assert text(answer).startswith("I do not find that among the shop's products.")
    assert (shown(answer), answer.handoff) == ([], None)
    assert text(await shop.shopper("x", "pl").say("macie lodzie podwodne?")).startswith("Nie znajduję tego")


async def test_a_question_that_names_nothing_is_about_what_is_at_hand(shop: Shop, asked: Asked) -> None:
    assert text(await shop.shopper("looking").say("is it in stock")).startswith("Vindur tent")
    assert text(await shop.shopper("x").say("how much is it")) == "Which product do you mean? Its name is enough."
    assert text(await shop.shopper("looking", "pl").say("ile to kosztuje")).startswith("Vindur tent")
    assert asked == ["", "", ""]


async def test_a_catalogue_that_cannot_be_asked(shop: Shop) -> None:
    answer = await shop.shopper("broken").say("how much is the halla blanket")
    assert text(answer).startswith("I cannot look into the shop's products right now.")
