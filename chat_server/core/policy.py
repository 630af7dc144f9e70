"""What an inbox allows us to say unasked: classes, budgets, cool-down, quiet hours, hold-out share, caps.

Data and the questions about it; the decision itself is `proactive.arbitrate`. Walks b and c pass here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from hashlib import sha256

from chat_server.core.policy_table import Invalid, Table


class MessageClass(StrEnum):
    """Kinds of unasked messages, most important first: the order of the members is the order of precedence."""

    ORDER_PROBLEM = "order_problem"
    ORDER_PROGRESS = "order_progress"
    SERVICE = "service"
    HELP = "help"
    PROMO = "promo"

    @property
    def rank(self) -> int:
        """0 is the most important."""
        return _RANK[self]

    @property
    def is_order_news(self) -> bool:
        """About an order that the shopper placed."""
        return self in (MessageClass.ORDER_PROBLEM, MessageClass.ORDER_PROGRESS)


_RANK = {class_: place for place, class_ in enumerate(MessageClass)}

# A shop may always tell a buyer what becomes of the order, until the buyer opts out; behaviour is another matter.
_COVERED_BY_THE_ORDER = frozenset({MessageClass.ORDER_PROBLEM, MessageClass.ORDER_PROGRESS, MessageClass.SERVICE})


def consented(*, required: bool, given: bool | None) -> frozenset[MessageClass]:
    """The classes that the shopper's consent covers.

    `required`: the inbox asks before it uses behaviour (consent = "required"). `given`: the answer; None: none yet.
    """
    if given or (given is None and not required):
        return frozenset(MessageClass)
    return _COVERED_BY_THE_ORDER


@dataclass(frozen=True, slots=True)
class Cap:
    """A rule's own limit: at most `times` in any `days` for one shopper, whatever the subject."""

    times: int = 1
    days: int = 1


MAX_CAP_DAYS = 30
"""History of touches that a situation must carry, in days, so that every cap and budget can be checked."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A stretch of the shopper's local day; `start` after `end` means over midnight."""

    start: time
    end: time

    def over_at(self, now: datetime, zone: tzinfo) -> datetime | None:
        """The moment (UTC) at which the quiet hours end, or None when `now` lies outside of them."""
        local = now.astimezone(zone)
        clock = local.time().replace(fold=0)
        inside = self.start <= clock < self.end if self.start < self.end else clock >= self.start or clock < self.end
        if not inside:
            return None
        end = datetime.combine(local.date(), self.end, tzinfo=zone)
        if self.start > self.end and clock >= self.start:
            end = datetime.combine(local.date() + timedelta(days=1), self.end, tzinfo=zone)
        return end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of one inbox ([inbox.budget]). The defaults are those of docs/proactive.md."""

    promo_per_7_days: int = 2
    promo_gap_hours: int = 24
    unasked_per_day: int = 3
    cooldown_hours: int = 24
    quiet: QuietHours | None = None
    hold_out_percent: int = 0
    spacing_seconds: int = 60
    """between two unasked messages, so that the loser of one decision does not follow on the winner's heels"""
    bot_quiet_minutes: int = 15
    """a conversation with the bot is live this long after the shopper's last word"""
    person_quiet_minutes: int = 30
    """a conversation with a person is idle, not over, this long after anybody's last word"""


def parse_quiet(text: str, field: str = "quiet") -> QuietHours | None:
    """`21:00-08:00` or the empty string. Raises Invalid."""
    if not text:
        return None
    try:
        start, end = (datetime.strptime(part.strip(), "%H:%M").replace(tzinfo=UTC).time() for part in text.split("-"))
    except ValueError:
        raise Invalid(field, f"is not a stretch like 21:00-08:00: {text!r}") from None
    if start == end:
        raise Invalid(field, "starts and ends at the same time")
    return QuietHours(start, end)


def parse_policy(mapping: Mapping[str, object], field: str = "budget") -> Policy:
    """Read an inbox's [budget] table; what is missing keeps its default. Raises Invalid, naming the field."""
    table = Table(mapping, field)
    default = Policy()
    policy = Policy(
        promo_per_7_days=table.number("promo_per_7_days", default.promo_per_7_days, least=0, most=50),
        promo_gap_hours=table.number("promo_gap_hours", default.promo_gap_hours, least=0, most=24 * 30),
        unasked_per_day=table.number("unasked_per_day", default.unasked_per_day, least=0, most=50),
        cooldown_hours=table.number("cooldown_hours", default.cooldown_hours, least=0, most=24 * 30),
        quiet=parse_quiet(table.text("quiet", "", empty=True), table.path("quiet")),
        hold_out_percent=table.number("hold_out_percent", default.hold_out_percent, least=0, most=50),
        spacing_seconds=table.number("spacing_seconds", default.spacing_seconds, least=0, most=86_400),
        bot_quiet_minutes=table.number("bot_quiet_minutes", default.bot_quiet_minutes, least=1, most=24 * 60),
        person_quiet_minutes=table.number("person_quiet_minutes", default.person_quiet_minutes, least=1, most=24 * 60),
    )
    table.done()
    return policy


def held_out(recipient: str, experiment: str, percent: int) -> bool:
    """Whether the recipient belongs to the share that is not told, to see what telling is worth.

    Sticky: the same recipient and experiment always give the same answer, and a greater share contains the smaller.
    """
    place = int.from_bytes(sha256(f"{experiment}\n{recipient}".encode()).digest()[:8]) % 10_000
    return place < percent * 100
