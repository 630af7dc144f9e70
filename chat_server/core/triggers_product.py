"""The condition on products: what the shop's catalogue says of those that are looked at, or lie in the cart. Data, and whether it holds.

The page names products and nothing more. Walk c.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chat_server.core.product import Product, Products

Bounds = tuple[int | None, int | None]
"""at least, at most"""


@dataclass(frozen=True, slots=True)
class ProductIs:
    """One product fits all of it, as the catalogue knows it now: of those that the activity names, or of those in the cart.

    Prices are minor units. One that the catalogue does not know never fits, nor does a stock that the shop does not count.
    """

    of: Literal["item", "cart"] = "item"
    categories: frozenset[str] = frozenset()
    """casefolded; in whichever language"""
    price: Bounds = (None, None)
    stock: Bounds = (None, None)
    available: bool | None = None

    def among(self, ids: Iterable[str], products: Products) -> list[str]:
        """Those of these that fit."""
        return [each for each in ids if each in products and self.fits(products[each])]

    def fits(self, product: Product) -> bool:
        """Whether the catalogue's word on it is as wanted."""
        if self.categories and not self.categories & {category.casefold() for category in product.categories}:
            return False
        if self.available is not None and product.available is not self.available:
            return False
        return _within(product.price, self.price) and _within(product.stock, self.stock)


def _within(value: int | None, bounds: Bounds) -> bool:
    low, high = bounds
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)
