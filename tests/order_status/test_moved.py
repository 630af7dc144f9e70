"""Orders that lived in one file with everything else move into their own, wholly, also when the first try was cut short."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chat_server.errors import InvalidConfiguration
from chat_server.outbound.database import Database
from chat_server.outbound.databases import Databases, orders_url
from order_status import OrderStatus, metadata
from order_status.migrations import VERSION_TABLE
from tests.order_status.world import SOURCE, World, order, parcel
from tests.two_databases import sqlite_url

ORDERS = 30


def path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def tables(url: str) -> dict[str, int]:
    with closing(sqlite3.connect(path(url))) as connection:
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


async def opened(url: str, *, server: bool = True) -> None:
    databases = Databases(url)
    try:
        await databases.migrate(server=server)
    finally:
        await databases.close()


async def test_everything_moves_once(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    assert before["order_orders"] == ORDERS
    await opened(url)
    assert tables(orders_url(url)) == before
    assert tables(url) == {}
    databases, world = Databases(url), World(tmp_path / "unused.db")
    await databases.migrate(server=True)
    status = OrderStatus(databases.orders, [SOURCE], (), world.clock)
    assert len(await status.orders("demo", "c-7")) == 20
    world.clock.pass_(seconds=21)
    assert len(await status.due_changes()) == ORDERS
    await databases.close()


async def test_a_move_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    copy = path(url).read_bytes()
    await opened(url)
    path(url).write_bytes(copy)  # as if it had died before the old file forgot them
    await opened(url)
    assert (tables(orders_url(url)), tables(url)) == (before, {})


async def test_what_an_older_version_took_in_between_is_not_mixed_in(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    copy = path(url).read_bytes()
    await opened(url)
    path(url).write_bytes(copy)
    database = Database(url)
    await World(tmp_path / "unused.db", writer=database).send(order(1, order_id="A-new"), delivery="msg_between")
    await database.close()
    there = tables(url)
    assert there["order_orders"] == before["order_orders"] + 1
    with pytest.raises(InvalidConfiguration, match="both have orders"):
        await opened(url)
    assert (tables(url), tables(orders_url(url))) == (there, before), "nothing was lost"
    path(orders_url(url)).rename(tmp_path / "aside")
    await opened(url)
    assert (tables(orders_url(url)), tables(url)) == (there, {})


async def test_only_a_server_moves_them(tmp_path: Path) -> None:
    url, before = await an_old_file(tmp_path)
    with pytest.raises(InvalidConfiguration, match="start the server once first"):
        await opened(url, server=False)
    assert tables(url) == before
    await opened(url)
    await opened(url, server=False)


async def test_a_fresh_database_has_its_orders_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    await opened(url)
    assert orders_url(url) == f"sqlite:///{tmp_path / 'fresh-orders.sqlite3'}"
    assert tables(url) == {}
    assert set(tables(orders_url(url)).values()) == {0, 1}
    assert orders_url("postgresql://a:b@127.0.0.1/c") == "postgresql://a:b@127.0.0.1/c"
