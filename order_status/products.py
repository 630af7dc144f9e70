"""A product as the shop last told it: the canonical snapshot, which of two is newer, what is said of it in a language, and its words.

Pure. The price is the lowest of the variants; a product that is deleted, a draft or private is not for sale and is shown to nobody.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from order_status.events import Stamp

ANY = ""  # the language of a text whose sender has one language and does not name it
SURE_ENOUGH = 0.7  # a product is left out that a sentence speaks of by this much less than of another
_SPELT = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "’": "'", "ʼ": "'"})


@dataclass(frozen=True, slots=True)
class ProductText:
    """What the shop says of a product in one language."""

    name: str
    url: str | None = None
    image_url: str | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One whole product. `stamp` is None where the sender tells no time (a deletion): it counts from when it comes.

    `texts` by language tag (see `tag`). Prices are minor units; `price_to` is the highest of the variants where they differ.
    `stock` is None where the shop does not count it; `available`: it can be bought now.
    """

    product_id: str
    stamp: Stamp | None
    texts: Mapping[str, ProductText] = field(default_factory=dict)
    price: int | None = None
    price_to: int | None = None
    currency: str | None = None
    stock: int | None = None
    available: bool = False
    for_sale: bool = True


def gone(product_id: str, stamp: Stamp | None) -> Product:
    """A product that nobody is shown any more; what was said of it is forgotten."""
    return Product(product_id, stamp, for_sale=False)


def newest(known: Product | None, told: Product) -> Product:
    """Whichever the shop said later, whatever came first. Both have a stamp."""
    if known is None or known.stamp is None or told.stamp is None:
        return told
    return told if told.stamp > known.stamp else known


def tag(locale: str) -> str:
    """One spelling of a language tag: small letters, hyphens."""
    return locale.replace("_", "-").lower()


def text_in(product: Product, locales: Sequence[str]) -> tuple[str, ProductText] | None:
    """The text for the first of these locales that there is: itself, its language, that language as spoken elsewhere; then any.

    A text without an address or a picture borrows those of the other languages, never their words.
    """
    texts = product.texts
    if not texts:
        return None
    language = next((found for locale in locales if (found := _fitting(texts, tag(locale))) is not None), None)
    if language is None:
        language = ANY if ANY in texts else min(texts)
    text = texts[language]
    others = [texts[name] for name in sorted(texts)]
    return language, ProductText(
        name=text.name,
        url=text.url or next((other.url for other in others if other.url), None),
        image_url=text.image_url or next((other.image_url for other in others if other.image_url), None),
        category=text.category,
    )


def _fitting(texts: Mapping[str, ProductText], wanted: str) -> str | None:
    language = wanted.split("-")[0]
    elsewhere = (name for name in sorted(texts) if name and name.split("-")[0] == language)
    return next((name for name in (wanted, language) if name and name in texts), None) or next(elsewhere, None)


def product_view(product: Product, locales: Sequence[str]) -> dict[str, Any] | None:
    """A product for people and rules (docs/wire.md, Product); None for one that is not for sale. `categories`: in every language."""
    found = text_in(product, locales)
    if found is None or not product.for_sale or product.stamp is None:
        return None
    language, text = found
    return {
        "id": product.product_id,
        "name": text.name,
        "locale": language or None,
        "url": text.url,
        "image_url": text.image_url,
        "category": text.category,
        "categories": sorted({each.category for each in product.texts.values() if each.category}),
        "price": product.price,
        "price_to": product.price_to,
        "currency": product.currency,
        "stock": product.stock,
        "available": product.available,
        "updated_at": f"{product.stamp.at:%Y-%m-%dT%H:%M:%S}.{product.stamp.at.microsecond // 1000:03d}Z",
    }


def words(text: str) -> list[str]:
    """The words of a text as they are compared: without accents, small, without punctuation. Vowel signs are letters."""
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", text.casefold().translate(_SPELT)) if not _is_accent(unicodedata.combining(sign))
    )
    return "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in plain).split()


def _is_accent(combining: int) -> bool:
    """Marks above and below letters (Latin, Greek, Cyrillic), and Arabic vowel marks, which few people type."""
    return combining >= 200 or 27 <= combining <= 35


def line_of(product_id: str, text: ProductText) -> str:
    """What a search looks through: every word behind a space, the name before the rest."""
    found = dict.fromkeys([*words(text.name), *words(text.category or ""), *words(product_id)])
    return " " + " ".join(found)


def alike(word: str, other: str) -> bool:
    """The same word, perhaps with another ending (lampa, lampy, lampę; blanket, blankets)."""
    if word == other:
        return True
    shared = next((place for place, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), min(len(word), len(other)))
    longest = max(len(word), len(other))
    return shared >= 3 and shared >= (longest - 3 if longest >= 8 else longest - 2 if longest >= 6 else longest - 1)


def mentioned(asked: Iterable[str], text: ProductText) -> float:
    """How much a sentence speaks of a product: 0 for not at all, 1 for its whole name; its category alone is little."""
    said = list(asked)
    name, category = words(text.name), words(text.category or "")
    hits = sum(any(alike(word, part) for word in said) for part in name)
    if hits:
        return hits / len(name)
    near = sum(any(alike(word, part) for word in said) for part in category)
    return 0.3 * near / len(category) if near else 0.0


def start_of(word: str) -> str:
    """What every word that is `alike` begins with."""
    return word[: max(3, len(word) - (3 if len(word) >= 8 else 2 if len(word) >= 6 else 1))]


def sought(products: Iterable[Product], asked: Sequence[str]) -> list[Product]:
    """Products of which every asked word begins a word, in one language: a name that begins so first, then what can be bought."""

    def place(product: Product) -> tuple[bool, bool, str] | None:
        names = [
            " ".join(words(text.name))
            for text in product.texts.values()
            if all(f" {word}" in line_of(product.product_id, text) for word in asked)
        ]
        return (not any(name.startswith(" ".join(asked)) for name in names), not product.available, min(names)) if names else None

    placed = [(found, product.product_id, product) for product in products if (found := place(product)) is not None]
    return [product for _, _, product in sorted(placed, key=lambda each: each[:2])]


def spoken_of(products: Iterable[Product], asked: Sequence[str]) -> list[Product]:
    """The products that a sentence speaks of most, the surest first; those that it speaks of much less are left out."""
    scored = [(max((mentioned(asked, text) for text in product.texts.values()), default=0.0), product) for product in products]
    best = max((score for score, _ in scored), default=0.0)
    kept = [(score, product) for score, product in scored if score > 0 and score >= SURE_ENOUGH * best]
    return [product for _, product in sorted(kept, key=lambda each: (-each[0], not each[1].available, each[1].product_id))]
