"""The sources page over HTTP: who may see it, what it shows, what its buttons do, and that each of them needs the session's token."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import timedelta

import aiohttp

from order_status.shops.standard_webhooks import sign
from tests.walks.agent import Agent
from tests.walks.shop import Order, iso, now
from tests.walks.shopper import Shopper
from tests.walks.stage import AGENT, SUPERVISOR, Stage

SOURCES = "/console/sources"


async def page(agent: Agent, path: str = SOURCES, status: int = 200, lang: str = "en") -> str:
    async with agent.http.get(agent.server.url + path, headers={"Accept-Language": lang}) as response:
        assert response.status == status, await response.text()
        assert "script-src 'self'" in response.headers["Content-Security-Policy"]
        return await response.text()


async def press(agent: Agent, act: str, fields: Mapping[str, str] | None = None, *, status: int = 303, csrf: str | None = None) -> str:
    """Sends a form; answers where it leads, or the text of what it shows."""
    form = {**(fields or {}), "csrf": agent.csrf if csrf is None else csrf}
    async with agent.http.post(f"{agent.server.url}{SOURCES}/{act}", data=form, allow_redirects=False) as response:
        assert response.status == status, await response.text()
        return response.headers.get("Location", "") or await response.text()


def fields_of(text: str, act: str, having: str) -> dict[str, str]:
    """The hidden fields of a form."""
    for form in re.findall(rf'<form method="post" action="{SOURCES}/{act}">(.*?)</form>', text, re.DOTALL):
        found = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        if having in form:
            return found
    raise AssertionError(f"no form {act} with {having}")


async def heard(shopper: Shopper, words: str) -> None:
    await shopper.beacon()
    texts = shopper.thread.texts
    await shopper.wire.until(lambda: any(words in text for text in texts()), lambda: f"{words}, have {texts()}")


async def supervisor(stage: Stage) -> Agent:
    return await stage.agent(SUPERVISOR, availability=None)


async def test_it_is_for_supervisors(stage: Stage, http: aiohttp.ClientSession) -> None:
    async with http.get(stage.server.url + SOURCES, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/console/login?next=/console/sources")
    agent = await stage.agent(AGENT, availability=None)
    assert "For supervisors" in await page(agent, status=403)
    assert "are for supervisors" in await press(agent, "replay", {"source": "x", "delivery": "y"}, status=403)


async def test_health_webhooks_and_a_replay(stage: Stage) -> None:
    boss, order = await supervisor(stage), Order("c-sources", more={"customer": {"id": "c-sources", "email": "sources@example.com"}})
    await stage.shop.tell(order.moved("shipped"))
    text = await page(boss, f"{SOURCES}?order={order.id}")
    assert "<h3>native" in text
    assert "order placed · shipment s-1 shipped" in text
    assert stage.shop.source not in text, "the id may be all that proves a sender"
    link = re.search(rf'href="({SOURCES}/webhook\?[^"]+)"', text)
    assert link is not None
    shown = await page(boss, link[1].replace("&amp;", "&"))
    assert order.number in shown
    assert "sources@example.com" not in shown
    fields = fields_of(text, "replay", "delivery")
    assert "sources@example.com" in await press(boss, "webhook", fields, status=200)
    assert await press(boss, "replay", fields) == f"{SOURCES}?said=accepted"
    after = await page(boss, f"{SOURCES}?said=accepted")
    assert "nothing is told twice" in after
    assert "looked at in full" in after
    assert "replayed" in after
    assert "Odczytano ponownie" in await page(boss, f"{SOURCES}?said=accepted", lang="pl")


async def test_a_form_needs_the_sessions_token(stage: Stage) -> None:
    boss = await supervisor(stage)
    for act in ("replay", "read", "drop", "decide", "rebuild", "call", "webhook"):
        assert "token does not match" in await press(boss, act, status=403, csrf="forged")
    assert "is missing" in await press(boss, "replay", status=400)
    await press(boss, "nothing", status=404)


async def test_what_could_not_be_read_is_kept_and_can_be_thrown_away(stage: Stage) -> None:
    boss, body = await supervisor(stage), stage.shop.event({"order_id": f"A-{secrets.token_hex(4)}", "colour": "red"})
    for _ in range(2):
        status, _answer = await stage.shop.post(body, sign(stage.shop.secret, f"msg_{secrets.token_hex(8)}", now(), body))
        assert status == 400
    text = await page(boss)
    assert "Could not be read" in text
    assert "2×" in text
    fields = fields_of(text, "read", "digest")
    assert await press(boss, "read", fields) == f"{SOURCES}?said=malformed"
    assert "&#34;colour&#34;: &#34;red&#34;" in await page(boss, f"{SOURCES}/letter?source={fields['source']}&digest={fields['digest']}")
    assert await press(boss, "drop", fields) == f"{SOURCES}?said=dropped"
    assert await press(boss, "drop", fields) == f"{SOURCES}?said=not_found"
    assert "Could not be read" not in await page(boss)


async def test_an_operator_settles_a_contradiction_and_the_shopper_hears_of_it_once(stage: Stage) -> None:
    boss, customer = await supervisor(stage), stage.customer()
    shopper = await stage.shopper(customer=customer)
    order = Order(customer)
    await stage.shop.tell(order.moved("delivered", at=iso(now() - timedelta(minutes=20))))
    await heard(shopper, "has arrived")
    await stage.shop.tell(order.moved("in_transit", at=iso(now() - timedelta(minutes=10))))
    text = await page(boss)
    assert "Correct to: in transit" in text
    fields = fields_of(text, "decide", "corrected")
    assert await press(boss, "decide", fields) == f"{SOURCES}?said=corrected"
    assert await press(boss, "decide", fields) == f"{SOURCES}?said=settled"
    await heard(shopper, "A correction about order")
    settled = await page(boss)
    assert "Supervisor" in settled
    assert "Correct to: in transit" not in settled


async def test_odd_words_in_an_address_find_nothing(stage: Stage) -> None:
    boss = await supervisor(stage)
    for odd in ("%00", "%ED%A0%80", "x" * 300):
        assert "Nothing was stored yet." in await page(boss, f"{SOURCES}?order={odd}x&before={odd}")
        await page(boss, f"{SOURCES}/webhook?source={odd}1&delivery={odd}2", status=404)
