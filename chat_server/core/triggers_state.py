"""What a visitor has done lately, folded from activities into a small, bounded state that the store can keep.

The page reports facts about itself; nothing here is believed for a message (a price least of all). Walk c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlsplit

from chat_server.core.model import Json

KINDS = frozenset(
    {
        "page_view",
        "dwell",
        "scroll",
        "exit_intent",
        "view_item",
        "add_to_cart",
        "remove_from_cart",
        "view_cart",
        "begin_checkout",
        "add_shipping_info",
        "add_payment_info",
        "purchase",
        "search",
        "form_error",
        "track",
    }
)
"""Kinds of activity that a beacon may report (docs/wire.md, Beacon)."""

ORDER = "order"
"""The kind of an order fact: `{order_id, number, stage, delayed}`; it comes from the shop's webhook, never from a page."""

WHOLE_CART = frozenset({"view_cart", "begin_checkout", "add_shipping_info", "add_payment_info"})

MAX_RECENT = 100
MAX_WEIGHT = 16_384
MAX_IDS = 200
MAX_CART_ITEMS = 50
MAX_PAGES = 30
MAX_DWELL_S = 3_600
NEW_VISIT_AFTER = timedelta(minutes=30)

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that the shopper did, at a time of our clock; `data` as docs/wire.md has it for the kind."""

    id: str
    kind: str
    at: datetime
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def url(self) -> str | None:
        """The page that it happened on, if it says so."""
        url = self.data.get("url")
        return url[:500] if isinstance(url, str) else None


@dataclass(frozen=True, slots=True)
class Seen:
    """An activity as it is remembered: `facts` maps a dotted path (`items.id`, `properties.size`) to its values."""

    kind: str
    at: datetime
    facts: Mapping[str, tuple[Scalar, ...]]

    @property
    def weight(self) -> int:
        """About how many characters it takes to keep."""
        return 40 + sum(len(path) + sum(len(str(value)) for value in values) for path, values in self.facts.items())


@dataclass(frozen=True, slots=True)
class Cart:
    """The cart as the page tells it. `stated` is the value of the whole cart, where the page gave one (minor units)."""

    changed_at: datetime
    items: tuple[tuple[str, int, int], ...] = ()
    """product id, quantity, price in minor units as the page tells it (0: not told)"""
    stated: int | None = None
    currency: str | None = None

    @property
    def value(self) -> int:
        """For conditions only."""
        return self.stated if self.stated is not None else sum(quantity * price for _, quantity, price in self.items)


@dataclass(frozen=True, slots=True)
class VisitorState:
    """Everything that rules may look at; grows no further than the limits of this module."""

    visits: int = 0
    visit_started_at: datetime | None = None
    last_at: datetime | None = None
    page_url: str | None = None
    page_title: str | None = None
    cart: Cart | None = None
    dwell: tuple[tuple[str, int, int], ...] = ()
    """of this visit: (url, seconds of earlier page views, seconds of the latest one so far)"""
    recent: tuple[Seen, ...] = ()
    ids: tuple[str, ...] = ()
    """of the last activities, so that a repeated beacon adds nothing"""

    def to_json(self) -> Json:
        """Plain values, for the store."""
        cart = self.cart
        return {
            "visits": self.visits,
            "visit_started_at": _stamp(self.visit_started_at),
            "last_at": _stamp(self.last_at),
            "page_url": self.page_url,
            "page_title": self.page_title,
            "cart": cart
            and {
                "changed_at": _stamp(cart.changed_at),
                "items": [list(item) for item in cart.items],
                "stated": cart.stated,
                "currency": cart.currency,
            },
            "dwell": [list(entry) for entry in self.dwell],
            "recent": [[seen.kind, _stamp(seen.at), {path: list(values) for path, values in seen.facts.items()}] for seen in self.recent],
            "ids": list(self.ids),
        }

    @classmethod
    def from_json(cls, saved: Json) -> VisitorState:
        """Reads what `to_json` wrote; an empty dict is a new visitor."""
        cart = saved.get("cart")
        return cls(
            visits=saved.get("visits", 0),
            visit_started_at=_moment(saved.get("visit_started_at")),
            last_at=_moment(saved.get("last_at")),
            page_url=saved.get("page_url"),
            page_title=saved.get("page_title"),
            cart=cart
            and Cart(
                changed_at=datetime.fromisoformat(cart["changed_at"]),
                items=tuple((id_, quantity, price) for id_, quantity, price in cart["items"]),
                stated=cart["stated"],
                currency=cart["currency"],
            ),
            dwell=tuple((url, earlier, latest) for url, earlier, latest in saved.get("dwell", ())),
            recent=tuple(
                Seen(kind, datetime.fromisoformat(at), {path: tuple(values) for path, values in facts.items()})
                for kind, at, facts in saved.get("recent", ())
            ),
            ids=tuple(saved.get("ids", ())),
        )


def fold(state: VisitorState, activity: Activity) -> VisitorState:
    """The state after an activity. A repeated one (same id) gives the very same object back: `fold(s, a) is s`.

    A purchase ends the story: what led to it no longer counts, or the thank-you page would offer help with the checkout.
    """
    if activity.id in state.ids:
        return state
    new_visit = state.last_at is None or activity.at - state.last_at > NEW_VISIT_AFTER
    bought = activity.kind == "purchase"
    dwell = () if new_visit or bought else state.dwell
    if activity.kind in ("dwell", "page_view") and activity.url is not None:
        dwell = _dwelt(dwell, activity.url, whole(activity.data.get("seconds")))
    url, title = state.page_url, state.page_title
    if activity.kind == "page_view":
        told = activity.data.get("title")
        url, title = activity.url, told[:200] if isinstance(told, str) else None
    return replace(
        state,
        visits=state.visits + 1 if new_visit else state.visits,
        visit_started_at=activity.at if new_visit else state.visit_started_at,
        last_at=activity.at if state.last_at is None else max(state.last_at, activity.at),
        page_url=url,
        page_title=title,
        cart=_filled(state.cart, activity),
        dwell=dwell,
        recent=_remembered(
            tuple(seen for seen in state.recent if not bought or seen.kind == "purchase"),
            Seen(activity.kind, activity.at, facts_of(activity.data)),
        ),
        ids=(*state.ids, activity.id)[-MAX_IDS:],
    )


def facts_of(data: Mapping[str, object]) -> dict[str, tuple[Scalar, ...]]:
    """Dotted paths and their values, shortened: what conditions compare with (`items.id`, `term`, `properties.size`)."""
    found: dict[str, tuple[Scalar, ...]] = {}

    def note(path: str, value: object) -> None:
        if isinstance(value, str | int | float | bool) and len(found) < 40:
            short = value[:120] if isinstance(value, str) else value
            found[path[:60]] = (*found.get(path[:60], ()), short)

    for name, value in data.items():
        if isinstance(value, Mapping):
            for inner, item in list(value.items())[:20]:
                note(f"{name}.{inner}", item)
        elif isinstance(value, list | tuple):
            for entry in value[:10]:
                if isinstance(entry, Mapping):
                    for inner in ("id", "category"):
                        note(f"{name}.{inner}", entry.get(inner))
        elif name not in ("title", "referrer"):
            note(name, value)
    return found


def path_of(url: str) -> str:
    """The path of a URL, without query and fragment."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return "/"


