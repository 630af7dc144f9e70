"""Products at real browsers: an agent finds one in the catalogue and sends it, and the shopper sees the price that the shop has now."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.gallery import gallery_pages
from tests.browser.people import AgentAtConsole, Shopper, no_violations, person
from tests.browser.pictures import keep
from tests.processes import Demo

pytestmark = pytest.mark.browser


async def test_an_agent_sends_a_product_of_the_catalogue(browser: Browser, demo: Demo) -> None:
    office = Shopper(await person(browser), demo)
    await office.page.goto(f"{demo.shop_url}/backoffice/products")
    row = office.page.get_by_role("row").filter(has_text="Halla")
    await row.get_by_label("Price").fill("189.00")
    await row.get_by_role("button", name="Save").click()
    await no_violations(office.page)

    shopper = Shopper(await person(browser, width=390), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Hello, I would like to talk to a person about a blanket")

    agent = AgentAtConsole(await person(browser, dark=True), demo)
    await agent.sign_in()
    await agent.view("All open")
    await agent.open("about a blanket")
    page = agent.page
    await page.get_by_role("button", name="Add a product").click()
    picker = page.get_by_role("dialog", name="Add a product")
    await expect(picker.get_by_role("option")).not_to_have_count(0)
    await picker.get_by_role("combobox").fill("halla")
    await expect(picker.get_by_role("option")).to_have_count(1)
    await expect(picker.get_by_text("189.00")).to_be_visible()
    await no_violations(page)
    await keep(page, "console-picker-dark")
    await picker.get_by_role("combobox").fill("submarine")
    await expect(picker.get_by_text(re.compile("No product fits"))).to_be_visible()
    await picker.get_by_role("combobox").fill("halla")
    await expect(picker.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("list", name="Goes along with the reply").get_by_text("Halla")).to_be_visible()
    await keep(page, "console-attached-dark")
    await page.get_by_role("textbox", name="Reply").fill("This one is warm.")
    await page.keyboard.press("Enter")
    await expect(shopper.log.get_by_text("This one is warm.")).to_be_visible()
    await expect(shopper.log.get_by_role("link", name=re.compile("Halla"))).to_be_visible()
    await expect(shopper.log.get_by_text("189.00")).to_be_visible()
    await no_violations(shopper.page)
    await keep(shopper.page, "shopper-card-390")
    await expect(agent.log.get_by_text("Halla wool blanket")).to_have_count(1)
    await expect(page.get_by_role("list", name="Goes along with the reply")).to_have_count(0)
    assert agent.who.errors == []
    assert shopper.who.errors == []


async def test_the_list_of_products_on_a_phone_and_from_right_to_left(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("A person for the tent question please")
    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    await agent.view("All open")
    await agent.open("tent question")
    page = agent.page
    await page.set_viewport_size({"width": 390, "height": 844})
    for direction in ("ltr", "rtl"):
        await page.evaluate(f"document.documentElement.dir = '{direction}'")
        await page.get_by_role("button", name="Add a product").click()
        await expect(page.get_by_role("option").first).to_be_visible()
        box = await page.get_by_role("dialog", name="Add a product").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] >= 0
        await keep(page, f"console-picker-390-{direction}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("textbox", name="Reply")).to_be_focused()


async def test_a_product_that_is_sold_out_is_spoken_of(browser: Browser, demo: Demo) -> None:
    office = Shopper(await person(browser), demo)
    await office.page.goto(f"{demo.shop_url}/backoffice/products")
    row = office.page.get_by_role("row").filter(has_text="Kalda")
    await row.get_by_role("button", name="Sold out").click()
    await expect(row.get_by_text("sold out", exact=True)).to_be_visible()
    await keep(office.page, "backoffice-products")
    shopper = Shopper(await person(browser, locale="pl-PL"), demo, "pl")
    await shopper.visit("/p/kalda-bottle")
    await expect(shopper.page.get_by_role("button", name="Chwilowo niedostępne")).to_be_disabled()
    await expect(shopper.page.get_by_text(re.compile("Tego chwilowo nie ma"))).to_be_visible(timeout=60_000)
    await keep(shopper.page, "sold-out-nudge")


async def test_edit_brings_the_cards_back_and_no_more_go_in_than_a_message_takes(browser: Browser) -> None:
    agent = await person(browser, locale="en-GB")
    page = agent.page
    chosen = page.get_by_role("list", name="Goes along with the reply").get_by_role("listitem")
    add = page.get_by_role("button", name="Add a product")
    send = page.get_by_role("button", name="Send")
    with gallery_pages() as address:
        await page.goto(f"{address}/console-states.html?state=failed-cards")
        await page.get_by_role("button", name="Edit").click()
        await expect(page.get_by_role("textbox", name="Reply")).to_have_value(re.compile("^Yes, you can choose"))
        await expect(chosen).to_have_text([re.compile("Halla"), re.compile("Kopla")])
        await expect(send).to_be_enabled()
        await page.goto(f"{address}/console-states.html?state=cards-over")
        await expect(chosen).to_have_count(6)
        await expect(page.get_by_text("no more than 5 products")).to_be_visible()
        await expect(add).to_be_disabled()
        await expect(send).to_be_disabled()
        await page.get_by_role("button", name="Take Stilla candle out").click()
        await expect(page.get_by_role("textbox", name="Reply")).to_be_focused()
        await expect(send).to_be_enabled()
        await expect(add).to_be_disabled()
        await page.get_by_role("button", name="Take Halla wool blanket out").click()
        await expect(add).to_be_enabled()
        await expect(page.get_by_text("no more than 5 products")).to_have_count(0)
    assert [said for said in agent.errors if "404" not in said] == []
