"""A rule: when to offer a message of our own accord, to whom, and what it says. Data only; read from an inbox file.

`triggers_reading.parse_rule` builds it, `triggers.match` uses it. Walk c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chat_server.core.policy import Cap, MessageClass
from chat_server.core.triggers_condition import AllOf, Condition, Shopper, speaks


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may get it; an empty one is everybody."""

    locales: tuple[str, ...] = ()
    identified: bool | None = None

    def includes(self, shopper: Shopper) -> bool:
        """Whether the shopper belongs to it."""
        if self.locales and not speaks(shopper.locale, self.locales):
            return False
        return self.identified is None or self.identified is shopper.identified


@dataclass(frozen=True, slots=True)
class Rule:
    """`on` are the kinds of activity that make us look (or `order`), `when` what must be true then."""

    id: str
    class_: MessageClass
    on: frozenset[str]
    text: Mapping[str, str]
    when: Condition = field(default_factory=AllOf)
    audience: Audience = field(default_factory=Audience)
    offer: str | None = None
    cap: Cap = field(default_factory=Cap)
    hold_out_percent: int = 0
    value: int = 0
    expires_minutes: int = 30
    enabled: bool = True

    @property
    def source(self) -> str:
        """How verdicts and touches name the rule."""
        return f"rule:{self.id}"
