"""The shop tells its products: all at the start, one after each change; what it sends is what Shopbell takes."""

import json
from pathlib import Path
from zoneinfo import ZoneInfo

from order_status.products import Product
from order_status.shops.native import translate
from tests.demo_shop.shop import Receiver, Shop, open_shop
from tests.demo_shop.test_webhooks import until


def price_of(shop: Shop, product_id: str = "p-03") -> int:
    product = shop.site.catalogue.by_id(product_id)
    assert product is not None
    return product.price


async def test_every_product_is_told_at_the_start_as_the_native_event(shop: Shop) -> None:
    await until(lambda: len(shop.receiver.products) == len(shop.site.catalogue.products))
    for data in shop.receiver.products:
        body = json.dumps({"type": "product.updated", "timestamp": "2026-11-20T10:00:00Z", "data": data}).encode()
        told = translate(body, ZoneInfo("UTC"))
        assert isinstance(told, Product), told
        assert (told.currency, told.stock, told.available, set(told.texts)) == ("PLN", 12, True, {"en", "pl"})
    mug = next(data for data in shop.receiver.products if data["product_id"] == "p-03")
    assert (mug["price"], mug["texts"]["pl"]["name"]) == (4900, "Kubek emaliowany Kopla")
    assert mug["texts"]["pl"]["url"] == "http://shop.test/pl/p/kopla-mug"


async def test_a_change_is_shown_and_told_and_outlives_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    async with open_shop(tmp_path, receiver) as shop, shop.shopper() as office:
        await until(lambda: len(receiver.products) == 16)
        page = (await office.post("/backoffice/products/p-03", {"price": "39,50", "stock": "2"})).text
        assert 'value="39.50"' in page
        await until(lambda: len(receiver.products) == 17)
        assert [receiver.products[-1][name] for name in ("product_id", "version", "price", "stock")] == ["p-03", 1, 3950, 2]
        assert "39.50" in await office.get("/en/p/kopla-mug")
    async with open_shop(tmp_path, receiver) as again:
        assert price_of(again) == 3950
        await until(lambda: len(receiver.products) == 33)
        assert [data["version"] for data in receiver.products[17:] if data["product_id"] == "p-03"] == [1]


async def test_what_is_sold_out_cannot_be_bought(shop: Shop) -> None:
    async with shop.shopper() as office:
        await office.post("/backoffice/products/p-03", {"price": "49.00", "stock": "5", "stock_now": "0"})
        assert "Sold out for now" in await office.get("/en/p/kopla-mug")
        answer = await office.post("/en/cart/add", {"product": "p-03", "quantity": "1"})
        assert (answer.path, "Sold out for now" in answer.text) == ("/en/p/kopla-mug", True)
        await office.post("/en/cart/add", {"product": "p-03", "quantity": "1"}, 422, {"accept": "application/json"})


async def test_what_no_shop_would_sell_at_is_refused(shop: Shop) -> None:
    async with shop.shopper() as office:
        for form in (
            {"price": "0", "stock": "1"},
            {"price": "-1", "stock": "1"},
            {"price": "x", "stock": "1"},
            {"price": "1", "stock": "1e9"},
        ):
            assert "A price is a number like" in (await office.post("/backoffice/products/p-03", form)).text
        await office.post("/backoffice/products/p-99", {"price": "1", "stock": "1"}, 404)
    assert price_of(shop) == 4900
