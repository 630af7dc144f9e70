"""Walk e at real browsers: a choice, an address, an agent's offer, what the shop made of it, and back again."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import AgentAtConsole, Shopper, no_violations, person
from tests.browser.pictures import keep
from tests.browser.test_orders import NUDGE_MS, number_of, place_order
from tests.processes import Demo

pytestmark = pytest.mark.browser


async def test_another_pick_up_point_is_chosen_carried_out_and_taken_back(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser, width=390), demo)
    await shopper.sign_in("B")
    office = await place_order(browser, demo, "B")
    number = await number_of(office)
    order_page = office.page.url
    await office.page.get_by_role("button", name="Shipped").click()
    await office.page.get_by_role("button", name="Nobody was in").click()
    await shopper.page.get_by_text(re.compile(f"missed you with order {number}")).first.click(timeout=NUDGE_MS)
    card = shopper.dialog.get_by_role("group", name="Pick it up when it suits you")
    await expect(card.get_by_role("radio").first).to_be_visible()
    await card.get_by_role("button", name="Send it there").click()
    await expect(card.get_by_text(re.compile("^Accepted|^Done"))).to_have_count(0)  # nothing is chosen yet: the browser asks for it
    await card.get_by_role("radio", name=re.compile("Kraków")).check()
    await no_violations(shopper.page)
    await keep(shopper.page, "offer-point-390")
    await card.get_by_role("button", name="Send it there").click()
    await expect(card.get_by_text(re.compile(r"^Done\..*North Point, Kraków"))).to_be_visible()
    await office.page.goto(order_page)
    await expect(office.page.get_by_text("North Point, Kraków").first).to_be_visible()
    await keep(shopper.page, "offer-done-390")
    await card.get_by_role("button", name="Undo").click()
    await expect(card.get_by_text(re.compile("^Undone"))).to_be_visible()
    await expect(card.get_by_text("Kraków")).to_have_count(0)  # it does not go there
    await no_violations(shopper.page)
    await keep(shopper.page, "offer-undone-390")
    await office.page.goto(order_page)
    taken = office.page.get_by_role("region", name="Offers taken").get_by_role("row")
    await expect(taken).to_have_count(3)  # the head, the acceptance, and that it was taken back
    await expect(taken.filter(has_text="taken back")).to_have_count(1)
    await keep(office.page, "offer-office")
    assert shopper.who.errors == []


async def test_an_agent_offers_and_the_shopper_gives_another_address(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser, dark=True), demo)
    await shopper.sign_in("A")
    shopper.locale = "pl"
    office = await place_order(browser, demo, "A")
    number = await number_of(office)
    order_page = office.page.url
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Czy można zmienić adres?")
    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    await agent.view("All open")
    await agent.open("Czy można zmienić adres?")
    await expect(agent.panel.get_by_text(number).first).to_be_visible()
    await agent.panel.get_by_role("button", name="Make an offer").first.click()
    await no_violations(agent.page)
    await keep(agent.page, "offer-menu")
    await agent.page.get_by_role("menuitem", name="Inny adres").click()
    await agent.panel.get_by_role("button", name="Send the offer").click()
    await expect(agent.log.get_by_text("Inny adres").first).to_be_visible()

    card = shopper.dialog.get_by_role("group", name="Inny adres")
    await card.get_by_text("Zmień adres").click()
    await card.get_by_label("Imię i nazwisko").fill("Klient A")
    await card.get_by_label("Ulica i numer").fill("ul. Nowa 5")
    await card.get_by_label("Kod pocztowy").fill("00-002")
    await card.get_by_label("Miasto").fill("Warszawa")
    await no_violations(shopper.page)
    await keep(shopper.page, "offer-address-dark")
    await card.get_by_role("button", name="Wyślij nowy adres").click()
    await expect(card.get_by_text(re.compile(r"^Gotowe\..*ul\. Nowa 5"))).to_be_visible()
    await keep(shopper.page, "offer-address-done-dark")
    await office.page.goto(order_page)
    await expect(office.page.get_by_text("ul. Nowa 5").first).to_be_visible()

    line = agent.panel.get_by_text(re.compile("1 call to the shop"))
    await expect(line.first).to_be_visible()
    await line.first.click()
    await expect(agent.panel.get_by_text(re.compile("Accepted: done")).first).to_be_visible()
    await no_violations(agent.page)
    await keep(agent.page, "offer-panel")
    assert shopper.who.errors == []
    assert agent.who.errors == []
