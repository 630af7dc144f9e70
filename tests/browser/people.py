"""A shopper and an agent as people at a browser: what they see by role and name, what they do. No test reaches into our scripts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, expect

from tests.processes import LOGINS, Demo
from tools.places import ROOT

AXE = ROOT / "widget" / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 15_000
expect.set_options(timeout=WAIT_MS)


class Person:
    """One browser context with one page that must not log errors."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.errors: list[str] = []
        self.listen(page)

    def listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", self._broke)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _broke(self, error: Error) -> None:
        self.errors.append(str(error))


async def person(browser: Browser, *, width: int = 1440, dark: bool = False, **more: Any) -> Person:
    """A fresh browser. `dark`, `width` and anything else that a context takes (`locale=…`)."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900 if width > 500 else 844},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        **more,
    )
    return Person(context, await context.new_page())


class Shopper:
    """Somebody in the demo shop."""

    def __init__(self, who: Person, demo: Demo, locale: str = "en") -> None:
        self.who, self.page, self.demo, self.locale = who, who.page, demo, locale

    async def visit(self, path: str = "/") -> None:
        await self.page.goto(f"{self.demo.shop_url}/{self.locale}{path}")

    async def sign_in(self, customer: str) -> None:
        """`A` or `B`."""
        await self.visit("/sign-in")
        await self.page.get_by_role("button", name=re.compile(rf"(customer|klient|Klient)\w* {customer}\b", re.IGNORECASE)).click()
        await self.page.wait_for_load_state("networkidle")

    async def open_chat(self) -> None:
        await self.page.get_by_role("button", name=re.compile("^(Chat|Czat)")).first.click()
        await expect(self.composer).to_be_visible()

    async def reload(self) -> None:
        """A panel that was open opens again by itself; a click on the launcher would close it."""
        await self.page.reload()
        await expect(self.composer).to_be_visible()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def composer(self) -> Locator:
        return self.dialog.get_by_role("textbox", name=re.compile("Write a message|Napisz"))

    @property
    def log(self) -> Locator:
        return self.dialog.get_by_role("log")

    async def write(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.log.get_by_text(text.replace("*", ""))).to_have_count(1)


class AgentAtConsole:
    """Somebody signed in to the console."""

    def __init__(self, who: Person, demo: Demo) -> None:
        self.who, self.page, self.demo = who, who.page, demo

    async def sign_in(self, login: int = 0) -> None:
        """LOGINS by number: 0 and 1 are agents, 2 supervises."""
        await self.page.goto(f"{self.demo.chat_url}/console")
        await self.fill_in(login)

    async def fill_in(self, login: int = 0) -> None:
        """The form of the login page."""
        await self.page.get_by_label("E-mail").fill(LOGINS[login].email)
        await self.page.get_by_label("Password").fill(self.demo.chat.password(LOGINS[login]))
        await self.page.get_by_role("button", name="Sign in").click()
        await expect(self.page.get_by_role("navigation", name="Views")).to_be_visible()

    async def view(self, name: str) -> None:
        await self.page.get_by_role("navigation", name="Views").get_by_role("button", name=re.compile(f"^{name}")).click()

    async def open(self, text: str) -> None:
        """The conversation whose row shows `text`."""
        await self.page.get_by_role("option").filter(has_text=text).first.click()
        await expect(self.log).to_be_visible()

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def panel(self) -> Locator:
        return self.page.get_by_role("region", name="Customer")

    async def reply(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.log.get_by_text(text)).to_have_count(1)


async def no_violations(page: Page, *, within: str | None = None) -> None:
    """axe-core finds nothing on the page, shadow roots included."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        """async (within) => (await axe.run(within ? {include: within} : document,
            {resultTypes: ["violations"]})).violations.map(v => [v.id, v.nodes.map(n => n.target.join(" ") + ": " + n.failureSummary)])""",
        within,
    )
    if found:
        raise AssertionError("axe: " + "\n".join(f"{rule}: {node}" for rule, nodes in found for node in nodes))


async def eventually(condition: Callable[[], object], page: Page, seconds: float = 15) -> None:
    """Waits for what the test has heard of the page to be so."""
    for _ in range(int(seconds * 10)):
        if condition():
            return
        await page.wait_for_timeout(100)
    raise AssertionError("it did not come true in time")
