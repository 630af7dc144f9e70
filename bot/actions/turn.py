"""One turn as the actions see it, read from Rasa's tracker; the only place that knows the metadata's names and the slots'.

Must not answer anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LANGUAGES = ("en", "pl")
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "affirm", "deny", "bot_challenge"})
PERSON = "contact_human_agent"

_ANGRY = re.compile(
    r"!!|\bwtf\b|\bfuck|\bshit|\bdamn\b|\bscam|\bridiculous|\bkurw|\bskandal|\boszu[sś][tc]|\bmasakra|\bżenad|\bzenad", re.I
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the shopper said now, and what is remembered. `mentioned` is an order number in this message, without `#`."""

    language: str
    token: str
    now: datetime
    zone: tzinfo
    text: str
    intent: str
    confidence: float
    ranking: tuple[tuple[str, float], ...]
    mentioned: str | None
    hinted: str | None
    remembered: str | None
    topic: str | None
    offered: str | None
    failures: int
    tried: tuple[str, ...]

    @property
    def number(self) -> str | None:
        """The order that this is most likely about: named now, spoken of by the shop last, spoken of before."""
        return self.mentioned or self.hinted or self.remembered

    @property
    def mood(self) -> str:
        letters = [letter for letter in self.text if letter.isalpha()]
        shouting = len(letters) >= 10 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters)
        return "angry" if self.intent == "complaint" or shouting or _ANGRY.search(self.text) else "calm"


def language_of(locale: object) -> str:
    """The language of a BCP 47 tag, English for one that the bot does not speak."""
    first = str(locale or "").replace("_", "-").split("-")[0].lower()
    return first if first in LANGUAGES else LANGUAGES[0]


def read(tracker: Any) -> Turn:
    """Build the turn from rasa_sdk's tracker. Slots are those after action_validate_slot_mappings of this turn."""
    message: Mapping[str, Any] = tracker.latest_message or {}
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    intent: Mapping[str, Any] = message.get("intent") or {}
    hint: Mapping[str, Any] = metadata.get("order") or {}
    slots: Mapping[str, Any] = tracker.slots
    return Turn(
        language=language_of(metadata.get("locale")),
        token=str(metadata.get("token") or ""),
        now=_moment(metadata.get("at")),
        zone=_zone(metadata.get("timezone")),
        text=str(message.get("text") or ""),
        intent=str(intent.get("name") or "nlu_fallback"),
        confidence=float(intent.get("confidence") or 0.0),
        ranking=tuple((str(row["name"]), float(row["confidence"])) for row in message.get("intent_ranking") or ()),
        mentioned=next((plain(e["value"]) for e in message.get("entities") or () if e.get("entity") == "order_number"), None),
        hinted=plain(hint["number"]) if hint.get("number") else None,
        remembered=slots.get("order_number"),
        topic=slots.get("topic"),
        offered=slots.get("offered"),
        failures=int(slots.get("failures") or 0),
        tried=tuple(slots.get("tried") or ()),
    )


def plain(number: object) -> str:
    return str(number).strip().lstrip("#").upper()


def _moment(raw: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(raw).replace("Z", "+00:00"))
    except ValueError:
        return datetime.now(timezone.utc)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _zone(name: object) -> tzinfo:
    try:
        return ZoneInfo(str(name or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return timezone.utc
