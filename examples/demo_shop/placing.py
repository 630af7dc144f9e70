"""Makes an order of a cart and an address. The checkout and the back office both place orders here. Pure, like orders.py."""

from datetime import datetime

from .cart import Cart
from .money import CURRENCY
from .orders import Item, Order, ShopPart, changed, iso
from .parcels import first_parcel


def place(
    number: str, customer_id: str, form: dict[str, str], cart: Cart, voucher: str, locale: str, shop_url: str, now: datetime
) -> Order:
    """Version 1 of a new order. `form` is a checked address form; payment is still pending."""
    items = items_of(cart, locale, shop_url)
    return Order(
        order_id=f"A-{number}",
        number=number,
        version=1,
        placed_at=iso(now),
        locale=locale,
        currency=CURRENCY,
        total=cart.total,
        test=False,
        notify=True,
        customer={"id": customer_id, "email": form["email"], "phone": form["phone"] or None, "name": form["name"]},
        status="placed",
        payment={"status": "pending", "reason": None},
        items=items,
        shipments=[first_parcel(number, [i["id"] for i in items], form["delivery"], now, f"{shop_url}/{locale}/track")],
        adjustments=[],
        measures=[],
        shop=ShopPart(
            delivery=form["delivery"],
            pickup_point=form["point"],
            address={key: form[key] for key in ("street", "postcode", "city")},
            payment_method="",
            delivery_fee=cart.fee,
            discount=cart.discount,
            voucher=voucher if cart.discount else "",
            timeline=[{"at": iso(now), "stage": "placed", "shipment": "", "note": ""}],
        ),
    )


def replaced(order: Order, customer_id: str, form: dict[str, str], cart: Cart, voucher: str, shop_url: str, now: datetime) -> Order:
    """An order whose payment failed, with what the cart and the form say now. It keeps its number."""
    fresh = place(order["number"], customer_id, form, cart, voucher, order["locale"], shop_url, now)
    new = changed(order, now, "changed")
    for key in ("customer", "items", "shipments", "total"):
        new[key] = fresh[key]
    fresh["shop"]["timeline"] = order["shop"]["timeline"]
    new["shop"] = fresh["shop"]
    return new


def items_of(cart: Cart, locale: str, shop_url: str) -> list[Item]:
    return [
        Item(
            id=str(place), product_id=line.product.id, name=line.name(locale), quantity=line.quantity, unit_price=line.product.price,
            url=f"{shop_url}/{locale}/p/{line.product.slug}", image_url=f"{shop_url}{line.product.image}",
        )
        for place, line in enumerate(cart.lines, 1)
    ]  # fmt: skip
