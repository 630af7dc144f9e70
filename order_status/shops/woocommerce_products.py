"""WooCommerce's product webhooks: the whole product each time; its price is already the lowest of its variations.

Pure; unknown fields are passed over. A body has no currency: it is the source's. Language extensions add `lang`.
"""

import html
from collections.abc import Callable
from datetime import datetime, tzinfo

from order_status.events import Stamp
from order_status.products import Product, ProductText, gone, tag
from order_status.shops.answers import Home
from order_status.shops.reading import Node, Unreadable
from order_status.shops.signing import body_digest

TOPICS = frozenset({"product.created", "product.updated", "product.deleted", "product.restored"})
ON_SALE = frozenset({"instock", "onbackorder"})  # `stock_status` of what can be bought
MOST_STOCK = 10**9


def is_product(data: Node) -> bool:
    return "catalog_visibility" in data and "stock_status" in data


def is_deletion(data: Node, topic: str) -> bool:
    """A deletion holds an id and nothing else, as an order's does: only the unsigned topic tells them apart."""
    return topic == "product.deleted" and "id" in data and "name" not in data


def deleted(data: Node, at: datetime | None) -> Product:
    """`at`: when it came, where it is read again later."""
    return gone(data.need_ident("id"), Stamp(-1, at, "") if at else None)


def is_variation(data: Node) -> bool:
    """One size or colour: its product's own webhook says what it changes."""
    return data.word("type") == "variation"


def product(data: Node, body: bytes, zone: tzinfo, home: Home, time: Callable[..., datetime]) -> Product:
    product_id = data.need_ident("id")
    stamp = Stamp(-1, time(data, zone, "date_modified", "date_created"), body_digest(body))
    if data.word("status") != "publish" or data.word("catalog_visibility") == "hidden":
        return gone(product_id, stamp)
    name = html.unescape(data.text("name") or "").strip()
    if not name:
        raise Unreadable("a name is missing - at `$.name`")
    category = next((found for node in data.nodes("categories", 20) if (found := node.text("name"))), None)
    image = next((found for node in data.nodes("images", 20) if (found := node.url("src"))), None)
    price = data.money("price", home.currency) if home.currency else None
    stock = data.whole("stock_quantity") if data.get("manage_stock") is True else None
    return Product(
        product_id=product_id,
        stamp=stamp,
        texts={
            tag(data.locale("lang") or home.locale): ProductText(
                name, data.url("permalink"), image, html.unescape(category) if category else None
            )
        },
        price=price if price is not None and price >= 0 else None,
        currency=home.currency or None,
        stock=min(max(stock, 0), MOST_STOCK) if stock is not None else None,
        available=data.word("stock_status") in ON_SALE and (data.flag("purchasable") or data.word("type") in ("grouped", "external")),
    )
