"""What was announced too early is corrected once, or an operator is asked; nothing announced is ever taken back without it."""

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from order_status.corrections import join_rulings
from order_status.events import Mark
from order_status.operations import Verdict
from order_status.stages import SHIPMENT_RANK, Ruling
from tests.order_status.world import NOW, Json, World, iso, order, parcel

DELIVERED = parcel("delivered", "2026-11-20T09:30:00Z")
MOVING = parcel("in_transit", "2026-11-20T09:40:00Z")
FURTHER = parcel("in_transit", "2026-11-20T09:50:00Z")


async def delivered(world: World) -> None:
    await world.accept(order(1, DELIVERED))
    assert await world.heard() == ["delivered"]


async def test_a_further_scan_confirms_that_it_goes_on_and_the_correction_is_told_once(world: World) -> None:
    await delivered(world)
    await world.accept(order(2, MOVING))
    assert await world.heard() == []
    await world.accept(order(3, FURTHER))
    await world.accept(order(4, FURTHER))
    (change,) = await world.told(seconds=21)
    assert (change.stage, change.silent, change.effect_key) == ("corrected", False, "shipment:s-1/corrected/1")
    assert change.order["headline"] == "shipped"
    (shipment,) = change.order["shipments"]
    assert shipment["stage"] == "in_transit"
    said = {"said": "delivered", "said_at": "2026-11-20T09:30:00.000Z", "stage": "in_transit", "since": "2026-11-20T09:40:00.000Z"}
    assert shipment["corrections"] == [said]
    notes = [(each["stage"], each["note"]) for each in change.order["timeline"] if each["entity"] == "shipment:s-1"]
    assert notes == [("delivered", "corrected"), ("in_transit", None), ("in_transit", None)]
    assert await world.heard(days=9) == []


async def test_delivered_at_last_is_told_again(world: World) -> None:
    await delivered(world)
    await world.accept(order(2, MOVING))
    await world.accept(order(3, FURTHER))
    assert await world.heard() == ["corrected"]
    await world.accept(order(4, parcel("delivered", "2026-11-20T10:00:30Z")))
    (change,) = await world.told(seconds=21)
    assert (change.stage, change.silent, change.effect_key) == ("delivered", False, "shipment:s-1/delivered/2")
    assert change.order["headline"] == "delivered"


async def test_what_nobody_heard_is_corrected_in_silence(world: World) -> None:
    for version, each in enumerate([DELIVERED, MOVING, FURTHER], 1):
        await world.accept(order(version, each))
    assert [stage for stage in await world.heard() if stage in ("delivered", "corrected")] == []
    assert (await world.view())["headline"] == "shipped"


async def test_a_word_that_nobody_disputes_is_believed_after_half_a_day(world: World) -> None:
    await delivered(world)
    await world.accept(order(2, MOVING))
    world.clock.pass_(hours=11, minutes=58)
    await world.status.look()
    assert (await world.view())["headline"] == "delivered"
    world.clock.pass_(minutes=2)
    await world.status.look()
    assert await world.heard() == ["corrected"]
    assert (await world.view())["headline"] == "shipped"
    (row,) = (await world.status.operations.waiting("demo"))["contradictions"]
    assert (row["verdict"], row["by"]) == ("corrected", "time")


async def test_a_delivery_that_is_said_again_ends_the_doubt(world: World) -> None:
    await delivered(world)
    await world.accept(order(2, MOVING))
    await world.accept(order(3, parcel("delivered", "2026-11-20T09:55:00Z")))
    world.clock.pass_(days=1)
    await world.status.look()
    assert await world.heard() == []
    assert (await world.view())["headline"] == "delivered"
    (row,) = (await world.status.operations.waiting("demo"))["contradictions"]
    assert row["verdict"] == "withdrawn"


async def test_a_snapshot_of_the_shop_that_takes_its_own_word_back_leaves_no_doubt(world: World) -> None:
    await delivered(world)
    await world.accept(order(2, MOVING))
    await world.accept(order(3, DELIVERED))
    assert (await world.view())["headline"] == "delivered"
    (row,) = (await world.status.operations.waiting("demo"))["contradictions"]
    assert row["verdict"] == "withdrawn"


async def test_an_order_that_is_for_the_record_is_corrected_in_silence(world: World) -> None:
    for version, each in enumerate([DELIVERED, MOVING, FURTHER], 1):
        await world.accept(order(version, each, notify=False))
        assert await world.heard() == []


