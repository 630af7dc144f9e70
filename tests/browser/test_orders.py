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


async def test_a_guest_follows_an_order_by_the_link_of_its_mail_and_an_agent_finds_it_by_its_number(browser: Browser, demo: Demo) -> None:
    office = await place_order(browser, demo, "B")
    number = await number_of(office)
    mail = await office.page.locator("a[href*='/orders/mail/']").get_attribute("href")
    guest = Shopper(await person(browser, width=390), demo)
    await guest.page.goto(f"{demo.shop_url}{mail}")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text(f"Order {number}")
    await guest.page.get_by_role("button", name="Follow it in the chat").click()
    view = guest.page.locator("shopbell-chat .orders")
    await expect(view.get_by_role("heading", name=f"Order {number}")).to_be_focused()
    await expect(view.get_by_text("Total")).to_be_visible()
    await no_violations(guest.page)

    await office.page.get_by_role("button", name="Shipped").click()
    await expect(view.get_by_role("list", name="What happened to the parcel").get_by_text("Shipped")).to_be_visible(timeout=NUDGE_MS)
    await view.get_by_role("button", name="My orders").click()
    await expect(view.get_by_role("button", name=re.compile(f"Order {number}"))).to_be_focused()
    await no_violations(guest.page)
    await guest.page.keyboard.press("Escape")
    await expect(guest.log.get_by_text(re.compile(f"order {number} is on its way"))).to_be_visible(timeout=NUDGE_MS)

    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    await agent.page.get_by_role("searchbox").fill(number)
    await agent.page.get_by_role("button", name=f"Look for order {number}").click()
    found = agent.page.get_by_role("dialog", name=f"Order {number}")
    await expect(found.get_by_text("by the shop's link").first).to_be_visible()
    await no_violations(agent.page)
    await found.get_by_role("button", name="Why this stage?").click()
    why = agent.page.get_by_role("dialog", name=re.compile("stands where it stands"))
    await expect(why.get_by_text("holds").first).to_be_visible()
    await no_violations(agent.page)
    await agent.page.keyboard.press("Escape")
    await found.get_by_role("button", name=re.compile("by the shop's link")).click()
    await expect(agent.panel.get_by_text("Opened the shop's link")).to_be_visible()
    assert guest.who.errors == []
    assert agent.who.errors == []


async def test_a_guest_finds_an_order_by_number_and_contact_and_nothing_with_another_contact(browser: Browser, demo: Demo) -> None:
    office = await place_order(browser, demo, "A")
    number = await number_of(office)
    guest = Shopper(await person(browser), demo)
    await guest.visit()
    await guest.page.get_by_role("button", name="Chat").click()
    await guest.dialog.get_by_role("button", name="My orders").click()
    view = guest.page.locator("shopbell-chat .orders")
    await view.get_by_label("Order number").fill(number)
    await view.get_by_label("E-mail or phone of the order").fill("somebody@mail.example")
    await view.get_by_role("button", name="Show my order").click()
    await expect(view.get_by_role("alert")).to_contain_text("We found no order")
    await no_violations(guest.page)
    await view.get_by_label("E-mail or phone of the order").fill("Customer-A@example.com")
    await view.get_by_role("button", name="Show my order").click()
    await expect(view.get_by_role("heading", name=f"Order {number}")).to_be_focused()
    await view.get_by_role("button", name="Remove this order from this browser").click()
    await expect(view.get_by_text("No orders here yet")).to_be_visible()
    assert guest.who.errors == []
