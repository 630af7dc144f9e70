"""One file for each kind of shop backend: how its webhooks are verified, and how they become canonical events. Pure; walk b."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from order_status.shops import native, standard_webhooks
from order_status.shops.native import Ignored, Malformed, Translated
from order_status.shops.standard_webhooks import Refused, Verified

__all__ = ["SHOPS", "Ignored", "Malformed", "Refused", "Shop", "Translated", "Verified"]


@dataclass(frozen=True, slots=True)
class Shop:
    """`verify(headers, body, secrets, now)` and `translate(body, zone)`; both are total: they answer, whatever comes in."""

    verify: Callable[[Mapping[str, str], bytes, Sequence[str], datetime], Verified | Refused]
    translate: Callable[[bytes, tzinfo], Translated]


SHOPS = {"native": Shop(verify=standard_webhooks.verify, translate=native.translate)}
