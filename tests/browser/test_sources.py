"""The sources page at a real browser, without a script of its own: what waits is found from the console, settled, and read again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, expect

from order_status.shops.standard_webhooks import sign
from tests.browser.people import AgentAtConsole, no_violations, person
from tests.browser.pictures import keep
from tests.processes import Demo
from tests.walks.database import rows
from tests.walks.shop import Order, Shop, iso, now
from tests.walks.wire import eventually

pytestmark = pytest.mark.browser
BROKEN = '{"head":'
HEALTH = {"pl": "Stan źródeł", "uk": "Стан джерел", "ru": "Состояние источников", "te": "మూలాల స్థితి"}


async def happenings(demo: Demo) -> tuple[Order, Order]:
    """A contradiction, an order whose state is broken, a webhook that cannot be read, a forged one, an unknown status."""
    shop = Shop(demo.chat)
    lost, odd = Order("c-1"), Order("c-2", more={"customer": {"id": "c-2", "email": "c2@example.com", "name": "Demo customer"}})
    try:
        await shop.tell(lost.moved("delivered", at=iso(now() - timedelta(hours=5))))
        await shop.tell(lost.moved("in_transit", at=iso(now() - timedelta(minutes=20))))
        await shop.tell(odd.moved("beamed"))
        body = shop.event({"order_id": "A-1", "colour": "red"})
        assert (await shop.post(body, sign(shop.secret, "msg_unread", now(), body)))[0] == 400
        assert (await shop.post(body, {}))[0] == 401
        rows(demo.chat, "UPDATE order_orders SET state = ? WHERE order_id = ? RETURNING order_id", BROKEN, odd.id)
        odd.moved("shipped")
        body = shop.event(odd.body())
        assert (await shop.post(body, sign(shop.secret, "msg_broken", now(), body)))[0] == 200, "it waits for its order"

        async def set_aside() -> bool:
            return bool(rows(demo.chat, "SELECT order_id FROM order_unreadable WHERE order_id = ?", odd.id))

        await eventually(set_aside, "the broken order is set aside")
    finally:
        await shop.close()
    return lost, odd


async def press(page: Page, name: str, says: str) -> None:
    await page.get_by_role("button", name=re.compile(f"^{name}")).first.click()
    await expect(page.get_by_role("status")).to_contain_text(says)


async def test_a_supervisor_settles_what_waits(browser: Browser, demo: Demo) -> None:
    lost, odd = await happenings(demo)
    boss = AgentAtConsole(await person(browser), demo)
    await boss.sign_in(2)
    page = boss.page
    await page.get_by_role("link", name="Sources").click()
    await expect(page.get_by_role("heading", name="How they are doing")).to_be_visible()
    await expect(page.get_by_text("shipment:beamed")).to_be_visible()
    await expect(page.get_by_text("bad signature").or_(page.get_by_text("no signature")).first).to_be_visible()
    await no_violations(page)
    await keep(page, "sources")
    await press(page, "Correct to: in transit", "Corrected.")
    await press(page, "Make anew", "made anew")
    await press(page, "Throw away", "Thrown away.")
    await expect(page.get_by_role("button", name=re.compile("Correct to|Make anew|Throw away"))).to_have_count(0)
    await page.get_by_label("Order id").fill(odd.id)
    await page.get_by_role("button", name="Show").click()
    await press(page, "Replay", "nothing is told twice")
    await page.get_by_role("link", name="Body").first.click()
    await expect(page.get_by_text(lost.number).or_(page.get_by_text(odd.number)).first).to_be_visible()
    await no_violations(page)
    assert boss.who.errors == []


async def test_it_reads_well_on_a_telephone_in_the_dark_and_in_every_language(browser: Browser, demo: Demo) -> None:
    _, odd = await happenings(demo)
    boss = AgentAtConsole(await person(browser, dark=True, locale="en"), demo)
    await boss.sign_in(2)
    page = boss.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{demo.chat_url}/console/sources")
    await no_violations(page)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await keep(page, "sources-390-dark")
    await page.goto(f"{demo.chat_url}/console/sources?order={odd.id}#webhooks")
    await keep(page, "sources-390-webhooks")
    await page.get_by_role("link", name="Body").first.click()
    await expect(page.get_by_role("button", name="Show names and addresses")).to_be_visible()
    await expect(page.get_by_text("c2@example.com")).to_have_count(0)
    await keep(page, "sources-390-body")
    await page.get_by_role("button", name="Show names and addresses").click()
    await expect(page.get_by_text(re.compile("c2@example.com"))).to_be_visible()
    session = await page.context.cookies()
    for locale, health in HEALTH.items():
        other = await person(browser, width=390, locale=locale)
        await other.page.goto(f"{demo.chat_url}/console/login")
        await no_violations(other.page)
        assert await other.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await keep(other.page, f"login-390-{locale}")
        await other.context.add_cookies([{**each, "url": demo.chat_url, "domain": "", "path": ""} for each in session])
        await other.page.goto(f"{demo.chat_url}/console/sources")
        await expect(other.page.get_by_role("heading", name=health)).to_be_visible()
        await no_violations(other.page)
        assert await other.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await keep(other.page, f"sources-390-{locale}")
        await other.page.set_viewport_size({"width": 1440, "height": 900})
        await keep(other.page, f"sources-1440-{locale}")
        await other.context.close()
    assert boss.who.errors == []
