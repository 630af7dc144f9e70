"""What product webhooks say: variants folded into one price and one stock, what is not for sale, what a body cannot know of itself."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_status.events import Stamp
from order_status.products import Product, ProductText
from order_status.shops import Home, Ignored, Keyed, Malformed, Translated, Verified, native, shopify, woocommerce
from tests.order_status.shops import product_bodies as bodies
from tests.order_status.shops.product_bodies import BIG_PRODUCT, variant
from tests.order_status.shops.senders import body_of
from tests.order_status.world import envelope

HOME = Home("PLN", "https://shop.example", "pl")
AT = "2026-11-20T10:00:00Z"


def from_shopify(document: object, topic: str = "products/update", home: Home = HOME) -> Translated:
    return shopify.translate(body_of(document), UTC, Verified("x", topic=topic, home=home))


def from_woo(document: object, topic: str = "product.updated", home: Home = HOME, delivery: str = "d-1") -> Translated:
    told = woocommerce.translate(body_of(document), UTC, Verified(delivery, topic=topic, home=home))
    return told.event if isinstance(told, Keyed) else told


def from_native(data: Any) -> Translated:
    return native.take(envelope(data, AT, "product.updated"), UTC, Verified("msg_1"))


def product(told: Translated) -> Product:
    assert isinstance(told, Product), told
    return told


def test_a_product_of_ours_in_two_languages() -> None:
    told = product(from_native(bodies.native(version=3)))
    assert (told.product_id, told.price, told.price_to, told.currency, told.stock, told.available) == ("p-3", 12900, None, "PLN", 4, True)
    assert told.stamp is not None
    assert (told.stamp.version, told.stamp.at) == (3, datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert told.texts["pl"] == ProductText("Lampa Manlys", "https://shop.example/lampa", None, "Lampy")


@pytest.mark.parametrize(
    ("stock", "available", "buyable"), [(None, None, True), (0, None, False), (2, None, True), (0, True, True), (2, False, False)]
)
def test_what_can_be_bought_is_told_or_follows_from_the_stock(stock: int | None, available: bool | None, buyable: bool) -> None:
    assert product(from_native(bodies.native(stock=stock, available=available))).available is buyable


def test_a_deleted_one_needs_nothing_else() -> None:
    told = product(from_native({"product_id": "p-3", "deleted": True}))
    assert (told.for_sale, told.texts, told.stamp is not None) == (False, {}, True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"texts": {}}, "Expected `object` of length >= 1 - at `$.data.texts`"),
        ({"price": 1.5}, "Expected `int | null`, got `float` - at `$.data.price`"),
        ({"price": -1}, "Expected `int` >= 0 - at `$.data.price`"),
        ({"price_to": 100}, "is lower than the price - at `$.data.price_to`"),
        ({"price": None, "price_to": 100}, "is lower than the price - at `$.data.price_to`"),
        ({"texts": {"pl-PL": {"name": "a"}, "pl_pl": {"name": "b"}}}, "two texts in one language - at `$.data.texts`"),
        ({"colour": "red"}, "Object contains unknown field `colour` - at `$.data`"),
    ],
)
def test_ours_is_read_strictly(changed: dict[str, Any], message: str) -> None:
    assert from_native(bodies.native(**changed)) == Malformed(message)


def test_one_that_is_for_sale_needs_words_and_a_currency() -> None:
    assert from_native({"product_id": "p-3", "currency": "PLN"}) == Malformed("missing required field `texts` - at `$.data`")
    assert from_native({"product_id": "p-3", "texts": {"en": {"name": "x"}}}) == Malformed(
        "missing required field `currency` - at `$.data`"
    )


def test_a_product_of_shopify() -> None:
    told = product(from_shopify(bodies.shopify()))
    assert (told.product_id, told.price, told.price_to, told.currency) == (str(BIG_PRODUCT), 12900, None, "PLN")
    assert (told.stock, told.available, told.for_sale) == (3, True, True)
    assert told.texts == {"pl": ProductText("Lamp", "https://shop.example/products/lamp", "https://cdn.example/lamp.png", "Lamps")}


def test_variants_make_a_range_and_one_in_stock_is_enough() -> None:
    several = product(from_shopify(bodies.shopify(AT, variant("129.00", 0), variant("99.00", 2), variant("149.00", -3))))
    assert (several.price, several.price_to, several.stock, several.available) == (9900, 14900, 2, True)
    none = product(from_shopify(bodies.shopify(AT, variant(quantity=0), variant(quantity=-1))))
    assert (none.stock, none.available) == (0, False)
    assert product(from_shopify(bodies.shopify(AT, variant(quantity=0, inventory_policy="continue")))).available
    uncounted = product(from_shopify(bodies.shopify(AT, variant(quantity=0, inventory_management=None), variant())))
    assert (uncounted.stock, uncounted.available) == (None, True)


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"status": "archived"}, {"published_at": None}])
def test_drafts_of_shopify_are_not_for_sale(hidden: dict[str, Any]) -> None:
    assert not product(from_shopify(bodies.shopify(**hidden))).for_sale


def test_what_a_source_does_not_say_of_its_shop_is_left_out() -> None:
    told = product(from_shopify(bodies.shopify(), home=Home()))
    assert (told.price, told.currency, told.texts[""].url) == (None, None, None)
    assert product(from_shopify(bodies.shopify(handle="../x?y"))).texts["pl"].url is None


def test_a_deletion_tells_no_time_and_only_its_topic_tells_what_it_is() -> None:
    told = product(from_shopify({"id": BIG_PRODUCT}, "products/delete"))
    assert (told.product_id, told.stamp, told.for_sale) == (str(BIG_PRODUCT), None, False)
    assert from_shopify({"id": BIG_PRODUCT}, "orders/delete") == Ignored("orders/delete")
    assert not product(from_woo({"id": 93}, "product.deleted")).for_sale
    assert from_woo({"id": 93}, "order.deleted") == Ignored("order.deleted")
    assert product(from_shopify(bodies.shopify(), "orders/delete")).for_sale, "a whole product is one whatever the topic says"


def test_a_deletion_that_is_read_again_counts_from_when_it_came() -> None:
    came = datetime(2026, 11, 20, 10, tzinfo=UTC)
    told = shopify.translate(body_of({"id": 1}), UTC, Verified("x", topic="products/delete", at=came))
    assert product(told).stamp == Stamp(-1, came, "")


def test_a_second_deletion_is_no_repeat_of_the_first() -> None:
    keys = {
        told.key
        for delivery in ("d-1", "d-2", "d-1")
        if isinstance(told := woocommerce.translate(body_of({"id": 93}), UTC, Verified(delivery, topic="product.deleted")), Keyed)
    }
    assert len(keys) == 2


def test_a_product_of_woocommerce() -> None:
    told = product(from_woo(bodies.woocommerce()))
    assert (told.product_id, told.price, told.currency, told.stock, told.available) == ("93", 12900, "PLN", 4, True)
    assert told.stamp is not None
    assert told.stamp.at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert told.texts["pl"] == ProductText(
        "Lamp – black", "https://shop.example/product/lamp/", "https://shop.example/lamp.png", "Lamps & light"
    )
    assert set(product(from_woo(bodies.woocommerce(lang="uk"))).texts) == {"uk"}


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({"stock_status": "outofstock"}, (4, False)),
        ({"stock_status": "onbackorder", "stock_quantity": -2}, (0, True)),
        ({"manage_stock": False, "stock_quantity": None}, (None, True)),
        ({"purchasable": False, "price": ""}, (4, False)),
        ({"purchasable": False, "type": "external"}, (4, True)),
        ({"stock_status": "teleported"}, (4, False)),
    ],
)
def test_what_woocommerce_has(changed: dict[str, Any], answer: tuple[int | None, bool]) -> None:
    told = product(from_woo(bodies.woocommerce(**changed)))
    assert (told.stock, told.available) == answer


@pytest.mark.parametrize("hidden", [{"status": "draft"}, {"status": "private"}, {"status": "trash"}, {"catalog_visibility": "hidden"}])
def test_drafts_of_woocommerce_are_not_for_sale(hidden: dict[str, Any]) -> None:
    assert not product(from_woo(bodies.woocommerce(**hidden))).for_sale


def test_a_variation_is_known_and_not_taken() -> None:
    assert from_woo(bodies.woocommerce(type="variation", parent_id=93)) == Ignored("product.variation")


_odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**60),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.lists(st.none(), max_size=2),
    st.sampled_from(["", "1e999", "-1", "199.00", "\x00", "0000-00-00T00:00:00"]),
    st.sampled_from([{}, {"src": 1}, [{"src": "javascript:x"}], [{"name": {}}]]),
)


@given(st.sampled_from(sorted(bodies.shopify())), st.sampled_from(["", *variant()]), _odd)
def test_odd_fields_of_shopify_make_no_odd_product(name: str, inner: str, value: Any) -> None:
    document = bodies.shopify(AT, variant(**{inner: value})) if inner else bodies.shopify(**{name: value})
    sane(from_shopify(document))


@given(st.sampled_from(sorted(bodies.woocommerce())), _odd)
def test_odd_fields_of_woocommerce_make_no_odd_product(name: str, value: Any) -> None:
    sane(from_woo(bodies.woocommerce(**{name: value})))


def sane(told: Translated) -> None:
    """A product that may be shown, or a refusal."""
    if isinstance(told, (Malformed, Ignored)):
        return
    found = product(told)
    assert found.price is None or 0 <= found.price <= (found.price_to or found.price)
    assert found.stock is None or found.stock >= 0
    for text in found.texts.values():
        assert text.name.strip()
        assert all(url is None or url.startswith(("http://", "https://")) for url in (text.url, text.image_url))
