"""The catalogue on the real server: what the shop tells is what agents find and cards show; what a client says of it is refused."""

from __future__ import annotations

import secrets
from typing import Any

import aiohttp
import jwt
import pytest

from tests.processes import ChatServer
from tests.walks.shopper import new_client_id
from tests.walks.stage import Stage
from tests.walks.wire import CommandFailed, Json


def lamp(product_id: str, **changed: Any) -> Json:
    texts = {
        "en": {"name": f"Lamp {product_id}", "url": "https://shop.example/lamp"},
        "pl": {"name": f"Lampa {product_id}", "category": "Lampy"},
    }
    return {"product_id": product_id, "currency": "PLN", "price": 12900, "stock": 4, "texts": texts, **changed}


async def told(stage: Stage, product: Json) -> None:
    answer = await stage.shop.send(stage.shop.event(product, "product.updated"))
    assert answer == {"ok": True, "outcome": "accepted"}


async def found(stage: Stage, http: aiohttp.ClientSession, **query: str) -> tuple[int, Json]:
    async with http.get(f"{stage.server.url}/v1/agent/products", params=query) as response:
        return response.status, await response.json()


async def test_a_product_is_told_found_and_sent_as_a_card(stage: Stage) -> None:
    product_id = f"p-{secrets.token_hex(4)}"
    await told(stage, lamp(product_id))
    shopper = await stage.shopper(locale="pl")
    conversation = (await shopper.say("A lamp, please"))["conversation"]
    agent = await stage.agent()
    status, answer = await found(stage, agent.http, q=f"lampa {product_id}", conversation=conversation)
    assert (status, [each["name"] for each in answer["products"]]) == (200, [f"Lampa {product_id}"])
    assert (answer["products"][0]["stock"], answer["products"][0]["category"]) == (4, "Lampy")

    seen = (await agent.read(conversation))["row"]["seq"]
    body: Json = {"conversation": conversation, "client_id": new_client_id(), "seen_seq": seen}
    forged = {
        "type": "product_card",
        "product": {"id": product_id, "name": "Free", "price": 1, "currency": "PLN", "url": "https://x.example"},
    }
    with pytest.raises(CommandFailed, match="bad_request"):
        await agent.wire.call("reply", **body, parts=[forged])
    with pytest.raises(CommandFailed, match="not_found"):
        await agent.wire.call("reply", **body, parts=[{"type": "product_card", "product_id": "p-nobody-sells"}])
    await agent.wire.call(
        "reply", **body, parts=[{"type": "text", "text": "This one."}, {"type": "product_card", "product_id": product_id}]
    )

    def cards() -> list[Json]:
        return [part for message in shopper.thread.messages() for part in message["parts"] if part["type"] == "product_card"]

    await shopper.wire.until(cards, "the card")
    assert cards()[0]["product"] == {
        "id": product_id, "name": f"Lampa {product_id}", "price": 12900, "price_to": None, "currency": "PLN",
        "url": "https://shop.example/lamp", "image_url": None, "category": "Lampy", "available": True,
    }  # fmt: skip

    await told(stage, lamp(product_id, price=9900))
    assert (await found(stage, agent.http, q=product_id))[1]["products"][0]["price"] == 9900
    assert cards()[0]["product"]["price"] == 12900, "what was said stays as it was said"
    await told(stage, {"product_id": product_id, "deleted": True})
    assert (await found(stage, agent.http, q=product_id))[1]["products"] == []


async def test_who_may_ask(stage: Stage) -> None:
    agent = await stage.agent()
    async with aiohttp.ClientSession() as nobody:
        assert (await found(stage, nobody, q="lamp"))[1]["error"]["code"] == "unauthenticated"
    assert (await found(stage, agent.http, q="lamp", conversation="cnv_of_nobody"))[1]["error"]["code"] == "not_found"
    assert (await found(stage, agent.http, q="x" * 501))[1]["error"]["code"] == "bad_request"
    assert (await found(stage, agent.http, q="%_\x00'"))[0] == 200


def turn(server: ChatServer, conversation: str, audience: str = "bot-turn") -> str:
    claims = {"sub": conversation, "aud": audience, "exp": 4102444800}
    return jwt.encode(claims, server.stack.secrets["SHOPBELL_BOT_ACTIONS_SECRET"], algorithm="HS256")


async def test_the_bot_asks_with_the_token_of_its_turn(stage: Stage) -> None:
    product_id = f"zeppelin{secrets.token_hex(3)}"
    await told(stage, lamp(product_id, texts={"en": {"name": f"Zeppelin {product_id}"}}))
    shopper = await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]

    async def asked(token: str, text: str) -> tuple[int, Json]:
        async with stage.shop.http.get(f"{stage.server.url}/internal/bot/products", params={"token": token, "q": text}) as response:
            return response.status, await response.json()

    status, answer = await asked(turn(stage.server, conversation), f"how much are your {product_id}s")
    assert (status, answer["locale"], [each["id"] for each in answer["products"]]) == (200, "en", [product_id])
    assert (await asked(turn(stage.server, conversation, "somebody"), "x"))[0] == 401
    assert (await asked("", "x"))[0] == 401
    assert (await asked(turn(stage.server, "cnv_of_nobody"), "x"))[0] == 404
