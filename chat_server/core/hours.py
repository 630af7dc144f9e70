"""The shop's opening hours, and the time by which it promises an answer. Pure; all arithmetic in the shop's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Hours:
    """Seven tuples (Monday first) of (from, to) in local time; `to` 00:00 means midnight. No table: always open."""

    zone: str
    days: tuple[tuple[tuple[time, time], ...], ...] | None = None

    def spans(self, now: datetime, horizon_days: int = 15) -> list[tuple[datetime, datetime]]:
        """Open spans from the local day of `now` on, in order, in UTC: between local times the clocks may change."""
        local = now.astimezone(ZoneInfo(self.zone))
        spans: list[tuple[datetime, datetime]] = []
        for offset in range(horizon_days):
            day = (local + timedelta(days=offset)).date()
            for start, end in (self.days or ())[day.weekday()] if self.days else ():
                opens = datetime.combine(day, start, ZoneInfo(self.zone))
                closes = datetime.combine(day, end, ZoneInfo(self.zone))
                closes = closes if closes > opens else closes + timedelta(days=1)
                spans.append((opens.astimezone(UTC), closes.astimezone(UTC)))
        return spans


def promised_at(hours: Hours, minutes: int, now: datetime) -> datetime:
    """`minutes` of open time from `now`; the end of the horizon when the shop never opens long enough."""
    if hours.days is None:
        return now + timedelta(minutes=minutes)
    left = timedelta(minutes=minutes)
    end = now
    for opens, closes in hours.spans(now):
        start = max(opens, now)
        if start >= closes:
            continue
        if closes - start >= left:
            return start + left
        left -= closes - start
        end = closes
    return max(end, now + left)
