"""By what day a parcel is usually there, where neither shop nor carrier tells a day: by which 19 of 20 before it were. Pure.

Only the shop's own history speaks, and only where there is enough of it; a day, never an hour. Nobody is held to it: what is late is
concluded in expected.py. Walks b and d.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from order_status.events import Due, OrderOverdue
from order_status.expected import ENOUGH, LATE_SHARE, Step, carrier_of, due_of, step_of
from order_status.stages import OrderState, expected, headline, is_cancelled, is_open, rank_of
from order_status.workdays import Workdays

SETTLED = timedelta(days=10)
"""after which a step that ended says something of the arrival: of younger ones only the quick have arrived"""
_OVER = frozenset({"refunded", "returned"})


@dataclass(frozen=True, slots=True)
class Ways:
    """How long it took from the beginning of a step to the arrival, in working time, for all but one in twenty; None: too few are known,
    or more than one in twenty did not arrive. `samples`: how many were begun."""

    samples: int = 0
    most: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """Usually there by the end of this day, as `samples` parcels say."""

    by: date
    samples: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is usual for the parcels of an order, by their ids, and for the order: for the parcel that is furthest behind."""

    parcels: dict[str, Usual] = field(default_factory=dict)
    order: Usual | None = None


def ways(taken: Sequence[timedelta | None]) -> Ways:
    """From working times; None for each that has not arrived."""
    arrived = sorted(each for each in taken if each is not None)
    rank = math.ceil(round(LATE_SHARE * len(taken), 6))
    known = len(taken) >= ENOUGH and rank <= len(arrived)
    return Ways(len(taken), arrived[rank - 1] if known else None)


def usual(step: Step, own: Ways, shop: Callable[[], Ways], days: Workdays, now: datetime) -> Usual | None:
    """`own`: of this carrier; `shop`: of all the shop's carriers together, where that one is too new. None too for a day that is over."""
    found = own if own.samples >= ENOUGH else shop() if own.samples else Ways()
    if found.most is None:
        return None
    by = days.day_of(days.after(step.since, found.most))
    return Usual(by, found.samples) if by >= days.day_of(now) else None


def outlook(
    state: OrderState,
    late: Collection[OrderOverdue],
    ways_of: Callable[[str, str | None], Ways],
    days: Workdays,
    now: datetime,
) -> Outlook:
    """`late`: what stands of what is overdue: of such a parcel nothing is usual any more. `ways_of`: of a stage, with a carrier or all."""
    if is_cancelled(state) or headline(state) in _OVER:
        return Outlook()
    overdue, found = {each.shipment_id for each in late}, dict[str, Usual]()
    waiting = [parcel for parcel in state.parcels if is_open(parcel)]
    for parcel in waiting:
        step, told = step_of(parcel), due_of(parcel)
        if step is None or parcel.facts.id in overdue or (told is not None and not _is_over(told[0], days, now)):
            continue
        day = usual(step, ways_of(step.stage, carrier_of(parcel)), partial(ways_of, step.stage, None), days, now)
        if day is not None:
            found[parcel.facts.id] = day
    told_day = expected(state)
    if not found or (told_day is not None and not _is_over(told_day, days, now)):
        return Outlook(found)
    behind = min(rank_of(parcel) for parcel in waiting)
    last = [parcel.facts.id for parcel in waiting if rank_of(parcel) == behind]
    whole = all(each in found for each in last)  # of parcels alike we name no day as long as one of them has none
    return Outlook(found, max((found[each] for each in last), key=lambda each: each.by) if whole else None)


def _is_over(due: Due, days: Workdays, now: datetime) -> bool:
    return (due.time or days.end(due.day)) <= now
