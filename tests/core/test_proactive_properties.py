"""What arbitration guarantees whatever comes: budgets, precedence, no favour for any order of arrival, no lost candidate."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_server.core.policy import Cap, MessageClass, Policy, QuietHours
from chat_server.core.proactive import (
    Candidate,
    Drop,
    Hold,
    Live,
    Reason,
    Send,
    Situation,
    Touch,
    arbitrate,
    candidate_id,
    touch_of,
)

START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
PROBLEM, PROGRESS, SERVICE, HELP, PROMO = MessageClass

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
lifetimes = st.one_of(st.integers(0, 300), st.just(60 * 24 * 3))
calm = Policy(spacing_seconds=60)
policies = st.just(calm) | st.builds(
    Policy,
    promo_per_7_days=st.integers(0, 3),
    promo_gap_hours=st.sampled_from([0, 6, 24]),
    unasked_per_day=st.integers(0, 4),
    cooldown_hours=st.sampled_from([0, 24]),
    quiet=st.sampled_from([None, QuietHours(time(21), time(8))]),
    hold_out_percent=st.sampled_from([0, 30]),
    spacing_seconds=st.sampled_from([0, 60]),
)


@st.composite
def some_candidates(draw: st.DrawFn, at: datetime, most: int = 6) -> list[Candidate]:
    """Often alike in all but their ids, so that ties and duplicates come up."""
    found = []
    classes = draw(st.sampled_from([list(MessageClass), [HELP], [PROBLEM, PROGRESS]]))
    for place in range(draw(st.integers(0, most))):
        name = draw(st.sampled_from("abc"))
        key = f"rule:{name}:{draw(st.integers(0, 3))}"
        created = at - timedelta(minutes=draw(st.sampled_from([0, 0, 30, 200])))
        found.append(
            Candidate(
                id=candidate_id(f"con_1{place}", f"{key}{at.isoformat()}"),
                visitor_id="vis_1",
                contact_id=draw(st.sampled_from(["con_1", "con_2", None])),
                class_=draw(st.sampled_from(classes)),
                subject="",
                dedupe_key=key,
                message={"en": "Hello"},
                not_before=created + timedelta(minutes=draw(st.sampled_from([0, 0, 0, 90]))),
                expires_at=created + timedelta(minutes=draw(lifetimes)),
                source=f"rule:{name}",
                created_at=created,
                value=draw(st.sampled_from([0, 0, 1])),
                cap=draw(st.sampled_from([None, Cap(1, 1), Cap(2, 7)])),
                hold_out_percent=draw(st.sampled_from([0, 50])),
            )
        )
    return found


@st.composite
def situations(draw: st.DrawFn, at: datetime) -> Situation:
    """Every second one has nothing in the way, so that the last steps are reached, too."""
    if draw(st.booleans()):
        return Situation(live=draw(st.sampled_from([Live.NONE, Live.NONE, Live.BOT])))
    return Situation(
        consent=draw(st.sampled_from([frozenset(MessageClass), frozenset({PROBLEM, PROGRESS, SERVICE})])),
        opt_outs=draw(st.frozensets(st.sampled_from(MessageClass), max_size=1)),
        contradicted=draw(st.frozensets(st.sampled_from([f"rule:{name}:{number}" for name in "abc" for number in range(9)]), max_size=3)),
        live=draw(st.sampled_from(Live)),
        present=draw(st.booleans()),
        unhappy=draw(st.booleans()),
        last_dismissed_at=draw(st.sampled_from([None, at - timedelta(hours=3), at - timedelta(hours=30)])),
        unseen=draw(st.booleans()),
        touches=tuple(
            Touch(class_, at - timedelta(minutes=ago), "rule:a")
            for class_, ago in draw(st.lists(st.tuples(st.sampled_from(MessageClass), st.integers(0, 60 * 24 * 8)), max_size=5))
        ),
    )


@quick
@given(st.data(), policies)
def test_every_candidate_gets_exactly_one_verdict_whatever_their_order(data: st.DataObject, policy: Policy) -> None:
    candidates, situation = data.draw(some_candidates(START)), data.draw(situations(START))
    verdicts = arbitrate(candidates, situation, policy, START)
    assert [verdict.candidate_id for verdict in verdicts] == [candidate.id for candidate in candidates]
    assert arbitrate(candidates, situation, policy, START) == verdicts
    shuffled = data.draw(st.permutations(candidates))
    assert set(arbitrate(shuffled, situation, policy, START)) == set(verdicts)


@quick
@given(st.data(), policies)
def test_at_most_one_message_interrupts(data: st.DataObject, policy: Policy) -> None:
    candidates, situation = data.draw(some_candidates(START)), data.draw(situations(START))
    verdicts = arbitrate(candidates, situation, policy, START)
    by_id = {candidate.id: candidate for candidate in candidates}
    spoken = [verdict for verdict in verdicts if (isinstance(verdict, Send) and not verdict.posted) or verdict.reason is Reason.HOLD_OUT]
    assert len(spoken) <= 1
    said = [by_id[verdict.candidate_id].dedupe_key for verdict in verdicts if isinstance(verdict, Send)]
    assert len(said) == len(set(said))
    for verdict in verdicts:
        if isinstance(verdict, Send) and verdict.posted:
            assert by_id[verdict.candidate_id].class_.is_order_news
            assert situation.live in (Live.BOT, Live.QUEUED, Live.PERSON)


@pytest.mark.thorough
@quick
@given(st.data(), policies)
def test_what_is_sent_may_be_sent_and_what_waits_can_still_live(data: st.DataObject, policy: Policy) -> None:
    candidates, situation = data.draw(some_candidates(START)), data.draw(situations(START))
    for candidate, verdict in zip(candidates, arbitrate(candidates, situation, policy, START), strict=True):
        if isinstance(verdict, Send):
            assert candidate.class_ in situation.consent - situation.opt_outs
            assert candidate.dedupe_key not in situation.said | situation.contradicted
            assert candidate.not_before <= START < candidate.expires_at
            assert not (candidate.class_ is PROMO and situation.unhappy)
            assert not (candidate.class_ in (HELP, PROMO) and situation.live is not Live.NONE)
        if isinstance(verdict, Hold):
            assert START < verdict.expires_at == candidate.expires_at
            assert verdict.until is None or START <= verdict.until < candidate.expires_at
        if candidate.class_ is PROBLEM:
            assert verdict.reason not in (
                Reason.COOL_DOWN,
                Reason.QUIET_HOURS,
                Reason.HOLD_OUT,
                Reason.RULE_CAP,
                Reason.DAILY_BUDGET,
                Reason.LIVE_CONVERSATION,
            )


@pytest.mark.thorough
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), policies)
def test_no_history_exceeds_a_budget_or_says_a_thing_twice(data: st.DataObject, policy: Policy) -> None:
    now, waiting, said = START, list[Candidate](), set[str]()
    touches: tuple[Touch, ...] = ()
    for _ in range(data.draw(st.integers(1, 14))):
        now += timedelta(minutes=data.draw(st.integers(0, 60 * 10)))
        waiting += data.draw(some_candidates(now, most=4))
        drawn = data.draw(situations(now))
        verdicts = arbitrate(waiting, replace(drawn, touches=touches, said=frozenset(said)), policy, now)
        for candidate, verdict in zip(waiting, verdicts, strict=True):
            touch = touch_of(candidate, verdict, now)
            if touch is not None:
                assert candidate.dedupe_key not in said
                said.add(candidate.dedupe_key)
                touches = (*touches, touch)
        waiting = [candidate for candidate, verdict in zip(waiting, verdicts, strict=True) if isinstance(verdict, Hold)]
        _within_budgets(touches, policy)


def _within_budgets(touches: Iterable[Touch], policy: Policy) -> None:
    history = list(touches)
    for place, touch in enumerate(history):
        upto = history[: place + 1]
        if touch.class_ is not PROBLEM:
            day = [other for other in upto if other.at > touch.at - timedelta(days=1)]
            # order problems of the very same moment are judged first or posted beside it, and are bound by nothing
            beside = [other for other in day if other.at == touch.at and other.class_ is PROBLEM]
            assert len(day) - len(beside) <= policy.unasked_per_day
        if touch.class_ is PROMO:
            promos = [other.at for other in upto if other.class_ is PROMO]
            assert sum(at > touch.at - timedelta(days=7) for at in promos) <= policy.promo_per_7_days
            gap = timedelta(hours=policy.promo_gap_hours)
            assert all(at <= touch.at - gap for at in promos[:-1])


@quick
@given(st.data(), policies)
def test_order_problems_are_never_starved(data: st.DataObject, policy: Policy) -> None:
    drawn = data.draw(situations(START))
    drawn = replace(drawn, consent=frozenset(MessageClass), opt_outs=frozenset(), present=True)
    others = data.draw(some_candidates(START))
    tomorrow = START + timedelta(days=1)
    lasting = [
        replace(candidate, id=f"cnd_{place}", class_=PROBLEM, dedupe_key=f"order:{place}", not_before=START, expires_at=tomorrow)
        for place, candidate in enumerate(others[:4])
    ]
    waiting, touches, told = [*others, *lasting], drawn.touches, 0
    rivals = sum(candidate.class_ is PROBLEM for candidate in others)
    for step in range(len(lasting) + rivals):
        now = START + timedelta(seconds=20 * step)
        verdicts = arbitrate(waiting, replace(drawn, touches=touches), policy, now)
        for candidate, verdict in zip(waiting, verdicts, strict=True):
            told += candidate in lasting and isinstance(verdict, Send)
            assert not (candidate in lasting and isinstance(verdict, Drop))
            touch = touch_of(candidate, verdict, now)
            touches = touches if touch is None else (*touches, touch)
        waiting = [candidate for candidate, verdict in zip(waiting, verdicts, strict=True) if isinstance(verdict, Hold)]
    assert told == len(lasting)
