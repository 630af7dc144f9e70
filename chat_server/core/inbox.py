"""One shop's entry point and its rules, as read from its inbox file. Frozen data; settings.py builds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chat_server.core.hours import Hours
from chat_server.core.offer import OfferTemplate
from chat_server.core.order_news import OrderMessage
from chat_server.core.policy import Policy
from chat_server.core.triggers import Index, compile_rules


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that is set per shop. `key` is public; `identity_secret` verifies the shop's identity tokens."""

    id: str
    key: str
    name: str
    origins: frozenset[str]
    locales: tuple[str, ...]
    default_locale: str
    currency: str
    color: str
    hours: Hours
    promised_minutes: int
    capacity: int
    consent_required: bool
    identity_secret: str | None
    offers: Mapping[str, OfferTemplate]
    policy: Policy = field(default_factory=Policy)
    rules: Index = field(default_factory=lambda: compile_rules(()))
    """the shop's own, on what shoppers do"""
    order_messages: Mapping[str, OrderMessage] = field(default_factory=dict)
    """what is said of an order, by stage"""
    enabled: bool = True
    """whether the shop's pages may use it; the console goes on without"""

    def speaks(self, locale: str | None) -> str:
        """The inbox's language for a shopper's locale: exact, then by language, then the default."""
        wanted = (locale or "").replace("_", "-")
        for candidate in (wanted, wanted.split("-")[0]):
            if candidate in self.locales:
                return candidate
        return self.default_locale
