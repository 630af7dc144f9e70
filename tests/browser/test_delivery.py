"""No message lost, at a real browser: tabs at once, a server that dies, storage that refuses, no WebSocket, a deploy under an open page.

Each test ends with what the server has: the same visitor in another browser, which has no outbox of the first.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.browser.people import Person, person
from tests.browser.shop_page import NO_STORAGE, NO_WEBSOCKET, shop_page
from tests.conftest import StartNodes, StartServer
from tests.processes import ChatServer

pytestmark = pytest.mark.browser

MANY = 30
UNDER_WAY = re.compile("^(Waiting to be sent|Sending)")
LISTEN = """() => { window.said = []; const root = document.querySelector('shopbell-chat').shadowRoot;
  new MutationObserver(() => said.push(...[...root.querySelectorAll('[role=status]')].map(e => e.textContent).filter(Boolean)))
    .observe(root, {subtree: true, childList: true, characterData: true}) }"""
"""collects every notice that the panel shows"""


class Tab:
    """The chat on one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def go(self, url: str, *, was_open: bool = False) -> None:
        """Load the page and open the chat. A tab that had it open opens it by itself: a click would close it."""
        await self.page.goto(url)
        if not was_open:
            await self.launcher.click()
        await expect(self.composer).to_be_visible()

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("^Chat")).first

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("dialog").get_by_role("textbox", name=re.compile("Write a message"))

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    async def write(self, text: str) -> None:
        """Type and press Enter; the bubble is there when this returns."""
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.log.get_by_text(text, exact=True)).to_have_count(1)

    async def settled(self) -> None:
        """Nothing waits any more."""
        await expect(self.log.get_by_text("Sent", exact=True).last).to_be_visible(timeout=40_000)
        await expect(self.log.get_by_text(UNDER_WAY)).to_have_count(0, timeout=40_000)

    async def words(self, pattern: str) -> list[str]:
        """What the log shows of `pattern`, from above to below."""
        return re.findall(pattern, await self.log.inner_text())


async def as_stored(browser: Browser, who: Person, url: str, pattern: str, last: str) -> list[str]:
    """What the same visitor sees in another browser, once it shows `last`."""
    state = await who.context.storage_state()
    elsewhere = Tab((await person(browser, storage_state=state)).page)
    await elsewhere.go(url)
    await expect(elsewhere.log.get_by_text(last, exact=True)).to_have_count(1)
    return await elsewhere.words(pattern)


@pytest.fixture(scope="module")
def shop(server: ChatServer) -> Iterator[str]:
    """Origin of the page."""
    with shop_page(server) as origin:
        yield origin


async def test_two_tabs_writing_at_once_show_each_message_once_in_one_order(browser: Browser, shop: str) -> None:
    who = await person(browser)
    left, right = Tab(who.page), Tab(await who.context.new_page())
    who.listen(right.page)
    await left.go(shop)
    await left.write("left 0")
    await right.go(shop)
    await expect(right.log.get_by_text("left 0")).to_have_count(1)

    async def speak(tab: Tab, name: str) -> None:
        for number in range(1, 7):
            await tab.write(f"{name} {number}")

    await asyncio.gather(speak(left, "left"), speak(right, "right"))
    everything = {f"left {number}" for number in range(7)} | {f"right {number}" for number in range(1, 7)}
    for tab in (left, right):
        await expect(tab.log.get_by_text(re.compile(r"^(left|right) \d$"))).to_have_count(len(everything))
        await tab.settled()
    stored = await as_stored(browser, who, shop, r"(?:left|right) \d", "left 6")
    assert set(stored) == everything
    assert len(stored) == len(everything)
    for name in ("left", "right"):
        own = [text for text in stored if text.startswith(name)]
        assert own == sorted(own)
    assert await left.words(r"(?:left|right) \d") == stored
    assert await right.words(r"(?:left|right) \d") == stored
    assert who.errors == []


async def test_thirty_messages_wait_over_a_kill_and_a_reload(browser: Browser, start_server: StartServer) -> None:
    server = start_server()
    with shop_page(server) as shop:
        who = await person(browser)
        tab = Tab(who.page)
        await tab.go(shop)
        await tab.write("before")
        await tab.settled()
        server.kill()
        for number in range(MANY):
            await tab.composer.fill(f"waiting {number:02}")
            await tab.composer.press("Enter")
        await expect(tab.log.get_by_text(re.compile(r"^waiting \d\d$"))).to_have_count(MANY)
        await expect(tab.log.get_by_text("Waiting to be sent").last).to_be_visible()
        await expect(tab.page.get_by_text(re.compile("^No connection"))).to_be_visible()
        await tab.composer.fill("half a sent")
        await tab.page.goto("about:blank")
        server.start()
        await tab.go(shop, was_open=True)
        await expect(tab.composer).to_have_value("half a sent")
        await tab.composer.press("End")
        await tab.composer.press_sequentially("ence")
        await tab.composer.press("Enter")
        await tab.settled()
        expected = ["before", *(f"waiting {number:02}" for number in range(MANY)), "half a sentence"]
        pattern = r"before|waiting \d\d|half a sentence"
        assert await tab.words(pattern) == expected
        assert await as_stored(browser, who, shop, pattern, "half a sentence") == expected


