"""The backends that may send us orders: their configuration, checked before a port opens. Walk b."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from order_status.shops import SHOPS, Shop
from order_status.shops.standard_webhooks import key_of


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One backend of a shop. `id` is unguessable and selects the secrets (several while keys rotate); `timezone` reads naive times."""

    id: str
    inbox_id: str
    kind: str
    secrets: tuple[str, ...]
    debounce_s: int
    timezone: str


@dataclass(frozen=True, slots=True)
class Source:
    config: SourceConfig
    shop: Shop
    zone: ZoneInfo


def open_source(config: SourceConfig) -> Source:
    """Raises ValueError, naming the source's inbox, for a kind, zone or secret that cannot work."""
    if config.kind not in SHOPS:
        raise ValueError(f"inbox {config.inbox_id}: unknown kind of source {config.kind!r}")
    if not config.id or not config.secrets:
        raise ValueError(f"inbox {config.inbox_id}: a source needs an id and a secret")
    for secret in config.secrets:
        try:
            key_of(secret)
        except ValueError as error:
            raise ValueError(f"inbox {config.inbox_id}: {error}") from None
    try:
        zone = ZoneInfo(config.timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"inbox {config.inbox_id}: unknown time zone {config.timezone!r}") from None
    return Source(config, SHOPS[config.kind], zone)
