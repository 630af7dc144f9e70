"""Shopify's product webhooks: the whole product each time, its variants folded into one price, one stock and one availability.

Pure; unknown fields are passed over. A body has no currency, no language and no address: they are the source's (answers.Home).
"""

from datetime import datetime, tzinfo
from decimal import Decimal

from order_status.events import Stamp
from order_status.products import Product, ProductText, gone
from order_status.shops.answers import Home
from order_status.shops.reading import Node, Unreadable, moment
from order_status.shops.signing import body_digest

TOPICS = frozenset({"products/create", "products/update", "products/delete"})
MOST_VARIANTS = 2048
_HANDLE_SIGNS = frozenset("-_.~%")


def is_product(data: Node) -> bool:
    return "variants" in data and "title" in data


def is_deletion(data: Node, topic: str) -> bool:
    """A deletion names the product and nothing else, and every other deletion looks the same: only the unsigned topic tells them apart."""
    return topic == "products/delete" and "id" in data and "title" not in data


def deleted(data: Node, at: datetime | None) -> Product:
    """`at`: when it came, where it is read again later."""
    return gone(data.need_ident("id"), Stamp(-1, at, "") if at else None)


def product(data: Node, body: bytes, zone: tzinfo, home: Home) -> Product:
    product_id = data.need_ident("id")
    stamp = Stamp(-1, data.need_time(zone, "updated_at", "created_at"), body_digest(body))
    if (data.word("status") or "active") != "active" or ("published_at" in data and moment(data.get("published_at"), zone) is None):
        return gone(product_id, stamp)
    name = data.text("title")
    if name is None:
        raise Unreadable("a name is missing - at `$.title`")
    variants = list(data.nodes("variants", MOST_VARIANTS))
    told = [variant.money("price", home.currency) for variant in variants] if home.currency else []
    prices = [price for price in told if price is not None and price >= 0]
    image = data.node("image").url("src") or next((found for node in data.nodes("images", 10) if (found := node.url("src"))), None)
    text = ProductText(name, _url(data, home), image, data.text("product_type") or data.node("category").text("name"))
    counted = [stock for variant in variants if (stock := _stock(variant)) is not None]
    lowest, highest = (min(prices), max(prices)) if prices else (None, None)
    return Product(
        product_id=product_id,
        stamp=stamp,
        texts={home.locale: text},
        price=lowest,
        price_to=highest if highest != lowest else None,
        currency=home.currency or None,
        stock=sum(counted) if counted and len(counted) == len(variants) else None,
        available=any(_stock(variant) != 0 or variant.word("inventory_policy") == "continue" for variant in variants),
    )


def _stock(variant: Node) -> int | None:
    """None where Shopify does not count it; sold below zero is none left."""
    quantity = variant.get("inventory_quantity")
    counts = variant.text("inventory_management") is not None if "inventory_management" in variant else True
    if not counts or isinstance(quantity, bool) or not isinstance(quantity, (int, Decimal)):
        return None
    return max(variant.whole("inventory_quantity") or 0, 0)


def _url(data: Node, home: Home) -> str | None:
    handle = data.text("handle")
    if not home.url or not handle or not all(sign.isalnum() or sign in _HANDLE_SIGNS for sign in handle):
        return None
    return f"{home.url}/products/{handle}"
