"""What shoppers hear of payments, cancellations, refunds and returns."""

from tests.order_status.world import FAILED, PAID, Json, World, iso, keys, order, parcel


async def test_a_failed_payment_waits_and_is_told(world: World) -> None:
    await world.accept(order(1, payment=FAILED))
    assert await world.told(seconds=179) == []
    (change,) = await world.told(seconds=1)
    assert (change.stage, change.silent, keys(change)) == ("payment_failed", False, ["order/placed", "payment/payment_failed/1"])
    await world.accept(order(2, payment=PAID))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.effect_key, change.silent) == ("placed", "payment/paid/1", False)


async def test_other_news_does_not_hurry_a_failed_payment(world: World) -> None:
    await world.accept(order(1))
    assert await world.heard() == ["placed"]
    await world.accept(order(2, payment=FAILED))
    await world.accept(order(3, parcel("packed"), payment=FAILED))
    assert await world.heard() == ["packed"]
    assert await world.heard(seconds=158) == []
    assert await world.heard(seconds=1) == ["payment_failed"]


async def test_a_failed_payment_that_succeeds_at_once_is_not_told(world: World) -> None:
    await world.accept(order(1, payment=FAILED))
    world.clock.pass_(seconds=60)
    await world.accept(order(2, payment=PAID))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.silent) == ("placed", False)
    assert keys(change) == ["order/placed", "payment/payment_failed/1", "payment/paid/1"]
    assert await world.told(days=1) == []


async def test_a_failure_and_success_after_the_first_word_say_nothing(world: World) -> None:
    await world.accept(order(1, payment={"status": "pending"}))
    assert await world.heard() == ["placed"]
    await world.accept(order(2, payment=FAILED))
    await world.accept(order(3, payment=PAID))
    (change,) = await world.told(minutes=5)
    assert change.silent
    assert await world.told(days=1) == []


async def test_each_run_of_failures_is_one_attempt(world: World) -> None:
    heard = []
    for version, status in enumerate(("failed", "failed", "pending", "failed", "failed"), start=1):
        await world.accept(order(version, payment={"status": status}))
        heard += [change.effect_key for change in await world.told(minutes=4)]
    assert heard == ["payment/payment_failed/1", "payment/payment_failed/2"]


async def test_a_paid_order_says_placed_once(world: World) -> None:
    await world.accept(order(1, payment=PAID))
    assert await world.heard() == ["placed"]
    await world.accept(order(2, status="confirmed", payment=PAID))
    assert await world.told(days=1) == []


async def test_an_order_on_hold_is_told_when_it_is_confirmed(world: World) -> None:
    await world.accept(order(1, status="on_hold"))
    assert await world.told(hours=1) == []
    await world.accept(order(2, status="confirmed"))
    assert await world.heard() == ["placed"]


async def test_a_cancelled_order_speaks_of_nothing_else_but_money(world: World) -> None:
    await world.accept(order(1, parcel("packed")))
    assert await world.heard() == ["packed"]
    await world.accept(order(2, parcel("packed", promised="2026-11-20", eta="2026-11-23"), status="cancelled", payment=FAILED))
    assert await world.heard() == ["cancelled"]
    refund = [{"id": "r-1", "kind": "refund", "status": "completed", "amount": 14100, "at": iso(world.clock.now)}]
    await world.accept(order(3, parcel("shipped"), status="cancelled", adjustments=refund))
    (change,) = await world.told(minutes=5)
    assert (change.stage, change.order["headline"], change.silent) == ("refunded", "cancelled", False)


async def test_a_cancellation_in_a_stale_snapshot_waits_in_silence(world: World) -> None:
    await world.accept(order(2, status="confirmed"))
    assert await world.heard() == ["placed"]
    await world.accept(order(1, status="cancelled"))
    assert await world.heard() == []


async def test_refunds_and_returns_are_told_when_completed_each_once(world: World) -> None:
    def money(status: str, *, ident: str = "r-1", kind: str = "refund") -> Json:
        return {"id": ident, "kind": kind, "status": status, "amount": 100, "at": "2026-11-20T09:50:00Z"}

    await world.accept(order(1, parcel("delivered"), adjustments=[money("requested")]))
    assert await world.heard() == ["delivered"]
    await world.accept(order(2, parcel("delivered"), adjustments=[money("completed")]))
    assert await world.heard() == ["refunded"]
    await world.accept(order(3, parcel("delivered"), adjustments=[money("completed"), money("completed", ident="r-2", kind="return")]))
    (change,) = await world.told(seconds=20)
    assert (change.stage, change.effect_key, change.order["headline"]) == ("returned", "adjustment:r-2/returned", "delivered")
