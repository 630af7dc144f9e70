"""What lies above the console, and its menu of places: focus goes in, stays in and comes back; the keyboard reaches everything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.gallery import gallery_pages
from tests.browser.people import AgentAtConsole, no_violations, person
from tests.browser.pictures import keep
from tests.processes import Demo

pytestmark = pytest.mark.browser
INSIDE = "document.activeElement.closest('dialog')?.querySelector('h2').textContent ?? ''"


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """Address of the built page."""
    with gallery_pages() as address:
        yield f"{address}/console-states.html"


async def at(browser: Browser, gallery: str, scene: str, width: int = 1440) -> Page:
    who = await person(browser, width=width, locale="en-GB")
    await who.page.goto(f"{gallery}?{scene}")
    await who.page.wait_for_selector("body[data-ready]")
    return who.page


async def places_by_tab(page: Page, times: int) -> set[str]:
    """In which dialogs the focus was; empty: in the browser's own bar, where a modal dialog lets it go."""
    seen = set()
    for _ in range(times):
        await page.keyboard.press("Tab")
        seen.add("" if await page.evaluate("document.activeElement === document.body") else await page.evaluate(INSIDE) or "beneath")
    return seen


async def test_the_keys_open_above_the_page_and_give_the_focus_back(browser: Browser, gallery: str) -> None:
    page = await at(browser, gallery, "state=thread")
    opener = page.get_by_role("button", name="Keyboard shortcuts").first
    await opener.focus()
    await page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    assert await places_by_tab(page, 5) <= {"Keyboard shortcuts", ""}
    await page.keyboard.press("j")  # no command of the page beneath
    await expect(page.get_by_role("option", selected=True)).to_contain_text("Demo customer A")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(opener).to_be_focused()


async def test_one_dialog_on_another_and_back_to_the_search(browser: Browser, gallery: str) -> None:
    page = await at(browser, gallery, "state=list")
    field = page.get_by_role("searchbox")
    await field.fill("99104")
    await field.press("Enter")
    found = page.get_by_role("dialog", name="Order 99104")
    ask = found.get_by_role("button", name="Why this stage?")
    await expect(ask).to_be_visible()
    assert await places_by_tab(page, 14) <= {"Order 99104", ""}
    await ask.focus()
    await page.keyboard.press("Enter")
    why = page.get_by_role("dialog", name="Why order 10482 stands where it stands")
    await expect(why.get_by_role("button", name="Close")).to_be_focused()
    await no_violations(page)
    await page.keyboard.press("Escape")
    await expect(why).to_have_count(0)
    await expect(ask).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(found).to_have_count(0)
    await expect(field).to_be_focused()


async def test_a_click_beside_it_closes_and_the_end_of_the_session_stays(browser: Browser, gallery: str) -> None:
    page = await at(browser, gallery, "state=help")
    await page.mouse.click(20, 450)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    page = await at(browser, gallery, "state=ended")
    over = page.get_by_role("alertdialog", name="Your session has ended")
    for _ in range(3):
        await page.keyboard.press("Escape")
    await expect(over.get_by_role("link", name="Sign in again")).to_be_visible()
    assert await places_by_tab(page, 4) <= {"Your session has ended", ""}


@pytest.mark.parametrize("dark", [False, True])
async def test_where_it_is_narrow_a_menu_reaches_every_place(browser: Browser, demo: Demo, dark: bool) -> None:
    boss = AgentAtConsole(await person(browser, dark=dark), demo)
    await boss.sign_in(2)
    page = boss.page
    await page.set_viewport_size({"width": 390, "height": 844})
    opener = page.get_by_role("navigation", name="Sections").get_by_role("button", name="Menu")
    await opener.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Inbox", "Sources", "Keyboard shortcuts", "Sign out"])
    await expect(page.get_by_role("menuitem", name="Inbox")).to_be_focused()
    await expect(page.get_by_role("menuitem", name="Inbox")).to_have_attribute("aria-current", "page")
    await no_violations(page)
    await keep(page, f"places-390-{'dark' if dark else 'light'}")
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(opener).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Inbox")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem", name="Sources")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="How they are doing")).to_be_visible()
    await no_violations(page)
    await page.get_by_role("link", name="Inbox").click()
    await expect(opener).to_be_visible()
    assert boss.who.errors == []


async def test_an_agent_has_no_place_that_is_not_theirs(browser: Browser, gallery: str) -> None:
    page = await at(browser, gallery, "state=list", width=390)
    await page.get_by_role("button", name="Menu").click()
    await expect(page.get_by_role("menuitem")).to_have_text(["Inbox", "Keyboard shortcuts", "Sign out"])
