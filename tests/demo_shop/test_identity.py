"""Who the page says the shopper is: claims of the token, guests by link, and nothing of one person in the session of another."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from examples.demo_shop.identity import mail_token, order_link, order_of_link, order_of_mail, widget_token
from tests.demo_shop.shop import IDENTITY_SECRET, Shop, token_of


def claims(html: str) -> dict[str, object]:
    token = token_of(html)
    assert token is not None
    read: dict[str, object] = jwt.decode(token, IDENTITY_SECRET, algorithms=["HS256"], audience="pk_demo")
    return read


async def test_a_visitor_has_no_token_and_no_cookie(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        assert token_of(await shopper.get("/en/")) is None
        assert "set-cookie" not in await shopper.headers("/en/")


async def test_a_signed_in_customer(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.sign_in("customer-a")
        read = claims(await shopper.get("/pl/"))
    assert read.pop("exp") == int(str(read.pop("iat"))) + 55 * 60
    assert read == {"aud": "pk_demo", "sub": "customer-a", "name": "Customer A", "email": "customer-a@example.com", "locale": "pl"}


async def test_nobody_else_can_be_signed_in(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.post("/en/sign-in", {"customer": "customer-c"}, 404)


async def test_signing_out_forgets_and_tells_the_widget(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.sign_in("customer-a")
        out = await shopper.post("/en/sign-out")
        assert token_of(out.text) is None
        assert 'shopbell("shutdown")' in out.text
        assert 'shopbell("shutdown")' not in await shopper.get("/en/")


async def test_a_guest_is_the_one_who_ordered(shop: Shop) -> None:
    async with shop.shopper() as shopper, shop.shopper() as other:
        order_id = await shopper.buy()
        order = shop.site.store.order(order_id)
        assert order is not None
        mine = claims(await shopper.get("/en/"))
        assert mine["sub"] == order["customer"]["id"]
        assert mine["email"] == "guest@example.com"
        await other.get(f"/en/orders/{order_id}", 404)
        link = order_link(IDENTITY_SECRET, order_id)
        assert order_id[2:] in await other.get(f"/en/orders/link/{link}")
        assert claims(await other.get("/en/"))["sub"] == mine["sub"]


async def test_signing_in_drops_the_guest(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        order_id = await shopper.buy()
        await shopper.sign_in("customer-b")
        assert claims(await shopper.get("/en/"))["sub"] == "customer-b"
        await shopper.get(f"/en/orders/{order_id}", 404)


async def test_a_customers_order_opens_by_no_link(shop: Shop) -> None:
    async with shop.shopper() as shopper, shop.shopper() as other:
        await shopper.sign_in("customer-a")
        order_id = await shopper.buy()
        await other.get(f"/en/orders/link/{order_link(IDENTITY_SECRET, order_id)}", 404)


@pytest.mark.parametrize(
    "link", ["", ".", "A-1001", "A-1001.", "A-1001.AAAA", "A-1002." + order_link("x", "A-1001").split(".")[1], "A-1001.ż"]
)
def test_forged_links(link: str) -> None:
    assert order_of_link("x", link) is None
    assert order_of_link("x", order_link("x", "A-1001")) == "A-1001"


def test_a_mails_link_opens_one_order_and_signs_nobody_in() -> None:
    now = datetime.now(UTC)
    token = mail_token(IDENTITY_SECRET, "pk_demo", "A-1001", now)
    assert order_of_mail(IDENTITY_SECRET, "pk_demo", token) == "A-1001"
    assert mail_token(IDENTITY_SECRET, "pk_demo", "A-1001", now) != token
    read = jwt.decode(token, IDENTITY_SECRET, algorithms=["HS256"], audience="pk_demo")
    assert read["exp"] - read["iat"] <= 14 * 86400
    assert "sub" not in read
    identity = widget_token(IDENTITY_SECRET, "pk_demo", "customer-a", "", "", "en", now)
    old = mail_token(IDENTITY_SECRET, "pk_demo", "A-1001", now - timedelta(days=14))
    for other in (identity, old, f"{token}x", "", order_link(IDENTITY_SECRET, "A-1001")):
        assert order_of_mail(IDENTITY_SECRET, "pk_demo", other) is None
    assert order_of_mail(IDENTITY_SECRET, "pk_other", token) is None