async def test_a_server_killed_while_the_shopper_types(browser: Browser, start_server: StartServer) -> None:
    server = start_server()
    with shop_page(server) as shop:
        who = await person(browser)
        tab = Tab(who.page)
        await tab.go(shop)
        await tab.write("typed 0")
        await tab.settled()

        async def speak() -> None:
            for number in range(1, 13):
                await tab.composer.press_sequentially(f"typed {number}", delay=15)
                await tab.composer.press("Enter")

        typing = asyncio.create_task(speak())
        await expect(tab.log.get_by_text("typed 3", exact=True)).to_have_count(1)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await typing
        await tab.settled()
        expected = [f"typed {number}" for number in range(13)]
        assert await tab.words(r"typed \d+") == expected
        assert await as_stored(browser, who, shop, r"typed \d+", "typed 12") == expected


async def test_where_storage_is_refused_it_says_so_and_delivers(browser: Browser, shop: str) -> None:
    who = await person(browser)
    await who.page.add_init_script(NO_STORAGE)
    tab = Tab(who.page)
    await tab.go(shop)
    await expect(tab.page.get_by_text(re.compile("keeps nothing here"))).to_be_visible()
    await tab.write("Not kept, but sent")
    await tab.settled()
    assert who.errors == []


async def test_without_websockets_behind_two_servers_the_calls_carry_it(browser: Browser, start_nodes: StartNodes) -> None:
    near, far = start_nodes(2)
    with shop_page(near, far) as shop:
        who = await person(browser)
        await who.page.add_init_script(NO_WEBSOCKET)
        asked: list[str] = []
        refused: list[str] = []
        who.page.on("request", lambda request: asked.append(request.url))
        who.page.on("response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        blocked = Tab(who.page)
        await blocked.go(shop)
        await blocked.page.evaluate(LISTEN)
        await blocked.write("over calls")
        await blocked.settled()
        assert any("/widget/fallback-" in url for url in asked)
        assert any(url.endswith("/v1/conversations/current/messages") for url in asked)

        other = await person(browser, storage_state=await who.context.storage_state())
        free = Tab(other.page)
        await free.go(f"{shop}/second")
        await expect(free.log.get_by_text("over calls")).to_have_count(1)
        await free.write("over a socket")
        await expect(blocked.log.get_by_text("over a socket")).to_have_count(1)
        assert await blocked.page.evaluate("said") == []

        # A deploy of the server that holds the socket: it drains, the page comes back, and has what was said meanwhile.
        await asyncio.to_thread(far.stop)
        await blocked.write("while it was away")
        await blocked.settled()
        await free.write("written meanwhile")
        await asyncio.to_thread(far.start)
        await expect(blocked.log.get_by_text("written meanwhile")).to_have_count(1, timeout=40_000)
        await free.settled()
        expected = ["over calls", "over a socket", "while it was away", "written meanwhile"]
        for tab in (blocked, free):
            assert await tab.words("over calls|over a socket|while it was away|written meanwhile") == expected
        # Several servers refuse long polling, once; that is how the page knows them. Nothing else is refused.
        assert [re.sub(r"\?.*", "", each) for each in refused] == [f"400 {near.url}/socket.io/"]


async def test_a_page_from_before_a_deploy_opens_with_the_files_of_today(browser: Browser, shop: str) -> None:
    who = await person(browser)

    async def yesterday(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, body=re.sub(r"app-\w+\.js", "app-YESTERDAY1.js", await answer.text()))

    await who.page.route("**/widget/loader.js", yesterday)
    tab = Tab(who.page)
    await tab.go(shop)
    await tab.write("still here")
    await tab.settled()
    assert who.errors == []


async def test_a_launcher_whose_app_does_not_load_keeps_trying_and_shows_it(browser: Browser, shop: str) -> None:
    who = await person(browser)
    refused: list[str] = []

    async def refuse(route: Route) -> None:
        refused.append(route.request.url)
        await route.abort()

    await who.page.route("**/widget/app-*", refuse)
    await who.page.goto(shop)
    tab = Tab(who.page)
    await tab.launcher.click()
    await expect(tab.launcher).to_have_attribute("aria-busy", "true")
    await who.page.wait_for_timeout(500)
    assert refused
    await who.page.unroute("**/widget/app-*")
    await expect(tab.composer).to_be_visible()
    assert await tab.launcher.get_attribute("aria-busy") is None
