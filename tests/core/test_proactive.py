"""The ten steps of arbitration, one by one, each with its reason; then what happens when several want to speak."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chat_server.core.model import Status
from chat_server.core.policy import Cap, MessageClass, Policy, QuietHours, parse_quiet
from chat_server.core.proactive import (
    Awaited,
    Candidate,
    Drop,
    Hold,
    Live,
    Reason,
    Send,
    Situation,
    Touch,
    Verdict,
    arbitrate,
    candidate_id,
    liveness,
    text_for,
    touch_of,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROBLEM, PROGRESS, SERVICE, HELP, PROMO = MessageClass
POLICY = Policy()


def a_candidate(class_: MessageClass = HELP, name: str = "a", **changes: object) -> Candidate:
    """A message that is due now and lives for two hours."""
    key = f"rule:{name}::1"
    candidate = Candidate(
        id=candidate_id("con_1", key),
        visitor_id="vis_1",
        contact_id="con_1",
        class_=class_,
        subject="",
        dedupe_key=key,
        message={"en": "Hello", "pl": "Cześć"},
        not_before=NOW,
        expires_at=NOW + timedelta(hours=2),
        source=f"rule:{name}",
        created_at=NOW,
    )
    return replace(candidate, **changes)  # type: ignore[arg-type]  # a builder: the fields are checked where they are used


def one(candidate: Candidate, situation: Situation | None = None, policy: Policy = POLICY) -> Verdict:
    (verdict,) = arbitrate([candidate], situation or Situation(), policy, NOW)
    return verdict


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize("class_", MessageClass)
def test_nothing_in_the_way_is_sent(class_: MessageClass) -> None:
    candidate = a_candidate(class_)
    assert one(candidate) == Send(candidate.id, Reason.SENT)


@pytest.mark.parametrize("class_", MessageClass)
def test_1_consent_binds_every_class(class_: MessageClass) -> None:
    candidate = a_candidate(class_)
    assert one(candidate, Situation(consent=frozenset(MessageClass) - {class_})) == Drop(candidate.id, Reason.NO_CONSENT)
    assert one(candidate, Situation(opt_outs=frozenset({class_}))) == Drop(candidate.id, Reason.OPTED_OUT)


def test_1_an_opt_out_from_promo_is_not_one_from_order_news() -> None:
    assert isinstance(one(a_candidate(PROGRESS), Situation(opt_outs=frozenset({PROMO}))), Send)


def test_2_what_was_said_is_not_said_again() -> None:
    candidate = a_candidate(PROBLEM)
    assert one(candidate, Situation(said=frozenset({candidate.dedupe_key}))) == Drop(candidate.id, Reason.ALREADY_SAID)


def test_2_twice_the_same_in_one_call_is_said_once() -> None:
    older = a_candidate(PROGRESS, created_at=NOW - hours(1))
    newer = replace(older, id="cnd_other", created_at=NOW)
    assert arbitrate([older, newer], Situation(), POLICY, NOW) == (Drop(older.id, Reason.ALREADY_SAID), Send(newer.id))


def test_3_stale_contradicted_and_too_early() -> None:
    late = a_candidate(PROBLEM, expires_at=NOW)
    assert one(late) == Drop(late.id, Reason.STALE)
    wrong = a_candidate(PROBLEM)
    assert one(wrong, Situation(contradicted=frozenset({wrong.dedupe_key}))) == Drop(wrong.id, Reason.CONTRADICTED)
    early = a_candidate(PROBLEM, not_before=NOW + hours(1))
    assert one(early) == Hold(early.id, Reason.TOO_EARLY, early.expires_at, until=NOW + hours(1))


@pytest.mark.parametrize(
    ("live", "class_", "decision", "reason"),
    [
        (Live.BOT, PROBLEM, "send", Reason.LIVE_CONVERSATION_ORDER),
        (Live.BOT, PROGRESS, "send", Reason.LIVE_CONVERSATION_ORDER),
        (Live.BOT, SERVICE, "send", Reason.SENT),
        (Live.BOT, HELP, "hold", Reason.LIVE_CONVERSATION),
        (Live.BOT, PROMO, "hold", Reason.LIVE_CONVERSATION),
        (Live.PERSON, PROBLEM, "send", Reason.LIVE_CONVERSATION_ORDER),
        (Live.PERSON, PROGRESS, "hold", Reason.LIVE_CONVERSATION),
        (Live.PERSON, SERVICE, "hold", Reason.LIVE_CONVERSATION),
        (Live.PERSON, HELP, "drop", Reason.LIVE_CONVERSATION),
        (Live.PERSON, PROMO, "drop", Reason.LIVE_CONVERSATION),
        (Live.QUEUED, PROBLEM, "send", Reason.LIVE_CONVERSATION_ORDER),
        (Live.QUEUED, PROGRESS, "hold", Reason.LIVE_CONVERSATION),
        (Live.QUEUED, PROMO, "drop", Reason.LIVE_CONVERSATION),
        (Live.PERSON_IDLE, PROBLEM, "send", Reason.SENT),
        (Live.PERSON_IDLE, PROGRESS, "send", Reason.SENT),
        (Live.PERSON_IDLE, SERVICE, "hold", Reason.LIVE_CONVERSATION),
        (Live.PERSON_IDLE, PROMO, "drop", Reason.LIVE_CONVERSATION),
    ],
)
def test_4_a_live_conversation(live: Live, class_: MessageClass, decision: str, reason: Reason) -> None:
    verdict = one(a_candidate(class_), Situation(live=live))
    assert (verdict.decision, verdict.reason) == (decision, reason)
    if isinstance(verdict, Hold):
        assert verdict.awaited is Awaited.CONVERSATION_OVER


def test_4_order_news_are_posted_although_the_shopper_has_left_dismissed_one_and_it_is_night() -> None:
    night = Policy(quiet=QuietHours(time(0), time(23, 59)))
    away = Situation(live=Live.BOT, present=False, last_dismissed_at=NOW - hours(1), touches=(Touch(HELP, NOW),))
    verdict = one(a_candidate(PROGRESS), away, night)
    assert isinstance(verdict, Send)
    assert verdict.posted


@pytest.mark.parametrize(
    ("status", "shopper_minutes", "word_minutes", "live"),
    [
        (None, None, None, Live.NONE),
        (Status.RESOLVED, 1, 1, Live.NONE),
        (Status.BOT, None, 1, Live.NONE),  # only our own unasked message so far
        (Status.BOT, 14, 1, Live.BOT),
        (Status.BOT, 15, 1, Live.NONE),
        (Status.QUEUED, 600, 600, Live.QUEUED),
        (Status.ASSIGNED, 600, 29, Live.PERSON),
        (Status.ASSIGNED, 600, 30, Live.PERSON_IDLE),
        (Status.SNOOZED, 600, 600, Live.PERSON_IDLE),
    ],
)
def test_4_how_live_it_is(status: Status | None, shopper_minutes: int | None, word_minutes: int | None, live: Live) -> None:
    ago = [None if minutes is None else NOW - timedelta(minutes=minutes) for minutes in (shopper_minutes, word_minutes)]
    assert liveness(status, ago[0], ago[1], POLICY, NOW) is live


@pytest.mark.parametrize("class_", [PROBLEM, PROGRESS, SERVICE])
def test_5_absent_shoppers_hear_order_news_at_their_next_visit(class_: MessageClass) -> None:
    candidate = a_candidate(class_)
    expected = Hold(candidate.id, Reason.ABSENT, candidate.expires_at, awaited=Awaited.NEXT_VISIT)
    assert one(candidate, Situation(present=False)) == expected


@pytest.mark.parametrize("class_", [HELP, PROMO])
def test_5_what_was_meant_for_the_moment_dies_with_it(class_: MessageClass) -> None:
    candidate = a_candidate(class_)
    assert one(candidate, Situation(present=False)) == Drop(candidate.id, Reason.ABSENT)


def test_6_no_promo_to_the_unhappy() -> None:
    promo = a_candidate(PROMO)
    assert one(promo, Situation(unhappy=True)) == Drop(promo.id, Reason.UNHAPPY)
    assert isinstance(one(a_candidate(HELP), Situation(unhappy=True)), Send)


def test_8_cool_down_after_a_dismissal() -> None:
    shopper = Situation(last_dismissed_at=NOW - hours(23))
    assert one(a_candidate(PROGRESS), shopper) == Hold(a_candidate().id, Reason.COOL_DOWN, NOW + hours(2), until=NOW + hours(1))
    short = a_candidate(HELP, expires_at=NOW + hours(1))
    assert one(short, shopper) == Drop(short.id, Reason.COOL_DOWN)
    assert isinstance(one(a_candidate(PROBLEM), shopper), Send)
    assert isinstance(one(a_candidate(HELP), Situation(last_dismissed_at=NOW - hours(24))), Send)


def test_8_quiet_hours_are_those_of_the_shopper() -> None:
    policy = Policy(quiet=parse_quiet("21:00-08:00"))
    candidate = a_candidate(PROGRESS, expires_at=NOW + hours(24))
    tokyo, warsaw = (Situation(zone=ZoneInfo(name)) for name in ("Asia/Tokyo", "Europe/Warsaw"))
    # it is 21:00 there, and 13:00 in Warsaw
    assert one(candidate, tokyo, policy) == Hold(candidate.id, Reason.QUIET_HOURS, candidate.expires_at, until=NOW + hours(11))
    assert isinstance(one(candidate, warsaw, policy), Send)
    assert isinstance(one(a_candidate(PROBLEM), tokyo, policy), Send)


def test_9_promo_twice_in_seven_days() -> None:
    promo = a_candidate(PROMO, expires_at=NOW + timedelta(days=3))
    touches = (Touch(PROMO, NOW - timedelta(days=6)), Touch(PROMO, NOW - timedelta(days=2)))
    expected = Hold(promo.id, Reason.PROMO_BUDGET, promo.expires_at, until=NOW + timedelta(days=1))
    assert one(promo, Situation(touches=touches)) == expected
    assert one(replace(promo, expires_at=NOW + hours(2)), Situation(touches=touches)) == Drop(promo.id, Reason.PROMO_BUDGET)
    assert isinstance(one(promo, Situation(touches=touches[1:])), Send)
    assert isinstance(one(a_candidate(HELP), Situation(touches=touches)), Send)


def test_9_a_shadow_uses_up_the_same_budget() -> None:
    promo = a_candidate(PROMO)
    touches = tuple(Touch(PROMO, NOW - timedelta(days=days), shadow=True) for days in (2, 3))
    assert one(promo, Situation(touches=touches)).reason is Reason.PROMO_BUDGET


def test_9_promos_lie_a_day_apart() -> None:
    promo = a_candidate(PROMO, expires_at=NOW + hours(30))
    expected = Hold(promo.id, Reason.PROMO_GAP, promo.expires_at, until=NOW + hours(14))
    assert one(promo, Situation(touches=(Touch(PROMO, NOW - hours(10)),))) == expected


def test_9_three_a_day_of_everything_unasked() -> None:
    touches = tuple(Touch(class_, NOW - hours(ago)) for class_, ago in ((PROGRESS, 23), (HELP, 5), (PROBLEM, 3)))
    help_ = a_candidate(HELP)
    assert one(help_, Situation(touches=touches)) == Hold(help_.id, Reason.DAILY_BUDGET, help_.expires_at, until=NOW + hours(1))
    assert isinstance(one(a_candidate(PROBLEM), Situation(touches=touches * 9)), Send)
    never = Policy(unasked_per_day=0)
    assert one(help_, None, never) == Drop(help_.id, Reason.DAILY_BUDGET)
    assert isinstance(one(a_candidate(PROBLEM), None, never), Send)


def test_9_a_rules_own_cap() -> None:
    capped = a_candidate(HELP, cap=Cap(1, 3), expires_at=NOW + timedelta(days=9))
    spoken = (Touch(HELP, NOW - timedelta(days=2), "rule:a"), Touch(HELP, NOW - timedelta(days=2), "rule:b"))
    expected = Hold(capped.id, Reason.RULE_CAP, capped.expires_at, until=NOW + timedelta(days=1))
    assert one(capped, Situation(touches=spoken)) == expected
    assert isinstance(one(capped, Situation(touches=spoken[1:])), Send)


def test_10_one_at_a_time_by_class_value_freshness() -> None:
    problem, progress = a_candidate(PROBLEM, "p"), a_candidate(PROGRESS, "o", value=99)
    dear, cheap = a_candidate(HELP, "d", value=5, created_at=NOW - hours(1)), a_candidate(HELP, "c")
    old = a_candidate(HELP, "x", created_at=NOW - hours(1))
    everyone = [old, cheap, dear, progress, problem]
    for _ in range(len(everyone)):
        verdicts = arbitrate(everyone, Situation(), POLICY, NOW)
        assert [verdict.decision for verdict in verdicts] == ["hold"] * (len(everyone) - 1) + ["send"]
        assert {verdict.reason for verdict in verdicts[:-1]} <= {Reason.ONE_AT_A_TIME}
        everyone.pop()


def test_10_the_loser_does_not_follow_on_the_winners_heels() -> None:
    help_ = a_candidate(HELP)
    said = Situation(touches=(Touch(PROBLEM, NOW - timedelta(seconds=20)),))
    assert one(help_, said) == Hold(help_.id, Reason.ONE_AT_A_TIME, help_.expires_at, until=NOW + timedelta(seconds=40))
    assert isinstance(one(a_candidate(PROBLEM), said), Send)


def test_10_an_unseen_message_is_not_covered_by_the_next() -> None:
    help_ = a_candidate(HELP)
    expected = Hold(help_.id, Reason.ONE_AT_A_TIME, help_.expires_at, awaited=Awaited.PREVIOUS_SEEN)
    assert one(help_, Situation(unseen=True)) == expected
    assert isinstance(one(a_candidate(PROBLEM), Situation(unseen=True)), Send)


def test_10_the_losers_own_reason_comes_first() -> None:
    help_, promo = a_candidate(HELP), a_candidate(PROMO, "b")
    verdicts = arbitrate([help_, promo], Situation(touches=(Touch(PROMO, NOW - hours(23)),)), POLICY, NOW)
    assert [verdict.reason for verdict in verdicts] == [Reason.SENT, Reason.PROMO_GAP]


def test_7_the_hold_out_takes_the_place_of_what_would_have_been_sent() -> None:
    policy = Policy(hold_out_percent=100)
    help_, promo = a_candidate(HELP), a_candidate(PROMO, "b")
    verdicts = arbitrate([promo, help_], Situation(), policy, NOW)
    assert [verdict.reason for verdict in verdicts] == [Reason.ONE_AT_A_TIME, Reason.HOLD_OUT]
    assert touch_of(help_, verdicts[1], NOW) == Touch(HELP, NOW, "rule:a", shadow=True)
    assert touch_of(promo, verdicts[0], NOW) is None


def test_7_a_hold_out_is_never_told_of_what_would_not_have_been_sent() -> None:
    promo = a_candidate(PROMO, hold_out_percent=100)
    assert one(promo, Situation(unhappy=True)).reason is Reason.UNHAPPY
    assert one(promo).reason is Reason.HOLD_OUT


def test_7_no_hold_out_of_an_order_problem() -> None:
    problem = a_candidate(PROBLEM, hold_out_percent=100)
    verdict = one(problem, None, Policy(hold_out_percent=100))
    assert verdict == Send(problem.id)
    assert touch_of(problem, verdict, NOW) == Touch(PROBLEM, NOW, "rule:a")


def test_a_candidate_survives_the_store() -> None:
    candidate = a_candidate(PROMO, cap=Cap(2, 7), offer_id="voucher", value=3)
    assert Candidate.from_json(candidate.to_json()) == candidate


def test_the_text_speaks_the_shoppers_language() -> None:
    message = {"en": "Hello", "pl": "Cześć"}
    assert text_for(message, "pl-PL", "en") == ("pl", "Cześć")
    assert text_for(message, "de", "pl") == ("pl", "Cześć")
    assert text_for(message, "de", "fr") == ("en", "Hello")
