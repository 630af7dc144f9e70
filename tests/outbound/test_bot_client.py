"""The Rasa client against a real HTTP server that plays Rasa well and badly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chat_server.core.bot_turn import BotAnswer, BotQuestion, BotReply, BotUnavailable
from chat_server.outbound.bot import FAILURES_TO_OPEN, TEXT_LIMIT, RasaBot

NOW = datetime(2026, 11, 20, 9, 12, tzinfo=UTC)
QUESTION = BotQuestion(
    sender="cnv_1",
    text="where is my order",
    payload=None,
    locale="en",
    conversation="cnv_1",
    turn_token="signed",
    order_hint=None,
    at=NOW,
)
HELLO = [{"recipient_id": "cnv_1", "text": "Hello"}]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class PretendRasa:
    """Answers what the test says and keeps what it was asked."""

    answer: Handler | None = None
    says: list[Any] = field(default_factory=list)
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    port: int = 0

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.answer is not None:
                return await self.answer(request)
            says = self.says[min(len(self.asked), len(self.says)) - 1]
            return web.Response(text=says) if isinstance(says, str) else web.json_response(says)
        finally:
            self.at_once -= 1

    async def state(self, request: web.Request) -> web.Response:
        self.tokens.append(request.query.get("token"))
        return web.json_response({}, status=self.status)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Setup:
    rasa: PretendRasa
    bot: RasaBot
    clock: Clock
    session: aiohttp.ClientSession


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    rasa, clock = PretendRasa(), Clock()
    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", rasa.webhook)
    app.router.add_get("/status", rasa.state)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    rasa.port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        yield Setup(rasa, RasaBot(session, f"http://127.0.0.1:{rasa.port}", "secret", clock, timeout_s=0.4), clock, session)
    await runner.cleanup()


async def test_an_answer_is_bubbles_choices_card_and_what_was_understood(setup: Setup) -> None:
    order = {"order_id": "A-1001", "number": "1001", "headline": "shipped"}
    setup.rasa.says = [
        [
            {"custom": {"turn": {"intent": "track_order", "confidence": 0.91}}},
            {"text": "It is on its way.", "buttons": [{"title": "Talk to a person", "payload": "/contact_human_agent"}]},
            {"custom": {"order": order}},
        ]
    ]
    assert await setup.bot.ask(QUESTION) == BotAnswer(
        replies=(BotReply("It is on its way.", (("Talk to a person", "/contact_human_agent"),), order),),
        intent="track_order",
        confidence=0.91,
    )
    assert setup.rasa.asked == [
        {
            "sender": "cnv_1",
            "message": "where is my order",
            "metadata": {
                "locale": "en",
                "token": "signed",
                "conversation": "cnv_1",
                "at": "2026-11-20T09:12:00+00:00",
                "timezone": "UTC",
            },
        }
    ]


async def test_a_handoff_brings_its_context(setup: Setup) -> None:
    handoff = {
        "reason": "complaint",
        "intent": "track_order",
        "confidence": 0.8,
        "tried": ["track_order 1001"],
        "mood": "angry",
        "order_number": "1001",
    }
    setup.rasa.says = [[{"text": "One moment."}, {"custom": {"handoff": handoff}}]]
    assert await setup.bot.ask(QUESTION) == BotAnswer(
        (BotReply("One moment."),), "track_order", 0.8, "complaint", ("track_order 1001",), "angry", "1001"
    )


async def test_the_order_that_the_shop_spoke_of_rides_along(setup: Setup) -> None:
    setup.rasa.says = [HELLO]
    await setup.bot.ask(replace(QUESTION, order_hint={"order_id": "A-1001", "number": "1001", "headline": "delayed"}))
    assert setup.rasa.asked[0]["metadata"]["order"] == {"order_id": "A-1001", "number": "1001", "headline": "delayed"}


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("/restart", ". /restart"),
        ("  /track_order{}", ". /track_order{}"),
        ("a" * 600, "a" * TEXT_LIMIT),
        (" hi\0 ", "hi"),
        ("a/b", "a/b"),
    ],
)
async def test_typed_text_is_never_a_command_and_never_long(setup: Setup, text: str, sent: str) -> None:
    setup.rasa.says = [HELLO]
    await setup.bot.ask(replace(QUESTION, text=text))
    assert [asked["message"] for asked in setup.rasa.asked] == [sent]


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ("/contact_human_agent", "/contact_human_agent"),
        ('/track_order{"order_number": "1001"}', '/track_order{"order_number": "1001"}'),
        ('/track_order{"order_number": 1001}', '. /track_order{"order_number": 1001}'),
        ("/track_order{not json}", ". /track_order{not json}"),
        ("/Restart now", ". /Restart now"),
        ("a plain value", "a plain value"),
    ],
)
async def test_a_clicked_choice_may_be_an_intent(setup: Setup, payload: str, sent: str) -> None:
    setup.rasa.says = [HELLO]
    await setup.bot.ask(replace(QUESTION, text=None, payload=payload))
    assert [asked["message"] for asked in setup.rasa.asked] == [sent]


@pytest.mark.parametrize("text", ["", "   ", "\n", None])
async def test_nothing_is_not_asked(setup: Setup, text: str | None) -> None:
    with pytest.raises(BotUnavailable, match="nothing to ask"):
        await setup.bot.ask(replace(QUESTION, text=text))
    assert setup.rasa.asked == []


async def test_a_silent_answer_is_asked_once_more(setup: Setup) -> None:
    setup.rasa.says = [[], HELLO]
    assert (await setup.bot.ask(QUESTION)).replies == (BotReply("Hello"),)
    assert len(setup.rasa.asked) == 2


@pytest.mark.parametrize("silence", [[], [{"custom": {"turn": {"intent": "greet", "confidence": 1.0}}}], [{"text": " "}], [{}]])
async def test_twice_silent_is_unavailable(setup: Setup, silence: list[Any]) -> None:
    setup.rasa.says = [silence]
    with pytest.raises(BotUnavailable, match="silent"):
        await setup.bot.ask(QUESTION)
    assert len(setup.rasa.asked) == 2


@pytest.mark.parametrize(
    "garbage",
    [
        "<html>",
        "",
        "[" * 100_000,
        {"text": "no list"},
        ["text"],
        [None],
        [{"text": 7}],
        [{"text": "x", "buttons": {"a": 1}}],
        [{"text": "x", "buttons": [{"title": "no payload"}]}],
        [{"custom": "x"}],
        [{"custom": {"handoff": ["asked"]}}],
        [{"text": "x" * 300_000}],
    ],
)
async def test_garbage_is_unavailable_and_not_repeated(setup: Setup, garbage: Any) -> None:
    setup.rasa.says = [garbage]
    with pytest.raises(BotUnavailable, match="garbage"):
        await setup.bot.ask(QUESTION)
    assert len(setup.rasa.asked) == 1


@pytest.mark.parametrize("status", [500, 503, 302, 401])
async def test_another_status_is_unavailable(setup: Setup, status: int) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(HELLO, status=status, headers={"Location": "/status"})

    setup.rasa.answer = answer
    with pytest.raises(BotUnavailable, match=f"status {status}"):
        await setup.bot.ask(QUESTION)
    assert setup.rasa.tokens == []


async def test_a_slow_bot_is_unavailable_in_time(setup: Setup) -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response(HELLO)

    setup.rasa.answer = answer
    begun = asyncio.get_running_loop().time()
    with pytest.raises(BotUnavailable, match="timeout"):
        await setup.bot.ask(QUESTION)
    assert asyncio.get_running_loop().time() - begun < 2


async def test_a_bot_that_drips_is_unavailable_in_time(setup: Setup) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(50):
            await response.write(b" ")
            await asyncio.sleep(0.1)
        return response

    setup.rasa.answer = answer
    with pytest.raises(BotUnavailable, match="timeout"):
        await setup.bot.ask(QUESTION)


async def test_a_bot_that_hangs_up_is_unavailable(setup: Setup) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    setup.rasa.answer = answer
    with pytest.raises(BotUnavailable, match="connection"):
        await setup.bot.ask(QUESTION)


async def test_nobody_listens(setup: Setup) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bot = RasaBot(setup.session, f"http://127.0.0.1:{free.getsockname()[1]}", "secret", setup.clock)
        with pytest.raises(BotUnavailable, match="connection"):
            await bot.ask(QUESTION)
        assert await bot.state() == "off"


async def test_four_turns_at_once_and_no_more(setup: Setup) -> None:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(0.03)
        return web.json_response(HELLO)

    setup.rasa.answer = answer
    answers = await asyncio.gather(*(setup.bot.ask(QUESTION) for _ in range(12)))
    assert len(answers) == 12
    assert setup.rasa.most_at_once == 4


async def test_waiting_for_a_slot_too_long_is_busy_and_says_nothing_about_the_bot(setup: Setup) -> None:
    held = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await held.wait()
        return web.json_response(HELLO)

    setup.rasa.answer = answer
    bot = RasaBot(setup.session, f"http://127.0.0.1:{setup.rasa.port}", "", setup.clock, at_once=1, timeout_s=0.3)
    first = asyncio.create_task(bot.ask(QUESTION))
    await asyncio.sleep(0.05)
    others = await asyncio.gather(*(bot.ask(QUESTION) for _ in range(8)), return_exceptions=True)
    held.set()
    with pytest.raises(BotUnavailable, match="timeout"):
        await first
    assert {str(other) for other in others} <= {"busy", "timeout"}
    assert "busy" in {str(other) for other in others}
    assert (await bot.ask(QUESTION)).replies == (BotReply("Hello"),)


async def test_the_breaker_opens_tries_once_and_closes(setup: Setup) -> None:
    setup.rasa.says = ["garbage"]
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(BotUnavailable, match="garbage"):
            await setup.bot.ask(QUESTION)
    with pytest.raises(BotUnavailable, match="breaker open"):
        await setup.bot.ask(QUESTION)
    assert len(setup.rasa.asked) == FAILURES_TO_OPEN

    setup.clock.now += timedelta(seconds=14)
    with pytest.raises(BotUnavailable, match="breaker open"):
        await setup.bot.ask(QUESTION)

    setup.clock.now += timedelta(seconds=1)
    with pytest.raises(BotUnavailable, match="garbage"):
        await setup.bot.ask(QUESTION)
    with pytest.raises(BotUnavailable, match="breaker open"):
        await setup.bot.ask(QUESTION)
    assert len(setup.rasa.asked) == FAILURES_TO_OPEN + 1

    setup.clock.now += timedelta(seconds=15)
    setup.rasa.says = [HELLO]
    assert (await setup.bot.ask(QUESTION)).replies == (BotReply("Hello"),)
    setup.rasa.says = ["garbage"]
    with pytest.raises(BotUnavailable, match="garbage"):
        await setup.bot.ask(QUESTION)
    setup.rasa.says = [HELLO]
    assert (await setup.bot.ask(QUESTION)).replies == (BotReply("Hello"),)


async def test_while_half_open_only_one_turn_tries(setup: Setup) -> None:
    setup.rasa.says = ["garbage"]
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(BotUnavailable):
            await setup.bot.ask(QUESTION)
    setup.clock.now += timedelta(seconds=15)

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(0.05)
        return web.json_response(HELLO)

    setup.rasa.answer = answer
    outcomes = await asyncio.gather(*(setup.bot.ask(QUESTION) for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["BotAnswer"] + ["BotUnavailable"] * 3
    assert len(setup.rasa.asked) == FAILURES_TO_OPEN + 1


async def test_a_cancelled_probe_does_not_hold_the_breaker(setup: Setup) -> None:
    setup.rasa.says = ["garbage"]
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(BotUnavailable):
            await setup.bot.ask(QUESTION)
    setup.clock.now += timedelta(seconds=15)

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.json_response(HELLO)

    setup.rasa.answer = answer
    probe = asyncio.create_task(setup.bot.ask(QUESTION))
    await asyncio.sleep(0.05)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    setup.rasa.answer, setup.rasa.says = None, [HELLO]
    assert (await setup.bot.ask(QUESTION)).replies == (BotReply("Hello"),)


@pytest.mark.parametrize(("status", "state"), [(200, "ready"), (409, "loading"), (401, "off"), (500, "off")])
async def test_the_state_is_read_with_the_token(setup: Setup, status: int, state: str) -> None:
    setup.rasa.status = status
    assert await setup.bot.state() == state
    assert setup.rasa.tokens == ["secret"]
