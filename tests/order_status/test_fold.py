"""Any order of arrival of the same snapshots, with any duplicates, gives the same state, and no effect is announced twice."""

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_status.events import OrderEvent
from order_status.fold import MARKS_KEPT, fold, join
from order_status.shops.native import translate
from order_status.stages import SHIPMENT_RANK, OrderState
from order_status.view import order_view
from tests.order_status.world import Json, World, envelope, iso, order

START = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)
_stage = st.sampled_from([*SHIPMENT_RANK, "out_for_delivery", "delivery_failed", "teleported"])
_moment = st.integers(0, 60).map(lambda hours: iso(START + timedelta(hours=hours)))
_day = st.integers(20, 26).map(lambda day: f"2026-11-{day}") | st.none()
_parcel: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"id": st.sampled_from(["s-1", "s-2", "s-3"]), "stage": _stage, "at": _moment, "promised": _day, "eta": _day},
    optional={
        "scans": st.lists(st.fixed_dictionaries({"stage": _stage, "at": _moment, "place": st.sampled_from(["a", "b", None])}), max_size=3)
    },
)
_adjustment: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["r-1", "r-2"]),
        "kind": st.sampled_from(["refund", "return"]),
        "status": st.sampled_from(["requested", "completed", "declined"]),
        "amount": st.integers(1, 14100),
        "at": _moment,
    }
)
_measure: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"id": st.sampled_from(["m-1", "m-2"]), "text": st.sampled_from([{"en": "a"}, {"en": "b"}]), "at": _moment}
)
_snapshot = st.fixed_dictionaries(
    {
        "version": st.integers(1, 6) | st.none(),
        "status": st.sampled_from(["placed", "placed", "confirmed", "on_hold", "cancelled"]),
        "payment": st.none() | st.fixed_dictionaries({"status": st.sampled_from(["pending", "paid", "failed"])}),
        "customer": st.none() | st.fixed_dictionaries({"id": st.sampled_from(["c-7", "c-8", ""]), "name": st.sampled_from(["A", "B"])}),
        "shipments": st.lists(_parcel, max_size=3, unique_by=lambda parcel: parcel["id"]),
        "adjustments": st.lists(_adjustment, max_size=2, unique_by=lambda adjustment: adjustment["id"]),
        "measures": st.lists(_measure, max_size=2, unique_by=lambda measure: measure["id"]),
        "notify": st.sampled_from([True, True, True, False]),
    }
)
_history = st.lists(st.tuples(_snapshot, _moment), min_size=1, max_size=7)


def event_of(data: Json, at: str) -> OrderEvent:
    event = translate(envelope({**order(), **data}, at), ZoneInfo("Europe/Warsaw"))
    assert isinstance(event, OrderEvent), event
    return event


def folded(events: list[OrderEvent]) -> OrderState:
    state: OrderState | None = None
    for event in events:
        state = fold(state, event)
    assert state is not None
    return state


@settings(deadline=None)
@given(_history, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_state(history: list[tuple[Json, str]], chance: random.Random) -> None:
    events = [event_of(data, at) for data, at in history]
    shuffled = events + [chance.choice(events) for _ in range(3)]
    chance.shuffle(shuffled)
    assert folded(shuffled) == folded(events)
    assert order_view(folded(shuffled), "src_1") == order_view(folded(events), "src_1")


@settings(deadline=None)
@given(_history, _history)
def test_join_is_commutative_and_idempotent(one: list[tuple[Json, str]], other: list[tuple[Json, str]]) -> None:
    left, right = folded([event_of(*each) for each in one]), folded([event_of(*each) for each in other])
    assert join(left, right) == join(right, left)
    assert join(left, left) == left
    assert join(join(left, right), right) == join(left, right)


@settings(deadline=None)
@given(_history)
def test_a_state_survives_its_storage(history: list[tuple[Json, str]]) -> None:
    state = folded([event_of(*each) for each in history])
    assert msgspec.json.decode(msgspec.json.encode(state), type=OrderState) == state


def test_marks_are_bounded_alike_in_any_order() -> None:
    chance = random.Random(7)
    scans = [{"stage": "shipped", "at": iso(START)}] + [
        {"stage": chance.choice(["in_transit", "beamed"]), "at": iso(START + timedelta(minutes=minute))} for minute in range(1, 400)
    ]
    fragments = [
        event_of(
            {"version": n, "shipments": [{"id": "s-1", "stage": "shipped", "at": iso(START), "scans": scans[n * 80 : n * 80 + 80]}]},
            iso(START),
        )
        for n in range(5)
    ]
    state = folded(fragments)
    assert MARKS_KEPT <= len(state.parcels[0].marks) <= MARKS_KEPT + 12
    assert "shipped" in {mark.stage for mark in state.parcels[0].marks}
    for _ in range(5):
        chance.shuffle(fragments)
        assert folded(fragments) == state


async def _announced(history: list[tuple[Json, str]], folder: Path) -> tuple[list[str], Json]:
    """The keys of all announced effects, some of them taken between the events, and the order as it ends."""
    world = World(folder / "shop.db")
    keys: list[str] = []
    try:
        for data, at in history:
            await world.accept({**order(), **data}, at)
            keys += [effect.key for change in await world.told(seconds=7) for effect in change.effects]
        keys += [effect.key for change in await world.told(hours=1) for effect in change.effects]
        assert await world.told(days=9) == []
        return keys, await world.view()
    finally:
        world.close()


@pytest.mark.thorough
@settings(max_examples=30, deadline=None)
@given(_history, st.randoms(use_true_random=False))
def test_no_effect_is_announced_twice_whatever_the_order(history: list[tuple[Json, str]], chance: random.Random) -> None:
    shuffled: list[tuple[dict[str, Any], str]] = history * 2
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        told, view = asyncio.run(_announced(history, Path(one)))
        told_shuffled, view_shuffled = asyncio.run(_announced(shuffled, Path(other)))
    assert len(told) == len(set(told))
    assert len(told_shuffled) == len(set(told_shuffled))
    assert view == view_shuffled
