"""Walks b and e at real browsers: the back office moves a parcel, the shopper hears of it first, and one click takes the way out."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import AgentAtConsole, Shopper, no_violations, person
from tests.processes import Demo

pytestmark = pytest.mark.browser
NUDGE_MS = 60_000


async def place_order(browser: Browser, demo: Demo, customer: str) -> Shopper:
    """Somebody at the back office, with a new order of a customer open."""
    office = Shopper(await person(browser), demo)
    await office.page.goto(f"{demo.shop_url}/backoffice")
    await office.page.get_by_role("button", name=re.compile(f"For .*{customer}$")).click()
    await expect(office.page.get_by_role("heading", level=1)).to_contain_text("-")
    return office


async def number_of(office: Shopper) -> str:
    """The number that people read, of the order that the back office shows by its id."""
    return (await office.page.get_by_role("heading", level=1).inner_text()).strip().removeprefix("A-")


async def test_a_late_parcel_is_told_and_the_voucher_taken_with_one_click(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser), demo)
    await shopper.sign_in("A")
    office = await place_order(browser, demo, "A")
    number = await number_of(office)
    await office.page.get_by_role("button", name="Shipped").click()
    await office.page.get_by_role("button", name="Delay it").click()

    await expect(shopper.page.get_by_text(re.compile("is late"))).to_be_visible(timeout=NUDGE_MS)
    await no_violations(shopper.page)
    await shopper.page.get_by_text(re.compile("is late")).first.click()
    await expect(shopper.composer).to_be_visible()
    await expect(shopper.log.get_by_text(re.compile(f"{number}.* is late"))).to_be_visible()
    take = shopper.dialog.get_by_role("button", name="Take the voucher")
    await expect(take).to_be_visible()
    await no_violations(shopper.page)
    await take.dblclick()
    await expect(shopper.dialog.get_by_text(re.compile("^Done"))).to_be_visible()

    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    await agent.view("All open")
    await agent.open("is late")
    await expect(agent.panel.get_by_text(number).first).to_be_visible()
    await expect(agent.panel.get_by_text("10 zł off your next order").first).to_be_visible()
    await no_violations(agent.page)
    await office.page.goto(f"{demo.shop_url}/backoffice/log")
    await expect(office.page.get_by_role("region", name="Offer calls").get_by_role("row")).to_have_count(2)  # the head, and one call
    assert shopper.who.errors == []
    assert agent.who.errors == []


async def test_another_customer_hears_nothing_of_it(browser: Browser, demo: Demo) -> None:
    other = Shopper(await person(browser), demo)
    await other.sign_in("B")
    office = await place_order(browser, demo, "A")
    number = await number_of(office)
    await office.page.get_by_role("button", name="Out for delivery").click()
    await other.visit("/")
    await other.open_chat()
    await expect(other.composer).to_be_visible()
    await expect(other.page.get_by_text(number)).to_have_count(0)


async def test_looking_at_one_product_three_times_opens_a_conversation(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser, locale="pl-PL"), demo, "pl")
    await shopper.visit("/")
    product = await shopper.page.locator('a[href*="/pl/p/"]').first.get_attribute("href")
    assert product is not None
    for _ in range(3):
        await shopper.page.goto(f"{demo.shop_url}{product}")
        await shopper.page.wait_for_timeout(1200)
    await expect(shopper.page.get_by_text(re.compile("Ciągle tu wracasz"))).to_be_visible(timeout=NUDGE_MS)
    await no_violations(shopper.page)
