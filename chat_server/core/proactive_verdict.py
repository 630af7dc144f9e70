"""The verdict on a candidate: sent, held or dropped, and the closed list of reasons. Data only; walks b and c store it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """Why a candidate was sent, held or dropped. A closed list (docs/proactive.md tells each in words)."""

    NO_CONSENT = "no_consent"
    OPTED_OUT = "opted_out"
    ALREADY_SAID = "already_said"
    STALE = "stale"
    CONTRADICTED = "contradicted"
    TOO_EARLY = "too_early"
    LIVE_CONVERSATION = "live_conversation"
    LIVE_CONVERSATION_ORDER = "live_conversation_order"
    ABSENT = "absent"
    UNHAPPY = "unhappy"
    HOLD_OUT = "hold_out"
    COOL_DOWN = "cool_down"
    QUIET_HOURS = "quiet_hours"
    RULE_CAP = "rule_cap"
    PROMO_BUDGET = "promo_budget"
    PROMO_GAP = "promo_gap"
    DAILY_BUDGET = "daily_budget"
    ONE_AT_A_TIME = "one_at_a_time"
    SENT = "sent"


class Awaited(StrEnum):
    """What a held candidate waits for, where that has no time of its own."""

    NEXT_VISIT = "next_visit"
    CONVERSATION_OVER = "conversation_over"
    PREVIOUS_SEEN = "previous_seen"


@dataclass(frozen=True, slots=True)
class Send:
    """Goes out now. `posted`: into the conversation that is under way, without a nudge."""

    decision: ClassVar[str] = "send"
    candidate_id: str
    reason: Reason = Reason.SENT

    @property
    def posted(self) -> bool:
        """Order news in a live conversation."""
        return self.reason is Reason.LIVE_CONVERSATION_ORDER


@dataclass(frozen=True, slots=True)
class Hold:
    """Waits: until a time, or for something to happen; at `expires_at` it is dropped. Decide again at every chance."""

    decision: ClassVar[str] = "hold"
    candidate_id: str
    reason: Reason
    expires_at: datetime
    until: datetime | None = None
    awaited: Awaited | None = None


@dataclass(frozen=True, slots=True)
class Drop:
    """Will not go out. With `hold_out` it counts as said and as a touch, in shadow."""

    decision: ClassVar[str] = "drop"
    candidate_id: str
    reason: Reason


Verdict = Send | Hold | Drop