@pytest.mark.parametrize(("verdict", "headline", "heard"), [("corrected", "shipped", ["corrected"]), ("kept", "delivered", [])])
async def test_split_evidence_waits_for_an_operator(world: World, verdict: Verdict, headline: str, heard: list[str]) -> None:
    """The shop says delivered; the carrier's word, under the same number, says twice that it is under way."""
    await world.accept(order(1, parcel("delivered", "2026-11-20T09:30:00Z", tracking_number="630")))
    assert await world.heard() == ["delivered"]
    await world.carrier("630", Mark("in_transit", NOW - timedelta(minutes=20)), Mark("in_transit", NOW - timedelta(minutes=10)))
    world.clock.pass_(days=2)
    await world.status.look()
    assert await world.heard() == []
    (row,) = (await world.status.operations.waiting("demo"))["contradictions"]
    assert (row["split"], row["settled_at"], row["said"], row["stage"], row["number"]) == (True, None, "delivered", "in_transit", "1001")
    assert await world.status.operations.decide("other", row["id"], "kept", "agent:agt_1") == "not_found"
    assert await world.status.operations.decide("demo", row["id"], verdict, "agent:agt_1") == verdict
    assert await world.status.operations.decide("demo", row["id"], "kept", "agent:agt_2") == "settled"
    assert await world.heard() == heard
    assert (await world.view())["headline"] == headline
    waiting = await world.status.operations.waiting("demo")
    assert [(each["verdict"], each["by"]) for each in waiting["contradictions"]] == [(verdict, "agent:agt_1")]
    done = {(each["by"], each["action"], each["outcome"]) for each in waiting["done"]}
    assert done == {("agent:agt_1", "decide", verdict), ("agent:agt_2", "decide", "settled")}


async def test_a_word_after_an_operators_no_is_a_new_doubt(world: World) -> None:
    await world.accept(order(1, parcel("delivered", "2026-11-20T09:30:00Z", tracking_number="630")))
    await world.carrier("630", Mark("in_transit", NOW - timedelta(minutes=20)))
    (row,) = (await world.status.operations.waiting("demo"))["contradictions"]
    await world.status.operations.decide("demo", row["id"], "kept", "agent:agt_1")
    await world.carrier("630", Mark("in_transit", NOW - timedelta(minutes=5)))
    rows = (await world.status.operations.waiting("demo"))["contradictions"]
    assert [each["verdict"] for each in rows] == [None, "kept"]


START = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
_stage = st.sampled_from(["packed", "shipped", "in_transit", "out_for_delivery", "delivered", "delivered", "lost", "returning"])
_word = st.tuples(_stage, st.integers(0, 40).map(lambda quarter: START + timedelta(minutes=15 * quarter)))
LATE_WORD = [
    ("shop", (stage, START + timedelta(hours=hour)))
    for stage, hour in (("delivered", 0), ("in_transit", 1), ("in_transit", 2), ("delivered", 1.5))
]
_told = st.lists(st.tuples(st.sampled_from(["shop", "carrier"]), _word), min_size=1, max_size=9)


async def _story(told: list[tuple[str, tuple[str, datetime]]], versions: list[int], folder: Path) -> tuple[list[tuple[str, str]], Json]:
    """What shoppers hear of the parcel, told at once after each event, and the order as it ends."""
    world = World(folder / "shop.db")
    heard: list[tuple[str, str]] = []
    try:
        await world.accept(order(0, parcel("preparing", iso(START), tracking_number="630"), placed_at=iso(START)), iso(START))
        for version, (teller, (stage, at)) in zip(versions, told, strict=True):
            if teller == "shop":
                sent_at = iso(START + timedelta(minutes=version))
                await world.accept(order(version, parcel(stage, iso(at), tracking_number="630"), placed_at=iso(START)), sent_at)
            else:
                await world.carrier("630", Mark(stage, at))
            for change in await world.told(seconds=21):
                assert change.effects
                heard += [] if change.silent else [(change.effect_key, change.stage)]
            view = await world.view()
            _never_taken_back([stage for _, stage in heard], view["shipments"][0]["stage"])
        world.clock.pass_(days=4)  # what is left to time and to operators, who do not answer
        await world.status.look()
        heard += [(change.effect_key, change.stage) for change in await world.told(seconds=21) if not change.silent]
        view = await world.view()
        _never_taken_back([stage for _, stage in heard], view["shipments"][0]["stage"])
        return heard, view
    finally:
        world.close()


def _never_taken_back(heard: list[str], stage: str) -> None:
    """We said that it was delivered: then it is, or is on its way back or worse; else we have said that it was not."""
    last = next((each for each in reversed(heard) if each in ("delivered", "corrected")), None)
    if last == "delivered":
        assert SHIPMENT_RANK[stage] >= SHIPMENT_RANK["delivered"]
    if last == "corrected":
        assert stage != "delivered"


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(_told, st.randoms(use_true_random=False))
@example(LATE_WORD, random.Random(1))
def test_nothing_announced_is_taken_back_without_a_correction(told: list[tuple[str, tuple[str, datetime]]], chance: random.Random) -> None:
    numbered = list(enumerate(told, 1))
    shuffled = numbered + [chance.choice(numbered) for _ in range(3)]
    chance.shuffle(shuffled)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        heard, view = asyncio.run(_story(told, [version for version, _ in numbered], Path(one)))
        heard_too, view_too = asyncio.run(_story([each for _, each in shuffled], [version for version, _ in shuffled], Path(other)))
    assert len(heard) == len(set(heard))
    assert len(heard_too) == len(set(heard_too))
    assert view == view_too


def test_rulings_are_joined_alike_in_any_order() -> None:
    one = Ruling("s-1", NOW, NOW, "kept", NOW + timedelta(hours=1), "agent:agt_1")
    other = Ruling("s-1", NOW, NOW, "kept", NOW, "agent:agt_2")
    assert join_rulings([one, other]) == join_rulings([other, one, one]) == (other,)
