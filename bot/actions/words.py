"""The bot's words: picks a response of the domain by language as Rasa does, and writes dates and money the way they are read.

Must not decide what is said. A missing response is an error; bot/tests checks that each exists in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from actions.turn import Turn

_DAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "pl": ("poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela"),
}
_MONTHS = {
    "en": ("January February March April May June July August September October November December").split(),
    "pl": ("stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia").split(),
}
_NEAR = {"en": {-1: "yesterday", 0: "today", 1: "tomorrow"}, "pl": {-1: "wczoraj", 0: "dziś", 1: "jutro"}}
_WITHOUT_CENTS = frozenset({"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"})
_DECIMAL = {"en": ".", "pl": ","}


class Words:
    """The words of one turn."""

    def __init__(self, domain: Mapping[str, Any], turn: Turn) -> None:
        self._responses: Mapping[str, list[Mapping[str, Any]]] = domain["responses"]
        self._turn = turn

    def __call__(self, name: str, **values: object) -> str:
        """The text of `utter_{name}`, filled. KeyError when there is none: that is a bug, and the chat server hands over."""
        return pick(self._responses[f"utter_{name}"], self._turn.language)["text"].format_map(values)

    def has(self, name: str) -> bool:
        return f"utter_{name}" in self._responses

    def own(self, texts: Mapping[str, str]) -> str | None:
        """The shopper's language of a text that the shop sent in several, else any."""
        return texts.get(self._turn.language) or next(iter(texts.values()), None)

    def when(self, raw: str | None) -> str | None:
        """`today`, `Friday 27 November`: the day of a date or time on the wire, in the inbox's zone."""
        if not raw:
            return None
        try:
            if len(raw) == 10:
                day = date.fromisoformat(raw)
            else:
                day = datetime.fromisoformat(raw.replace("Z", "+00:00")).astimezone(self._turn.zone).date()
        except ValueError:
            return None
        language = self._turn.language
        near = _NEAR[language].get((day - self._turn.now.astimezone(self._turn.zone).date()).days)
        if near:
            return near
        comma = "," if language == "pl" else ""
        return f"{_DAYS[language][day.weekday()]}{comma} {day.day} {_MONTHS[language][day.month - 1]}"

    def money(self, amount: int, currency: str) -> str:
        """Minor units as the shopper reads them: `12.00 PLN`, `12,00 PLN`."""
        if currency in _WITHOUT_CENTS:
            return f"{amount} {currency}"
        return f"{amount // 100}{_DECIMAL[self._turn.language]}{amount % 100:02d} {currency}"


def pick(variations: list[Mapping[str, Any]], language: str) -> Mapping[str, Any]:
    """The variation whose condition on slot `language` holds, else the one without a condition (English)."""
    for variation in variations:
        conditions = variation.get("condition") or []
        if conditions and all(c.get("name") == "language" and c.get("value") == language for c in conditions):
            return variation
    return next(variation for variation in variations if not variation.get("condition"))
