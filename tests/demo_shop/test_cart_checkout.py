"""Cart and checkout: sums, errors that name their field, a declined card, and the GA4 events in between."""

import pytest

from examples.demo_shop import forms
from tests.demo_shop.shop import ADDRESS, CARD, DECLINED, Shop, events_of


async def test_add_change_and_take_out(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        cart = await shopper.post("/en/cart/add", {"product": "p-03", "quantity": "2"})
        assert cart.path == "/en/cart"
        assert [event["event"] for event in events_of(cart.text)] == ["add_to_cart", "view_cart"]
        assert "112.90\u00a0zł" in cart.text  # two mugs and the courier
        change = {"product": "p-03", "size": "", "quantity": "3"}
        more = events_of((await shopper.post("/en/cart/change", change)).text)[0]
        assert (more["event"], more["ecommerce"]["value"], more["ecommerce"]["items"][0]["quantity"]) == ("add_to_cart", 49.0, 1)
        out = await shopper.post("/en/cart/change", change | {"quantity": "0"})
        assert "Your cart is empty" in out.text
        assert [event["event"] for event in events_of(out.text)] == ["remove_from_cart"]
        assert events_of(await shopper.get("/en/cart")) == []  # told once


async def test_a_script_gets_the_event_as_json(shop: Shop) -> None:
    accept = {"accept": "application/json"}
    async with shop.shopper() as shopper:
        refused = await shopper.post("/en/cart/add", {"product": "p-05"}, 422, accept)
        assert "Choose a size first." in refused.text
        added = await shopper.post("/en/cart/add", {"product": "p-05", "size": "M"}, 200, accept)
        assert '"event": "add_to_cart"' in added.text
        await shopper.post("/en/cart/add", {"product": "p-99"}, 404)


async def test_delivery_is_free_from_300(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        page = await shopper.post("/en/cart/add", {"product": "p-13"})
        assert "Delivery is on us." in page.text


async def test_no_checkout_without_a_cart_nor_payment_without_an_address(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        assert (await shopper.post("/en/checkout", ADDRESS)).path == "/en/cart"
        await shopper.post("/en/cart/add", {"product": "p-03"})
        assert (await shopper.post("/en/checkout/payment", CARD)).path == "/en/checkout"


async def test_errors_name_their_fields_and_keep_what_was_typed(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.post("/pl/cart/add", {"product": "p-03"})
        page = await shopper.post("/pl/checkout", ADDRESS | {"email": "nope", "postcode": "30001"}, 422)
        assert "Sprawdź jeszcze 2 pola." in page.text
        assert 'value="nope"' in page.text
        assert page.text.count('aria-invalid="true"') == 2
        assert "To nie wygląda na adres e-mail." in page.text


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"name": " "}, {"name"}),
        ({"email": "a@b"}, {"email"}),
        ({"phone": "call me"}, {"phone"}),
        ({"street": "", "postcode": "", "city": ""}, {"street", "postcode", "city"}),
        ({"delivery": "drone"}, {"delivery"}),
        ({"delivery": "point", "street": "", "city": "", "postcode": ""}, {"point"}),
        ({"delivery": "point", "point": "My garage"}, {"point"}),
        ({"delivery": "point", "point": forms.POINTS[0], "street": "", "postcode": "", "city": ""}, set()),
    ],
)
def test_the_address_form(change: dict[str, str], wrong: set[str]) -> None:
    assert set(forms.address(ADDRESS | change)[1]) == wrong


@pytest.mark.parametrize(
    ("fields", "outcome", "wrong"),
    [
        (CARD, "paid", set()),
        (DECLINED, "declined", set()),
        (CARD | {"card_number": "4242 4242 4242 4241"}, "paid", {"card_number"}),
        (CARD | {"card_expiry": "13/29", "card_cvc": "1"}, "paid", {"card_expiry", "card_cvc"}),
        ({"method": "blik", "blik": "123 456"}, "paid", set()),
        ({"method": "blik", "blik": "12345"}, "paid", {"blik"}),
        ({"method": "on_delivery"}, "pending", set()),
        ({}, "", {"method"}),
    ],
)
def test_the_payment_form(fields: dict[str, str], outcome: str, wrong: set[str]) -> None:
    _, says, errors = forms.payment(fields)
    assert (says, set(errors)) == (outcome, wrong)


async def test_a_declined_card_then_a_good_one_is_one_order(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.post("/en/cart/add", {"product": "p-03"})
        await shopper.post("/en/checkout", ADDRESS)
        refused = await shopper.post("/en/checkout/payment", DECLINED, 422)
        assert "Your bank declined the card." in refused.text
        assert "4000" not in refused.text.replace("4000 0000 0000 0002 is declined", "")  # the number is not echoed
        (failed,) = shop.site.store.orders()
        assert (failed["payment"]["status"], failed["status"]) == ("failed", "placed")
        await shopper.post("/en/cart/add", {"product": "p-14"})
        thanks = await shopper.post("/en/checkout/payment", CARD)
        (order,) = shop.site.store.orders()
        assert order["number"] == failed["number"]
        assert order["version"] > failed["version"]
        assert (order["payment"]["status"], len(order["items"]), order["total"]) == ("paid", 2, 4900 + 7900 + 1490)
        told = [event["event"] for event in events_of(thanks.text)]
        assert told[-2:] == ["add_payment_info", "purchase"]
        bought = events_of(thanks.text)[-1]["ecommerce"]
        assert (bought["transaction_id"], bought["value"], bought["shipping"]) == ("1001", 142.9, 14.9)
        assert "Your cart is empty" in await shopper.get("/en/cart")


async def test_forms_from_elsewhere_are_refused(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.post("/en/cart/add", {"product": "p-03"}, 403, {"origin": "https://evil.example"})
        await shopper.post("/backoffice/place", {"who": "guest"}, 403, {"origin": "null"})
    assert shop.site.store.orders() == []


async def test_cards_are_kept_nowhere(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.buy()
    everything = (shop.site.settings.data / "shop.sqlite3").read_bytes() + (shop.site.settings.data / "shop.sqlite3-wal").read_bytes()
    assert b"4242" not in everything
    assert b"guest@example.com" in everything
