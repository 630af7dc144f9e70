"""GA4 ecommerce events in the shape that Google documents, for `dataLayer.push`. Shopbell's loader reads them there too. Walk c.

GA4 counts in major units (złoty); everything else in the shop in minor ones.
"""

from collections.abc import Iterable

from .cart import Cart, Line
from .catalogue import Product
from .money import CURRENCY, major
from .orders import Entry, Order


def goods(event: str, lines: Iterable[Line], value: int, locale: str, **more: object) -> Entry:
    """`view_item`, `add_to_cart`, `view_cart`, `begin_checkout` and their kin."""
    items = [item(line.product, locale, line.quantity) for line in lines]
    return {"event": event, "ecommerce": {"currency": CURRENCY, "value": major(value), **more, "items": items}}


def cart(event: str, cart: Cart, locale: str, **more: object) -> Entry:
    return goods(event, cart.lines, cart.goods, locale, **more)


def item_list(list_id: str, list_name: str, products: list[Product], locale: str) -> Entry:
    items = [item(product, locale, 1) | {"index": index} for index, product in enumerate(products)]
    return {"event": "view_item_list", "ecommerce": {"item_list_id": list_id, "item_list_name": list_name, "items": items}}


def item(product: Product, locale: str, quantity: int) -> Entry:
    return {
        "item_id": product.id,
        "item_name": product.name[locale],
        "item_category": product.category,
        "price": major(product.price),
        "quantity": quantity,
    }


def purchase(order: Order) -> Entry:
    items = [
        {"item_id": i["product_id"], "item_name": i["name"], "price": major(i["unit_price"]), "quantity": i["quantity"]}
        for i in order["items"]
    ]
    ecommerce = {"transaction_id": order["number"], "currency": order["currency"], "value": major(order["total"])}
    return {"event": "purchase", "ecommerce": ecommerce | {"shipping": major(order["shop"]["delivery_fee"]), "items": items}}


def search(term: str, results: int) -> Entry:
    return {"event": "search", "search_term": term, "results": results}
