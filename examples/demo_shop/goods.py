"""Price and stock of the goods as the back office last set them, over what catalogue.toml says; each change is one `product.updated`.

Shopbell knows from it what products cost and whether there are any: for cards, rules and the bot. Every product is told at the start too.
"""

from dataclasses import replace

from .catalogue import Catalogue, Product
from .orders import Entry
from .outbox import Outbox
from .store import Store

CURRENCY = "PLN"
DEAREST = 10_000_000
MOST = 9_999


class Goods:
    """Changes go into the catalogue that all pages read, the shop's database and the outbox, together."""

    def __init__(self, store: Store, outbox: Outbox, catalogue: Catalogue, url: str) -> None:
        self._store, self._outbox, self._catalogue, self._url = store, outbox, catalogue, url
        for row in store.rows("SELECT * FROM goods"):
            known = catalogue.by_id(row["product_id"])
            if known is not None:
                catalogue.put(replace(known, price=row["price"], stock=row["stock"]))

    def tell_all(self) -> None:
        """The whole catalogue: a chat server that is new knows all of it soon. What still waits is not told twice."""
        with self._store.transaction():
            waiting = self._store.rows("SELECT DISTINCT subject FROM outbox WHERE type = 'product.updated' AND state = 'waiting'")
            for product in self._catalogue.products:
                if product.id not in {row["subject"] for row in waiting}:
                    self._tell(product)

    def set(self, product: Product, price: int, stock: int) -> bool:
        """False for what no shop would sell at: nothing is changed then."""
        if not 0 < price <= DEAREST or not 0 <= stock <= MOST:
            return False
        changed = replace(product, price=price, stock=stock)
        with self._store.transaction():
            self._store.run(
                "INSERT INTO goods VALUES (?, ?, ?, 1) ON CONFLICT (product_id)"
                " DO UPDATE SET price = excluded.price, stock = excluded.stock, version = goods.version + 1",
                product.id, price, stock,
            )  # fmt: skip
            self._tell(changed)
        self._catalogue.put(changed)
        return True

    def _tell(self, product: Product) -> None:
        row = self._store.row("SELECT version FROM goods WHERE product_id = ?", product.id)
        self._outbox.put("product.updated", product.id, self._snapshot(product, 0 if row is None else int(row["version"])))

    def _snapshot(self, product: Product, version: int) -> Entry:
        """The `data` of `product.updated`: the whole product, in every language of the shop."""
        category = self._catalogue.category(product.category)
        return {
            "product_id": product.id,
            "version": version,
            "currency": CURRENCY,
            "price": product.price,
            "stock": product.stock,
            "texts": {
                locale: {
                    "name": name,
                    "url": f"{self._url}/{locale}/p/{product.slug}",
                    "image_url": f"{self._url}{product.image}",
                    "category": category.name[locale] if category else None,
                }
                for locale, name in product.name.items()
            },
        }
