"""Orders that lived in one file with everything else move into their own, wholly, also when the first try was cut short."""

import sqlite3
from contextlib import closing
from pathlib import Path

from chat_server.outbound.database import Database
from chat_server.outbound.databases import Databases, orders_url
from order_status import OrderStatus, metadata, migrate
from order_status.migrations import VERSION_TABLE, moved
from tests.order_status.world import SOURCE, World, order, parcel
from tests.two_databases import sqlite_url

ORDERS = 30


def tables(url: str) -> dict[str, int]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        ours = sorted(there & {*metadata.tables, VERSION_TABLE})
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ours}


async def an_old_file(tmp_path: Path) -> tuple[str, dict[str, int]]:
    """A database as it was before; where it is, and what is in it."""
    url = sqlite_url(tmp_path)
    database = Database(url)
    world = World(tmp_path / "unused.db", writer=database)
    for number in range(ORDERS):
        await world.accept(order(1, parcel("shipped"), order_id=f"A-{number}", number=f"{number}"))
    await world.status.health()
    await database.close()
    return url, tables(url)


async def opened(url: str) -> None:
    databases = Databases(url)
    await databases.migrate()
    await databases.close()


async def test_everything_moves_once(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    assert before["order_orders"] == ORDERS
    await opened(url)
    assert tables(orders_url(url)) == before
    assert tables(url) == {}
    databases, world = Databases(url), World(tmp_path / "unused.db")
    await databases.migrate()
    status = OrderStatus(databases.orders, [SOURCE], (), world.clock)
    assert len(await status.orders("demo", "c-7")) == 20
    world.clock.pass_(seconds=21)
    assert len(await status.due_changes()) == ORDERS
    await databases.close()


async def test_a_move_that_was_cut_short_begins_again(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    databases = Databases(url)
    await databases.orders.at_length(migrate)
    rows = await databases.chat.read(lambda conn: moved._page(conn, "order_orders", 0))
    await databases.orders.write(lambda conn: moved._add(conn, "order_orders", rows[: ORDERS // 2]))
    await databases.close()
    await opened(url)
    assert (tables(orders_url(url)), tables(url)) == (before, {})
    await opened(url)
    assert tables(orders_url(url)) == before


async def test_a_fresh_database_has_its_orders_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    await opened(url)
    assert orders_url(url) == f"sqlite:///{tmp_path / 'fresh-orders.sqlite3'}"
    assert tables(url) == {}
    assert set(tables(orders_url(url)).values()) == {0, 1}
    assert orders_url("postgresql://a:b@127.0.0.1/c") == "postgresql://a:b@127.0.0.1/c"
