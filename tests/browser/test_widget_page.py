"""The widget on a page that makes it hard: strict CSP with Trusted Types, hostile styles, no consent, no WebSocket, the back button.

The page stands at the test inbox's origin and is nothing but the snippet.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from tests.browser.people import eventually, person
from tests.browser.shop_page import NO_WEBSOCKET, shop_page
from tests.processes import INBOX_KEY, ChatServer

pytestmark = pytest.mark.browser

WATCH_CSP = "window.broken = []; addEventListener('securitypolicyviolation', e => broken.push(e.violatedDirective + ' ' + e.blockedURI))"


@pytest.fixture(scope="module")
def shop(server: ChatServer) -> Iterator[str]:
    """Origin of the page."""
    with shop_page(server) as origin:
        yield origin


@pytest.fixture
async def browser_with_bfcache(chromium: str) -> AsyncIterator[Browser]:
    """Playwright turns the back/forward cache off by default."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"], ignore_default_args=["--disable-back-forward-cache"]
        )
        yield started
        await started.close()


def told(page: Page) -> list[dict[str, Any]]:
    """The bodies of all beacons from now on."""
    bodies: list[dict[str, Any]] = []

    def take(request: Request) -> None:
        if request.url.endswith("/v1/visits") and request.post_data:
            bodies.append(json.loads(request.post_data))

    page.on("request", take)
    return bodies


