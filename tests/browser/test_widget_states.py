"""Every designed state of the shopper's widget, from scripted data: axe finds nothing, nothing overflows, no script fails.

Light and dark, phone and desktop, left to right and right to left. The page comes from `npm run gallery`; no server is involved.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from tests.browser.gallery import faults, gallery_pages
from tests.browser.people import no_violations, person

pytestmark = pytest.mark.browser

STATES = (
    *("launcher", "nudge", "connecting", "empty", "away", "bot", "bot_loading", "queued", "agent", "orders", "delivered", "problem"),
    *("offer", "offer_pending", "offer_done", "offer_refused", "contact", "outbox", "not_saved", "offline_here", "long"),
    *("offer_points", "offer_stores", "offer_address", "offer_cancel"),
    *("offer_undo", "offer_undoing", "offer_undone", "offer_too_late", "offer_expired", "offer_unproven"),
    *("ask_failed", "resolved", "rated", "earlier", "closed"),
    *("my_orders", "my_orders_loading", "my_orders_error", "my_orders_none", "my_orders_link"),
    *("my_order", "my_order_usual", "my_order_done"),
)
# A pale and a dark brand colour: what stands on them, and how they stand on a surface, is worked out by the style sheet.
SIGHTS = [
    (1440, False, "locale=en"),
    (1440, True, "locale=pl&color=%23ffd400"),
    (390, False, "locale=ar&color=%23102a1e"),
    (390, True, "locale=te"),
    (390, False, "locale=uk"),
]
TOO_WIDE = """() => {
  const dialog = document.querySelector("shopbell-chat")?.shadowRoot.querySelector("dialog");
  const log = dialog?.querySelector(".ordering .obody") ?? dialog?.querySelector(".log");
  return Math.max(document.documentElement.scrollWidth - innerWidth, log ? log.scrollWidth - log.clientWidth : 0);
}"""


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """Address of the built page."""
    with gallery_pages() as address:
        yield f"{address}/shopper.html"


@pytest.mark.parametrize(("width", "dark", "how"), SIGHTS)
async def test_each_state_is_accessible_and_fits(browser: Browser, gallery: str, width: int, dark: bool, how: str) -> None:
    scenes = [f"state={state}&{how}" for state in STATES]
    assert await faults(browser, gallery, scenes, overhang=TOO_WIDE, width=width, dark=dark) == []


async def test_axe_would_notice_a_planted_fault(browser: Browser, gallery: str) -> None:
    who = await person(browser)
    await who.page.goto(f"{gallery}?state=agent")
    await who.page.wait_for_selector("html[data-ready]")
    await who.page.evaluate("document.querySelector('shopbell-chat').shadowRoot.querySelector('.x').removeAttribute('aria-label')")
    with pytest.raises(AssertionError):
        await no_violations(who.page)
