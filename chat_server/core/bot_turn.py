"""What is asked of the bot in one turn, and what it answers. Data only; walk a (and d when it hands over) passes here.

Must not know Rasa: outbound/bot.py turns these into its requests and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

SPOKEN = ("en", "pl")
"""The languages of the bot (`LANGUAGES` of its actions). Others would be misunderstood, and answered in English."""


def understands(locale: str) -> bool:
    """Whether the bot is to be asked by somebody who reads this language; else people answer."""
    return locale.replace("_", "-").split("-")[0].lower() in SPOKEN


class BotUnavailable(Exception):
    """The bot gave no usable answer: too slow, silent, garbage, or not asked at all. The message says which, without a shopper's text."""


@dataclass(frozen=True, slots=True)
class BotQuestion:
    """One message of a shopper. Exactly one of `text` and `payload` is set.

    `payload` is the value of a choice that an earlier message of the same conversation offered (the caller has checked that).
    `sender` names the bot's own memory: one per conversation. `turn_token` lets the bot's actions read this conversation's orders.
    `order_hint` is the order that the shop last spoke of: `{order_id, number, headline}`.
    """

    sender: str
    text: str | None
    payload: str | None
    locale: str
    conversation: str
    turn_token: str
    order_hint: dict[str, Any] | None
    at: datetime
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class BotReply:
    """One bubble. `choices` are (title, value); `order` is a shortened order view; `products` are ids. At least one of them is there."""

    text: str
    choices: tuple[tuple[str, str], ...] = ()
    order: dict[str, Any] | None = None
    products: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BotAnswer:
    """All bubbles of a turn. `handoff` is the reason to hand over after them: `asked`, `complaint`, `not_understood`, `offer_accepted`."""

    replies: tuple[BotReply, ...]
    intent: str | None = None
    confidence: float | None = None
    handoff: str | None = None
    tried: tuple[str, ...] = ()
    mood: str | None = None
    order_number: str | None = None
