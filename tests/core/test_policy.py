"""What an inbox allows: consent, quiet hours over midnight and summer time, hold-outs, and the budget table of its file."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chat_server.core.policy import MessageClass, Policy, QuietHours, consented, held_out, parse_policy
from chat_server.core.policy_table import Invalid

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PROBLEM, PROGRESS, SERVICE, HELP, PROMO = MessageClass


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("required", "given", "covered"),
    [(False, None, True), (False, True, True), (True, True, True), (True, None, False), (True, False, False), (False, False, False)],
)
def test_what_consent_covers(required: bool, given: bool | None, covered: bool) -> None:
    classes = consented(required=required, given=given)
    assert (HELP in classes, PROMO in classes) == (covered, covered)
    assert {PROBLEM, PROGRESS, SERVICE} <= classes


def test_quiet_hours_end_the_same_morning_and_may_lie_in_the_day() -> None:
    night = QuietHours(time(21), time(8))
    assert night.over_at(datetime(2026, 11, 20, 5, 0, tzinfo=UTC), UTC) == datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    assert night.over_at(datetime(2026, 11, 20, 8, 0, tzinfo=UTC), UTC) is None
    noon = QuietHours(time(12), time(13))
    assert noon.over_at(NOW, UTC) == NOW + hours(1)
    assert noon.over_at(NOW - hours(1), UTC) is None
    # the night in which summer time ends is an hour longer
    assert night.over_at(datetime(2026, 10, 24, 20, 0, tzinfo=UTC), ZoneInfo("Europe/Warsaw")) == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)


def test_a_hold_out_is_sticky_fair_and_grows() -> None:
    shoppers = [f"con_{number}" for number in range(4000)]
    tenth = {shopper for shopper in shoppers if held_out(shopper, "rule:a", 10)}
    fifth = {shopper for shopper in shoppers if held_out(shopper, "rule:a", 20)}
    other = {shopper for shopper in shoppers if held_out(shopper, "rule:b", 10)}
    assert tenth < fifth
    assert 320 < len(tenth) < 480
    assert len(tenth & other) < 80
    assert not any(held_out(shopper, "rule:a", 0) for shopper in shoppers)


def test_a_budget_table_is_read_with_its_defaults() -> None:
    assert parse_policy({}) == Policy()
    policy = parse_policy({"promo_per_7_days": 1, "quiet": "22:00-07:30", "hold_out_percent": 5})
    assert policy == Policy(promo_per_7_days=1, quiet=QuietHours(time(22), time(7, 30)), hold_out_percent=5)


@pytest.mark.parametrize(
    ("table", "error"),
    [
        ({"promo_per_week": 1}, "budget.promo_per_week: is not known here"),
        ({"unasked_per_day": "3"}, "budget.unasked_per_day: must be a whole number"),
        ({"hold_out_percent": 51}, "budget.hold_out_percent: must lie between 0 and 50"),
        ({"quiet": "night"}, "budget.quiet: is not a stretch like 21:00-08:00: 'night'"),
        ({"quiet": "08:00-08:00"}, "budget.quiet: starts and ends at the same time"),
    ],
)
def test_a_budget_that_cannot_be_used_names_its_field(table: dict[str, object], error: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_policy(table)
    assert str(refused.value).startswith(error)