def facts_in(bodies: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Kind and data of each fact, but for how long the page was looked at."""
    return [(each["kind"], each["data"]) for body in bodies for each in body["activities"] if each["kind"] != "dwell"]


async def open_and_write(page: Page, text: str) -> None:
    await page.get_by_role("button", name="Chat").click()
    box = page.get_by_role("dialog").get_by_role("textbox", name=re.compile("Write a message"))
    await box.fill(text)
    await box.press("Enter")
    await expect(page.get_by_role("log").get_by_text("Sent", exact=True)).to_be_visible()


async def test_a_strict_policy_and_hostile_styles_change_nothing(browser: Browser, shop: str) -> None:
    who = await person(browser)
    await who.page.add_init_script(WATCH_CSP)
    await who.page.goto(f"{shop}/hostile")
    await open_and_write(who.page, "Hello *there*")
    assert await who.page.evaluate("broken") == []
    assert who.errors == []
    box = await who.page.get_by_role("dialog").bounding_box()
    assert box is not None
    assert (round(box["width"]), round(box["x"] + box["width"])) == (384, 1420)
    style = await who.page.get_by_text("there", exact=True).evaluate("e => [getComputedStyle(e).fontSize, getComputedStyle(e).visibility]")
    assert style == ["14px", "visible"]
    assert await who.page.evaluate("performance.getEntriesByType('layout-shift').length") == 0


async def test_before_intent_there_is_neither_app_nor_socket(browser: Browser, shop: str) -> None:
    who = await person(browser)
    asked: list[str] = []
    sockets: list[str] = []
    who.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    who.page.on("websocket", lambda socket: sockets.append(socket.url))
    await who.page.goto(shop)
    await who.page.wait_for_timeout(2500)
    assert [name for name in asked if name.startswith(("app-", "cards-", "fallback-", "locale-"))] == []
    assert sockets == []
    assert asked.count("loader.js") == 1
    await who.page.get_by_role("button", name="Chat").hover()
    await eventually(lambda: [name for name in asked if name.startswith("app-")], who.page)
    await who.page.wait_for_timeout(500)
    assert len([name for name in asked if name.startswith("app-")]) == 1
    assert sockets == []


@pytest.mark.parametrize(
    ("locale", "launcher", "greeting", "side"),
    [
        ("uk", "Чат", "Чим можемо допомогти?", "ltr"),
        ("ru-RU", "Чат", "Чем можем помочь?", "ltr"),
        ("te", "చాట్", "మీకు ఎలా సహాయపడగలం?", "ltr"),
        ("ar", "دردشة", "كيف يمكننا مساعدتك؟", "rtl"),
    ],
)
async def test_it_speaks_as_the_page_asks_from_the_launcher_on(
    browser: Browser, shop: str, locale: str, launcher: str, greeting: str, side: str
) -> None:
    who = await person(browser)
    asked: list[str] = []
    who.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    await who.page.goto(f"{shop}/in/{locale}")
    await who.page.get_by_role("button", name=launcher).click()
    await expect(who.page.get_by_role("dialog").get_by_text(greeting)).to_be_visible()
    assert await who.page.get_by_role("dialog").evaluate("e => [e.lang, e.dir]") == [locale[:2], side]
    assert [name.split("-")[1] for name in asked if name.startswith("locale-")] == [locale[:2]]
    assert who.errors == []


async def test_the_page_tells_facts(browser: Browser, shop: str) -> None:
    who = await person(browser)
    bodies = told(who.page)
    await who.page.goto(shop)
    await eventually(lambda: bodies, who.page)
    await who.page.evaluate("""() => {
      history.pushState({}, "", "/two");
      document.querySelector("#f").checkValidity();
      function gtag() { dataLayer.push(arguments) }
      gtag("event", "view_item", {currency: "PLN", value: 129, items: [{item_id: "p1", item_name: "Shoe", price: 129}]});
      document.dispatchEvent(new MouseEvent("mouseout", {clientY: -1, bubbles: true}));
    }""")
    await eventually(lambda: len(facts_in(bodies)) >= 6, who.page)
    await who.page.wait_for_timeout(1000)  # nothing is told twice
    facts = facts_in(bodies)
    assert sorted(kind for kind, _ in facts) == ["exit_intent", "form_error", "page_view", "page_view", "track", "view_item"]
    by_kind = dict(facts)
    assert by_kind["track"] == {"name": "early", "properties": {"a": 1}}
    assert by_kind["page_view"] == {"url": f"{shop}/two", "title": "A shop", "referrer": f"{shop}/"}
    assert by_kind["form_error"] == {"form": "f", "field": "zip"}
    assert by_kind["view_item"] == {"items": [{"id": "p1", "name": "Shoe", "price": 12900}], "value": 12900, "currency": "PLN"}
    ids = [each["id"] for body in bodies for each in body["activities"]]
    assert len(ids) == len(set(ids))


async def test_without_consent_nothing_is_kept_or_told_and_the_chat_still_works(browser: Browser, shop: str, server: ChatServer) -> None:
    who = await person(browser)
    asked: list[str] = []
    who.page.on("request", lambda request: asked.append(request.url) if request.url.startswith(server.url) else None)
    bodies = told(who.page)
    await who.page.goto(f"{shop}/consent")
    await who.page.wait_for_timeout(1500)
    assert [url.rpartition("/")[2] for url in asked] == ["loader.js"]
    await open_and_write(who.page, "Without consent")
    await expect(who.page.get_by_text(re.compile("keeps nothing here"))).to_be_visible()
    kept = "Promise.all([indexedDB.databases(), Object.keys(localStorage), Object.keys(sessionStorage), document.cookie])"
    assert await who.page.evaluate(kept) == [[], [], [], ""]
    assert bodies == []
    await who.page.evaluate("shopbell('consent', true)")
    await eventually(lambda: bodies, who.page)
    assert [each["kind"] for each in bodies[0]["activities"]] == ["page_view"]
    assert bodies[0]["consent"] is True
    assert await who.page.evaluate("Object.keys(localStorage)") == [f"shopbell.{INBOX_KEY}"]
    await who.page.evaluate("shopbell('optOut')")
    for _ in range(100):  # not `wait_for_function`: this page's policy forbids what it does
        if await who.page.evaluate("Object.keys(localStorage).length === 0"):
            break
        await who.page.wait_for_timeout(100)
    await who.page.wait_for_timeout(1000)  # and what is under way brings nothing back
    assert await who.page.evaluate("Object.keys(localStorage)") == []


async def test_global_privacy_control_ends_the_watching(browser: Browser, shop: str) -> None:
    who = await person(browser)
    await who.page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    bodies = told(who.page)
    await who.page.goto(shop)
    await eventually(lambda: bodies, who.page)
    await who.page.evaluate("shopbell('track', 'x', {})")
    await who.page.wait_for_timeout(1500)
    assert [body["activities"] for body in bodies] == [[]] * len(bodies)
    assert len(bodies) >= 1


async def test_where_websockets_are_blocked_polling_carries_it(browser: Browser, shop: str) -> None:
    who = await person(browser)
    await who.page.add_init_script(NO_WEBSOCKET)
    await who.page.goto(shop)
    await open_and_write(who.page, "Over polling")
    assert who.errors == []


async def test_an_app_that_the_server_called_for_hears_of_what_comes_later(browser: Browser, shop: str) -> None:
    who = await person(browser)
    await who.page.goto(shop)
    await open_and_write(who.page, "Hello")
    await who.page.keyboard.press("Escape")
    async with who.page.expect_websocket(lambda socket: "/socket.io/" in socket.url) as socket:
        await who.page.reload()
    await (await socket.value).wait_for_event("framereceived")
    await who.page.evaluate("shopbell('locale', 'pl')")
    await who.page.get_by_role("button", name="Czat").click()
    await expect(who.page.get_by_role("dialog").get_by_role("textbox", name=re.compile("Napisz"))).to_be_visible()
    assert who.errors == []


async def test_back_button_restores_the_page_and_the_socket(browser_with_bfcache: Browser, shop: str) -> None:
    context = await browser_with_bfcache.new_context()
    page = await context.new_page()
    await page.goto(shop)
    await open_and_write(page, "Before")
    await page.evaluate("window.same = true")
    await page.goto(f"{shop}/other")
    await page.evaluate("history.back()")
    await page.wait_for_function("location.pathname === '/'")
    reasons = await page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0].notRestoredReasons)")
    assert await page.evaluate("window.same") is True, f"the page was loaded anew: {reasons}"
    await expect(page.get_by_role("log").get_by_text("Before")).to_have_count(1)
    box = page.get_by_role("dialog").get_by_role("textbox", name=re.compile("Write a message"))
    await box.fill("After")
    await box.press("Enter")
    await expect(page.get_by_role("log").get_by_text("After")).to_have_count(1)

    # The same visitor in another browser, which has no outbox of the first: what it sees is what the server has.
    elsewhere = await (await browser_with_bfcache.new_context(storage_state=await context.storage_state())).new_page()
    await elsewhere.goto(shop)
    await elsewhere.get_by_role("button", name="Chat").first.click()
    await expect(elsewhere.get_by_role("log").get_by_text("After")).to_have_count(1)
