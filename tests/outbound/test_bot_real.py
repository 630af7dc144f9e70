"""The bot as it runs: the trained model in a real Rasa, the real action server, and a small server that answers for the chat server.

Each test is a conversation of its own; what a token may see is decided by the table ORDERS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chat_server.core.bot_turn import BotAnswer, BotQuestion, BotUnavailable
from chat_server.outbound.bot import RasaBot
from tests.processes import BotProcesses

pytestmark = pytest.mark.bot

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_NAMES = count(1)


def order(number: str, headline: str, **more: Any) -> dict[str, Any]:
    """An order view as docs/wire.md tells it."""
    view: dict[str, Any] = {
        "order_id": f"A-{number}",
        "number": number,
        "source_id": "demo",
        "headline": headline,
        "placed_at": "2026-11-20T09:12:00.000Z",
        "locale": "en",
        "currency": "PLN",
        "total": 14100,
        "url": f"https://shop.example/orders/{number}",
        "delayed": False,
        "expected": None,
        "payment": "paid",
        "items": [],
        "shipments": [],
        "adjustments": [],
        "measures": [],
        "timeline": [{"at": "2026-11-20T09:12:00.000Z", "entity": "order", "stage": "placed", "note": None}],
        "updated_at": "2026-11-23T09:12:00.000Z",
    }
    return {**view, **more}


def parcel(index: int, stage: str, **more: Any) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": f"s-{index}",
        "carrier": "InPost",
        "tracking_number": f"T{index}",
        "tracking_url": f"https://track.example/T{index}",
        "stage": stage,
        "promised": None,
        "eta": None,
        "delayed": False,
        "reason": None,
        "scans": [],
    }
    return {**view, **more}


LATE = order(
    "1001",
    "partially_shipped",
    delayed=True,
    expected="2026-11-27",
    shipments=[parcel(1, "in_transit", promised="2026-11-23", eta="2026-11-27", delayed=True), parcel(2, "preparing", tracking_url=None)],
    measures=[
        {
            "id": "m-1",
            "text": {"en": "The delivery is free", "pl": "Dostawa jest za darmo"},
            "worth": 1200,
            "at": "2026-11-23T09:12:00.000Z",
        }
    ],
)
ORDERS: dict[str, tuple[bool, list[dict[str, Any]]]] = {
    "late": (True, [LATE]),
    "new": (True, [order("1002", "placed")]),
    "moving": (True, [order("1003", "out_for_delivery", expected="2026-11-24T15:00:00.000Z", shipments=[parcel(1, "out_for_delivery")])]),
    "arrived": (True, [order("1004", "delivered", shipments=[parcel(1, "delivered")])]),
    "two": (True, [order("1006", "delivered"), order("1005", "packed")]),
    "refunded": (
        True,
        [
            order(
                "1007",
                "returned",
                adjustments=[{"id": "r-1", "kind": "refund", "status": "completed", "amount": 1205, "at": "2026-11-23T09:12:00.000Z"}],
            )
        ],
    ),
    "none": (True, []),
    "guest": (False, []),
}


@dataclass
class Shopper:
    """One conversation with the bot."""

    bot: RasaBot
    token: str
    locale: str
    name: str = field(default_factory=lambda: f"cnv_{next(_NAMES)}")

    async def say(self, text: str, *, hint: dict[str, Any] | None = None) -> BotAnswer:
        return await self._ask(text, None, hint)

    async def click(self, answer: BotAnswer, title: str) -> BotAnswer:
        """Click a choice of the answer by its title."""
        return await self._ask(None, dict(choice for reply in answer.replies for choice in reply.choices)[title], None)

    async def _ask(self, text: str | None, payload: str | None, hint: dict[str, Any] | None) -> BotAnswer:
        return await self.bot.ask(
            BotQuestion(
                sender=self.name,
                text=text,
                payload=payload,
                locale=self.locale,
                conversation=self.name,
                turn_token=self.token,
                order_hint=hint,
                at=NOW,
                timezone="Europe/Warsaw",
            )
        )


class Shop:
    """Makes shoppers."""

    def __init__(self, bot: RasaBot) -> None:
        self.bot = bot

    def shopper(self, token: str, locale: str = "en") -> Shopper:
        return Shopper(self.bot, token, locale)


@pytest.fixture
async def shop(bot: BotProcesses) -> AsyncIterator[Shop]:
    async def orders(request: web.Request) -> web.Response:
        if request.query["token"] not in ORDERS:
            return web.json_response({"ok": False, "error": {"code": "unauthenticated", "message": ""}}, status=401)
        identified, rows = ORDERS[request.query["token"]]
        return web.json_response({"ok": True, "identified": identified, "locale": "en", "orders": rows})

    app = web.Application()
    app.router.add_get("/internal/bot/orders", orders)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", bot.stack.ports.chat).start()
    async with aiohttp.ClientSession() as session:
        yield Shop(RasaBot(session, bot.url, bot.secrets["SHOPBELL_BOT_TOKEN"], lambda: NOW))
    await runner.cleanup()


def text(answer: BotAnswer) -> str:
    return "\n".join(reply.text for reply in answer.replies)


def titles(answer: BotAnswer) -> list[str]:
    return [title for reply in answer.replies for title, _ in reply.choices]


async def test_it_is_ready(shop: Shop) -> None:
    assert await shop.bot.state() == "ready"


async def test_where_is_my_order_is_answered_parcel_by_parcel(shop: Shop) -> None:
    answer = await shop.shopper("late").say("hi, where is my order??")
    assert text(answer) == (
        "Part of your order 1001 is on its way, the rest is still being prepared.\n"
        "It is later than promised. The new date: Friday 27 November. Sorry about that.\n"
        "Parcel 1 of 2: on its way, expected: Friday 27 November. It is late. Tracking: [InPost T1](https://track.example/T1)\n"
        "Parcel 2 of 2: being prepared. Carrier: InPost T2\n"
        "Already done for you: The delivery is free"
    )
    assert answer.intent == "track_order"
    assert answer.confidence is not None
    assert answer.confidence > 0.5
    assert answer.handoff is None
    card = answer.replies[0].order
    assert card is not None
    assert (card["number"], card["headline"], "timeline" in card, "scans" in card["shipments"][0]) == (
        "1001",
        "partially_shipped",
        False,
        False,
    )


async def test_the_same_in_polish_without_diacritics(shop: Shop) -> None:
    answer = await shop.shopper("late", "pl-PL").say("gdzie jest moja paczka")
    assert text(answer) == (
        "Część zamówienia 1001 jest w drodze, reszta jest jeszcze przygotowywana.\n"
        "Jest opóźnione. Nowy termin: piątek, 27 listopada. Przepraszamy.\n"
        "Paczka 1 z 2: w drodze, przewidywany termin: piątek, 27 listopada. Jest opóźniona. Śledzenie: [InPost T1](https://track.example/T1)\n"
        "Paczka 2 z 2: w przygotowaniu. Przewoźnik: InPost T2\n"
        "Co już zrobiliśmy: Dostawa jest za darmo"
    )
    assert titles(answer) == ["Porozmawiać z człowiekiem"]


async def test_the_language_follows_each_turn(shop: Shop) -> None:
    shopper = shop.shopper("new")
    assert text(await shopper.say("thanks")) == "You are welcome! Just write if there is anything else."
    shopper.locale = "pl"
    assert text(await shopper.say("thanks")) == "Nie ma za co! Pisz śmiało, jeśli coś jeszcze."
    shopper.locale = "fi"
    assert text(await shopper.say("dzięki")) == "You are welcome! Just write if there is anything else."


async def test_today_is_said_as_today_in_the_inbox_zone(shop: Shop) -> None:
    assert "Expected: today." in text(await shop.shopper("moving").say("is it out for delivery?"))


async def test_what_can_be_cancelled_hangs_on_the_stage_and_a_person_does_it(shop: Shop) -> None:
    shopper = shop.shopper("new")
    offer = await shopper.say("can i still cancel it?")
    assert text(offer).startswith("Order 1002 has not been shipped, so it can still be cancelled.")
    assert offer.handoff is None
    answer = await shopper.say("yes please")
    assert (answer.handoff, answer.intent, answer.order_number, answer.mood) == ("offer_accepted", "cancel_order", "1002", "calm")
    assert answer.tried == ("cancel_order 1002",)
    assert text(await shop.shopper("moving").say("cancel my order")).startswith("Order 1003 has already been shipped")
    late = await shop.shopper("arrived").say("cancel my order")
    assert text(late).startswith("Order 1004 has arrived already")
    assert "Return something" in titles(late)


async def test_a_change_and_a_return_look_at_the_order_too(shop: Shop) -> None:
    assert "can still be changed" in text(await shop.shopper("new").say("i want to change the size in my order"))
    assert "its address can still be changed" in text(await shop.shopper("new").say("i put the wrong address, change it please"))
    assert "you can ask for a return" in text(await shop.shopper("arrived").say("i want to return this"))
    assert "still on its way" in text(await shop.shopper("moving").say("i want to return this"))


async def test_a_refund_is_told_with_its_amount(shop: Shop) -> None:
    assert "The refund of 12.05 PLN for order 1007 has been sent (yesterday)." in text(
        await shop.shopper("refunded").say("where is my refund")
    )
    assert "I see no refund for order 1002" in text(await shop.shopper("new").say("where is my refund"))
    assert "12,05 PLN" in text(await shop.shopper("refunded", "pl").say("gdzie moj zwrot pieniedzy"))


async def test_which_order_is_meant(shop: Shop) -> None:
    shopper = shop.shopper("two")
    first = await shopper.say("where is my order")
    assert text(first).startswith("Your order 1005 is packed")
    second = await shopper.click(first, "Order 1006")
    assert text(second).startswith("Your order 1006 has been delivered")
    assert "order 1006" in text(await shopper.say("i want to return something")).lower()
    assert text(await shopper.say("and what about order #1005")).startswith("Your order 1005 is packed")
    hinted = await shopper.say("can i cancel it", hint={"order_id": "A-1006", "number": "1006", "headline": "delivered"})
    assert text(hinted).startswith("Order 1006 has arrived")


async def test_an_order_of_somebody_else_is_not_found(shop: Shop) -> None:
    answer = await shop.shopper("new").say("where is my order 77777")
    assert text(answer).startswith("I do not find order 77777 in your account.")
    assert all(reply.order is None for reply in answer.replies)


async def test_guests_and_empty_accounts_are_told_what_to_do(shop: Shop) -> None:
    assert "Please sign in" in text(await shop.shopper("guest").say("where is my order"))
    assert "I see no orders" in text(await shop.shopper("none").say("where is my order"))
    unknown = await shop.shopper("forged").say("where is my order")
    assert text(unknown).startswith("I cannot look at orders at the moment.")
    assert titles(unknown) == ["Talk to a person"]


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "i want to talk to a human"), ("pl", "chcę rozmawiać z człowiekiem"), ("pl", "polacz mnie z konsultantem")]
)
async def test_a_person_is_reached_at_once(shop: Shop, locale: str, said: str) -> None:
    assert (await shop.shopper("new", locale).say(said)).handoff == "asked"


@pytest.mark.parametrize(("locale", "said"), [("en", "this is ridiculous, worst shop ever"), ("pl", "jestescie oszustami, skandal")])
async def test_a_complaint_goes_to_a_person_with_its_context(shop: Shop, locale: str, said: str) -> None:
    shopper = shop.shopper("late", locale)
    await shopper.say("where is my order" if locale == "en" else "gdzie moje zamówienie")
    answer = await shopper.say(said)
    assert (answer.handoff, answer.mood, answer.order_number) == ("complaint", "angry", "1001")
    assert answer.tried == ("track_order 1001",)


@pytest.mark.parametrize(("locale", "said"), [("en", "what is the weather like in rome"), ("pl", "jaka jest pogoda w rzymie")])
async def test_two_failures_in_a_row_hand_over_and_one_does_not(shop: Shop, locale: str, said: str) -> None:
    shopper = shop.shopper("new", locale)
    first = await shopper.say(said)
    assert (first.handoff, len(titles(first))) == (None, 4)
    assert (await shopper.say("ok thanks" if locale == "en" else "ok dzięki")).handoff is None
    assert (await shopper.say(said)).handoff is None
    assert (await shopper.say(said)).handoff == "not_understood"


async def test_a_proposal_that_is_refused_is_the_second_failure(shop: Shop) -> None:
    shopper = shop.shopper("new")
    proposal = await shopper.say("mmm parcel money thing")
    assert text(proposal).startswith("I am not sure that I understood. Did you mean “")
    assert titles(proposal)[-2:] == ["Something else", "Talk to a person"]
    assert (await shopper.click(proposal, "Something else")).handoff == "not_understood"


async def test_a_proposal_that_is_accepted_is_answered(shop: Shop) -> None:
    shopper = shop.shopper("new")
    proposal = await shopper.say("mmm parcel money thing")
    answer = await shopper.click(proposal, titles(proposal)[0])
    assert answer.handoff is None
    assert answer.replies[0].order is not None


@pytest.mark.parametrize(
    ("said", "in_answer"),
    [
        ("do you ship to germany", "checkout"),
        ("which payment methods do you accept", "checkout"),
        ("i was charged twice", "card numbers"),
        ("i need an invoice", "invoices"),
        ("i forgot my password", "sign-in page"),
        ("delete my account", "deleted by a person"),
        ("are you a robot", "I am a bot"),
        ("hello", "I am the shop's bot"),
    ],
)
async def test_policies_are_never_invented(shop: Shop, said: str, in_answer: str) -> None:
    answer = await shop.shopper("new").say(said)
    assert in_answer in text(answer)
    assert "Talk to a person" in titles(answer)
    assert not any(letter.isdigit() for letter in text(answer))


async def test_typed_commands_are_only_text(shop: Shop) -> None:
    shopper = shop.shopper("new")
    assert (await shopper.say("/contact_human_agent")).confidence != 1.0
    assert (await shopper.say("/restart")).replies


async def test_what_is_forgotten_leaves_no_word_and_the_next_one_starts_anew(shop: Shop, bot: BotProcesses) -> None:
    secret, token = "canary-7391", {"token": bot.secrets["SHOPBELL_BOT_TOKEN"]}
    shopper, other = shop.shopper("two"), shop.shopper("two")

    async def remembered(http: aiohttp.ClientSession, name: str) -> tuple[int, str]:
        async with http.get(f"{bot.url}/conversations/{name}/story", params=token) as story:
            if story.status != 200:
                return story.status, ""
        async with http.get(f"{bot.url}/conversations/{name}/tracker", params={**token, "include_events": "ALL"}) as tracker:
            return tracker.status, await tracker.text()

    await other.say(f"where is order 1005 {secret}")
    await shopper.say(f"where is order 1005 {secret}")
    async with aiohttp.ClientSession() as http:
        status, kept = await remembered(http, shopper.name)
        assert (status, secret in kept, "1005" in kept) == (200, True, True)
        await shop.bot.forget(shopper.name)
        assert await remembered(http, shopper.name) == (404, "")
        await shop.bot.forget(shopper.name)
        await shopper.say("hello")
        status, kept = await remembered(http, shopper.name)
        assert (status, secret in kept, "1005" in kept) == (200, False, False)
        with pytest.raises(BotUnavailable, match="status 401"):
            await RasaBot(http, bot.url, "another", lambda: NOW).forget(other.name)
        assert secret in (await remembered(http, other.name))[1], "nobody else's"
