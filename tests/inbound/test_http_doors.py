"""The HTTP door from outside: who may ask, what every answer carries, and that there is no way around it."""

from __future__ import annotations

import asyncio
import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest

from chat_server.inbound.console_pages import CSP
from tests.processes import ChatServer
from tests.walks.shop import Order
from tests.walks.shopper import did, new_client_id
from tests.walks.stage import Stage
from tests.walks.wire import Json

EVIL = "https://evil.example"
PAGE = {"url": "https://shop.example/", "title": "Shop"}


async def asked(http: aiohttp.ClientSession, method: str, url: str, **more: Any) -> tuple[int, Json]:
    async with http.request(method, url, allow_redirects=False, **more) as response:
        return response.status, await response.json()


def raw_get(server: ChatServer, path: str) -> bytes:
    """A GET whose path nobody tidies on the way."""
    with socket.create_connection(("127.0.0.1", server.stack.ports.chat), timeout=5) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := line.recv(65_536):
            answer += chunk
        return answer


async def test_alive_and_ready(server: ChatServer, http: aiohttp.ClientSession) -> None:
    assert await asked(http, "GET", f"{server.url}/healthz") == (200, {"status": "ok"})
    assert await asked(http, "GET", f"{server.url}/readyz") == (200, {"status": "ready", "bot": "off"})
    async with http.get(f"{server.url}/metrics") as response:
        assert response.status == 200
        assert 'shopbell_sockets{namespace="shopper"}' in await response.text()


async def test_a_beacon_from_another_site_is_refused(server: ChatServer, http: aiohttp.ClientSession) -> None:
    beacon = {"key": "pk_test", "page": PAGE}
    for origin in (EVIL, server.origin + ".evil.example", server.origin.replace("127.0.0.1", "localhost"), server.url, "null"):
        async with http.post(f"{server.url}/v1/visits", json=beacon, headers={"Origin": origin}) as response:
            assert (response.status, (await response.json())["error"]["code"]) == (403, "forbidden"), origin
            assert "Access-Control-Allow-Origin" not in response.headers
    other = {**beacon, "key": "pk_other"}
    status, answer = await asked(http, "POST", f"{server.url}/v1/visits", json=other, headers={"Origin": server.origin})
    assert (status, answer["error"]["code"]) == (401, "unauthenticated")


async def test_the_shops_page_may_read_the_answer(server: ChatServer, http: aiohttp.ClientSession) -> None:
    body = json.dumps({"key": "pk_test", "page": PAGE})
    headers = {"Origin": server.origin, "Content-Type": "text/plain"}
    async with http.post(f"{server.url}/v1/visits", data=body, headers=headers) as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == server.origin
        assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in response.headers
        answer = await response.json()
    assert set(answer) == {"ok", "visitor", "unread", "nudge", "connect", "again", "inbox"}
    assert answer["inbox"] == {"name": "Test shop", "color": "#2f5d50", "online": False, "locales": ["en", "pl"]}
    assert len(answer["visitor"]) >= 43


async def test_preflight_of_the_shops_page_and_of_another(server: ChatServer, http: aiohttp.ClientSession) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,idempotency-key"}
    url = f"{server.url}/v1/conversations/current/messages"
    async with http.options(url, headers={**asks, "Origin": server.origin}) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == server.origin
        allowed = {each.strip() for each in response.headers["Access-Control-Allow-Headers"].split(",")}
        assert allowed == {"authorization", "content-type", "idempotency-key", "x-shopbell-key"}
    async with http.options(url, headers={**asks, "Origin": EVIL}) as response:
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "path", ["/healthz", "/openapi.json", "/console/login", "/v1/nothing", "/nothing", "/widget/none.js", "/v1/agent/conversations"]
)
async def test_headers_of_every_answer(server: ChatServer, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(server.url + path, headers={"Origin": server.origin}) as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "same-origin"
        assert "Set-Cookie" not in response.headers or path == "/console/login"


async def test_the_consoles_pages_are_locked_down(server: ChatServer, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{server.url}/console/login") as response:
        policy = response.headers["Content-Security-Policy"]
        assert policy == CSP
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in response.headers
        page = await response.text()
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert " style=" not in page
    assert " onclick=" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/widget/../manifest.json", "/widget/..%2fmanifest.json", "/widget/%2e%2e/%2e%2e/pyproject.toml", "/widget/manifest.json",
        "/widget/%2fetc%2fpasswd", "/widget//etc/passwd", "/widget/....//pyproject.toml", "/widget/.js", "/widget/..js",
        "/widget/loader.js%0a", "/widget/", "/widget/.", "/widget/..", "/widget/loader.js/", "/widget/loader.js/..", "/widget/loader.js%00",
        "/widget/..%5c..%5cpyproject.toml",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_widgets_folder(server: ChatServer, path: str) -> None:
    answer = await asyncio.to_thread(raw_get, server, path)
    assert answer.split(b" ", 2)[1] in (b"404", b"400"), answer[:200]
    assert b"[project]" not in answer
    assert b"root:" not in answer


async def test_the_loader_may_be_embedded_and_hashed_files_kept(server: ChatServer, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{server.url}/widget/loader.js") as response:
        assert response.status == 200
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response.headers["Cache-Control"] == "public, max-age=300"
    hashed = next(path.name for path in (Path(__file__).parents[2] / "widget" / "dist").glob("app-*.js"))
    async with http.get(f"{server.url}/widget/{hashed}") as response:
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 413), (200_000, 413), (400_000, 413)])
async def test_a_beacon_is_at_most_64_kb(server: ChatServer, http: aiohttp.ClientSession, size: int, status: int) -> None:
    activities = [did("track", name="x", properties={"filler": "x" * 7_000}) for _ in range(9)]
    body = json.dumps({"key": "pk_test", "page": PAGE, "activities": activities})
    found, answer = await asked(http, "POST", f"{server.url}/v1/visits", data=body.ljust(size))
    assert found == status
    assert answer["ok"] is (status == 200)
    if status == 413:
        assert answer["error"]["code"] == "too_large"


