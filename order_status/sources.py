"""The backends that may send us orders: their configuration, checked before a port opens. Walk b."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from order_status.products import tag
from order_status.shops import SHOPS, Home, Shop, Translated, Verified

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_STOREFRONT = re.compile(r"https?://[^\s\x00\"'<>?#]{1,300}\Z")
_UNGUESSABLE = re.compile(r"[A-Za-z0-9_-]{24,128}\Z")
KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One backend of a shop. `id` is unguessable and selects the secrets (several while keys rotate); `timezone` reads naive times.

    `jwks_url`: where a shop that signs with a private key publishes its key set. `currency`, `locale` and `shop_url` are for shops
    whose products come without: what their prices are in, what language they speak, and where their storefront is.
    """

    id: str
    inbox_id: str
    kind: str
    secrets: tuple[str, ...]
    debounce_s: int
    timezone: str
    jwks_url: str = ""
    currency: str = ""
    locale: str = ""
    shop_url: str = ""
    keep_days: int = KEEP_DAYS
    """for how long raw bodies are kept"""


@dataclass(frozen=True, slots=True)
class Source:
    config: SourceConfig
    shop: Shop
    zone: ZoneInfo

    def translate(self, body: bytes, verified: Verified) -> Translated:
        """What a verified body says, read as this shop's."""
        config = self.config
        home = Home(config.currency, config.shop_url.rstrip("/"), tag(config.locale))
        return self.shop.translate(body, self.zone, replace(verified, home=home))


def fingerprint(secret: str) -> str:
    """Tells secrets apart without telling them."""
    return hashlib.sha256(b"shopbell-secret:" + secret.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def open_source(config: SourceConfig) -> Source:
    """Raises ValueError, naming the source's inbox, for a kind, zone, secret or address that cannot work."""
    if config.kind not in SHOPS:
        raise ValueError(f"inbox {config.inbox_id}: unknown kind of source {config.kind!r}; known are {', '.join(SHOPS)}")
    shop = SHOPS[config.kind]
    try:
        _check_proof(config, shop)
        for secret in config.secrets:
            shop.check_secret(secret)
    except ValueError as error:
        raise ValueError(f"inbox {config.inbox_id}: {error}") from None
    try:
        zone = ZoneInfo(config.timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"inbox {config.inbox_id}: unknown time zone {config.timezone!r}") from None
    if config.currency and not _CURRENCY.match(config.currency):
        raise ValueError(f"inbox {config.inbox_id}: {config.currency!r} is not a currency; write it like EUR")
    if config.shop_url and not _STOREFRONT.match(config.shop_url):
        raise ValueError(f"inbox {config.inbox_id}: shop_url must be an address like https://shop.example")
    return Source(config, shop, zone)


def check_together(configs: Sequence[SourceConfig]) -> None:
    """Raises ValueError for sources that would take each other's orders for their own: an order id is one order in an inbox."""
    if len({config.id for config in configs}) != len(configs):
        raise ValueError("two sources have one id")
    counting = [config.inbox_id for config in configs if config.kind == "woocommerce"]
    twice = next((inbox_id for inbox_id in counting if counting.count(inbox_id) > 1), None)
    if twice is not None:
        raise ValueError(f"inbox {twice}: two WooCommerce shops number their orders alike: each needs an inbox of its own")


def _check_proof(config: SourceConfig, shop: Shop) -> None:
    """What proves that a webhook is the shop's: a secret, a key set, or for senders that cannot sign an address that nobody guesses."""
    if not config.id:
        raise ValueError("a source needs an id")
    if config.jwks_url:
        if config.kind != "saleor":
            raise ValueError(f"a source of kind {config.kind} has no jwks_url")
        url = urlsplit(config.jwks_url)
        if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and url.hostname in _LOCAL)):
            raise ValueError("jwks_url must be https")
    elif shop.secrets == "required" and not config.secrets:
        raise ValueError("a source needs a secret")
    elif shop.secrets == "none" and config.secrets:
        raise ValueError(f"a source of kind {config.kind} cannot sign: it has no secrets")
    if shop.secrets != "required" and not config.secrets and not _UNGUESSABLE.match(config.id):
        raise ValueError(f"a source of kind {config.kind} without a secret needs an id of at least 24 letters and digits, drawn at random")
