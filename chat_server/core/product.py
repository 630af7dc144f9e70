"""What the shop's catalogue says of products, as rules and cards use it. Pure.

A page tells which products a shopper looks at; what they are, cost and whether there are any left is the catalogue's word alone. Walk c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chat_server.core.model import Json

Products = Mapping[str, "Product"]
MOST_ITEMS = 50
"""of one activity; what comes after them is not looked at"""


@dataclass(frozen=True, slots=True)
class Product:
    """A product that is for sale. `price`: the lowest of its variants, minor units; `stock` None: not counted."""

    id: str
    name: str
    price: int | None = None
    currency: str | None = None
    stock: int | None = None
    available: bool = True
    categories: tuple[str, ...] = ()
    """the one in the language at hand first, then as the other languages call it"""


def product_of(view: Json) -> Product:
    """From what the catalogue shows (docs/wire.md, Product)."""
    own = [view["category"]] if view["category"] else []
    categories = tuple(dict.fromkeys([*own, *view["categories"]]))
    return Product(view["id"], view["name"], view["price"], view["currency"], view["stock"], view["available"], categories)


def card_of(view: Json) -> Json:
    """The part of a message that shows it."""
    shown = ("id", "name", "price", "price_to", "currency", "url", "image_url", "category", "available")
    return {"type": "product_card", "product": {name: view[name] for name in shown}}


def ids_in(data: Mapping[str, object]) -> tuple[str, ...]:
    """The products that an activity's `items` name: of the first fifty, as many as a cart holds."""
    items = data.get("items")
    entries = items[:MOST_ITEMS] if isinstance(items, list | tuple) else ()
    return tuple(dict.fromkeys(entry["id"] for entry in entries if isinstance(entry, Mapping) and isinstance(entry.get("id"), str)))


def grounded(data: Json, products: Products) -> Json:
    """An activity's data with name, price and category of what the catalogue knows from there, whatever the page says of it.

    A total that the page states is believed only as long as none of its items is known.
    """
    known = [products[each] for each in ids_in(data) if each in products]
    if not known:
        return data
    items = [_grounded(entry, products) if isinstance(entry, Mapping) else entry for entry in data["items"][:MOST_ITEMS]]
    told = {name: value for name, value in data.items() if name != "value"}
    currency = next((product.currency for product in known if product.currency), data.get("currency"))
    return {**told, "items": items} | ({"currency": currency} if currency else {})


def _grounded(entry: Mapping[str, object], products: Products) -> Mapping[str, object]:
    product = products.get(str(entry.get("id")))
    if product is None:
        return entry
    words: Json = {"name": product.name, **({"category": product.categories[0]} if product.categories else {})}
    price: Json = {} if product.price is None else {"price": product.price}
    return {**entry, **words, **price}
