"""A product as the shop last told it: the canonical snapshot, which of two is newer, what is said of it in a language, and its words.

Pure. The price is the lowest of the variants; a product that is deleted, a draft or private is not for sale and is shown to nobody.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from order_status.events import Stamp

ANY = ""  # the language of a text whose sender has one language and does not name it
LITTLE = 0.3
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
    """What a search looks through: name, category and id, every word behind a space; `|` is in no word."""
    return " " + " | ".join(" ".join(words(part)) for part in (text.name, text.category or "", product_id))


def alike(word: str, other: str) -> bool:
    """The same word, perhaps with another ending (lampa, lampy, lampę; blanket, blankets)."""
    if word == other:
        return True
    shared = next((place for place, (one, two) in enumerate(zip(word, other, strict=False)) if one != two), min(len(word), len(other)))
    longest = max(len(word), len(other))
    return shared >= 3 and shared >= (longest - 3 if longest >= 8 else longest - 2 if longest >= 6 else longest - 1)


def start_of(word: str) -> str:
    """What every word that is `alike` begins with."""
    return word[: max(3, len(word) - (3 if len(word) >= 8 else 2 if len(word) >= 6 else 1))]


def sought(lines: Iterable[tuple[str, str]], asked: Sequence[str]) -> list[tuple[bool, str]]:
    """Of (product, line), those with words that begin like every one asked for: (whether the name begins otherwise, product), by name."""
    wanted = " " + " ".join(asked)
    fitting = [(not line.startswith(wanted), line, product) for product, line in lines if all(f" {word}" in line for word in asked)]
    best: dict[str, bool] = {}
    for otherwise, _, product in sorted(fitting):
        best.setdefault(product, otherwise)
    return [(otherwise, product) for product, otherwise in best.items()]


def spoken_of(lines: Iterable[tuple[str, str]], asked: Sequence[str]) -> list[str]:
    """Of (product, line), what a sentence speaks of most, the surest first; what it speaks of much less is left out.

    Counted is which part of a name it says; a category alone is little.
    """
    heard = cache(lambda word: any(alike(said, word) for said in asked))
    scores: dict[str, float] = {}
    for product, line in lines:
        name, category = (part.split() for part in line.split("|")[:2])
        said = sum(map(heard, name)) / len(name) if name else 0.0
        if not said and category:
            said = LITTLE * sum(map(heard, category)) / len(category)
        scores[product] = max(said, scores.get(product, 0.0))
    least = SURE_ENOUGH * max(scores.values(), default=0.0)
    return sorted((product for product, score in scores.items() if score > 0 and score >= least), key=lambda each: (-scores[each], each))
