"""A person who asks to be forgotten: by what their orders are found, and how far it has come. Pure data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import NamedTuple

from chat_server.core.model import Json


@dataclass(frozen=True, slots=True)
class Known:
    """What leads from a person to their orders. `customer_id`, `email` and `phone` as the shop signed them, never as a shopper typed them;
    `order_ids` that a browser of theirs has proven; `offer_ids` of what they were offered."""

    inbox_id: str
    customer_id: str | None = None
    email: str | None = None
    phone: str | None = None
    order_ids: tuple[str, ...] = ()
    offer_ids: tuple[str, ...] = ()

    def to_json(self) -> Json:
        """Plain values, for a job; `from_json` gives the equal one back."""
        return {**asdict(self), "order_ids": list(self.order_ids), "offer_ids": list(self.offer_ids)}

    @classmethod
    def from_json(cls, saved: Json) -> Known:
        """Reads what `to_json` wrote."""
        return cls(**{**saved, "order_ids": tuple(saved["order_ids"]), "offer_ids": tuple(saved["offer_ids"])})


class Person(NamedTuple):
    """Their browsers, their contact if they have one, and what leads to their orders."""

    browsers: frozenset[str]
    contact_id: str | None
    known: Known


class Reached(NamedTuple):
    """How far the orders are: emptied now; and left alone for the moment, because a webhook waits to be folded into them."""

    orders: int = 0
    waiting: int = 0
