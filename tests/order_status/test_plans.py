"""No query that a webhook or a reader of orders needs goes through a whole table of SQLite: by the database's own plans."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, tuple_

from order_status import DeliveryConfig, OrderStatus, Person
from order_status.events import Mark
from order_status.store.keys import among
from order_status.store.prepared import KEYS, Find
from order_status.tables import orders
from tests.order_status.world import NOW, PAID, SOURCE, SqliteWriter, World, order, parcel

BIG = "deliveries|orders|parcels|tracks|fragments|changes|watches|durations|overdue|settlements|actions"
_SCAN = re.compile(rf"SCAN order_({BIG})\b")


class Plans:
    """Asks for the plan of every statement that a world runs; `scans` are those that read a whole table."""

    def __init__(self, world: World) -> None:
        assert isinstance(world.writer, SqliteWriter)
        self.scans: list[tuple[str, str]] = []
        self.seen = 0
        event.listen(world.writer.engine, "before_cursor_execute", self._ask)

    def _ask(self, conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            return
        self.seen += 1
        one = parameters[0] if executemany else parameters
        for row in conn.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", one).fetchall():
            if _SCAN.search(row[3]):
                self.scans.append((row[3], statement))


@pytest.fixture
def plain(tmp_path: Path) -> World:
    world = World(tmp_path / "shop.db")
    world.status = OrderStatus(world.writer, [SOURCE], [], world.clock, [DeliveryConfig("demo", "Europe/Warsaw", "PL")])
    return world


def test_a_plan_that_reads_a_table_is_seen(plain: World) -> None:
    plans = Plans(plain)
    assert isinstance(plain.writer, SqliteWriter)
    with plain.writer.engine.begin() as conn:
        conn.exec_driver_sql("SELECT * FROM order_orders WHERE (inbox_id, order_id) IN (VALUES ('a', 'b'), ('a', 'c'))")
        conn.exec_driver_sql("SELECT * FROM order_orders WHERE inbox_id = 'a' AND order_id = 'b'")
    assert [each for each, _ in plans.scans] == ["SCAN order_orders"]
    plain.close()


async def test_many_keys_at_once_are_found_by_their_index(plain: World) -> None:
    """What a batch of webhooks asks: as `Find` makes it, and as it is written where it is not compiled once."""
    for n in range(5):
        await plain.accept(order(1, order_id=f"A-{n}", number=f"N{n}"))
    nothing = select(orders.c.order_id).where(among(orders.c.inbox_id, orders.c.order_id, []))
    assert await plain.writer.read(lambda conn: list(conn.execute(nothing).scalars())) == []
    plans, keys = Plans(plain), [("demo", f"A-{n}") for n in range(3)]
    find = Find(select(orders.c.order_id, orders.c.state).where(tuple_(orders.c.inbox_id, orders.c.order_id).in_(KEYS)))
    rows = await plain.writer.read(lambda conn: list(find.run(conn, keys)))
    assert sorted(row[0] for row in rows) == ["A-0", "A-1", "A-2"]
    written = select(orders.c.order_id).where(among(orders.c.inbox_id, orders.c.order_id, keys))
    assert sorted(await plain.writer.read(lambda conn: list(conn.execute(written).scalars()))) == ["A-0", "A-1", "A-2"]
    assert (plans.seen, plans.scans) == (2, [])
    plain.close()


async def test_no_webhook_and_no_reader_goes_through_a_table(plain: World) -> None:
    plans = Plans(plain)
    for n in range(5):
        sent = parcel("shipped", tracking_number=f"63{n}", carrier="inpost")
        await plain.accept(order(1, sent, order_id=f"A-{n}", number=f"N{n}", payment=PAID))
    await plain.carrier("630", Mark("in_transit", NOW))
    await plain.heard()
    plain.clock.pass_(days=4)
    await plain.status.look()
    await plain.heard()
    assert len(await plain.status.orders("demo", "c-7")) == 5
    assert len(await plain.status.orders_named("demo", [f"A-{n}" for n in range(3)])) == 3
    assert len(await plain.status.search("demo", "N1")) == 1
    assert await plain.status.explain("demo", "A-1") is not None
    plain.clock.now += timedelta(days=40)
    await plain.status.look()
    await plain.status.forget_customer("demo", Person("c-7"))
    assert plans.seen > 50
    assert plans.scans == []
    plain.close()
