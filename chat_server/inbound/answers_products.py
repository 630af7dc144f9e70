"""What the catalogue's calls answer, for the OpenAPI document (docs/wire.md, Product). Shapes only."""

from __future__ import annotations

from chat_server.inbound.answers import Closed, Done


class ProductView(Closed):
    id: str
    name: str
    locale: str | None
    url: str | None
    image_url: str | None
    category: str | None
    categories: list[str]
    price: int | None
    price_to: int | None
    currency: str | None
    stock: int | None
    available: bool
    updated_at: str


class ProductsFound(Done):
    products: list[ProductView]


class BotProducts(Done):
    locale: str
    products: list[ProductView]
