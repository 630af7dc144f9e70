"""Histories of parcels with known truth, seeded: what happened, what the shop's backend heard of it, when the shopper would ask.

Three carriers: quick with ETAs, middling with some, slow without. Some parcels get into trouble: they stall at the shop or in a hub, are
not delivered at once, or are lost; the carrier notices half of the stalls in a hub. Must not know how lateness is judged.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from order_status.events import Due, Mark, Shipment, Stamp
from order_status.stages import Parcel
from order_status.workdays import Workdays

BEGIN = date(2026, 1, 7)
DAYS = 150
DAY = timedelta(days=1)
TROUBLE = 0.08
PROMISED = 0.5
KNOWN = 0.92
"""how often the carrier's first ETA is the day that it would be without trouble; else it is a day too early"""


@dataclass(frozen=True)
class Carrier:
    """`transit`: working days from the pick-up to the door, with their weights. `usual`: what the shop's page names for it."""

    name: str
    share: float
    transit: dict[int, float]
    usual: int
    eta: float


CARRIERS = (
    Carrier("quick", 0.55, {1: 0.86, 2: 0.14}, 2, 0.9),
    Carrier("middling", 0.3, {1: 0.55, 2: 0.38, 3: 0.07}, 3, 0.6),
    Carrier("slow", 0.15, {2: 0.3, 3: 0.4, 4: 0.25, 5: 0.05}, 5, 0.0),
)
HANDLING = 2
"""working days until the pick-up, as the shop's page says"""


@dataclass(frozen=True)
class Told:
    """What the shop's backend knows from this moment on."""

    at: datetime
    parcel: Parcel


@dataclass(frozen=True)
class History:
    """One parcel. `wanted`: the end of the day that was promised, or that the shop's page names. `asks_at`: when the shopper asks if it is
    late."""

    carrier: str
    placed: datetime
    told: tuple[Told, ...]
    wanted: datetime
    asks_at: datetime
    arrived: datetime | None

    @property
    def late(self) -> bool:
        return self.arrived is None or self.arrived >= self.wanted


@dataclass(frozen=True)
class _Event:
    at: datetime
    stage: str
    eta: date | None


def histories(parcels: int, seed: int, days: Workdays) -> list[History]:
    draw = random.Random(seed)
    return [_history(number, draw, days) for number in range(parcels)]


def _history(number: int, draw: random.Random, days: Workdays) -> History:
    [carrier] = draw.choices(CARRIERS, [each.share for each in CARRIERS])
    placed = datetime.combine(BEGIN, time(), UTC) + timedelta(days=draw.uniform(0, DAYS))
    last = _working(days, days.day_of(placed), HANDLING + carrier.usual)
    events = list(_journey(placed, carrier, draw, days))
    arrived = next((each.at for each in events if each.stage == "delivered"), None)
    promise = Due(last) if draw.random() < PROMISED else None
    wanted = days.end(last)
    morning = wanted + timedelta(hours=8)
    asks_at = morning + timedelta(hours=draw.expovariate(1 / 16))
    facts = Shipment(f"s-{number}", carrier.name, None, None, (), "preparing", placed, promise, None, None)
    told: list[Told] = []
    marks: tuple[Mark, ...] = ()
    for each in events:
        heard = each.at + timedelta(minutes=draw.expovariate(1 / 5))
        marks = (*marks, Mark(each.stage, each.at)) if each.stage else marks
        facts = replace(facts, stage=marks[-1].stage, at=marks[-1].at, eta=Due(each.eta) if each.eta else facts.eta)
        told.append(Told(max(heard, told[-1].at) if told else heard, Parcel(Stamp(-1, each.at, ""), facts, marks)))
    return History(carrier.name, placed, tuple(told), wanted, asks_at, arrived)


def _journey(placed: datetime, carrier: Carrier, draw: random.Random, days: Workdays) -> Iterator[_Event]:
    """Stage by stage; an event without a stage is only a new ETA."""
    trouble = draw.choices(("shop", "hub", "door", "lost"), (3, 4, 2, 1))[0] if draw.random() < TROUBLE else ""
    yield _Event(placed, "preparing", None)
    packed = days.after(placed, timedelta(hours=draw.lognormvariate(1.8, 0.7)))
    if trouble == "shop":
        packed = days.after(packed, timedelta(days=draw.uniform(2, 7)))
    yield _Event(packed, "packed", None)
    left = _at(days, _working(days, days.day_of(packed), 1), draw.uniform(16, 18))
    transit = draw.choices(list(carrier.transit), list(carrier.transit.values()))[0]
    planned = _working(days, days.day_of(left), transit if draw.random() < KNOWN else max(1, transit - 1))
    eta = planned if draw.random() < carrier.eta else None
    yield _Event(left, "shipped", eta)
    hub = left + timedelta(hours=draw.uniform(3, 7))
    yield _Event(hub, "in_transit", None)
    door = _working(days, days.day_of(left), transit)
    if trouble == "lost":
        return
    if trouble == "hub":
        door = _working(days, door, draw.randint(2, 10))
        notice = _at(days, planned + DAY, 9)
        if eta is not None and draw.random() < 0.5 and notice < days.begin(door):
            yield _Event(notice, "", door if draw.random() < 0.7 else _working(days, door, 1))
    elif transit > 1:
        for passing in range(1, transit):
            yield _Event(_at(days, _working(days, days.day_of(left), passing), draw.uniform(1, 6)), "in_transit", None)
    out = _at(days, door, draw.uniform(6.5, 9))
    yield _Event(out, "out_for_delivery", None)
    arrives = _at(days, door, draw.triangular(9.5, 19, 12))
    if trouble == "door":
        yield _Event(arrives, "delivery_failed", None)
        again = _working(days, door, draw.choice((1, 1, 2, 4)))
        yield _Event(_at(days, again, draw.uniform(6.5, 9)), "out_for_delivery", None)
        arrives = _at(days, again, draw.triangular(9.5, 19, 12))
    yield _Event(arrives, "delivered", None)


def _working(days: Workdays, day: date, count: int) -> date:
    """So many working days later."""
    while count:
        day += DAY
        count -= days.works(day)
    return day


def _at(days: Workdays, day: date, hour: float) -> datetime:
    return days.begin(day) + timedelta(hours=hour)
