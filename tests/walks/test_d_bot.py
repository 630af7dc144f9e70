"""Walks a and d with the real bot: it answers from the real order in two languages, hands over with a card, and never speaks late."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from order_status import DeliveryConfig
from tests.processes import TEST_INBOX, BotProcesses, ChatServer, DataFolders, new_stack
from tests.walks.database import rows
from tests.walks.shop import Order, now
from tests.walks.shopper import Shopper, new_client_id
from tests.walks.stage import Stage
from tests.walks.wire import CommandFailed, Json, eventually
from tools.command import run

pytestmark = pytest.mark.bot
TURN_S = 20.0
"""the first turn of a loaded model takes its time"""


def bot_state(chat: ChatServer) -> str:
    with urllib.request.urlopen(f"{chat.url}/readyz", timeout=5) as answer:
        return str(json.load(answer)["bot"])


@pytest.fixture(scope="module")
def with_bot(data_folders: DataFolders, bot: BotProcesses) -> Iterator[ChatServer]:
    """A chat server that this bot asks for orders."""
    chat = ChatServer(new_stack(data_folders.fresh(), inbox=TEST_INBOX, bot=bot))
    chat.start()
    yield chat
    chat.stop()


@pytest.fixture
async def stage(with_bot: ChatServer) -> AsyncIterator[Stage]:
    made = Stage(with_bot)

    async def ready() -> bool:
        return await asyncio.to_thread(bot_state, with_bot) == "ready"

    await eventually(ready, "a ready bot", timeout=60)
    yield made
    await made.clear()


def spoken(shopper: Shopper) -> list[Json]:
    return [message for message in shopper.thread.messages() if message["sender"]["kind"] == "bot"]


async def answered(shopper: Shopper, text: str) -> list[Json]:
    """Say something; what the bot says to it."""
    before = len(spoken(shopper))
    await shopper.say(text)
    await shopper.wire.until(lambda: len(spoken(shopper)) > before, f"the bot's answer to {text!r}", timeout=TURN_S)
    await shopper.wire.until(lambda: not shopper.wire.passing("typing_changed")[-1]["typing"], "the bot stops typing")
    return spoken(shopper)[before:]


def words(messages: list[Json]) -> str:
    return " ".join(part["text"] for message in messages for part in message["parts"] if part["type"] == "text")


def cards(messages: list[Json]) -> list[Json]:
    return [part["order"] for message in messages for part in message["parts"] if part["type"] == "order_card"]


async def buyer(stage: Stage, locale: str) -> tuple[Shopper, Order]:
    """A signed shopper with one order on its way, of which nothing was said."""
    customer = stage.customer()
    order = Order(customer, more={"notify": False}).moved("shipped")
    await stage.shop.tell(order)
    return await stage.shopper(customer=customer, locale=locale), order


@pytest.mark.parametrize(
    ("locale", "question", "expected"),
    [("en", "Where is my order?", r"on its way"), ("pl", "Gdzie jest moje zamówienie?", r"jest w drodze")],
)
async def test_where_is_my_order_is_answered_from_the_real_order(stage: Stage, locale: str, question: str, expected: str) -> None:
    shopper, order = await buyer(stage, locale)
    other, others = await buyer(stage, locale)
    assert shopper.hello["inbox"]["bot"] == "ready"
    said = await answered(shopper, question)
    assert re.search(expected, words(said)), words(said)
    assert order.number in words(said)
    assert [card["number"] for card in cards(said)] == [order.number]
    assert others.number not in str(shopper.wire.events)
    assert shopper.hello["conversation"] is None or shopper.thread.of("conversation_queued") == []
    assert [body["typing"] for body in shopper.wire.passing("typing_changed")] == [True, False]
    assert {message["sender"]["id"] for message in said} == {"bot"}
    assert other.thread.messages() == []


def arrived(chat: ChatServer, carrier: str) -> None:
    """Thirty parcels of a carrier that were there three working days after they had left, a month ago."""
    ended = (now() - timedelta(days=30)).replace(tzinfo=None).isoformat(" ")
    country = DeliveryConfig("demo").country
    rows(
        chat,
        "WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < 30) "
        "INSERT INTO order_durations (inbox_id, order_id, shipment_id, step, stage, carrier, country, took_s, so_far_s, rest_s, ended_at) "
        "SELECT 'demo', ? || n, 's-1', 'shipped', 'shipped', ?, ?, 86400, 0, 172800, ? FROM one",
        *(carrier, carrier, country, ended),
    )


@pytest.mark.parametrize(
    ("locale", "question", "one", "two"),
    [
        (
            "en",
            "Where is my order?",
            r"on its way\.\nSuch parcels usually arrive by (Mon|Tues|Wednes|Thurs|Fri)day \d+ \w+\.\n",
            r"Parcel 1 of 2: on its way, usually there by \w+day \d+ \w+\..*\nParcel 2 of 2: packed, expected: ",
        ),
        (
            "pl",
            "Gdzie jest moje zamówienie?",
            r"jest w drodze\.\nTakie paczki docierają zwykle najpóźniej: \w+, \d+ \w+\.\n",
            r"Paczka 1 z 2: w drodze, zwykle na miejscu najpóźniej: \w+, \d+ \w+\..*\nPaczka 2 z 2: spakowana, przewidywany termin: ",
        ),
    ],
)
async def test_where_nobody_tells_a_day_it_tells_the_usual_one(stage: Stage, locale: str, question: str, one: str, two: str) -> None:
    carrier = f"swift-{locale}"
    arrived(stage.server, carrier)
    customer = stage.customer()
    order = Order(customer, more={"notify": False}).moved("shipped", carrier=carrier)
    await stage.shop.tell(order)
    shopper = await stage.shopper(customer=customer, locale=locale)
    said = await answered(shopper, question)
    assert re.search(one, words(said)), words(said)
    (card,) = cards(said)
    assert (card["expected"], card["usually"]["samples"]) == (None, 30)
    await stage.shop.tell(order.moved("packed", parcel="s-2", promised=(now().date() + timedelta(days=2)).isoformat()))
    said = await answered(shopper, question)
    assert re.search(two, words(said)), words(said)


async def test_a_guest_learns_nothing_of_other_peoples_orders(stage: Stage) -> None:
    _, order = await buyer(stage, "en")
    guest = await stage.shopper()
    said = await answered(guest, f"Where is my order {order.number}?")
    assert cards(said) == []
    assert "on its way" not in words(said)


@pytest.mark.parametrize(
    ("locale", "complaint"),
    [("en", "I want to make a complaint, this is unacceptable"), ("pl", "Chcę złożyć reklamację, to skandal")],
)
async def test_a_complaint_goes_to_people_with_its_card(stage: Stage, locale: str, complaint: str) -> None:
    agent = await stage.agent()
    shopper, _ = await buyer(stage, locale)
    ack = await shopper.say(complaint)
    await shopper.wire.until(lambda: shopper.thread.of("conversation_assigned"), "a person", timeout=TURN_S)
    assert shopper.thread.of("conversation_queued")[0]["reason"] == "complaint"
    card = (await agent.heard("context_recorded", ack["conversation"]))["card"]
    assert {name: card[name] for name in ("reason", "intent", "locale", "question")} == {
        "reason": "complaint", "intent": "complaint", "locale": locale, "question": complaint,
    }  # fmt: skip
    assert card["confidence"] > 0.5
    assert (await agent.panel(ack["conversation"]))["card"] == card


@pytest.mark.parametrize(("locale", "words_"), [("en", "I want to talk to a person"), ("pl", "Chcę rozmawiać z człowiekiem")])
async def test_who_asks_for_a_person_gets_one(stage: Stage, locale: str, words_: str) -> None:
    await stage.agent()
    shopper = await stage.shopper(locale=locale)
    await shopper.say(words_)
    await shopper.wire.until(lambda: shopper.thread.of("conversation_assigned"), "a person", timeout=TURN_S)
    assert shopper.thread.of("conversation_queued")[0]["reason"] == "requested"


@pytest.mark.parametrize(("locale", "noise"), [("en", ["flurb wexa", "grmpf zzyx"]), ("pl", ["brzdęk wajcha", "chrumk zgrzyt"])])
async def test_two_failures_hand_over(stage: Stage, locale: str, noise: list[str]) -> None:
    agent = await stage.agent()
    shopper = await stage.shopper(locale=locale)
    await answered(shopper, noise[0])
    assert shopper.thread.of("conversation_queued") == []
    ack = await shopper.say(noise[1])
    await shopper.wire.until(lambda: shopper.thread.of("conversation_assigned"), "a person", timeout=TURN_S)
    assert shopper.thread.of("conversation_queued")[0]["reason"] == "bot_failed"
    card = (await agent.heard("context_recorded", ack["conversation"]))["card"]
    assert (card["reason"], card["question"]) == ("bot_failed", noise[1])


async def test_a_late_answer_after_a_takeover_is_dropped(stage: Stage, bot: BotProcesses) -> None:
    agent = await stage.agent()
    shopper, _ = await buyer(stage, "en")
    rasa = bot.children[1]
    rasa.send(signal.SIGSTOP)
    try:
        ack = await shopper.say("Where is my order?")
        await shopper.wire.until(lambda: shopper.wire.passing("typing_changed"), "the bot's turn")
        claimed = await agent.wire.call("claim", conversation=ack["conversation"])
    finally:
        rasa.send(signal.SIGCONT)
    dropped = await agent.heard("bot_answer_dropped", ack["conversation"])
    assert (dropped["reason"], dropped["trigger_seq"], dropped["seq"]) == ("person_in_charge", 1, claimed["seq"] + 1)
    await shopper.has(dropped["seq"])
    assert shopper.thread.kinds() == ["message_created", "conversation_assigned", "hidden"]
    assert spoken(shopper) == []
    await agent.reply(ack["conversation"], "I am looking")
    await shopper.read("I am looking")
    assert spoken(shopper) == []


async def test_a_bot_that_hangs_gives_way_to_people(stage: Stage, bot: BotProcesses) -> None:
    await stage.agent()
    shopper, _ = await buyer(stage, "en")
    bot.children[1].send(signal.SIGSTOP)
    try:
        await shopper.say("Where is my order?")
        await shopper.wire.until(lambda: shopper.thread.of("conversation_assigned"), "a person", timeout=TURN_S)
    finally:
        bot.children[1].send(signal.SIGCONT)
    assert shopper.thread.of("conversation_queued")[0]["reason"] == "bot_unavailable"
    assert spoken(shopper) == []


async def test_who_is_erased_is_forgotten_by_the_bot_also_while_it_hangs(stage: Stage, bot: BotProcesses) -> None:
    shopper, order = await buyer(stage, "en")
    await answered(shopper, "Where is my order? I am canary-7391")
    token = {"token": bot.secrets["SHOPBELL_BOT_TOKEN"], "include_events": "ALL"}
    tracker = f"{bot.url}/conversations/{shopper.thread.conversation}/tracker"

    async def remembered() -> str:
        async with stage.shop.http.get(tracker, params=token) as response:
            assert response.status == 200
            return await response.text()

    async def forgotten() -> bool:
        text = await remembered()
        return "canary" not in text and order.number not in text

    assert "canary-7391" in await remembered()
    bot.children[1].send(signal.SIGSTOP)
    try:
        await shopper.say("And when does it come? I am canary-7392")
        await shopper.wire.until(lambda: shopper.wire.passing("typing_changed")[-1]["typing"], "the bot's turn")
        erase = [*stage.server.stack.chat(), "erase", "--visitor", shopper.visitor]
        assert "1 orders erased" in await asyncio.to_thread(run, erase, env=stage.server.env, seconds=60)
    finally:
        bot.children[1].send(signal.SIGCONT)
    await eventually(forgotten, "the bot to forget", timeout=60)


async def test_back_with_the_bot_it_answers_again(stage: Stage) -> None:
    agent = await stage.agent()
    shopper, order = await buyer(stage, "en")
    conversation = (await shopper.wire.call("request_agent"))["conversation"]
    await shopper.saw("conversation_assigned")
    await shopper.say("Is anybody there?")
    await agent.wire.call("return_to_bot", conversation=conversation)
    said = await answered(shopper, "Where is my order?")
    assert order.number in words(said)
    row = await agent.row(conversation)
    assert row is not None
    assert (row["status"], row["unread"] > 0) == ("bot", True)


async def test_a_choice_is_taken_only_as_it_was_offered(stage: Stage) -> None:
    shopper, _ = await buyer(stage, "en")
    said = await answered(shopper, "Hello")
    message = next(each for each in said if each["parts"][-1]["type"] == "choices")
    message_id, choice = message["id"], message["parts"][-1]["choices"][0]
    forged = {"type": "choice", "message_id": message_id, "title": choice["title"], "value": '/track_order{"order_number": "1"}'}
    with pytest.raises(CommandFailed) as refused:
        await shopper.wire.call("send_message", client_id=new_client_id(), parts=[forged])
    assert refused.value.code == "bad_request"
    before = len(spoken(shopper))
    clicked = {"type": "choice", "message_id": message_id, **choice}
    await shopper.wire.call("send_message", client_id=new_client_id(), parts=[clicked])
    await shopper.wire.until(lambda: len(spoken(shopper)) > before, "the answer to a choice", timeout=TURN_S)