@pytest.mark.parametrize("body", ["", "{", "[]", "null", '{"key": "pk_test"}', '{"key": "pk_test", "page": {"url": "x"}, "more": 1}'])
async def test_a_beacon_that_is_none(server: ChatServer, http: aiohttp.ClientSession, body: str) -> None:
    status, answer = await asked(http, "POST", f"{server.url}/v1/visits", data=body)
    assert (status, answer["error"]["code"]) == (400, "bad_request")


async def test_half_a_character_in_a_title_or_a_message_is_no_reason_to_lose_it(stage: Stage) -> None:
    shopper = await stage.shopper(open=False)
    await shopper.beacon(page={"url": "https://shop.example/", "title": "cut \ud83d"})
    await shopper.open()
    await shopper.say("cut \ud83d here")
    await shopper.read("cut � here")
    status, _ = await shopper.post("cut \ud83d", new_client_id())
    assert status == 200


async def test_the_twins_need_token_and_key(stage: Stage, http: aiohttp.ClientSession) -> None:
    shopper, url = await stage.shopper(), f"{stage.server.url}/v1/conversations/current"
    good = {"Authorization": f"Bearer {shopper.token}", "X-Shopbell-Key": "pk_test", "Idempotency-Key": new_client_id()}
    for name, headers, status, code in (
        ("no token", {**good, "Authorization": ""}, 401, "unauthenticated"),
        ("basic", {**good, "Authorization": f"Basic {shopper.token}"}, 401, "unauthenticated"),
        ("another token", {**good, "Authorization": "Bearer x"}, 401, "unauthenticated"),
        ("no key", {**good, "X-Shopbell-Key": ""}, 401, "unauthenticated"),
        ("another site", {**good, "Origin": EVIL}, 403, "forbidden"),
        ("no idempotency key", {name: value for name, value in good.items() if name != "Idempotency-Key"}, 400, "bad_request"),
        ("short idempotency key", {**good, "Idempotency-Key": "x"}, 400, "bad_request"),
    ):
        found, answer = await asked(http, "POST", f"{url}/messages", json={"text": "x"}, headers=headers)
        assert (found, answer["error"]["code"]) == (status, code), name
        if "idempotency" not in name:
            assert (await asked(http, "GET", f"{url}/facts", headers=headers))[0] == status, name
    for query in ("after=-1", "after=x", "epoch=1.5", "wait=9999999999999999"):
        assert (await asked(http, "GET", f"{url}/facts?{query}", headers=good))[0] == 400, query
    assert (await asked(http, "GET", f"{url}/facts", headers=good))[0] == 404, "there is no conversation yet"
    assert (await asked(http, "POST", f"{url}/messages", json={"text": "x"}, headers=good))[0] == 200
    assert (await asked(http, "POST", f"{url}/messages", json={"text": "x", "client_id": "y"}, headers=good))[0] == 400
    assert (await asked(http, "POST", f"{url}/messages", data=b"{", headers=good))[0] == 400


async def test_waiting_for_current_goes_over_to_the_next_conversation(stage: Stage) -> None:
    """A poll of `current` that began in one conversation answers with the whole of the next one, whatever its cursor was."""
    shopper, agent = await stage.shopper(), await stage.agent()
    first = (await shopper.say("First"))["conversation"]
    await agent.wire.call("claim", conversation=first)
    await agent.wire.call("resolve", conversation=first)
    _, known = await shopper.fetch()
    head = known["start"] + len(known["facts"])
    waiting = asyncio.create_task(shopper.fetch(after=head, wait=20))
    named = asyncio.create_task(shopper.fetch(first, after=head, wait=2))
    await asyncio.sleep(0.3)
    second = (await shopper.say("Second"))["conversation"]
    status, answer = await waiting
    assert (status, answer["reset"], answer["start"], answer["complete"]) == (200, True, 0, True)
    assert {fact["conversation"] for fact in answer["facts"]} == {second} != {first}
    assert [fact["message"]["parts"][0]["text"] for fact in answer["facts"] if fact["fact"] == "message_created"][:1] == ["Second"]
    assert (await named)[1]["facts"] == [], "who named a conversation is told of no other"


