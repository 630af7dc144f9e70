"""By when a parcel should have left the stage it is in: by the shop's promise or the carrier's ETA, else by how long it took others.

Pure: parcels, paces and a calendar in, a moment with its evidence out. Reads no clock and no history itself. Walk b.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from order_status.events import Basis, Due, Mark, OrderOverdue
from order_status.news import attempts
from order_status.stages import (
    ATTEMPT_STAGES,
    SHIPMENT_RANK,
    OrderState,
    Parcel,
    contradicted,
    current,
    is_cancelled,
    is_later,
    progress,
    standing_marks,
)
from order_status.workdays import Workdays

ENOUGH = 30
"""durations from which a share of them means something"""
LATE_SHARE = 0.95
QUICK_SHARE = 0.05
LEAST = timedelta(hours=12)
"""working time that every step is given: shops that report two stages in one breath teach us nothing shorter"""
MOST_AHEAD = timedelta(days=1)
"""working time before the promise at which we may say, at the earliest, that it will not be kept"""
UNTIL_NEXT_WORD = timedelta(days=1)

USUAL = {
    "preparing": timedelta(days=3),
    "packed": timedelta(days=2),
    "shipped": timedelta(days=3),
    "in_transit": timedelta(days=4),
    "out_for_delivery": timedelta(days=1),
    "delivery_failed": timedelta(days=2),
}
"""The stages whose end is awaited, and the working time that each is given while the shop's own history is short."""

_ARRIVED = frozenset({"ready_for_pickup", "delivered"})


@dataclass(frozen=True, slots=True)
class Step:
    """A parcel waits in a stage. `name`: the stage, with its number from the second delivery attempt on; `begun`: the parcel's first
    record, `seen_at`: its last."""

    name: str
    stage: str
    begun: datetime
    since: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """A step that has ended; `begun`: the parcel's first record; `arrived_at` when the shopper could have it, if that came later."""

    name: str
    stage: str
    begun: datetime
    began: datetime
    ended: datetime
    arrived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a step takes at most, and how long a parcel is on its way when it ends (`so_far`), for all but one in twenty; what is
    needed from there to the arrival by all but the quickest twentieth (`rest`).

    All are None under ENOUGH samples. `samples`: how often the end of this step was seen.
    """

    samples: int = 0
    most: timedelta | None = None
    so_far: timedelta | None = None
    rest: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """The next stage is expected by `at`; `due` is what that was concluded from, `samples` how many durations."""

    at: datetime
    basis: Basis
    due: Due | None
    samples: int


def share(values: Iterable[timedelta], part: float) -> timedelta:
    """The smallest of the values that at least this part of them do not exceed (nearest rank). There must be one."""
    ordered = sorted(values)
    return ordered[max(math.ceil(round(part * len(ordered), 6)), 1) - 1]


def pace(took: Sequence[timedelta], so_far: Sequence[timedelta], rests: Sequence[timedelta]) -> Pace:
    """From working times: of the step, from the parcel's first record to its end, and from its end to the arrival."""
    return Pace(
        samples=len(took),
        most=share(took, LATE_SHARE) if len(took) >= ENOUGH else None,
        so_far=share(so_far, LATE_SHARE) if len(so_far) >= ENOUGH else None,
        rest=share(rests, QUICK_SHARE) if len(rests) >= ENOUGH else None,
    )


def step_of(parcel: Parcel) -> Step | None:
    """What is awaited of a parcel; None when it is the shopper's turn, when it has arrived, or when its records contradict each other."""
    mark = current(parcel)
    if mark is None or mark.stage not in USUAL or contradicted(parcel):
        return None
    name, since = mark.stage, mark.at
    if mark.stage in ATTEMPT_STAGES:
        since, attempt = max((each.at, number) for each, number in attempts(parcel) if each.stage == mark.stage)
        name = mark.stage if attempt == 1 else f"{mark.stage}/{attempt}"
    return Step(name, mark.stage, min(each.at for each in parcel.marks), since, max(each.at for each in parcel.marks))


def passed(parcel: Parcel) -> list[Passed]:
    """The steps that this parcel has left behind, in their order; one that a cancellation ended tells nothing of how long it takes."""
    firsts: dict[str, tuple[str, Mark]] = {}
    for mark, number in attempts(parcel):
        firsts[f"{mark.stage}/{number}"] = (mark.stage if number == 1 else f"{mark.stage}/{number}", mark)
    for mark in standing_marks(parcel):
        if mark.stage in SHIPMENT_RANK and mark.stage not in ATTEMPT_STAGES:
            firsts.setdefault(mark.stage, (mark.stage, mark))
    path: list[tuple[str, Mark]] = []
    for name, mark in sorted(firsts.values(), key=lambda each: (each[1].at, progress(each[1]))):
        if not path or progress(mark) > progress(path[-1][1]):
            path.append((name, mark))
    arrived = next((mark.at for _, mark in path if mark.stage in _ARRIVED), None)
    return [
        Passed(name, one.stage, path[0][1].at, one.at, other.at, arrived if arrived is not None and arrived >= other.at else None)
        for (name, one), (_, other) in pairwise(path)
        if one.stage in USUAL and other.stage != "cancelled"
    ]


def carrier_of(parcel: Parcel) -> str:
    """As history knows it; empty where nobody names one."""
    return (parcel.facts.carrier or "").strip().lower()[:128]


def due_of(parcel: Parcel) -> tuple[Due, Basis] | None:
    """What the shopper was told last: the promise, unless the carrier's ETA lies after it."""
    promised, eta = parcel.facts.promised, parcel.facts.eta
    if promised is None:
        return (eta, "eta") if eta is not None else None
    return (eta, "eta") if eta is not None and is_later(eta, promised) else (promised, "promise")


def expect(
    step: Step, due: tuple[Due, Basis] | None, own: Pace, shop: Pace, days: Workdays, spent_dues: Collection[Due] = ()
) -> Expected | None:
    """By when the step should end; None where nobody has ever told us of the end of such a step, so that its silence says nothing.

    `own`: the pace of this carrier; `shop`: of all the shop's carriers together, where that one is too new.
    `spent_dues`: days about whose passing we have spoken already.
    """
    failed = due is not None and step.stage == "delivery_failed" and due[0].day <= days.day_of(step.since)  # the carrier has said it
    if due is not None and not failed and due[0] not in spent_dues and (own.samples > 0 or due[1] == "eta"):
        last = due[0].time or days.end(due[0].day)
        if last > step.since:
            at = days.before(last, min(own.rest, MOST_AHEAD) if own.rest is not None else timedelta())
            return Expected(max(at, step.since), due[1], due[0], own.samples)
    if own.samples == 0:
        return None
    for known in (own, shop):
        if known.most is not None and known.so_far is not None:
            slow_step, slow_parcel = days.after(step.since, max(known.most, LEAST)), days.after(step.begun, known.so_far)
            return Expected(max(slow_step, slow_parcel), "history", None, known.samples)
    return Expected(days.after(step.since, USUAL[step.stage]), "default", None, own.samples)


def stands(overdue: OrderOverdue, state: OrderState) -> bool:
    """Whether the parcel still waits as it did when that was noticed: no further record, no other day, nothing cancelled."""
    parcel = next((parcel for parcel in state.parcels if parcel.facts.id == overdue.shipment_id), None)
    step = step_of(parcel) if parcel is not None and overdue.withdrawn_at is None and not is_cancelled(state) else None
    if parcel is None or step is None or step.name != overdue.step or step.seen_at != overdue.seen_at:
        return False
    told = due_of(parcel)
    return (told[0] if told else None) == overdue.told
