"""The catalogue: the newest word wins whatever came first, languages fall back, words are found in every script."""

import asyncio
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.events import Stamp
from order_status.products import Product, ProductText, alike, newest, product_view, text_in, words
from tests.order_status.shops import product_bodies as bodies
from tests.order_status.shops.senders import source
from tests.order_status.shops.street import Street
from tests.order_status.world import World, iso

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


async def tell(world: World, data: dict[str, Any], at: str | None = None) -> None:
    receipt = await world.send(data, at, kind="product.updated")
    assert receipt.body == {"ok": True, "outcome": "accepted"}


async def shown(world: World, *ids: str, locales: tuple[str, ...] = ("en",)) -> dict[str, Any]:
    return await world.status.catalogue.known("demo", ids, locales)


async def test_a_product_is_known_in_the_language_that_is_asked_for(world: World) -> None:
    await tell(world, bodies.native())
    told = (await shown(world, "p-3", "p-9", locales=("pl-PL", "en")))["p-3"]
    assert told == {
        "id": "p-3",
        "name": "Lampa Manlys",
        "locale": "pl",
        "url": "https://shop.example/lampa",
        "image_url": "https://cdn.example/lamp.png",
        "category": "Lampy",
        "categories": ["Lamps", "Lampy"],
        "price": 12900,
        "price_to": None,
        "currency": "PLN",
        "stock": 4,
        "available": True,
        "updated_at": "2026-11-20T10:00:00.000Z",
    }
    assert (await shown(world, "p-3", locales=("te",)))["p-3"]["name"] == "Manlys lamp"


async def test_a_later_word_wins_and_an_older_one_changes_nothing(world: World) -> None:
    await tell(world, bodies.native(price=100), "2026-11-20T10:00:00Z")
    await tell(world, bodies.native(price=50), "2026-11-20T09:00:00Z")
    assert (await shown(world, "p-3"))["p-3"]["price"] == 100
    await tell(world, bodies.native(price=200), "2026-11-20T11:00:00Z")
    assert (await shown(world, "p-3"))["p-3"]["price"] == 200


async def test_one_that_is_deleted_is_not_known_until_it_comes_back(world: World) -> None:
    await tell(world, bodies.native(), "2026-11-20T10:00:00Z")
    await tell(world, {"product_id": "p-3", "deleted": True}, "2026-11-20T11:00:00Z")
    assert await shown(world, "p-3") == {}
    assert await world.status.catalogue.search("demo", "lamp", ("en",)) == []
    await tell(world, bodies.native(price=1), "2026-11-20T10:30:00Z")
    assert await shown(world, "p-3") == {}
    await tell(world, bodies.native(price=2), "2026-11-20T12:00:00Z")
    assert [each["price"] for each in await world.status.catalogue.search("demo", "lamp", ("en",))] == [2]


async def test_a_product_of_woocommerce_comes_back_from_the_bin(tmp_path: Path) -> None:
    street = Street(tmp_path / "shop.db", source("woocommerce", currency="PLN"))
    await street.takes("woocommerce", bodies.woocommerce("2026-11-20T09:30:00"), "product.updated")
    await street.takes("woocommerce", {"id": 93}, "product.deleted")
    assert await shown(street, "93") == {}
    await street.takes("woocommerce", bodies.woocommerce("2026-11-20T10:05:00", price="99.00"), "product.restored")
    assert (await shown(street, "93"))["93"]["price"] == 9900
    street.close()


async def test_a_product_wakes_nobody_and_is_no_news(world: World) -> None:
    await tell(world, bodies.native())
    assert await world.heard() == []
    assert (await world.numbers())["accepted"] == 1


async def test_a_search_finds_beginnings_without_accents_in_any_language(world: World) -> None:
    texts = {"uk": {"name": "Ковдра Гала", "category": "Ковдри"}, "pl": {"name": "Koc Łaska żółty"}, "te": {"name": "హల్లా దుప్పటి"}}
    await tell(world, bodies.native("p-1", texts=texts))
    await tell(world, bodies.native("p-2", stock=0))
    search = world.status.catalogue.search
    for asked in ("ковдра", "КОВ", "laska", "koc zol", "దుప్పటి", "p-1"):
        assert [each["id"] for each in await search("demo", asked, ("pl",))] == ["p-1"], asked
    assert await search("demo", "koc lampa", ("pl",)) == []
    assert await search("demo", "100%_", ("pl",)) == []
    assert await search("other", "lampa", ("pl",)) == []
    assert {each["id"] for each in await search("demo", " ", ("pl",))} == {"p-1", "p-2"}
    assert len(await search("demo", "", ("pl",), limit=1)) == 1


async def test_a_sentence_speaks_of_products_with_other_endings(world: World) -> None:
    await tell(world, bodies.native("lamp"))
    blanket = {"en": {"name": "Halla blanket", "category": "Home"}, "pl": {"name": "Koc Halla", "category": "Dom"}}
    await tell(world, bodies.native("blanket", texts=blanket))
    mentioned = world.status.catalogue.mentioned

    async def ids(sentence: str) -> list[str]:
        return [each["id"] for each in await mentioned("demo", sentence, ("en",))]

    assert await ids("do you have any blankets left?") == ["blanket"]
    assert await ids("ile kosztuje lampy manlys") == ["lamp"]
    assert await ids("is the Halla blanket cheaper than the Manlys lamp") == ["blanket", "lamp"]
    assert await ids("good morning") == []
    assert await ids("?!") == []


