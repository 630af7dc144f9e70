"""Opening hours and promises in the shop's zone, also over midnight, weekends, and the two nights when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from chat_server.core.hours import DAYS, Hours, promised_at

WARSAW = ZoneInfo("Europe/Warsaw")
NINE_TO_FIVE = ((time(9), time(17)),)
WEEK = Hours("Europe/Warsaw", (NINE_TO_FIVE,) * 5 + ((), ()))
ALWAYS = Hours("Europe/Warsaw")
NEVER = Hours("Europe/Warsaw", ((),) * 7)
SPLIT = Hours("Europe/Warsaw", (((time(9), time(12)), (time(13), time(17))),) * 7)
LATE = Hours("Europe/Warsaw", (((time(20), time(0)),),) * 7)
SUNDAY_NIGHT = Hours("Europe/Warsaw", ((),) * 6 + (((time(1), time(4)),),))


def at(*when: int, fold: int = 0) -> datetime:
    """Local time in Warsaw, as the UTC that everybody works with."""
    return datetime(*when, tzinfo=WARSAW, fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]  # year to minute


def open_at(hours: Hours, now: datetime) -> bool:
    return any(opens <= now < closes for opens, closes in hours.spans(now, 1))


@pytest.mark.parametrize(
    ("hours", "now", "inside"),
    [
        (WEEK, at(2026, 11, 23, 8, 59), False), (WEEK, at(2026, 11, 23, 9, 0), True), (WEEK, at(2026, 11, 23, 16, 59), True),
        (WEEK, at(2026, 11, 23, 17, 0), False), (WEEK, at(2026, 11, 21, 12, 0), False), (WEEK, at(2026, 11, 22, 12, 0), False),
        (NEVER, at(2026, 11, 23, 12, 0), False), (SPLIT, at(2026, 11, 23, 12, 30), False), (SPLIT, at(2026, 11, 23, 13, 0), True),
        (LATE, at(2026, 11, 23, 23, 59), True), (LATE, at(2026, 11, 24, 0, 0), False), (LATE, at(2026, 11, 23, 19, 59), False),
        (WEEK, datetime(2026, 7, 1, 7, 0, tzinfo=UTC), True), (WEEK, datetime(2026, 12, 1, 7, 30, tzinfo=UTC), False),
    ],
)  # fmt: skip
def test_spans_are_of_the_shops_day(hours: Hours, now: datetime, inside: bool) -> None:
    assert open_at(hours, now) is inside


@pytest.mark.parametrize(
    ("hours", "minutes", "now", "promised"),
    [
        (ALWAYS, 120, at(2026, 11, 22, 3, 0), at(2026, 11, 22, 5, 0)),
        (WEEK, 120, at(2026, 11, 23, 10, 0), at(2026, 11, 23, 12, 0)),
        (WEEK, 120, at(2026, 11, 23, 7, 0), at(2026, 11, 23, 11, 0)),
        (WEEK, 120, at(2026, 11, 23, 16, 0), at(2026, 11, 24, 10, 0)),
        (WEEK, 60, at(2026, 11, 23, 16, 0), at(2026, 11, 23, 17, 0)),
        (WEEK, 120, at(2026, 11, 27, 16, 30), at(2026, 11, 30, 10, 30)),
        (WEEK, 600, at(2026, 11, 23, 9, 0), at(2026, 11, 24, 11, 0)),
        (SPLIT, 240, at(2026, 11, 23, 9, 0), at(2026, 11, 23, 14, 0)),
        (LATE, 60, at(2026, 11, 23, 23, 30), at(2026, 11, 24, 20, 30)),
    ],
)
def test_a_promise_counts_open_time_only(hours: Hours, minutes: int, now: datetime, promised: datetime) -> None:
    assert promised_at(hours, minutes, now) == promised


def test_a_shop_that_never_opens_still_promises_something_in_the_future() -> None:
    assert promised_at(NEVER, 120, at(2026, 11, 23, 12, 0)) == at(2026, 11, 23, 14, 0)


def test_the_clocks_go_forward() -> None:
    """On 28 March 2027 there is no 02:00 to 03:00 in Warsaw: 01:00 to 04:00 is two hours long."""
    assert open_at(SUNDAY_NIGHT, datetime(2027, 3, 28, 0, 30, tzinfo=UTC)) is True
    assert open_at(SUNDAY_NIGHT, datetime(2027, 3, 28, 1, 59, tzinfo=UTC)) is True
    assert open_at(SUNDAY_NIGHT, datetime(2027, 3, 28, 2, 0, tzinfo=UTC)) is False
    assert promised_at(SUNDAY_NIGHT, 90, datetime(2027, 3, 28, 0, 0, tzinfo=UTC)) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert promised_at(SUNDAY_NIGHT, 150, datetime(2027, 3, 28, 0, 0, tzinfo=UTC)) == at(2027, 4, 4, 1, 30)


def test_the_clocks_go_back() -> None:
    """On 25 October 2026 the hour from 02:00 comes twice: 01:00 to 04:00 is four hours long."""
    assert open_at(SUNDAY_NIGHT, at(2026, 10, 25, 2, 30)) is True
    assert open_at(SUNDAY_NIGHT, at(2026, 10, 25, 2, 30, fold=1)) is True
    assert promised_at(SUNDAY_NIGHT, 210, datetime(2026, 10, 24, 23, 0, tzinfo=UTC)) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    assert promised_at(WEEK, 60, at(2026, 10, 23, 16, 30)) == at(2026, 10, 26, 9, 30)
    assert promised_at(ALWAYS, 120, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("day", range(7))
def test_a_promise_is_always_later_and_while_the_shop_open_at(day: int, hour: int) -> None:
    now = at(2026, 10, 22, hour) + timedelta(days=day)
    promised = promised_at(WEEK, 45, now)
    assert promised >= now + timedelta(minutes=45)
    assert open_at(WEEK, promised - timedelta(seconds=1))


def test_the_week_begins_on_monday() -> None:
    assert DAYS[0] == "mon"
    assert len(DAYS) == 7