def whole(value: object) -> int:
    """A page's number as a whole one that is not negative; anything else is 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**12:
        return 0
    return int(value)


def _dwelt(dwell: tuple[tuple[str, int, int], ...], url: str, seconds: int) -> tuple[tuple[str, int, int], ...]:
    """A page tells its seconds as a running total; a smaller number than before (a page view: 0) begins a new page view."""
    seconds = min(seconds, MAX_DWELL_S)
    earlier, latest = next(((earlier, latest) for known, earlier, latest in dwell if known == url), (0, 0))
    if seconds < latest:
        earlier = min(earlier + latest, 24 * MAX_DWELL_S)
    if not seconds and not earlier:
        return dwell
    return (*(entry for entry in dwell if entry[0] != url), (url, earlier, seconds))[-MAX_PAGES:]


def _remembered(recent: tuple[Seen, ...], seen: Seen) -> tuple[Seen, ...]:
    """Newest last; the oldest go when there are too many or they take too much room."""
    kept = (*recent, seen)[-MAX_RECENT:]
    weight = sum(entry.weight for entry in kept)
    first = 0
    while weight > MAX_WEIGHT and first < len(kept) - 1:
        weight -= kept[first].weight
        first += 1
    return kept[first:]


def _filled(cart: Cart | None, activity: Activity) -> Cart | None:
    """The cart after an activity. GA4's `value` is of the whole cart in some events and of the items moved in others."""
    data, kind = activity.data, activity.kind
    if kind == "purchase":
        return None
    if kind not in WHOLE_CART and kind not in ("add_to_cart", "remove_from_cart"):
        return cart
    told = data.get("currency")
    currency = told[:3] if isinstance(told, str) else cart.currency if cart else None
    moved = _items(data.get("items"))
    if kind in WHOLE_CART:
        items = tuple(moved.values()) if "items" in data else cart.items if cart else ()
        stated = whole(data["value"]) if "value" in data else None
        if not items and not stated:
            return None
        return Cart(activity.at, items, stated, currency)
    held = {item[0]: item for item in cart.items} if cart else {}
    for id_, quantity, price in moved.values():
        before = held.pop(id_, (id_, 0, price))
        after = before[1] + quantity if kind == "add_to_cart" else before[1] - quantity
        if after > 0:
            held[id_] = (id_, after, price or before[2])
    items = tuple(held.values())[-MAX_CART_ITEMS:]
    return Cart(activity.at, items, None, currency) if items else None


def _items(value: object) -> dict[str, tuple[str, int, int]]:
    found: dict[str, tuple[str, int, int]] = {}
    for entry in value[:MAX_CART_ITEMS] if isinstance(value, list | tuple) else ():
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), str):
            entry = cast("Mapping[str, object]", entry)
            id_ = str(entry["id"])[:80]
            told = entry.get("quantity")
            quantity = 1 if told is None else whole(told)
            found[id_] = (id_, quantity + found.get(id_, (id_, 0, 0))[1], whole(entry.get("price")))
    return found


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(saved: str | None) -> datetime | None:
    return None if saved is None else datetime.fromisoformat(saved)
