"""Conditions of a rule: leaves over a visitor's state, and all, any, not over leaves. Data, and whether it holds.

No leaf calls another by name and none has an effect: a rule can be tried on recorded visits. Walk c.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import assert_never

from chat_server.core.product import Products, ids_in
from chat_server.core.triggers_product import ProductIs
from chat_server.core.triggers_state import Activity, Scalar, Seen, VisitorState, facts_of, path_of, whole


@dataclass(frozen=True, slots=True)
class Shopper:
    """Who it is about: known from the visitor's token and the shop's signed identity, not from the page."""

    visitor_id: str | None
    contact_id: str | None
    locale: str
    identified: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What a condition may see."""

    shopper: Shopper
    state: VisitorState
    activity: Activity
    now: datetime
    products: Products = field(default_factory=dict)
    """of the activity and the cart: those that the shop's catalogue knows"""

    @property
    def url(self) -> str:
        """The page that the activity is about, else the page that the shopper is on."""
        return self.activity.url or self.state.page_url or ""

    def within(self, kind: str, seconds: int | None) -> Iterable[Seen]:
        """Remembered activities of a kind, at most so many seconds old."""
        after = None if seconds is None else self.now - timedelta(seconds=seconds)
        return (seen for seen in self.state.recent if seen.kind == kind and (after is None or seen.at >= after))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A glob over a page: `path` over its path, `url` over the whole address. `*` also stands for slashes."""

    path: str | None = None
    url: str | None = None

    def fits(self, url: str) -> bool:
        """Whether a page's address matches everything that the pattern states."""
        if self.path is not None and not fnmatchcase(path_of(url), self.path):
            return False
        return self.url is None or fnmatchcase(url, self.url)


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; no parts: always."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class NotOf:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class OnPage:
    """The page matches."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Count:
    """An activity of `kind` happened `times` times within `seconds`: with these values (`where`), and, with `same`,
    with one and the same value of that path each time (`items.id`: the same product)."""

    kind: str
    times: int
    seconds: int
    same: str | None = None
    where: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dwell:
    """So many seconds of this visit were spent on pages that match."""

    pattern: Pattern
    at_least: int


@dataclass(frozen=True, slots=True)
class CartValue:
    """Value of the cart as the page tells it, in minor units. An empty cart has no value and never matches."""

    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class CartIdle:
    """There is a cart and it has not changed for so many seconds."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Scrolled:
    """Scrolled so many percent down a page that matches, in the last half hour."""

    pattern: Pattern
    at_least: int


@dataclass(frozen=True, slots=True)
class Visits:
    """Number of visits, this one included."""

    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Identified:
    """The shop has signed who the shopper is (or not)."""

    value: bool


@dataclass(frozen=True, slots=True)
class Speaks:
    """The shopper's locale is one of these; `en` also stands for `en-GB`."""

    locales: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrderStage:
    """The order fact tells one of these stages (only in rules on `order`)."""

    stages: tuple[str, ...]


Condition = (
    AllOf | AnyOf | NotOf | OnPage | Count | Dwell | CartValue | CartIdle | Scrolled | Visits | Identified | Speaks | OrderStage | ProductIs
)

SCROLL_WINDOW_S = 1_800


def holds(condition: Condition, look: Look) -> bool:
    """Whether a condition is true of what the look shows."""
    match condition:
        case AllOf(parts):
            return all(holds(part, look) for part in parts)
        case AnyOf(parts):
            return any(holds(part, look) for part in parts)
        case NotOf(part):
            return not holds(part, look)
        case OnPage(pattern):
            return pattern.fits(look.url)
        case Count():
            return counted(condition, look)[1] >= condition.times
        case Dwell(pattern, at_least):
            return sum(earlier + latest for url, earlier, latest in look.state.dwell if pattern.fits(url)) >= at_least
        case CartValue(at_least, at_most):
            cart = look.state.cart
            return cart is not None and _between(cart.value, at_least, at_most)
        case CartIdle(seconds):
            cart = look.state.cart
            return cart is not None and look.now - cart.changed_at >= timedelta(seconds=seconds)
        case Scrolled(pattern, at_least):
            return any(
                whole(depth) >= at_least
                for seen in look.within("scroll", SCROLL_WINDOW_S)
                if any(isinstance(url, str) and pattern.fits(url) for url in seen.facts.get("url", ()))
                for depth in seen.facts.get("depth", ())
            )
        case Visits(at_least, at_most):
            return _between(look.state.visits, at_least, at_most)
        case Identified(value):
            return look.shopper.identified is value
        case Speaks(locales):
            return speaks(look.shopper.locale, locales)
        case ProductIs():
            return bool(_fitting(condition, look))
        case OrderStage(stages):
            return look.activity.kind == "order" and look.activity.data.get("stage") in stages
        case _:
            assert_never(condition)


def counted(count: Count, look: Look) -> tuple[Scalar | None, int]:
    """(value, how often). With `same`, the value of the activity at hand that occurs most often, else of any activity;
    among equals the latest. Without it the value is None."""
    fitting = [seen for seen in look.within(count.kind, count.seconds) if _has(seen, count.where)]
    if count.same is None:
        return None, len(fitting)
    often: Counter[Scalar] = Counter(value for seen in fitting for value in dict.fromkeys(seen.facts.get(count.same, ())))
    if look.activity.kind == count.kind:
        at_hand = facts_of(look.activity.data).get(count.same, ())
        often = Counter({value: often[value] for value in at_hand if value in often})
    if not often:
        return None, 0
    latest = {value: place for place, seen in enumerate(fitting) for value in seen.facts.get(count.same, ())}
    best = max(often, key=lambda value: (often[value], latest[value], str(value)))
    return best, often[best]


def subject_of(condition: Condition, look: Look) -> str:
    """What a rule that holds is about: the value that its first satisfied `same` found (a product's id), or ''."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return next((found for part in parts if (found := subject_of(part, look))), "")
        case Count() if condition.same is not None:
            value, times = counted(condition, look)
            return str(value) if value is not None and times >= condition.times else ""
        case ProductIs():
            return next(iter(_fitting(condition, look)), "")
        case OrderStage():
            return str(look.activity.data.get("order_id") or "")
        case _:
            return ""


def asks_products(condition: Condition) -> bool:
    """Whether it can be told only with the catalogue's word."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return any(asks_products(part) for part in parts)
        case NotOf(part):
            return asks_products(part)
        case _:
            return isinstance(condition, ProductIs)


def speaks(locale: str, locales: tuple[str, ...]) -> bool:
    """Whether a locale is on the list, itself or by its language."""
    return locale in locales or locale.split("-")[0] in locales


def _has(seen: Seen, where: Mapping[str, Scalar]) -> bool:
    return all(any(_equal(value, wanted) for value in seen.facts.get(path, ())) for path, wanted in where.items())


def _equal(value: Scalar, wanted: Scalar) -> bool:
    """true is not 1 here."""
    return isinstance(value, bool) is isinstance(wanted, bool) and value == wanted


def _between(value: int, at_least: int | None, at_most: int | None) -> bool:
    return (at_least is None or value >= at_least) and (at_most is None or value <= at_most)


def _fitting(wanted: ProductIs, look: Look) -> list[str]:
    cart = look.state.cart
    held = tuple(item[0] for item in cart.items) if cart else ()
    return wanted.among(held if wanted.of == "cart" else ids_in(look.activity.data), look.products)
