"""One file for each kind of shop backend: how its webhooks are verified, and how they become canonical events. Pure; walk b."""

from order_status.shops import native, standard_webhooks
from order_status.shops.answers import Event, Ignored, Keyed, Malformed, Ping, Refused, Shop, Translated, Verified

__all__ = ["SHOPS", "Event", "Ignored", "Keyed", "Malformed", "Ping", "Refused", "Shop", "Translated", "Verified"]

SHOPS = {
    "native": Shop(verify=standard_webhooks.verify, translate=native.take, check_secret=standard_webhooks.key_of),
}
