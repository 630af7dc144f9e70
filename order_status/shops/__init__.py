"""One file for each kind of shop backend: how its webhooks are verified, and how they become canonical events. Pure; walk b."""

from order_status.shops import (
    aftership,
    easypost,
    inpost,
    native,
    saleor,
    shippo,
    shopify,
    shopware,
    signing,
    standard_webhooks,
    woocommerce,
)
from order_status.shops.answers import Event, Home, Ignored, Keyed, Malformed, Ping, Refused, Shop, Translated, Verified

__all__ = ["SHOPS", "Event", "Home", "Ignored", "Keyed", "Malformed", "Ping", "Refused", "Shop", "Translated", "Verified"]

_secret = signing.check_secret
SHOPS = {
    "native": Shop(verify=standard_webhooks.verify, translate=native.take, check_secret=standard_webhooks.key_of),
    "shopify": Shop(verify=shopify.verify, translate=shopify.translate, check_secret=_secret),
    "woocommerce": Shop(verify=woocommerce.verify, translate=woocommerce.translate, check_secret=_secret),
    "saleor": Shop(verify=saleor.verify, translate=saleor.translate, check_secret=saleor.check_secret),
    "shopware": Shop(verify=shopware.verify, translate=shopware.translate, check_secret=_secret, greet=shopware.greet),
    "aftership": Shop(verify=aftership.verify, translate=aftership.translate, check_secret=_secret),
    "easypost": Shop(verify=easypost.verify, translate=easypost.translate, check_secret=_secret),
    "shippo": Shop(verify=shippo.verify, translate=shippo.translate, check_secret=_secret, secrets="optional"),
    "inpost": Shop(verify=inpost.verify, translate=inpost.translate, check_secret=_secret, secrets="none", greet=inpost.greet),
}
