"""A person asks to be forgotten, on the real server: nothing in its database tells of them, and life goes on for them and for others."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from tests.processes import ChatServer
from tests.walks.database import rows
from tests.walks.shop import Order
from tests.walks.stage import Stage
from tools.command import CommandFailed, run

CANARY, MAIL = "canary-7391", "canary-7391@mail.example"


def everything(server: ChatServer) -> str:
    """Every row of every table of every room, as text."""
    found: list[str] = []
    for file in server.stack.data.glob("*.sqlite3"):
        with closing(sqlite3.connect(file, timeout=10)) as connection:
            tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            found += [str(row) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    return "\n".join(found)


async def erase(server: ChatServer, *whom: str) -> str:
    return await asyncio.to_thread(run, [*server.stack.chat(), "erase", *whom], env=server.env, seconds=60)


async def test_no_table_tells_of_them_and_the_order_stays(speaking: Stage) -> None:
    stage, server = speaking, speaking.server
    customer = f"{CANARY}-id"
    shopper = await stage.shopper(identity=stage.shop.token(customer, name=f"Name {CANARY}", email=MAIL))
    order = Order(
        customer, more={"customer": {"id": customer, "name": f"Name {CANARY}", "email": MAIL}, "url": f"https://shop.example/{CANARY}"}
    )
    await stage.shop.tell(order.late())
    await shopper.saw("message_created")
    await shopper.say(f"I am {CANARY}")
    other = await stage.shopper()
    kept = await other.say("Keep me")
    assert all(word in everything(server) for word in (customer, MAIL, f"Name {CANARY}", f"I am {CANARY}"))

    assert "1 conversations, 1 browsers and 1 orders erased" in await erase(server, "--visitor", shopper.visitor)
    for _ in range(50):
        if CANARY not in everything(server):
            break
        await asyncio.sleep(0.1)  # whatever the server was just doing for them ends
    assert [line for line in everything(server).splitlines() if CANARY in line] == []
    assert "Keep me" in everything(server)
    boss = await stage.agent(availability=None)
    (stays,) = (await boss.wire.call("find_orders", number=order.number))["orders"]
    assert stays["order"]["headline"] == "shipped"
    assert stays["customer"] is None

    again = await stage.shopper(token=shopper.token)
    assert again.visitor != shopper.visitor
    assert (await again.wire.call("list_orders"))["orders"] == []
    await other.say("Still here", conversation=kept["conversation"])


async def test_a_guest_is_forgotten_by_the_orders_that_they_proved(stage: Stage) -> None:
    mail = "guest-4417@mail.example"
    order, other = Order(None), Order(None, more={"customer": {"email": "somebody-else@mail.example"}})
    order.more = {"customer": {"name": "Guest-4417", "email": mail, "phone": "+48 600 100 200"}}
    for each in (order, other):
        await stage.shop.tell(each.moved("packed"))
    guest = await stage.shopper()
    await guest.wire.call("find_order", number=order.number, email=mail)
    assert "0 conversations, 1 browsers and 1 orders erased" in await erase(stage.server, "--visitor", guest.visitor)
    left = everything(stage.server)
    assert [line for line in left.splitlines() if "4417" in line or "600 100 200" in line] == []
    assert "somebody-else@mail.example" in left
    await stage.shop.tell(order.moved("shipped"))
    assert mail in everything(stage.server), "the shop is the source: what it tells afterwards is kept"


async def test_by_the_shops_own_id_though_they_never_came(stage: Stage) -> None:
    customer = "customer-8820"
    order = Order(customer, more={"customer": {"id": customer, "name": "Name-8820", "email": "name-8820@mail.example"}})
    await stage.shop.tell(order.moved("packed"))
    for _ in range(100):
        if rows(stage.server, "SELECT id FROM contacts WHERE customer_id = ?", customer):
            break
        await asyncio.sleep(0.05)  # its news is on the way to them, should they ever come
    for odd in (("--customer", customer), ("--customer", customer, "--inbox", "other"), ("--inbox", "demo"), ("--visitor", "vis_none")):
        with pytest.raises(CommandFailed):
            await erase(stage.server, *odd)
    assert "8820" in everything(stage.server)
    told = "0 conversations, 0 browsers and 1 orders erased"
    assert told in await erase(stage.server, "--inbox", "demo", "--customer", customer)
    assert [line for line in everything(stage.server).splitlines() if "8820" in line] == []
    assert "and 0 orders" in await erase(stage.server, "--inbox", "demo", "--customer", customer)
