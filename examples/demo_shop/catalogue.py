"""What the shop sells, read once from catalogue.toml, and the search over it. Pure after loading; prices are minor units."""

import tomllib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Texts = dict[str, str]  # by locale


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    name: Texts
    lead: Texts


@dataclass(frozen=True, slots=True)
class Product:
    id: str
    slug: str
    category: str
    price: int
    badge: str  # new, loved or empty
    name: Texts
    short: Texts
    text: Texts
    facts: dict[str, list[str]]
    sizes: tuple[str, ...] = ()
    stock: int = 12

    @property
    def image(self) -> str:
        return f"/static/products/{self.slug}.svg"


class Catalogue:
    def __init__(self, categories: list[Category], products: list[Product]) -> None:
        self.categories = categories
        self.products = products
        self._by_slug = {p.slug: p for p in products}
        self._by_id = {p.id: p for p in products}

    def put(self, product: Product) -> None:
        """A product as it is from now on, in the place of the one with its id."""
        self.products = [product if each.id == product.id else each for each in self.products]
        self._by_slug[product.slug] = self._by_id[product.id] = product

    def category(self, category_id: str) -> Category | None:
        return next((c for c in self.categories if c.id == category_id), None)

    def of(self, category_id: str) -> list[Product]:
        return [p for p in self.products if p.category == category_id]

    def by_slug(self, slug: str) -> Product | None:
        return self._by_slug.get(slug)

    def by_id(self, product_id: str) -> Product | None:
        return self._by_id.get(product_id)

    def loved(self) -> list[Product]:
        """What the front page shows first: the loved ones, then the new ones."""
        return [p for p in self.products if p.badge == "loved"] + [p for p in self.products if p.badge == "new"]

    def beside(self, product: Product, count: int = 4) -> list[Product]:
        """Others of the category first, then what follows in the catalogue."""
        same = [p for p in self.of(product.category) if p != product]
        rest = [p for p in self.products if p.category != product.category]
        return (same + rest)[:count]

    def search(self, term: str, locale: str) -> list[Product]:
        """Every word must begin a word of name, category or texts; accents and case do not matter. Hits in the name come first."""
        words = _plain(term).split()
        if not words:
            return []
        found: list[tuple[int, Product]] = []
        for product in self.products:
            category = self.category(product.category)
            name = _plain(product.name[locale]).split()
            rest = _plain(" ".join([product.short[locale], product.text[locale], category.name[locale] if category else ""])).split()
            if all(_begins(word, name + rest) for word in words):
                found.append((sum(not _begins(word, name) for word in words), product))
        return [product for _, product in sorted(found, key=lambda pair: pair[0])]


def load(path: Path) -> Catalogue:
    raw: dict[str, list[dict[str, Any]]] = tomllib.loads(path.read_text(encoding="utf-8"))
    products = [Product(**(row | {"sizes": tuple(row.get("sizes", ()))})) for row in raw["products"]]
    return Catalogue([Category(**row) for row in raw["categories"]], products)


def _plain(text: str) -> str:
    """Lower case, no accents, punctuation as spaces; `ł` has no decomposition and is replaced by hand."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("ł", "l"))
    return "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))


def _begins(word: str, words: list[str]) -> bool:
    """A stem of at least four letters is enough, so that `swetry` finds `sweter` and `lamps` finds `lamp`."""
    stem = word[: max(4, len(word) - 2)] if len(word) > 4 else word
    return any(w.startswith(stem) for w in words)
