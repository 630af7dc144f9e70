"""Every designed state of the console, from scripted data: axe finds nothing, no script fails, nothing overflows.

Light and dark, wide and narrow, left to right and right to left. The pages come from `npm run gallery`; no server is involved.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser

from tests.browser.gallery import faults, gallery_pages
from tests.browser.people import no_violations, person

pytestmark = pytest.mark.browser

ALL = (
    *("thread", "queue", "bot", "all", "many", "polish", "guest", "resolved", "blank", "empty", "empty-queue", "filtered", "loading"),
    *("list-error", "thread-loading", "thread-error", "note", "stale", "failed", "pending", "locked", "theirs", "assign", "help", "ended"),
    *("failed-cards", "cards", "cards-over"),
    *("offline", "reconnecting", "draining", "toast", "search-number", "lookup", "lookup-none", "lookup-error", "why"),
)
COLOURED = ("thread", "queue", "bot", "note", "stale", "failed", "assign", "help", "ended", "offline", "draining", "blank", "lookup", "why")
NARROW = (
    *("list", "places", "thread", "details", "lookup", "why", "note", "stale", "cards-over", "assign", "help", "ended", "draining"),
    *("empty", "list-error"),
)
OTHER_WORDS = [
    *(
        "state=thread&locale=te",
        "state=details&locale=te",
        "state=why&locale=ru",
        "state=stale&locale=ru",
        "state=list&locale=uk",
        "state=lookup&locale=uk",
    ),
]
SIGHTS = {
    (1440, False): [f"state={state}" for state in ALL] + ["state=arabic&dir=rtl"],
    (1440, True): [f"state={state}" for state in COLOURED],
    (1100, False): ["state=thread", "state=panel"],
    (390, False): [f"state={state}" for state in NARROW] + ["state=polish&locale=pl-PL"] + OTHER_WORDS,
    (390, True): ["state=list", "state=places", "state=details", "state=arabic&dir=rtl"],
}


@pytest.fixture(scope="module")
def gallery() -> Iterator[str]:
    """Address of the built page."""
    with gallery_pages() as address:
        yield f"{address}/console-states.html"


@pytest.mark.parametrize(("width", "dark"), SIGHTS)
async def test_each_state_is_accessible_and_fits(browser: Browser, gallery: str, width: int, dark: bool) -> None:
    overhang = "document.documentElement.scrollWidth - innerWidth"
    assert await faults(browser, gallery, SIGHTS[width, dark], overhang=overhang, width=width, dark=dark, locale="en-GB") == []


async def test_axe_would_notice_a_planted_fault(browser: Browser, gallery: str) -> None:
    who = await person(browser)
    await who.page.goto(f"{gallery}?state=thread")
    await who.page.wait_for_selector("body[data-ready]")
    await who.page.evaluate("document.querySelector('#composer').removeAttribute('aria-label')")
    await who.page.evaluate("document.querySelector('#composer').removeAttribute('placeholder')")
    with pytest.raises(AssertionError, match="label"):
        await no_violations(who.page)
