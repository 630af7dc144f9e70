"""How things stand with one shopper when we would like to speak: consent, what was said, who is talking, how they feel.

Data, and how it follows from conversation and verdicts. The flow loads it, `proactive.arbitrate` judges by it. Walks b and c.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import assert_never

from chat_server.core.model import Status
from chat_server.core.policy import MessageClass, Policy
from chat_server.core.proactive_candidate import Candidate
from chat_server.core.proactive_verdict import Drop, Reason, Send, Verdict


class Live(StrEnum):
    """How far a conversation is under way, as far as interrupting it matters."""

    NONE = "none"
    BOT = "bot"
    QUEUED = "queued"
    PERSON = "person"
    PERSON_IDLE = "person_idle"


@dataclass(frozen=True, slots=True)
class Touch:
    """A contact that took place, or would have (`shadow`: the shopper is in a hold-out). Both use up budgets."""

    class_: MessageClass
    at: datetime
    source: str = ""
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What the decision looks at, all of one shopper. `touches` reach back policy.MAX_CAP_DAYS days."""

    consent: frozenset[MessageClass] = frozenset(MessageClass)
    opt_outs: frozenset[MessageClass] = frozenset()
    said: frozenset[str] = frozenset()
    """dedupe keys of what was sent, or would have been but for a hold-out"""
    contradicted: frozenset[str] = frozenset()
    """dedupe keys of what has ceased to be true"""
    live: Live = Live.NONE
    present: bool = True
    unhappy: bool = False
    last_dismissed_at: datetime | None = None
    touches: tuple[Touch, ...] = ()
    unseen: bool = False
    """an earlier unasked message is on display and has not been seen"""
    zone: tzinfo = UTC


def liveness(status: Status | None, last_shopper_at: datetime | None, last_word_at: datetime | None, policy: Policy, now: datetime) -> Live:
    """How live the shopper's unresolved conversation is (None: there is none).

    An unasked message opens a conversation with the bot by itself, so only the shopper's own word makes that one live.
    """
    match status:
        case None | Status.RESOLVED:
            return Live.NONE
        case Status.BOT:
            recent = last_shopper_at is not None and now - last_shopper_at < timedelta(minutes=policy.bot_quiet_minutes)
            return Live.BOT if recent else Live.NONE
        case Status.QUEUED:
            return Live.QUEUED
        case Status.ASSIGNED | Status.SNOOZED:
            recent = last_word_at is not None and now - last_word_at < timedelta(minutes=policy.person_quiet_minutes)
            return Live.PERSON if recent else Live.PERSON_IDLE
        case _:
            assert_never(status)


def touch_of(candidate: Candidate, verdict: Verdict, at: datetime) -> Touch | None:
    """The touch to record for a verdict; None where nothing was used up."""
    match verdict:
        case Send():
            return Touch(candidate.class_, at, candidate.source)
        case Drop(reason=Reason.HOLD_OUT):
            return Touch(candidate.class_, at, candidate.source, shadow=True)
        case _:
            return None
