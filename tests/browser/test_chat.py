"""Walk a at two real browsers: a shopper in the demo shop and an agent in the console, through everything that one conversation has."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.browser.people import AgentAtConsole, Shopper, no_violations, person
from tests.processes import Demo

pytestmark = pytest.mark.browser


async def test_a_conversation_from_first_word_to_stars(browser: Browser, demo: Demo) -> None:
    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    shopper = Shopper(await person(browser), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await no_violations(shopper.page)

    await shopper.write("Does the *trail shoe* run small?")
    await expect(shopper.log.get_by_text("Sent")).to_be_visible()
    await expect(shopper.dialog.get_by_text(re.compile("Agent joined"))).to_be_visible()

    await agent.view("Mine")
    await agent.open("trail shoe")
    await expect(agent.log.get_by_text("Does the trail shoe run small?")).to_be_visible()
    await expect(shopper.log.get_by_text("Read", exact=True)).to_be_visible()

    await shopper.composer.press_sequentially("And do you")
    await expect(agent.page.locator(".typing-dots")).to_be_visible()
    await agent.composer.press_sequentially("It runs true to size")
    await expect(shopper.log.get_by_text(re.compile("is typing"))).to_be_attached()
    await agent.composer.press("Enter")
    await expect(shopper.log.get_by_text("It runs true to size")).to_have_count(1)

    await agent.page.keyboard.press("Escape")
    await agent.page.keyboard.press("n")
    await agent.page.keyboard.type("Wants it for the weekend")
    await agent.page.keyboard.press("Enter")
    await expect(agent.log.get_by_text("Wants it for the weekend")).to_have_count(1)
    await no_violations(agent.page)
    await expect(shopper.page.get_by_text("Wants it for the weekend")).to_have_count(0)

    await agent.page.get_by_role("button", name="Resolve", exact=True).click()
    await expect(shopper.dialog.get_by_text("How did we do?")).to_be_visible()
    await no_violations(shopper.page)
    await shopper.dialog.get_by_role("radio", name="5 stars").check(force=True)
    await shopper.dialog.get_by_role("textbox", name=re.compile("Anything to add")).fill("Quick and kind")
    await shopper.dialog.get_by_role("button", name="Send rating").click()
    await expect(shopper.dialog.get_by_text(re.compile("5 stars. Thank you"))).to_be_visible()
    await expect(agent.log.get_by_text("Quick and kind")).to_be_visible()

    await shopper.write("One more thing: does it come in black?")
    for again in (False, True):
        if again:
            await shopper.page.reload()
            await expect(shopper.composer).to_be_visible()
        await expect(shopper.dialog.get_by_text("New conversation")).to_be_visible()
        for text in ("Does the trail shoe run small?", "It runs true to size", "does it come in black?"):
            await expect(shopper.log.get_by_text(text)).to_have_count(1)
    await no_violations(shopper.page)
    assert shopper.who.errors == []
    assert agent.who.errors == []


async def test_two_tabs_stay_in_step_and_a_reload_loses_nothing(browser: Browser, demo: Demo) -> None:
    who = await person(browser)
    first = Shopper(who, demo)
    await first.visit("/")
    await first.open_chat()
    await first.write("Written in the first tab")
    tab = await who.context.new_page()
    who.listen(tab)
    second = Shopper(who, demo)
    second.page = tab
    await second.visit("/")
    await second.open_chat()
    await expect(second.log.get_by_text("Written in the first tab")).to_have_count(1)
    await second.write("And in the second")
    await expect(first.log.get_by_text("And in the second")).to_have_count(1)
    await first.page.reload()
    if not await first.composer.is_visible():
        await first.open_chat()
    for text in ("Written in the first tab", "And in the second"):
        await expect(first.log.get_by_text(text)).to_have_count(1)
    assert who.errors == []


async def test_what_is_written_offline_and_over_a_restart_arrives_once(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Before the restart")
    await expect(shopper.log.get_by_text("Sent")).to_be_visible()
    demo.chat.stop()
    await shopper.write("While you were away")
    demo.chat.start()
    await expect(shopper.log.get_by_text(re.compile("^(Waiting to be sent|Sending)"))).to_have_count(0, timeout=40_000)
    await shopper.page.reload()
    if not await shopper.composer.is_visible():
        await shopper.open_chat()
    for text in ("Before the restart", "While you were away"):
        await expect(shopper.log.get_by_text(text)).to_have_count(1)


async def test_an_agents_reply_waits_over_a_restart_and_a_reload(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Is there anybody behind the curtain?")
    agent = AgentAtConsole(await person(browser), demo)
    agent.page.on("dialog", lambda dialog: dialog.accept())  # the browser asks whether to leave what is not sent
    await agent.sign_in()
    await agent.view("All open")
    await agent.open("behind the curtain")
    await expect(agent.log.get_by_text("behind the curtain")).to_have_count(1)
    demo.chat.stop()
    await agent.reply("Only me, and I was away")
    demo.chat.start()
    await agent.page.reload()
    await expect(agent.log.get_by_text("Only me, and I was away")).to_have_count(1)
    await expect(shopper.log.get_by_text("Only me, and I was away")).to_have_count(1, timeout=40_000)
    await expect(agent.log.get_by_text("Only me, and I was away")).to_have_count(1)
