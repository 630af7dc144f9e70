"""The shape of our own product event: these structs are the contract, and docs/schemas/product-event.schema.json is made from them.

Pure. Unknown fields are refused. What the shapes cannot say is checked in `product`. The catalogue's door half.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from order_status.events import Stamp
from order_status.products import Product, ProductText, gone, tag
from order_status.shops.native_body import Ident, Money, Text, Time, Url

Language = Annotated[str, msgspec.Meta(max_length=35, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", description="BCP 47")]


class ProductTextBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$")]
    url: Url | None = None
    image_url: Url | None = None
    category: Text | None = None


class ProductBody(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    product_id: Ident
    version: Annotated[int, msgspec.Meta(ge=0, le=2**53, description="orders snapshots; send it always or never")] | None = None
    deleted: Annotated[bool, msgspec.Meta(description="nobody is shown it any more; nothing else need be sent then")] = False
    texts: Annotated[dict[Language, ProductTextBody], msgspec.Meta(min_length=1, max_length=40)] | UnsetType = UNSET
    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")] | UnsetType = UNSET
    price: Annotated[Money, msgspec.Meta(description="minor units; the lowest of its variants. null: no price is told")] | None = None
    price_to: Annotated[Money, msgspec.Meta(description="minor units; the highest of its variants, where they differ")] | None = None
    stock: Annotated[int, msgspec.Meta(ge=0, le=10**9, description="null: the shop does not count it")] | None = None
    available: Annotated[bool, msgspec.Meta(description="can be bought now; null: when there is stock, or none is counted")] | None = None


class ProductUpdated(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole product in every language, every time."""

    type: Literal["product.updated"]
    timestamp: Time
    data: ProductBody


_body = msgspec.json.Decoder(ProductBody)


def product(data: msgspec.Raw, at: datetime, digest: str) -> Product:
    """Raises msgspec.ValidationError, and ValueError for what the shapes cannot say, both with the place."""
    body = _body.decode(data)
    stamp = Stamp(-1 if body.version is None else body.version, at, digest)
    if body.deleted:
        return gone(body.product_id, stamp)
    if body.texts is UNSET or body.currency is UNSET:
        raise ValueError(f"missing required field `{'texts' if body.texts is UNSET else 'currency'}` - at `$.data`")
    if body.price_to is not None and (body.price is None or body.price_to < body.price):
        raise ValueError("is lower than the price - at `$.data.price_to`")
    texts = {
        tag(language): ProductText(text.name.strip(), text.url, text.image_url, (text.category or "").strip() or None)
        for language, text in body.texts.items()
    }
    if len(texts) != len(body.texts):
        raise ValueError("two texts in one language - at `$.data.texts`")
    available = body.stock != 0 if body.available is None else body.available
    price_to = None if body.price_to == body.price else body.price_to
    return Product(body.product_id, stamp, texts, body.price, price_to, body.currency, body.stock, available)


def schema() -> dict[str, Any]:
    """The JSON Schema of a product event. It cannot say two things: `price_to` is not lower than `price`, and a language comes once."""
    (shape,), definitions = msgspec.json.schema_components([ProductUpdated], ref_template="#/$defs/{name}")
    definitions["ProductBody"] |= {
        "if": {"properties": {"deleted": {"const": True}}, "required": ["deleted"]},
        "else": {"required": ["texts", "currency"]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The product event that a shop sends",
        **shape,
        "$defs": definitions,
    }