async def test_a_name_that_begins_so_comes_first_and_what_is_sold_out_last(world: World) -> None:
    for ident, name, stock in (("a", "Big lamp", 1), ("b", "Lamp B", 0), ("c", "Lamp C", 1), ("d", "Tent", 1)):
        await tell(world, bodies.native(ident, stock=stock, texts={"en": {"name": name}, "pl": {"name": f"Wielka {name}"}}))
    assert [each["id"] for each in await world.status.catalogue.search("demo", "lamp", ("en",))] == ["c", "b", "a"]
    assert [each["id"] for each in await world.status.catalogue.search("demo", "lamp", ("en",), limit=1)] == ["c"]


def test_endings() -> None:
    pairs = [("lampa", "lampy"), ("blanket", "blankets"), ("ковдра", "ковдру"), ("палатка", "палатку"), ("sweter", "swetra")]
    assert all(alike(*pair) and alike(*reversed(pair)) for pair in pairs)
    assert not any(alike(*pair) for pair in [("lamp", "land"), ("mug", "map"), ("кіт", "кит"), ("stove", "stone")])


def test_words_keep_vowel_signs_and_drop_accents() -> None:
    assert words("Łódź—ŻÓŁW, Ёлка! దుప్పటి 3×2") == ["lodz", "zolw", "елка", "దుప్పటి", "3", "2"]


def test_a_text_borrows_a_picture_and_no_words() -> None:
    told = Product(
        "p", None, {"pl": ProductText("Lampa"), "en-gb": ProductText("Lamp", "https://x.example", "https://x.example/i", "Lamps")}
    )
    assert text_in(told, ("pl",)) == ("pl", ProductText("Lampa", "https://x.example", "https://x.example/i"))
    assert (text_in(told, ("en-US",)) or ("",))[0] == "en-gb"
    assert (text_in(told, ("de", "pl-PL")) or ("",))[0] == "pl"
    assert (text_in(replace(told, texts={"": ProductText("Lamp"), "pl": ProductText("Lampa")}), ("de",)) or ("x",))[0] == ""
    assert product_view(told, ("pl",)) is None, "without a stamp it was never stored"


_told = st.builds(
    lambda minute, price, deleted, version: (minute, version, {"deleted": True} if deleted else {"price": price}),
    st.integers(0, 30),
    st.integers(0, 5),
    st.sampled_from([False, False, True]),
    st.one_of(st.none(), st.integers(0, 3)),
)


def _native(minute: int, version: int | None, change: dict[str, Any]) -> tuple[dict[str, Any], str]:
    data = {"product_id": "p-3", "deleted": True} if "deleted" in change else bodies.native(**change)
    return {**data, **({} if version is None else {"version": version})}, iso(START + timedelta(minutes=minute))


@settings(max_examples=25, deadline=None)
@given(st.lists(_told, min_size=1, max_size=6), st.data())
def test_any_order_of_arrival_ends_in_the_same_catalogue(told: list[Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations([*told, *data.draw(st.lists(st.sampled_from(told), max_size=3))]))

    async def end(sequence: list[Any]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            world = World(Path(folder) / "shop.db")
            for each in sequence:
                await tell(world, *_native(*each))
            found = await shown(world, "p-3")
            world.close()
            return found

    assert asyncio.run(end(told)) == asyncio.run(end(shuffled))


@given(st.permutations(range(4)), st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=4))
def test_the_newest_of_all_is_the_same_in_any_order(order: list[int], stamps: list[tuple[int, int]]) -> None:
    told = [Product("p", Stamp(version, START + timedelta(minutes=at), str(i)), price=i) for i, (version, at) in enumerate(stamps)]
    found: Product | None = None
    for place in order:
        found = newest(found, told[place])
    assert found == max(told, key=lambda product: product.stamp or Stamp(-1, START, ""))


@pytest.mark.parametrize("kind", ["shopify", "woocommerce"])
@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=5), st.booleans(), st.data())
def test_a_shops_products_end_the_same_in_any_order_and_a_deletion_beats_what_was_said_before_it(
    kind: str, minutes: list[int], deleted: bool, data: st.DataObject
) -> None:
    """All of it happened before it arrives: what is older than the deletion cannot bring the product back."""
    topic, gone = ("products/update", "products/delete") if kind == "shopify" else ("product.updated", "product.deleted")
    ident = bodies.BIG_PRODUCT if kind == "shopify" else 93

    def document(minute: int) -> Any:
        at = START + timedelta(minutes=minute)
        return bodies.shopify(iso(at)) if kind == "shopify" else bodies.woocommerce(at.strftime("%Y-%m-%dT%H:%M:%S"), price=f"{minute}.00")

    events: list[tuple[Any, str]] = [(document(minute), topic) for minute in minutes] + ([({"id": ident}, gone)] if deleted else [])

    async def end(sequence: list[tuple[Any, str]]) -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            street = Street(Path(folder) / "shop.db", source(kind, currency="PLN"))
            for body, about in sequence:
                await street.post(kind, body, about)
            found = await shown(street, str(ident))
            street.close()
            return found

    first = asyncio.run(end(events))
    assert first == asyncio.run(end(data.draw(st.permutations([*events, *events[:2]]))))
    assert bool(first) is not deleted
