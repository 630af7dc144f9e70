"""What is recorded in a storm and folded beside it: nothing twice, nothing lost, nobody held up."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, update

from chat_server.outbound.database import Database
from order_status import OrderStatus
from order_status.clerk import AT_ONCE, LOOK_S
from order_status.commit import LATER
from order_status.ingest import ALONE
from order_status.tables import deliveries, orders
from tests.order_status.world import World, order, parcel

MANY = 3 * ALONE


@pytest.fixture
async def world(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """With the writer of the chat server on both databases: it makes batches."""
    database = Database(database_url)
    yield World(tmp_path / "shop.db", writer=database)
    await database.close()


async def storm(world: World, *, source: str = "src_1", mark: str = "A", many: int = MANY) -> None:
    """Many at once, each about an order of its own."""
    data = [order(1, parcel("shipped"), order_id=f"{mark}-{number}", number=f"{mark}{number}") for number in range(many)]
    receipts = await asyncio.gather(*[world.send(each, source=source) for each in data])
    assert Counter(receipt.body["outcome"] for receipt in receipts) == {"accepted": many}


async def counted(world: World) -> tuple[int, int, int]:
    """Orders, stored webhooks, and those of them that are not folded."""

    def work(conn: Connection) -> tuple[int, int, int]:
        known = conn.execute(select(func.count()).select_from(orders).where(orders.c.state != "")).scalar_one()
        stored, waiting = conn.execute(select(func.count(), func.count(deliveries.c.fold_at)).select_from(deliveries)).one()
        return known, stored, waiting

    return await world.writer.read(work)


async def all_folded(world: World) -> None:
    while True:
        world.status.wake.clear()  # before one looks: whoever folds the last one in between is heard
        if not (await counted(world))[2]:
            return
        await world.status.wake.wait()


async def test_what_comes_at_once_is_recorded_and_folded_later(world: World) -> None:
    await storm(world)
    known, stored, waiting = await counted(world)
    assert (stored, waiting) == (MANY, MANY - known)
    assert ALONE <= known < MANY
    assert (await world.send(order(1, parcel("shipped"), order_id="A-9"), delivery="late")).body["outcome"] == "accepted"
    assert (await counted(world))[2] == waiting + 1, "nothing overtakes what waits"
    assert (await world.send(order(1, parcel("shipped"), order_id="A-9"), delivery="late")).body["outcome"] == "duplicate"
    assert (await world.numbers())["unfolded"] == waiting + 1
    assert await world.status.fold() == waiting + 1
    assert (await world.numbers())["unfolded"] == 0
    assert await world.status.fold() == 0
    assert await counted(world) == (MANY, MANY + 1, 0)
    numbers = await world.numbers()
    assert (numbers["accepted"], numbers["duplicates"]) == (MANY + 1, 1)
    assert len(await world.heard(seconds=21)) == MANY
    assert (await world.send(order(2, parcel("delivered"), order_id="A-1"))).body["outcome"] == "accepted"
    assert (await counted(world))[2] == 0, "it is quiet again"


async def test_another_process_folds_what_one_that_died_recorded(world: World) -> None:
    await storm(world)
    other = OrderStatus(world.writer, [world.source], (), world.clock)
    assert await other.fold() > 0
    assert (await counted(world))[::2] == (MANY, 0)
    assert await world.status.fold() == 0, "whoever remembers it does not fold it again"
    assert (await world.numbers())["accepted"] == MANY


async def test_a_storm_of_one_shop_holds_up_no_other(world: World) -> None:
    await storm(world, many=2 * AT_ONCE)
    await storm(world, source="src_2", mark="B")
    await world.status.fold()
    await world.status.fold()

    def work(conn: Connection) -> list[str]:
        return list(conn.execute(select(deliveries.c.source_id).where(deliveries.c.fold_at.is_not(None)).distinct()).scalars())

    assert await world.writer.read(work) == ["src_1"]


async def forbid(world: World, order_id: str) -> None:
    """The database refuses this order from now on."""

    def work(conn: Connection) -> None:
        if conn.dialect.name == "postgresql":
            fail = f"BEGIN IF NEW.order_id = '{order_id}' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END"
            conn.exec_driver_sql(f"CREATE OR REPLACE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ {fail} $$")
            conn.exec_driver_sql("CREATE TRIGGER forbid BEFORE INSERT ON order_orders FOR EACH ROW EXECUTE FUNCTION forbid()")
        else:
            fail = f"WHEN NEW.order_id = '{order_id}' BEGIN SELECT RAISE(ABORT, 'no'); END"
            conn.exec_driver_sql(f"CREATE TRIGGER forbid BEFORE INSERT ON order_orders {fail}")

    await world.writer.write(work)


async def allow(world: World) -> None:
    def work(conn: Connection) -> None:
        conn.exec_driver_sql("DROP TRIGGER forbid" + (" ON order_orders" if conn.dialect.name == "postgresql" else ""))

    await world.writer.write(work)


@pytest.mark.parametrize("place", [ALONE, MANY - 1])
async def test_one_that_always_fails_holds_up_no_other(world: World, place: int) -> None:
    await forbid(world, f"A-{place}")
    await storm(world)
    while await world.status.fold():
        continue
    assert await counted(world) == (MANY - 1, MANY, 1)
    await allow(world)
    world.clock.pass_(seconds=LATER.total_seconds())
    assert await world.status.fold() == 1
    assert await counted(world) == (MANY, MANY, 0)


async def test_one_that_fails_at_the_door_is_kept_and_folded_when_it_can_be(world: World) -> None:
    await forbid(world, "A-1")
    assert (await world.send(order(1, parcel("shipped"), order_id="A-1"), delivery="once")).body["outcome"] == "accepted"
    assert (await world.send(order(1, parcel("shipped"), order_id="A-1"), delivery="once")).body["outcome"] == "duplicate"
    assert await counted(world) == (0, 1, 1)
    assert await world.status.fold() == 1
    await allow(world)
    assert await world.status.fold() == 1, "a failure or two are no reason to put it off"
    assert (await world.view("A-1"))["headline"] == "shipped"


async def test_nobody_waits_because_another_shop_is_done(world: World) -> None:
    await storm(world)
    await storm(world, mark="B", source="src_2")

    def folded_elsewhere(conn: Connection) -> None:
        conn.execute(update(deliveries).where(deliveries.c.source_id == "src_1").values(fold_at=None))

    await world.writer.write(folded_elsewhere)
    running = asyncio.create_task(world.status.run())
    try:
        async with asyncio.timeout(LOOK_S * 0.9):
            await all_folded(world)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_it_runs_by_itself(world: World) -> None:
    running = asyncio.create_task(world.status.run())
    try:
        await storm(world)
        async with asyncio.timeout(5):
            await all_folded(world)
        assert (await counted(world))[0] == MANY
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
