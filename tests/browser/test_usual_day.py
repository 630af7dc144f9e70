"""A day that nobody told: what the shop's own history says of such parcels is shown to shopper and agent, with what it rests on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import AgentAtConsole, Shopper, no_violations, person
from tests.browser.pictures import keep
from tests.processes import Demo
from tests.walks.database import rows
from tests.walks.shop import Order, Shop, now

pytestmark = pytest.mark.browser
PARCELS = 40
DAY_S = 86_400


def remember(demo: Demo) -> None:
    """Forty parcels of the past that arrived two days after they had left: what the watch writes down as steps end."""
    for nth in range(PARCELS):
        ended = (now() - timedelta(days=20, hours=nth)).replace(tzinfo=None).isoformat(" ", "microseconds")
        rows(
            demo.chat,
            "INSERT INTO orders.order_durations"
            " (inbox_id, order_id, shipment_id, step, stage, carrier, country, took_s, so_far_s, rest_s, ended_at)"
            " VALUES ('demo', ?, 's-1', 'shipped', 'shipped', 'inpost', '', ?, ?, ?, ?)",
            *(f"past-{nth}", DAY_S, DAY_S, DAY_S, ended),
        )


async def test_an_order_without_a_promise_shows_by_when_it_is_usually_there(browser: Browser, demo: Demo) -> None:
    remember(demo)
    shop, order = Shop(demo.chat), Order("customer-a")
    try:
        await shop.tell(order.moved("shipped"))
    finally:
        await shop.close()
    shopper = Shopper(await person(browser, width=390), demo)
    await shopper.sign_in("A")
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.dialog.get_by_role("button", name="My orders").click()
    view = shopper.page.locator("shopbell-chat .orders")
    row = view.get_by_role("button", name=f"Order {order.number}")
    await expect(row).to_contain_text("Usually by")
    await row.click()
    parcel = view.get_by_role("region", name="Parcel 1 of 1")
    await expect(parcel.get_by_text(re.compile("^Usually by "))).to_be_visible()
    await expect(parcel.get_by_text("19 of 20 parcels of this shop were there by then.")).to_be_visible()
    await expect(view.get_by_text("Expected", exact=False)).to_have_count(0)
    await no_violations(shopper.page)
    await keep(shopper.page, "usual-day-390")

    agent = AgentAtConsole(await person(browser, dark=True), demo)
    await agent.sign_in()
    await agent.page.get_by_role("searchbox").fill(order.number)
    await agent.page.get_by_role("button", name=f"Look for order {order.number}").click()
    found = agent.page.get_by_role("dialog", name=f"Order {order.number}")
    await expect(found.get_by_text(re.compile(f"^Usually by .* 19 of 20 were there by then, {PARCELS} parcels counted$"))).to_be_visible()
    await no_violations(agent.page)
    await keep(agent.page, "usual-day-console-dark")
    assert shopper.who.errors == []
    assert agent.who.errors == []
