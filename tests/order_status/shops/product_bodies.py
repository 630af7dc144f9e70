"""Products as each backend tells them, in the shape of its own webhooks."""

from copy import deepcopy
from typing import Any

Json = dict[str, Any]
PICTURE = "https://cdn.example/lamp.png"
BIG_PRODUCT = 9007199254740995  # beyond 2^53


def native(product_id: str = "p-3", **more: Any) -> Json:
    """The `data` of a `product.updated`."""
    base: Json = {
        "product_id": product_id,
        "currency": "PLN",
        "price": 12900,
        "stock": 4,
        "texts": {
            "en": {
                "name": "Manlys lamp",
                "url": "https://shop.example/en/lamp",
                "image_url": PICTURE,
                "category": "Lamps",
            },
            "pl": {"name": "Lampa Manlys", "url": "https://shop.example/lampa", "category": "Lampy"},
        },
    }
    return deepcopy({**base, **more})


def variant(price: str = "129.00", quantity: object = 3, **more: Any) -> Json:
    return {
        "id": 808950810,
        "product_id": BIG_PRODUCT,
        "title": "Black",
        "price": price,
        "inventory_policy": "deny",
        "inventory_quantity": quantity,
        **more,
    }


def shopify(updated_at: str = "2026-11-20T10:20:00+01:00", *variants: Json, **more: Any) -> Json:
    return {
        "id": BIG_PRODUCT,
        "title": "Lamp",
        "body_html": "<p>Light.</p>",
        "vendor": "Demo",
        "product_type": "Lamps",
        "created_at": "2026-11-01T08:00:00+01:00",
        "handle": "lamp",
        "updated_at": updated_at,
        "published_at": "2026-11-01T08:00:00+01:00",
        "status": "active",
        "tags": "light",
        "variants": list(variants) or [variant()],
        "images": [{"id": 1, "src": PICTURE}],
        "image": {"id": 1, "src": PICTURE},
        **more,
    }


def woocommerce(modified: str = "2026-11-20T09:30:00", **more: Any) -> Json:
    return {
        "id": 93,
        "name": "Lamp &ndash; black",
        "permalink": "https://shop.example/product/lamp/",
        "date_created_gmt": "2026-11-01T08:00:00",
        "date_modified": "2026-11-20T10:30:00",
        "date_modified_gmt": modified,
        "type": "simple",
        "status": "publish",
        "catalog_visibility": "visible",
        "price": "129.00",
        "purchasable": True,
        "manage_stock": True,
        "stock_quantity": 4,
        "stock_status": "instock",
        "parent_id": 0,
        "categories": [{"id": 15, "name": "Lamps &amp; light", "slug": "lamps"}],
        "images": [{"id": 2, "src": "https://shop.example/lamp.png"}],
        "variations": [],
        **more,
    }
