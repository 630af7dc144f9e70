"""Speaking first: which of the messages that could go out does, which waits, which never will, and why.

Pure arbitration over all candidates of one shopper at once. It must not know where a candidate came from beyond
its class, and it writes nothing: the flow stores every verdict and sends what is sent. Walks b, c and d (invitation).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from chat_server.core.policy import MessageClass, Policy, held_out
from chat_server.core.proactive_candidate import Candidate, OrderRef, candidate_id, text_for
from chat_server.core.proactive_situation import Live, Situation, Touch, liveness, touch_of
from chat_server.core.proactive_verdict import Awaited, Drop, Hold, Reason, Send, Verdict


def precedence(candidate: Candidate) -> tuple[int, int, float, str]:
    """Sort key, best first: class, then value, then freshness; the id makes it total."""
    return (candidate.class_.rank, -candidate.value, -candidate.created_at.timestamp(), candidate.id)


def arbitrate(candidates: Sequence[Candidate], situation: Situation, policy: Policy, now: datetime) -> tuple[Verdict, ...]:
    """One verdict for each candidate, in the order given; the order does not matter to the outcome.

    All candidates are of one shopper; hand in the held ones again together with the new ones. At most one message
    goes out as a nudge; beside it, order news may be posted into a live conversation, each within the day's budget
    (an order problem: always).
    """
    verdicts: dict[int, Verdict] = {}
    keys: set[str] = set()
    ranked = sorted(range(len(candidates)), key=lambda place: precedence(candidates[place]))
    touches = situation.touches
    spoken = False
    for place in ranked:
        candidate = candidates[place]
        verdict = _may_be_said(candidate, situation, now)
        if verdict is None and candidate.dedupe_key in keys:
            verdict = Drop(candidate.id, Reason.ALREADY_SAID)
        if not isinstance(verdict, Drop):
            keys.add(candidate.dedupe_key)
        if verdict is None and _is_posted(candidate, situation.live):
            verdict = _within_budgets(candidate, touches, policy, now) or Send(candidate.id, Reason.LIVE_CONVERSATION_ORDER)
            if isinstance(verdict, Send):
                touches = (*touches, Touch(candidate.class_, now, candidate.source))
        if verdict is None:
            verdict = _suits_the_moment(candidate, situation, policy, now) or _within_budgets(candidate, touches, policy, now)
        if verdict is None:
            verdict = _alone(candidate, situation, touches, spoken, policy, now)
        if verdict is None:
            spoken = True
            verdict = Drop(candidate.id, Reason.HOLD_OUT) if _in_hold_out(candidate, policy) else Send(candidate.id)
        verdicts[place] = verdict
    return tuple(verdicts[place] for place in range(len(candidates)))


def _may_be_said(candidate: Candidate, situation: Situation, now: datetime) -> Verdict | None:
    """Steps 1 to 3: consent and opt-out, said before, stale, contradicted or not yet due."""
    if candidate.class_ not in situation.consent:
        return Drop(candidate.id, Reason.NO_CONSENT)
    if candidate.class_ in situation.opt_outs:
        return Drop(candidate.id, Reason.OPTED_OUT)
    if candidate.dedupe_key in situation.said:
        return Drop(candidate.id, Reason.ALREADY_SAID)
    if candidate.expires_at <= now:
        return Drop(candidate.id, Reason.STALE)
    if candidate.dedupe_key in situation.contradicted:
        return Drop(candidate.id, Reason.CONTRADICTED)
    if candidate.not_before > now:
        return _later(candidate, Reason.TOO_EARLY, candidate.not_before)
    return None


def _is_posted(candidate: Candidate, live: Live) -> bool:
    """Step 4, the exception: order problems go into any live conversation, other order news into one with the bot."""
    match live:
        case Live.NONE | Live.PERSON_IDLE:
            return False
        case Live.BOT:
            return candidate.class_.is_order_news
        case Live.QUEUED | Live.PERSON:
            return candidate.class_ is MessageClass.ORDER_PROBLEM
        case _:
            assert_never(live)


def _suits_the_moment(candidate: Candidate, situation: Situation, policy: Policy, now: datetime) -> Verdict | None:
    """Steps 4 to 6 and 8: a live conversation, absence, mood, cool-down and quiet hours. Step 7 comes last of all."""
    class_ = candidate.class_
    behaviour = class_ in (MessageClass.HELP, MessageClass.PROMO)
    over = Hold(candidate.id, Reason.LIVE_CONVERSATION, candidate.expires_at, awaited=Awaited.CONVERSATION_OVER)
    match situation.live:
        case Live.NONE:
            pass
        case Live.BOT:
            if behaviour:
                return over
        case Live.QUEUED | Live.PERSON:
            return Drop(candidate.id, Reason.LIVE_CONVERSATION) if behaviour else over
        case Live.PERSON_IDLE:
            if not class_.is_order_news:
                return Drop(candidate.id, Reason.LIVE_CONVERSATION) if behaviour else over
        case _:
            assert_never(situation.live)
    if not situation.present:
        if behaviour:
            return Drop(candidate.id, Reason.ABSENT)
        return Hold(candidate.id, Reason.ABSENT, candidate.expires_at, awaited=Awaited.NEXT_VISIT)
    if situation.unhappy and class_ is MessageClass.PROMO:
        return Drop(candidate.id, Reason.UNHAPPY)
    if class_ is MessageClass.ORDER_PROBLEM:
        return None
    if situation.last_dismissed_at is not None:
        calm = situation.last_dismissed_at + timedelta(hours=policy.cooldown_hours)
        if calm > now:
            return _later(candidate, Reason.COOL_DOWN, calm)
    if policy.quiet is not None:
        morning = policy.quiet.over_at(now, situation.zone)
        if morning is not None:
            return _later(candidate, Reason.QUIET_HOURS, morning)
    return None


def _within_budgets(candidate: Candidate, touches: tuple[Touch, ...], policy: Policy, now: datetime) -> Verdict | None:
    """Step 9: the rule's own cap, promo per week, promo gap, everything unasked per day. Never for an order problem.

    Windows slide. An order problem uses up the day's budget of the others, but is not bound by it itself.
    """
    if candidate.class_ is MessageClass.ORDER_PROBLEM:
        return None
    limits: list[tuple[Reason, Iterable[Touch], int, timedelta]] = []
    if candidate.cap is not None:
        own = [touch for touch in touches if touch.source == candidate.source]
        limits.append((Reason.RULE_CAP, own, candidate.cap.times, timedelta(days=candidate.cap.days)))
    if candidate.class_ is MessageClass.PROMO:
        promos = [touch for touch in touches if touch.class_ is MessageClass.PROMO]
        limits.append((Reason.PROMO_BUDGET, promos, policy.promo_per_7_days, timedelta(days=7)))
        limits.append((Reason.PROMO_GAP, promos, 1, timedelta(hours=policy.promo_gap_hours)))
    limits.append((Reason.DAILY_BUDGET, touches, policy.unasked_per_day, timedelta(days=1)))
    for reason, used, most, window in limits:
        if most == 0:
            return Drop(candidate.id, reason)
        recent = sorted(touch.at for touch in used if touch.at > now - window)
        if len(recent) >= most:
            return _later(candidate, reason, recent[-most] + window)
    return None


def _alone(
    candidate: Candidate, situation: Situation, touches: tuple[Touch, ...], spoken: bool, policy: Policy, now: datetime
) -> Verdict | None:
    """Step 10: one message at a time. A loser waits while it lives; it is not lost."""
    spacing = timedelta(seconds=policy.spacing_seconds)
    if spoken:
        return _wait(candidate, now + spacing)
    if candidate.class_ is MessageClass.ORDER_PROBLEM:
        return None
    last = max((touch.at for touch in touches), default=None)
    if last is not None and last + spacing > now:
        return _wait(candidate, last + spacing)
    if situation.unseen:
        return Hold(candidate.id, Reason.ONE_AT_A_TIME, candidate.expires_at, awaited=Awaited.PREVIOUS_SEEN)
    return None


def _wait(candidate: Candidate, until: datetime) -> Hold:
    """A loser's turn comes at `until`, if it lives so long; if not, perhaps at an earlier chance."""
    return Hold(candidate.id, Reason.ONE_AT_A_TIME, candidate.expires_at, until=until if until < candidate.expires_at else None)


def _in_hold_out(candidate: Candidate, policy: Policy) -> bool:
    """Step 7, asked last: only of a message that would have been sent, so that both arms are alike."""
    if candidate.class_ is MessageClass.ORDER_PROBLEM:
        return False
    everything = held_out(candidate.recipient, "inbox", policy.hold_out_percent)
    return everything or held_out(candidate.recipient, candidate.source, candidate.hold_out_percent)


def _later(candidate: Candidate, reason: Reason, until: datetime) -> Verdict:
    """Hold until then; drop what will not live to see it."""
    if until >= candidate.expires_at:
        return Drop(candidate.id, reason)
    return Hold(candidate.id, reason, candidate.expires_at, until=until)


__all__ = [
    "Awaited",
    "Candidate",
    "Drop",
    "Hold",
    "Live",
    "OrderRef",
    "Reason",
    "Send",
    "Situation",
    "Touch",
    "Verdict",
    "arbitrate",
    "candidate_id",
    "liveness",
    "precedence",
    "text_for",
    "touch_of",
]
