"""Walk a at two real browsers: a shopper in the demo shop and an agent in the console, through everything that one conversation has."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, WebSocketRoute, expect

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
            await shopper.reload()
        await expect(shopper.dialog.get_by_text("New conversation")).to_be_visible()
        for text in ("Does the trail shoe run small?", "It runs true to size", "does it come in black?"):
            await expect(shopper.log.get_by_text(text)).to_have_count(1)
    await no_violations(shopper.page)
    assert shopper.who.errors == []
    assert agent.who.errors == []


def slow(line: WebSocketRoute) -> None:
    """What the server says comes half a second late."""
    server = line.connect_to_server()
    server.on_message(lambda said: asyncio.get_running_loop().call_later(0.5, line.send, said))


async def test_a_reload_at_any_moment_finds_the_conversation_before_again(browser: Browser, demo: Demo) -> None:
    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in()
    shopper = Shopper(await person(browser), demo)
    await shopper.page.route_web_socket("**/socket.io/**", slow)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Is the green tent waterproof?")
    await agent.view("Mine")
    await agent.open("green tent")
    await agent.page.get_by_role("button", name="Resolve", exact=True).click()
    await expect(shopper.dialog.get_by_text("How did we do?")).to_be_visible()
    await shopper.write("And the blue one?")
    await expect(shopper.dialog.get_by_text("New conversation")).to_be_visible()
    await shopper.page.reload()  # while the second of two syncs is under way
    await expect(shopper.dialog.get_by_text("New conversation")).to_be_visible()
    for text in ("green tent", "blue one"):
        await expect(shopper.log.get_by_text(text)).to_have_count(1)


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
    await first.reload()
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
    await shopper.reload()
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


async def test_signing_out_in_one_tab_ends_the_other_which_comes_back_to_what_was_typed(browser: Browser, demo: Demo) -> None:
    shopper = Shopper(await person(browser), demo)
    await shopper.visit("/")
    await shopper.open_chat()
    await shopper.write("Do you still have the red lamp?")
    agent = AgentAtConsole(await person(browser), demo)
    await agent.sign_in(1)
    await agent.view("All open")
    await agent.open("red lamp")
    await expect(agent.log.get_by_text("red lamp")).to_have_count(1)
    await agent.composer.fill("We have two of")
    tab = await agent.who.context.new_page()
    await tab.goto(f"{demo.chat_url}/console")
    await tab.get_by_role("button", name="Sign out").first.click()
    await expect(tab.get_by_label("E-mail")).to_be_visible()

    over = agent.page.get_by_role("alertdialog", name="Your session has ended")
    await expect(over).to_be_visible()
    await expect(over.get_by_role("link", name="Sign in again")).to_be_focused()
    await no_violations(agent.page)
    await agent.page.keyboard.press("Enter")
    await agent.fill_in(1)
    await expect(agent.log.get_by_text("red lamp")).to_have_count(1)
    await expect(agent.composer).to_have_value("We have two of")
    await agent.composer.press("End")
    await agent.composer.press_sequentially(" them")
    await agent.composer.press("Enter")
    await expect(shopper.log.get_by_text("We have two of them")).to_have_count(1)
    assert shopper.who.errors == []
    assert agent.who.errors == []
