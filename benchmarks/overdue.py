"""How many late parcels are told before the shopper asks, how early, how often for nothing: `make bench-overdue`.

Replays histories with known truth (parcels.py) through the functions that the watch asks (order_status/expected.py), beside two simpler
ways: the carrier's ETA alone, and a fixed number of days. A shop of 60 days teaches; what is ordered after that is counted.
"""

from __future__ import annotations

import argparse
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks import report
from benchmarks.parcels import BEGIN, DAYS, History, Told, histories
from order_status.calendars import DeliveryConfig, workdays
from order_status.expected import Pace, due_of, expect, pace, passed, step_of
from order_status.stages import is_delayed
from order_status.workdays import Workdays

LESSONS = timedelta(days=60)
REMEMBERED = 500
FIXED = (3, 5, 7)
SECOND = timedelta(seconds=1)
Noticed = list[datetime | None]


@dataclass
class Memory:
    """The shop's own history, as far as it is known at a moment. `teaches` False: a shop that is always new."""

    days: Workdays
    teaches: bool = True
    took: dict[tuple[str | None, str], deque[timedelta]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED)))
    so_far: dict[tuple[str | None, str], deque[timedelta]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED)))
    rest: dict[tuple[str | None, str], deque[timedelta]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=REMEMBERED)))
    known: dict[tuple[str | None, str], tuple[int, Pace]] = field(default_factory=dict)
    heard: int = 0

    def learn(self, history: History, told: Told) -> None:
        """What ended with this event; the ways to the door once it is reached."""
        steps = passed(told.parcel)
        if not steps:
            return
        self.heard += 1
        arrived = told.parcel.facts.stage == "delivered"
        for step in steps if arrived else steps[-1:]:
            for key in ((history.carrier, step.stage), (None, step.stage)):
                if step is steps[-1] and step.ended == told.parcel.marks[-1].at:
                    self.took[key].append(self.days.spent(step.began, step.ended))
                    self.so_far[key].append(self.days.spent(step.begun, step.ended))
                if arrived and step.arrived_at is not None:
                    self.rest[key].append(self.days.spent(step.ended, step.arrived_at))

    def pace(self, carrier: str | None, stage: str) -> Pace:
        key = (carrier, stage)
        at, known = self.known.get(key, (-1_000, Pace()))
        if self.heard - at >= 200 or known.samples < 100:
            took = list(self.took[key])
            known = pace(took, list(self.so_far[key]), list(self.rest[key])) if self.teaches else Pace(min(len(took), 1))
            self.known[key] = (self.heard, known)
        return known


def by_expectation(shop: Sequence[History], days: Workdays, *, teaches: bool = True) -> Noticed:
    """When we first notice each parcel, unless the carrier says it before."""
    memory, first = Memory(days, teaches), list[datetime | None]([None] * len(shop))
    for number, place, told in _in_time(shop):
        history = shop[number]
        memory.learn(history, told)
        until = history.told[place + 1].at if place + 1 < len(history.told) else datetime.max.replace(tzinfo=told.at.tzinfo)
        if first[number] is not None:
            continue
        step = step_of(told.parcel)
        if step is None:
            continue
        own, all_ = memory.pace(history.carrier, step.stage), memory.pace(None, step.stage)
        found = expect(step, due_of(told.parcel), own, all_, days)
        if found is not None and (at := max(found.at, told.at + 20 * SECOND)) < until:
            first[number] = at
    return first


def by_eta(shop: Sequence[History], days: Workdays) -> Noticed:
    """When the carrier's day had passed."""

    def first(history: History) -> datetime | None:
        for place, told in enumerate(history.told):
            facts = told.parcel.facts
            over = history.told[place + 1].at if place + 1 < len(history.told) else None
            if facts.eta is not None and facts.stage != "delivered":
                ends = max(days.end(facts.eta.day), told.at)
                if over is None or ends < over:
                    return ends
        return None

    return [first(history) for history in shop]


def by_days(shop: Sequence[History], count: int) -> Noticed:
    """So many days after the order, whoever has not got it."""
    found: Noticed = []
    for history in shop:
        at = history.placed + timedelta(days=count)
        found.append(at if history.arrived is None or at < history.arrived else None)
    return found


