"""The cart's sums. Pure: lines and goods in, totals out, all in minor units. Never believes a price that came from the page."""

from dataclasses import dataclass

from .catalogue import Catalogue, Product
from .orders import Entry

FEES = {"courier": 1490, "point": 990}
FREE_FROM = 30_000  # goods worth this are delivered free of charge
MOST_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class Line:
    product: Product
    size: str
    quantity: int

    @property
    def sum(self) -> int:
        return self.product.price * self.quantity

    def name(self, locale: str) -> str:
        return f"{self.product.name[locale]}, {self.size}" if self.size else self.product.name[locale]


@dataclass(frozen=True, slots=True)
class Cart:
    lines: tuple[Line, ...]
    delivery: str
    discount_asked: int  # worth of the voucher

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def goods(self) -> int:
        return sum(line.sum for line in self.lines)

    @property
    def fee(self) -> int:
        return 0 if self.goods >= FREE_FROM or not self.lines else FEES[self.delivery]

    @property
    def discount(self) -> int:
        """A voucher never makes a cart cheaper than nothing."""
        return min(self.discount_asked, self.goods)

    @property
    def total(self) -> int:
        return self.goods + self.fee - self.discount

    @property
    def missing_for_free(self) -> int:
        return max(0, FREE_FROM - self.goods)


def cart_of(entries: list[Entry], catalogue: Catalogue, delivery: str = "courier", discount: int = 0) -> Cart:
    """Lines of goods that are not sold any more fall out."""
    lines = []
    for entry in entries:
        product = catalogue.by_id(entry["product_id"])
        if product is not None:
            lines.append(Line(product, entry["size"], entry["quantity"]))
    return Cart(tuple(lines), delivery if delivery in FEES else "courier", discount)


def with_line(entries: list[Entry], product: Product, size: str, quantity: int) -> list[Entry]:
    """The cart with `quantity` more of this; the same goods in the same size are one line."""
    new = [dict(entry) for entry in entries]
    for entry in new:
        if (entry["product_id"], entry["size"]) == (product.id, size):
            entry["quantity"] = min(MOST_OF_ONE, entry["quantity"] + quantity)
            return new
    return [*new, {"product_id": product.id, "size": size, "quantity": min(MOST_OF_ONE, quantity)}]


def with_quantity(entries: list[Entry], product_id: str, size: str, quantity: int) -> list[Entry]:
    """The cart with exactly `quantity` of this line; 0 takes it out."""
    new = [dict(entry) for entry in entries]
    for entry in new:
        if (entry["product_id"], entry["size"]) == (product_id, size):
            entry["quantity"] = max(0, min(MOST_OF_ONE, quantity))
    return [entry for entry in new if entry["quantity"] > 0]
