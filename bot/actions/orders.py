"""The shopper's orders, asked of the chat server with the turn's token. The server decides whose they are.

No retry: a read of 3 s at most inside a turn of 8 s; without an answer the bot says so and offers a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from actions import settings
from actions.turn import plain

Order = Mapping[str, Any]
BEFORE_SHIPPING = frozenset({"placed", "paid", "payment_failed", "packed"})
MOVING = frozenset({"shipped", "partially_shipped", "out_for_delivery", "ready_for_pickup", "delivery_failed"})
ARRIVED = frozenset({"delivered", "partially_delivered"})
_CARD = (
    *("order_id", "number", "headline", "placed_at", "currency", "total", "url"),
    *("delayed", "expected", "usually", "items", "shipments"),
)


@dataclass(frozen=True, slots=True)
class Orders:
    """Newest first. `identified`: the shop has signed who this shopper is."""

    identified: bool
    rows: tuple[Order, ...]

    def named(self, number: str) -> Order | None:
        """The order with this number, written in any of the shop's ways (`#1001`, `1001`, `A-1001`)."""
        wanted = plain(number)
        exact = [row for row in self.rows if wanted in (plain(row["number"]), plain(row["order_id"]))]
        loose = [row for row in self.rows if _digits(wanted) and _digits(str(row["number"])) == _digits(wanted)]
        return next(iter(exact or loose), None)

    def likely(self) -> Order | None:
        """The order that a question without a number is about: the newest that is still under way, else the newest."""
        under_way = [row for row in self.rows if row["headline"] in BEFORE_SHIPPING | MOVING]
        return next(iter(under_way or self.rows), None)


async def fetch(token: str) -> Orders | None:
    """All orders of the turn's conversation; None when the chat server cannot be asked or does not know the token."""
    where = settings.load()
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=where.orders_timeout)) as session,
            session.get(f"{where.url}/internal/bot/orders", params={"token": token}, allow_redirects=False) as answer,
        ):
            body = await answer.json() if answer.status == 200 else {}
    except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
        return None
    if not isinstance(body, dict) or body.get("ok") is not True:
        return None
    return Orders(bool(body.get("identified")), tuple(body.get("orders") or ()))


def card(order: Order) -> dict[str, Any]:
    """The order view without its history: what the order card shows."""
    view = {name: order.get(name) for name in _CARD}
    view["shipments"] = [{name: value for name, value in parcel.items() if name != "scans"} for parcel in order.get("shipments") or ()]
    return view


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())
