"""Working time of a shop's deliveries: which days count, how much of them lies between two moments, and when so much will have passed.

Pure. A working day counts with all its hours (23 or 25 where clocks change), another day not at all. Walk b.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

MONDAY_TO_FRIDAY = frozenset(range(5))
_DAY = timedelta(days=1)


def no_holidays(_day: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Workdays:
    """`weekdays`: 0 is Monday; at least one. `is_holiday`: public holidays of the country, on which nobody delivers."""

    zone: tzinfo
    weekdays: frozenset[int] = MONDAY_TO_FRIDAY
    is_holiday: Callable[[date], bool] = no_holidays

    def works(self, day: date) -> bool:
        return day.weekday() in self.weekdays and not self.is_holiday(day)

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def begin(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def end(self, day: date) -> datetime:
        """The first moment that is not in the day any more."""
        return self.begin(day + _DAY)

    def spent(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two moments; nothing when the second is the earlier."""
        total, day = timedelta(), self.day_of(start)
        while (begun := self.begin(day)) < end:
            if self.works(day):
                total += max(timedelta(), min(end, self.end(day)) - max(start, begun))
            day += _DAY
        return total

    def after(self, start: datetime, span: timedelta) -> datetime:
        """When so much working time will have passed. Always within a working day: a day that is just over leads to the next one."""
        day, left = self.day_of(start), span
        while True:
            if self.works(day):
                here = max(start.astimezone(UTC), self.begin(day))
                room = self.end(day) - here
                if left < room:
                    return here + left
                left -= room
            day += _DAY

    def before(self, end: datetime, span: timedelta) -> datetime:
        """The latest moment from which so much working time is left until `end`; without a span it is `end` itself."""
        day, left = self.day_of(end), span
        while left:
            if self.works(day):
                here = min(end.astimezone(UTC), self.end(day))
                room = here - self.begin(day)
                if left <= room:
                    return here - left
                left -= room
            day -= _DAY
        return end.astimezone(UTC)
