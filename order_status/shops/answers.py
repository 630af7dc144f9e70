"""What a backend's module may answer: to a signature (Verified, Refused, Ping) and to a body (an event, Ignored, Malformed).

Plain frozen data. Walks b and e.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

from order_status.events import OrderEvent, OrderFragment, Settlement
from order_status.products import Product

RefusedFor = Literal["no_signature", "bad_header", "too_old", "too_new", "bad_signature", "unknown_key"]


@dataclass(frozen=True, slots=True)
class Home:
    """What a body leaves out because the shop knows it of itself: the currency of its prices, its storefront, its language."""

    currency: str = ""
    url: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """`delivery_id` stays the same over the sender's retries: the key of the first dedupe; "" when the body holds it (see Keyed).

    `topic` is what an unsigned header says: a hint. `at`: when it came. `home`: see sources.py.
    """

    delivery_id: str
    topic: str = field(default="", compare=False)
    at: datetime | None = field(default=None, compare=False)
    home: Home = field(default=Home(), compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """`unknown_key`: the signer's key is not in the key set that we hold; a fresh one may have it."""

    reason: RefusedFor


@dataclass(frozen=True, slots=True)
class Ping:
    """The sender tries the address, without a signature: it wants a 200, and there is nothing to take."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A topic that we know and do not take."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """`message` is for the shop's developer: it names the place, never a value."""

    message: str


@dataclass(frozen=True, slots=True)
class Keyed:
    """An event whose delivery key stands in the body."""

    key: str
    event: OrderEvent | OrderFragment | Settlement | Product


Event = OrderEvent | OrderFragment | Settlement | Product
Translated = OrderEvent | OrderFragment | Settlement | Product | Keyed | Ignored | Malformed

Verify = Callable[[Mapping[str, str], bytes, Sequence[str], datetime], Verified | Refused | Ping]
Translate = Callable[[bytes, tzinfo, Verified], Translated]
Greet = Callable[[Mapping[str, str], str, Sequence[str], str], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Shop:
    """`verify(headers, body, secrets, now)` and `translate(body, zone, verified)` are total: they answer, whatever comes in.

    `secrets`: `none` for a sender that cannot sign, whose only proof is the unguessable address. `check_secret` raises ValueError.
    `greet(headers, query, secrets, address)`: the answer to a GET, None when it must not be given; a kind without it takes no GET.
    """

    verify: Verify
    translate: Translate
    check_secret: Callable[[str], object]
    secrets: Literal["required", "optional", "none"] = "required"
    greet: Greet | None = None
