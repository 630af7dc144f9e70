"""The condition on products, and what the catalogue puts in the place of a page's words: its price and stock count for nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat_server.core.product import Product, card_of, grounded, ids_in, product_of
from chat_server.core.triggers import Activity, Invalid, Shopper, VisitorState, compile_rules, fold, match, parse_rule

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
LAMP = Product("p-1", "Lamp", 12900, "PLN", 2, True, ("Lampy", "Lamps"))
TENT = Product("p-2", "Tent", 90000, "PLN", None, True, ("Tents",))
GONE = Product("p-3", "Mug", 1500, "PLN", 0, False)
KNOWN = {each.id: each for each in (LAMP, TENT, GONE)}
SHOPPER = Shopper("vis_1", None, "en", False)


def rule(on: str = "view_item", **product: Any) -> Any:
    when = {"product": product}
    return parse_rule({"id": "r", "class": "help", "on": on, "text": {"en": "Nearly gone."}, "when": when}, "trigger")


def fires(wanted: Any, kind: str, *ids: str, state: VisitorState | None = None, **said: Any) -> bool:
    activity = Activity("a1", kind, NOW, {"items": [{"id": each, **said} for each in ids]})
    after = fold(state or VisitorState(), activity)
    return bool(match(compile_rules([wanted]), SHOPPER, after, activity, NOW, KNOWN))


@pytest.mark.parametrize(
    ("wanted", "ids", "holds"),
    [
        ({"stock": {"at_least": 1, "at_most": 3}}, ["p-1"], True),
        ({"stock": {"at_most": 1}}, ["p-1"], False),
        ({"stock": {"at_most": 3}}, ["p-2"], False),
        ({"stock": {"at_most": 3}}, ["unknown"], False),
        ({"stock": {"at_most": 3}}, ["p-2", "p-1"], True),
        ({"price": {"at_least": 50000}}, ["p-2"], True),
        ({"price": 50000}, ["p-1"], False),
        ({"available": False}, ["p-3"], True),
        ({"available": True, "category": "tents"}, ["p-2"], True),
        ({"category": ["Lamps", "Mugs"]}, ["p-1"], True),
        ({"category": "Tents", "stock": {"at_most": 3}}, ["p-1", "p-2"], False),
    ],
)
def test_one_product_fits_all_of_it(wanted: dict[str, Any], ids: list[str], holds: bool) -> None:
    assert fires(rule(**wanted), "view_item", *ids) is holds


def test_what_the_page_says_of_it_counts_for_nothing() -> None:
    assert not fires(rule(price={"at_most": 100}), "view_item", "p-1", price=1, category="Tents")
    assert not fires(rule(stock={"at_most": 5}), "view_item", "p-9", stock=1)


def test_the_cart_is_asked_apart_from_what_is_looked_at() -> None:
    held = fold(VisitorState(), Activity("a0", "add_to_cart", NOW - timedelta(minutes=5), {"items": [{"id": "p-1"}]}))
    low = rule(on="exit_intent", of="cart", stock={"at_most": 3})
    assert fires(low, "exit_intent", state=held)
    assert not fires(low, "exit_intent", "p-1")


def test_it_is_about_the_product_that_fits() -> None:
    activity = Activity("a1", "view_item", NOW, {"items": [{"id": "p-2"}, {"id": "p-1"}]})
    (candidate,) = match(compile_rules([rule(stock={"at_most": 3})]), SHOPPER, fold(VisitorState(), activity), activity, NOW, KNOWN)
    assert candidate.subject == "p-1"


def test_only_rules_that_ask_for_products_make_the_catalogue_be_read() -> None:
    plain = parse_rule({"id": "x", "class": "help", "on": "dwell", "text": {"en": "?"}, "when": {"visits": 2}}, "trigger")
    inner = parse_rule(
        {"id": "y", "class": "help", "on": "dwell", "text": {"en": "?"}, "when": {"any": [{"not": {"product": {"available": True}}}]}},
        "trigger",
    )
    assert not compile_rules([plain]).asks_products
    assert compile_rules([plain, inner]).asks_products


@pytest.mark.parametrize(
    ("product", "field"),
    [
        ({}, "trigger.when.product"),
        ({"of": "cart"}, "trigger.when.product"),
        ({"of": "page", "available": True}, "trigger.when.product.of"),
        ({"stock": {}}, "trigger.when.product.stock"),
        ({"price": {"at_least": -1}}, "trigger.when.product.price.at_least"),
        ({"colour": "red", "available": True}, "trigger.when.product.colour"),
    ],
)
def test_a_mistake_names_its_field(product: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as told:
        rule(**product)
    assert str(told.value).startswith(field)


def test_the_catalogue_takes_the_place_of_the_pages_words() -> None:
    page = {
        "items": [{"id": "p-1", "name": "FREE", "price": 1, "category": "x", "quantity": 2}, {"id": "p-9", "price": 5}],
        "value": 7,
        "currency": "USD",
    }
    assert grounded(page, KNOWN) == {
        "items": [{"id": "p-1", "name": "Lamp", "price": 12900, "category": "Lampy", "quantity": 2}, {"id": "p-9", "price": 5}],
        "currency": "PLN",
    }
    state = fold(VisitorState(), Activity("a", "view_cart", NOW, grounded(page, KNOWN)))
    assert state.cart is not None
    assert state.cart.value == 2 * 12900 + 5


def test_a_page_of_unknown_products_is_left_as_it_is() -> None:
    for data in ({"items": [{"id": "p-9", "price": 5}], "value": 7}, {"items": "p-1"}, {"items": [None, "p-1", {"id": 1}]}, {}):
        assert grounded(data, KNOWN) is data


def test_no_more_items_are_looked_at_than_a_cart_holds() -> None:
    many = [{"id": f"p-{number}", "price": 1} for number in range(1, 80)]
    assert len(ids_in({"items": many})) == 50
    assert [item["price"] for item in grounded({"items": many}, KNOWN)["items"]][:3] == [12900, 90000, 1500]
    assert len(grounded({"items": many}, KNOWN)["items"]) == 50


def test_the_products_of_an_activity() -> None:
    assert ids_in({"items": [{"id": "b"}, {"id": "a"}, {"id": "b"}, {"id": 3}, None]}) == ("b", "a")


def test_a_card_shows_what_the_catalogue_tells() -> None:
    view = {
        "id": "p-1", "name": "Lamp", "locale": "en", "url": None, "image_url": None, "category": "Lamps", "categories": ["Lampy", "Lamps"],
        "price": 12900, "price_to": 14900, "currency": "PLN", "stock": 2, "available": True, "updated_at": "2026-11-20T10:00:00.000Z",
    }  # fmt: skip
    assert product_of(view) == Product("p-1", "Lamp", 12900, "PLN", 2, True, ("Lamps", "Lampy"))
    assert card_of(view)["type"] == "product_card"
    assert set(card_of(view)["product"]) == {"id", "name", "price", "price_to", "currency", "url", "image_url", "category", "available"}