def said_by_carrier(history: History) -> datetime | None:
    """When the carrier moved its ETA behind the promise, or failed to deliver: the shopper hears that whatever else is done."""
    told = (each.at for each in history.told if is_delayed(each.parcel) or each.parcel.facts.stage == "delivery_failed")
    return next(told, None)


def _in_time(shop: Sequence[History]) -> Iterable[tuple[int, int, Told]]:
    events = ((number, place, told) for number, history in enumerate(shop) for place, told in enumerate(history.told))
    return sorted(events, key=lambda event: event[2].at)


@dataclass
class Score:
    on_time: int = 0
    late: int = 0
    in_time: int = 0
    alarms: int = 0
    false: int = 0
    early_h: list[float] = field(default_factory=list)

    def add(self, history: History, noticed: datetime | None) -> None:
        said = said_by_carrier(history)
        self.late += history.late
        self.on_time += not history.late
        if noticed is not None and (said is None or noticed < said):
            self.alarms += 1
            self.false += not history.late
            said = noticed
        if said is not None and history.late and said < history.asks_at:
            self.in_time += 1
            self.early_h.append((history.asks_at - said).total_seconds() / 3600)

    def figures(self) -> dict[str, float]:
        return {
            "late": self.late,
            "told_before_asked": self.in_time,
            "share_told": round(self.in_time / self.late, 3),
            "median_hours_early": round(report.median(self.early_h), 1),
            "alarms": self.alarms,
            "false": self.false,
            "share_false": round(self.false / self.alarms, 3) if self.alarms else 0.0,
            "false_of_1000_on_time": round(1000 * self.false / self.on_time, 1),
        }


def after_days(count: int) -> Callable[[Sequence[History], Workdays], Noticed]:
    return lambda shop, _: by_days(shop, count)


WAYS: dict[str, Callable[[Sequence[History], Workdays], Noticed]] = {
    "ours": by_expectation,
    "ours, no history yet": lambda shop, days: by_expectation(shop, days, teaches=False),
    "carrier's ETA alone": by_eta,
    **{f"{count} days after the order": after_days(count) for count in FIXED},
}


def measure(shops: int, parcels: int, seed: int) -> dict[str, Score]:
    days = workdays(DeliveryConfig("bench", "Europe/Warsaw", "PL"))
    scores = {name: Score() for name in WAYS}
    counted_from = days.begin(BEGIN) + LESSONS
    for shop_seed in range(seed, seed + shops):
        shop = histories(parcels, shop_seed, days)
        for name, way in WAYS.items():
            for history, noticed in zip(shop, way(shop, days), strict=True):
                if history.placed >= counted_from:
                    scores[name].add(history, noticed)
    return scores


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overdue", description=__doc__)
    parser.add_argument("--shops", type=int, default=5)
    parser.add_argument("--parcels", type=int, default=4000, help=f"of each shop, in {DAYS} days")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--short", action="store_true", help="one small shop: an impression")
    options = parser.parse_args(words)
    shops, parcels = (1, 1500) if options.short else (options.shops, options.parcels)
    scores = measure(shops, parcels, options.seed)
    figures = {name: score.figures() for name, score in scores.items()}
    head = ["", "late", "told before asked", "", "hours early (median)", "alarms", "false", "", "of 1,000 on time"]
    rows = [
        [name, str(score.late), str(score.in_time), f"{each['share_told']:.0%}", f"{each['median_hours_early']:.0f}", str(score.alarms)]
        + [str(score.false), f"{each['share_false']:.0%}", f"{each['false_of_1000_on_time']:.0f}"]
        for (name, score), each in zip(scores.items(), figures.values(), strict=True)
    ]
    print(f"{shops} shops of {parcels} parcels each, seeds {options.seed}–{options.seed + shops - 1}; the first 60 days teach\n")
    print(report.table(head, rows))
    kept = report.keep("overdue", {"shops": shops, "parcels": parcels, "seed": options.seed, "ways": figures}, options.json)
    print(f"figures: {kept}")


if __name__ == "__main__":
    main()
