"""Every page in both languages: it is there, its words are complete, its policy is strict, its GA4 events have the documented shape."""

import re

import pytest

from examples.demo_shop.app import HERE
from examples.demo_shop.catalogue import load
from examples.demo_shop.money import major, text
from examples.demo_shop.texts import LOCALES, plural
from tests.demo_shop.shop import Shop, events_of

CATALOGUE = load(HERE / "catalogue.toml")
PATHS = [
    "/",
    "/c/camp",
    "/c/home?sort=dear",
    "/p/ullvi-sweater",
    "/search?q=a",
    "/search",
    "/cart",
    "/sign-in",
    "/help/returns",
    "/help/contact",
]


@pytest.mark.parametrize("locale", LOCALES)
async def test_every_page_answers_in_its_language(shop: Shop, locale: str) -> None:
    async with shop.shopper() as shopper:
        for path in PATHS:
            html = await shopper.get(f"/{locale}{path}")
            assert f'<html lang="{locale}"' in html
            assert re.search(r'<script async src="http://127\.0\.0\.1:\d+/widget/loader\.js" nonce=', html), path


async def test_every_product_has_a_page_a_picture_and_all_its_words(shop: Shop) -> None:
    assert len(CATALOGUE.products) == 16
    async with shop.shopper() as shopper:
        for product in CATALOGUE.products:
            assert CATALOGUE.category(product.category) is not None
            for words in (product.name, product.short, product.text, product.facts):
                assert set(words) == set(LOCALES), product.id
            assert product.name["pl"] in await shopper.get(f"/pl/p/{product.slug}")
            assert (await shopper.get(product.image)).startswith("<svg")


async def test_strict_policy_with_a_fresh_nonce(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        first, second = [(await shopper.headers("/en/"))["content-security-policy"] for _ in range(2)]
        html = await shopper.get("/en/")
    nonce = re.search(r"'nonce-([^']+)'", first)
    assert nonce is not None
    assert nonce[1] not in second
    assert "unsafe" not in first
    assert f"script-src 'nonce-{nonce[1]}' {shop.receiver.url};" in first
    assert f"connect-src 'self' {shop.receiver.url} {shop.receiver.url.replace('http', 'ws')};" in first
    assert " style=" not in html
    assert not re.search(r"\son\w+=", html)
    assert all("nonce=" in tag for tag in re.findall(r"<script[^>]*>", html))


async def test_what_is_not_there_is_a_friendly_404(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        for path in ("/en/p/nothing", "/en/c/nothing", "/pl/help/nothing", "/nothing", "/en/orders/A-1", "/en/orders/link/A-1.x"):
            html = await shopper.get(path, 404)
            assert "not-found" in html or "empty-search.svg" in html


async def test_search_finds_by_stem_without_accents_and_has_an_empty_state(shop: Shop) -> None:
    assert CATALOGUE.search("swetry welniane", "pl")[0].slug == "ullvi-sweater"
    assert [p.slug for p in CATALOGUE.search("LAMPS", "en")] == ["manlys-lamp"]
    assert CATALOGUE.search("kayak", "en") == []
    async with shop.shopper() as shopper:
        assert "Nothing by that name" in await shopper.get("/en/search?q=kayak")
        assert events_of(await shopper.get("/en/search?q=kayak"))[-1] == {"event": "search", "search_term": "kayak", "results": 0}
        assert "<b>" not in await shopper.get("/en/search?q=%3Cb%3Ex")


async def test_ga4_events_of_looking_around(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        listed = events_of(await shopper.get("/en/c/wear"))[0]
        assert (listed["event"], listed["ecommerce"]["item_list_id"]) == ("view_item_list", "wear")
        assert [item["index"] for item in listed["ecommerce"]["items"]] == [0, 1, 2, 3]
        assert events_of(await shopper.get("/pl/p/ullvi-sweater")) == [
            {
                "event": "view_item",
                "ecommerce": {
                    "currency": "PLN",
                    "value": 429.0,
                    "items": [
                        {"item_id": "p-05", "item_name": "Sweter wełniany Ullvi", "item_category": "wear", "price": 429.0, "quantity": 1}
                    ],
                },
            }
        ]


async def test_the_language_switch_keeps_the_page(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        assert 'href="/pl/search?q=wool"' in await shopper.get("/en/search?q=wool")
        assert 'href="/en/p/kopla-mug"' in await shopper.get("/pl/p/kopla-mug")


def test_money_and_plurals() -> None:
    assert text(129000, "pl") == "1290,00\u00a0zł"
    assert text(1290000, "pl") == "12\u00a0900,00\u00a0zł"
    assert text(129005, "en") == "1,290.05\u00a0zł"
    assert text(-1000, "en") == "−10.00\u00a0zł"
    assert major(1490) == 14.9
    assert [plural("pl", n) for n in (0, 1, 2, 5, 12, 22, 25)] == ["many", "one", "few", "many", "many", "few", "many"]
