"""The pure half of the watch: working time in any zone over any change of clocks, shares of durations, and what is expected from what."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_status.calendars import DeliveryConfig, workdays
from order_status.events import Basis, Due, Mark, Shipment, Stamp
from order_status.expected import ENOUGH, LEAST, USUAL, Expected, Pace, Passed, Step, due_of, expect, pace, passed, share, step_of
from order_status.stages import Parcel
from order_status.workdays import Workdays

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
POLAND = workdays(DeliveryConfig("demo", "Europe/Warsaw", "PL"))
ZONES = ("UTC", "Europe/Warsaw", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago")
moments = st.timedeltas(timedelta(), timedelta(days=3 * 365)).map(lambda later: datetime(2025, 1, 1, tzinfo=UTC) + later)
spans = st.timedeltas(timedelta(), timedelta(days=20))
calendars = st.builds(
    lambda zone, days, off: Workdays(ZoneInfo(zone), frozenset(days), lambda day: day.toordinal() % 11 == off),
    st.sampled_from(ZONES),
    st.sets(st.integers(0, 6), min_size=1),
    st.integers(0, 11),
)
durations = st.lists(st.timedeltas(timedelta(), timedelta(days=30)), min_size=1, max_size=80)


def step(stage: str = "in_transit", since: datetime = datetime(2026, 11, 20, 9, tzinfo=UTC), begun: datetime | None = None) -> Step:
    return Step(stage, stage, begun or since, since, since)


def parcel(*marks: tuple[str, str], promised: Due | None = None, eta: Due | None = None) -> Parcel:
    known = tuple(Mark(stage, datetime.fromisoformat(f"{at}+00:00")) for stage, at in marks)
    last = known[-1]
    facts = Shipment("s-1", "inpost", None, None, (), last.stage, last.at, promised, eta, None)
    return Parcel(Stamp(1, last.at, ""), facts, tuple(sorted(known, key=lambda mark: mark.at)))


@given(calendars, moments, spans)
def test_working_time_goes_there_and_back(days: Workdays, start: datetime, span: timedelta) -> None:
    end = days.after(start, span)
    assert end >= start
    assert days.works(days.day_of(end))
    assert days.spent(start, end) == span
    if span:
        assert days.spent(days.before(end, span), end) == span


@given(calendars, moments, spans, spans, spans)
def test_more_time_is_never_earlier(days: Workdays, start: datetime, wait: timedelta, span: timedelta, more: timedelta) -> None:
    assert days.after(start, span) <= days.after(start, span + more)
    assert days.after(start, span) <= days.after(start + wait, span)
    assert days.spent(start, start + wait) <= days.spent(start, start + wait + more)
    assert days.spent(start, start + wait) <= wait
    assert days.spent(start + wait, start) == timedelta()


@given(calendars, moments, st.timedeltas(timedelta(), timedelta(days=9)))
def test_working_time_against_a_count_of_quarters(days: Workdays, start: datetime, wait: timedelta) -> None:
    """Steps of fifteen minutes: no day begins within one, in any zone."""
    start = start.replace(minute=0, second=0, microsecond=0)
    quarter = timedelta(minutes=15)
    steps = wait // quarter
    counted = sum(days.works(days.day_of(start + step * quarter)) for step in range(steps))
    assert days.spent(start, start + steps * quarter) == counted * quarter


def test_a_day_has_the_hours_that_its_clocks_give_it() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)):
        everyday = replace(POLAND, weekdays=frozenset(range(7)))
        assert everyday.end(day) - everyday.begin(day) == hours * HOUR
        assert everyday.spent(everyday.begin(day), everyday.end(day)) == hours * HOUR


def test_holidays_of_the_country_and_the_inboxs_days() -> None:
    assert not POLAND.works(date(2026, 11, 11))
    assert not POLAND.works(date(2026, 4, 6)), "Easter Monday"
    assert not POLAND.works(date(2026, 11, 21))
    tuesday = datetime(2026, 11, 10, 12, tzinfo=UTC)
    assert POLAND.after(tuesday, DAY) == datetime(2026, 11, 12, 12, tzinfo=UTC)
    assert workdays(DeliveryConfig("demo", "Europe/Warsaw")).after(tuesday, DAY) == tuesday + DAY
    six = workdays(DeliveryConfig("demo", "Europe/Warsaw", "PL", frozenset(range(6))))
    assert six.works(date(2026, 11, 21))
    assert not workdays(DeliveryConfig("demo", "Europe/Berlin", "DE-BY")).works(date(2026, 1, 6))
    assert workdays(DeliveryConfig("demo", "Europe/Berlin", "DE-BE")).works(date(2026, 1, 6))


@given(durations, st.sampled_from([0.05, 0.5, 0.95, 1.0]))
def test_a_share_against_counting(values: list[timedelta], part: float) -> None:
    enough = math.ceil(round(part * len(values), 6))
    naive = min(each for each in values if sum(other <= each for other in values) >= enough)
    assert share(values, part) == naive


@given(durations)
def test_a_pace_is_silent_until_there_are_enough(values: list[timedelta]) -> None:
    found = pace(values, values, values)
    assert found.samples == len(values)
    assert (found.most is None) == (found.so_far is None) == (found.rest is None) == (len(values) < ENOUGH)


@given(moments, st.integers(-3, 15), st.integers(0, 9), st.one_of(st.none(), spans), st.sampled_from(["promise", "eta"]))
def test_a_later_promise_never_makes_us_expect_anything_earlier(
    since: datetime, ahead: int, more: int, rest: timedelta | None, basis: Basis
) -> None:
    own = Pace(40, 2 * DAY, 3 * DAY, rest)
    day = POLAND.day_of(since) + ahead * DAY
    first, second = (expect(step(since=since), (Due(each), basis), own, own, POLAND) for each in (day, day + more * DAY))
    assert first is not None
    assert second is not None
    if first.due is not None:
        assert second.due is not None
        assert since <= first.at <= second.at
        assert first.at <= POLAND.end(day)
    else:
        assert POLAND.end(day) <= since, "only a day that had passed before is no evidence"


@given(st.sampled_from(sorted(USUAL)), moments, calendars, st.one_of(st.just(Pace(3)), spans.map(lambda span: Pace(50, span, span))))
def test_what_is_counted_in_days_ends_on_a_working_day(stage: str, since: datetime, days: Workdays, own: Pace) -> None:
    found = expect(step(stage, since), None, own, Pace(), days)
    assert found is not None
    assert days.works(days.day_of(found.at))
    assert days.spent(since, found.at) >= (USUAL[stage] if own.most is None else max(own.most, LEAST))
    assert found.basis == ("default" if own.most is None else "history")


def test_the_carriers_own_pace_then_the_shops_then_the_default() -> None:
    own, shop = Pace(30, DAY, DAY), Pace(90, 2 * DAY, 2 * DAY)
    assert expect(step(), None, own, shop, POLAND) == Expected(datetime(2026, 11, 23, 9, tzinfo=UTC), "history", None, 30)
    assert expect(step(), None, Pace(29), shop, POLAND) == Expected(datetime(2026, 11, 24, 9, tzinfo=UTC), "history", None, 90)
    assert expect(step(), None, Pace(29), Pace(29), POLAND) == Expected(datetime(2026, 11, 26, 9, tzinfo=UTC), "default", None, 29)
    assert expect(step(), None, Pace(), shop, POLAND) is None, "nobody ever told that such a step ended"


def test_a_slow_step_of_a_parcel_that_is_early_is_not_late_yet() -> None:
    early = step(begun=datetime(2026, 11, 19, 9, tzinfo=UTC))
    found = expect(early, None, Pace(30, DAY, 4 * DAY), Pace(), POLAND)
    assert found is not None
    assert found.at == datetime(2026, 11, 25, 9, tzinfo=UTC)


def test_a_promise_that_cannot_be_kept_any_more_is_noticed_a_day_before_at_most() -> None:
    due: tuple[Due, Basis] = (Due(date(2026, 11, 25)), "promise")
    for rest, at in ((6 * HOUR, datetime(2026, 11, 25, 17, tzinfo=UTC)), (9 * DAY, datetime(2026, 11, 24, 23, tzinfo=UTC))):
        found = expect(step(), due, Pace(30, DAY, DAY, rest), Pace(), POLAND)
        assert found is not None
        assert found.at == at
    exact: tuple[Due, Basis] = (Due(date(2026, 11, 25), datetime(2026, 11, 25, 15, tzinfo=UTC)), "eta")
    found = expect(step(), exact, Pace(), Pace(), POLAND)
    assert found == Expected(datetime(2026, 11, 25, 15, tzinfo=UTC), "eta", exact[0], 0)


def test_a_day_that_we_spoke_of_or_that_a_failed_delivery_spoke_of_is_no_evidence_again() -> None:
    due: tuple[Due, Basis] = (Due(date(2026, 11, 20)), "promise")
    for waiting, spent in ((step("delivery_failed"), ()), (step(), [due[0]])):
        found = expect(waiting, due, Pace(5), Pace(), POLAND, spent)
        assert found is not None
        assert (found.basis, found.due) == ("default", None)


def test_the_later_of_promise_and_eta_is_what_the_shopper_was_told() -> None:
    early, late = Due(date(2026, 11, 23)), Due(date(2026, 11, 25))
    marks = ("in_transit", "2026-11-20T09:00")
    assert due_of(parcel(marks)) is None
    assert due_of(parcel(marks, promised=early)) == (early, "promise")
    assert due_of(parcel(marks, eta=early)) == (early, "eta")
    assert due_of(parcel(marks, promised=early, eta=late)) == (late, "eta")
    assert due_of(parcel(marks, promised=late, eta=early)) == (late, "promise")


def test_steps_and_attempts() -> None:
    journey = (
        ("preparing", "2026-11-16T09:00"),
        ("shipped", "2026-11-17T09:00"),
        ("in_transit", "2026-11-17T12:00"),
        ("in_transit", "2026-11-18T01:00"),
        ("out_for_delivery", "2026-11-18T08:00"),
        ("delivery_failed", "2026-11-18T12:00"),
        ("out_for_delivery", "2026-11-19T08:00"),
    )
    waiting = step_of(parcel(*journey))
    at = [datetime.fromisoformat(f"{each}+00:00") for _, each in journey]
    assert waiting == Step("out_for_delivery/2", "out_for_delivery", at[0], at[6], at[6])
    silent = step_of(parcel(*journey[:4]))
    assert silent == Step("in_transit", "in_transit", at[0], at[2], at[3])
    arrived = datetime.combine(date(2026, 11, 19), time(12), UTC)
    done = parcel(*journey, ("delivered", "2026-11-19T12:00"))
    assert step_of(done) is None
    names = ["preparing", "shipped", "in_transit", "out_for_delivery", "delivery_failed", "out_for_delivery/2"]
    assert [each.name for each in passed(done)] == names
    assert {each.arrived_at for each in passed(done)} == {arrived}
    assert passed(parcel(*journey[:3]))[-1] == Passed("shipped", "shipped", at[0], at[1], at[2], None)


@pytest.mark.parametrize("stage", ["ready_for_pickup", "delivered", "returning", "lost", "cancelled", "customs"])
def test_where_nothing_is_awaited_of_the_carrier(stage: str) -> None:
    assert step_of(parcel((stage, "2026-11-20T09:00"))) is None