async def test_a_token_of_before_signing_in_is_worth_nothing(stage: Stage) -> None:
    """The shop signs a browser in: its token is rotated, so that whoever planted the old one has nothing."""
    shopper = await stage.shopper()
    await shopper.say("Before")
    old = shopper.token
    customer = stage.customer()
    shopper.identity = stage.shop.token(customer)
    await shopper.leave()
    await shopper.open()
    assert shopper.hello["visitor"]["identified"] is True
    assert shopper.token != old
    assert shopper.thread.texts()[0] == "Before"
    planted = await stage.shopper(token=old)
    assert planted.visitor != shopper.visitor
    assert planted.hello["conversation"] is None


async def test_another_customer_at_the_same_browser_is_another_visitor(stage: Stage) -> None:
    one, other = stage.customer(), stage.customer()
    shopper = await stage.shopper(customer=one)
    await shopper.say("Of the first")
    second = await stage.shopper(customer=other, token=shopper.token)
    assert second.visitor != shopper.visitor
    assert second.token != shopper.token
    assert second.hello["conversation"] is None
    assert second.thread.messages() == []
    order = Order(one).moved("shipped")
    await stage.shop.tell(order)
    again = await stage.shopper(customer=one, token=shopper.token)
    assert again.visitor == shopper.visitor


async def test_an_expired_identity_binds_nobody(stage: Stage) -> None:
    customer = stage.customer()
    at = int(datetime.now(UTC).timestamp())
    expired = stage.shop.token(customer, iat=at - 4000, exp=at - 400)
    stranger = await stage.shopper(identity=expired)
    assert stranger.hello["visitor"]["identified"] is False
    bound = await stage.shopper(customer=customer)
    again = await stage.shopper(identity=expired, token=bound.token)
    assert (again.visitor, again.hello["visitor"]["identified"]) == (bound.visitor, True)


async def test_the_bots_orders_need_a_turns_token(stage: Stage, http: aiohttp.ClientSession) -> None:
    customer = stage.customer()
    shopper, order = await stage.shopper(customer=customer), Order(customer, more={"notify": False}).moved("shipped")
    await stage.shop.tell(order)
    conversation = (await shopper.say("Where is it?"))["conversation"]
    secret, url = stage.server.stack.secrets["SHOPBELL_BOT_ACTIONS_SECRET"], f"{stage.server.url}/internal/bot/orders"

    def turn(key: str = secret, **claims: Any) -> str:
        told = {"sub": conversation, "aud": "bot-turn", "exp": datetime.now(UTC) + timedelta(seconds=60), **claims}
        return jwt.encode({name: value for name, value in told.items() if value is not None}, key, algorithm="HS256")

    status, answer = await asked(http, "GET", url, params={"token": turn()})
    assert (status, answer["ok"], answer["identified"], answer["locale"]) == (200, True, True, "en")
    assert [each["number"] for each in answer["orders"]] == [order.number]
    for name, bad in {
        "none": "", "another secret": turn("x" * 40), "expired": turn(exp=datetime.now(UTC) - timedelta(seconds=1)),
        "another audience": turn(aud="pk_test"), "no audience": turn(aud=None), "an identity token": stage.shop.token(customer),
        "a visitor's token": str(shopper.token), "no subject": turn(sub=None), "no expiry": turn(exp=None),
    }.items():  # fmt: skip
        status, answer = await asked(http, "GET", url, params={"token": bad})
        assert (status, answer["error"]["code"]) == (401, "unauthenticated"), name
        assert order.number not in str(answer)
    assert (await asked(http, "GET", url, params={"token": turn(sub="cnv_" + "0" * 32)}))[0] == 404


async def test_the_panel_needs_a_session(stage: Stage, http: aiohttp.ClientSession) -> None:
    shopper = await stage.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    for path in (f"/v1/agent/conversations/{conversation}/panel", "/v1/agent/conversations?view=resolved"):
        status, answer = await asked(http, "GET", stage.server.url + path)
        assert (status, answer["error"]["code"]) == (401, "unauthenticated")
        status, _ = await asked(http, "GET", stage.server.url + path, headers=shopper.bearer())
        assert status == 401
    agent = await stage.agent()
    async with agent.http.get(f"{stage.server.url}/v1/agent/conversations/cnv_{'0' * 32}/panel") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "not_found")
    async with agent.http.get(f"{stage.server.url}/v1/agent/conversations?view=all") as response:
        assert response.status == 400


async def test_a_way_that_does_not_exist_and_a_method_that_does_not_fit(server: ChatServer, http: aiohttp.ClientSession) -> None:
    for method, path, status in (("GET", "/v1/nothing", 405), ("GET", "/v1/visits", 405), ("DELETE", "/console", 405), ("GET", "/x", 404)):
        async with http.request(method, server.url + path) as response:
            assert response.status == status
