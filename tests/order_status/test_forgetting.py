"""A person is forgotten: no table tells of them, the orders' stages stay, and the shop's next word counts. On both databases."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from chat_server.outbound.database import Database
from order_status import Forgotten, OrderStatus, Person, metadata
from order_status.events import Customer, Mark, OrderEvent
from order_status.fold import fold, forget
from order_status.forgetting import BODIES_AT_ONCE
from order_status.shops.native import translate
from order_status.shops.standard_webhooks import sign
from order_status.stages import OrderState
from order_status.tables import deliveries, orders
from order_status.traces import Traces, is_person, speaks_of
from tests.order_status.world import NOW, PAID, SECRET, World, envelope, iso, order, parcel

ANNA = {"id": "c-4711", "email": "Anna.Demo@example.com", "phone": "+48 601 234 567", "name": "Anna Demo"}
WORDS = ("c-4711", "anna.demo", "601 234 567", "anna demo", "shop.example/o/secret", "VOUCHER-ANNA".lower())
HERS = Person("c-4711", "anna.demo@example.com", "0048601234567")


def hers(version: int = 1, *parcels: dict[str, Any], **more: Any) -> dict[str, Any]:
    return order(version, *parcels, **{"customer": ANNA, "url": "https://shop.example/o/secret", **more})


async def everything(world: World) -> str:
    """All that stands in the tables of this room."""

    def work(conn: Connection) -> str:
        rows = [row for table in metadata.sorted_tables for row in conn.execute(select(table)).all()]
        cells = [cell.decode() if isinstance(cell, bytes) else str(cell) for row in rows for cell in row]
        return " ".join(cells).lower()

    return await world.writer.read(work)


async def left_of(world: World) -> list[str]:
    text = await everything(world)
    return [word for word in WORDS if word in text]


async def broken_letter(world: World, data: dict[str, Any], delivery: str) -> None:
    body = envelope({**data, "version": "soon"}, iso(world.clock.now))
    assert (await world.status.ingest("src_1", sign(SECRET, delivery, world.clock.now, body), body)).status == 400


async def test_nothing_of_her_is_left_and_the_stages_are(world: World) -> None:
    await world.accept(hers(1, parcel("shipped", tracking_number="630"), payment=PAID))
    await world.accept(order(1, parcel("packed"), order_id="A-2", number="2", customer={**ANNA, "id": None, "phone": None}))
    await world.accept(order(1, order_id="A-3", number="3"))
    await broken_letter(world, hers(2), "msg_letter")
    await broken_letter(world, order(2, order_id="A-3", number="3"), "msg_other")
    assert await world.heard() == ["shipped", "packed", "placed"]
    assert len(await left_of(world)) == 5
    before = await world.view()
    done = await world.status.forget_customer("demo", HERS)
    assert done == Forgotten(orders=2, bodies=2, letters=1, waiting=0)
    assert await left_of(world) == []
    assert await world.view() == {**before, "url": None}
    assert (await world.view("A-2"))["headline"] == "packed"
    assert await world.status.orders("demo", "c-4711") == []
    assert [each["order_id"] for each in await world.status.orders("demo", "c-7")] == ["A-3"]
    assert len((await world.status.operations.waiting("demo"))["letters"]) == 1
    assert await world.status.forget_customer("demo", HERS) == Forgotten()


async def test_nobody_hears_of_an_order_whose_person_is_forgotten(world: World) -> None:
    await world.accept(hers(1, parcel("shipped", tracking_number="630")))
    await world.status.forget_customer("demo", HERS)
    await world.carrier("630", Mark("delivered", NOW))
    (change,) = [each for each in await world.told(seconds=21) if not each.silent]
    assert (change.stage, change.customer_id) == ("delivered", None), "who proved the order by a link may still hear of it"


async def test_only_what_the_shop_tells_afterwards_brings_her_back(world: World) -> None:
    await world.accept(hers(5, parcel("shipped")))
    await world.status.forget_customer("demo", HERS)
    await world.accept(hers(4, parcel("packed"), payment=PAID), iso(NOW))
    await world.accept(hers(5, parcel("shipped"), measures=[]), iso(NOW))
    view = await world.view()
    assert (view["payment"], view["url"]) == ("paid", None), "an older word still adds to the order"
    assert await world.status.orders("demo", "c-4711") == []
    await world.accept(hers(6, parcel("delivered")))
    (view,) = await world.status.orders("demo", "c-4711")
    assert (view["headline"], view["url"]) == ("delivered", "https://shop.example/o/secret")
    done = await world.status.forget_customer("demo", HERS)
    assert (done.orders, done.bodies) == (1, 3)
    assert await left_of(world) == []


async def test_what_a_carrier_told_of_her_parcel_goes_too(world: World) -> None:
    await world.accept(hers(1, parcel("shipped", tracking_number="630")))
    await world.carrier("630", Mark("in_transit", NOW))
    told = update(deliveries).where(deliveries.c.order_id == "number:630").values(body=b"Anna Demo")
    await world.writer.write(lambda conn: conn.execute(told))
    assert (await world.status.forget_customer("demo", HERS)).bodies == 2
    assert await left_of(world) == []
    assert (await world.view())["shipments"][0]["stage"] == "in_transit"


async def test_an_order_that_she_proved_is_hers_whatever_the_shop_says(world: World) -> None:
    await world.accept(hers(1, customer=None))
    await world.accept(hers(1, order_id="A-2", customer={"id": "c-8"}))
    done = await world.status.forget_customer("demo", Person(order_ids=("A-1001", "nowhere")))
    assert (done.orders, done.bodies) == (1, 1)
    assert (await world.view())["url"] is None
    assert (await world.view("A-2"))["url"] is not None


async def test_another_inbox_is_not_touched(world: World) -> None:
    await world.accept(hers(1))
    assert await world.status.forget_customer("other", replace(HERS, order_ids=("A-1001",))) == Forgotten()
    assert len(await left_of(world)) == 5


async def test_a_webhook_that_waits_is_not_lost_and_the_order_comes_next_time(world: World) -> None:
    await world.accept(hers(1))
    await world.accept(hers(1, order_id="A-2"))
    waits = update(deliveries).where(deliveries.c.order_id == "A-2")
    await world.writer.write(lambda conn: conn.execute(waits.values(fold_at=NOW)))
    assert await world.status.forget_customer("demo", HERS) == Forgotten(orders=1, bodies=1, waiting=1)
    assert await world.status.forget_customer("demo", HERS) == Forgotten(waiting=1)
    await world.writer.write(lambda conn: conn.execute(waits.values(fold_at=None)))
    assert await world.status.forget_customer("demo", HERS) == Forgotten(orders=1, bodies=1)
    assert await left_of(world) == []


async def test_an_order_that_cannot_be_read_begins_anew(world: World) -> None:
    await world.accept(hers(1, parcel("shipped")))
    assert await world.heard() == ["shipped"]
    text = '{"head": "Anna Demo"'
    await world.writer.write(lambda conn: conn.execute(update(orders).values(state=text)))
    await world.accept(hers(2, parcel("shipped")))
    assert await world.status.forget_customer("demo", HERS) == Forgotten(orders=1, bodies=2), "what waits for it goes with it"
    assert await left_of(world) == []
    assert (await world.numbers())["unfolded"] == 0
    assert (await world.status.operations.waiting("demo"))["unreadable"] == []
    await world.accept(hers(3, parcel("delivered")))
    assert await world.heard() == ["delivered"], "what was told is known"


async def test_an_order_that_cannot_be_read_is_hers_by_the_e_mail_in_it(world: World) -> None:
    for order_id, contact in (("A-1", ANNA), ("A-2", {**ANNA, "email": "other@example.com"})):
        await world.accept(hers(1, order_id=order_id, customer={**contact, "id": None}))
        text = json.dumps({"customer": {"customer": contact}})[:-1]
        broken = update(orders).where(orders.c.order_id == order_id).values(state=text)
        await world.writer.write(partial(Connection.execute, statement=broken))
    assert await world.status.forget_customer("demo", replace(HERS, customer_id=None)) == Forgotten(orders=1, bodies=1)


@pytest.fixture
async def storm(tmp_path: Path, database_url: str) -> AsyncIterator[World]:
    """With the writer of the chat server on both databases: several webhooks are in hand at once."""
    database = Database(database_url)
    yield World(tmp_path / "shop.db", writer=database)
    await database.close()


async def recorded(world: World, *data: dict[str, Any]) -> int:
    """All at once, as in a storm; how many of them are not folded yet."""
    receipts = await asyncio.gather(*[world.send(each) for each in data])
    assert {receipt.body["outcome"] for receipt in receipts} == {"accepted"}
    return int((await world.numbers())["unfolded"])


async def test_an_order_that_is_only_recorded_is_waited_for(storm: World) -> None:
    others = [order(1, order_id=f"B-{n}", number=f"B{n}") for n in range(BODIES_AT_ONCE + 20)]
    guest = hers(1, order_id="A-guest", customer={**ANNA, "id": None, "phone": None})
    later = {**hers(1, order_id="A-9"), "shipments": [parcel("shipped"), parcel("packed", id="s-2")]}
    assert await recorded(storm, *others, hers(1), guest, later, {**later, "version": 2}) > BODIES_AT_ONCE
    assert await storm.status.forget_customer("demo", HERS) == Forgotten(waiting=3)
    assert await storm.status.forget_customer("demo", Person(email="anna.demo@example.com")) == Forgotten(waiting=3)
    assert await storm.status.forget_customer("demo", Person("c-4712")) == Forgotten()
    assert await storm.status.forget_customer("other", HERS) == Forgotten()
    while await storm.status.fold():
        continue
    assert await storm.status.forget_customer("demo", HERS) == Forgotten(orders=3, bodies=4)
    assert await left_of(storm) == []
    assert (await storm.view("A-9"))["headline"] == "partially_shipped"


async def test_what_cannot_be_folded_for_a_day_is_waited_for_no_more(storm: World) -> None:
    others = [order(1, order_id=f"B-{n}", number=f"B{n}") for n in range(20)]
    await storm.accept(hers(1, order_id="A-known"))
    await recorded(storm, *others, hers(1), hers(2, order_id="A-known"))
    elsewhere = OrderStatus(storm.writer, [replace(storm.source, id="src_9")], (), storm.clock)
    for _ in range(2):
        while await elsewhere.fold():
            continue
        assert await storm.status.forget_customer("demo", HERS) == Forgotten(waiting=2), "its source may come back"
        storm.clock.pass_(hours=23, minutes=45)
    storm.clock.pass_(minutes=10)
    while await elsewhere.fold():
        continue
    assert await storm.status.forget_customer("demo", HERS) == Forgotten(orders=1, bodies=3)
    assert await left_of(storm) == []
    assert await storm.status.forget_customer("demo", HERS) == Forgotten()


async def test_what_the_shop_said_of_her_offers_goes(world: World) -> None:
    for offer_id in ("off_1", "off_2"):
        data = {"offer_id": offer_id, "status": "done", "reason": "VOUCHER-ANNA" if offer_id == "off_1" else "thanks"}
        assert (await world.send(data, kind="offer.settled")).status == 200
    assert await world.status.forget_customer("demo", Person(offer_ids=("off_1",))) == Forgotten(bodies=1)
    assert await left_of(world) == []
    assert {each.offer_id: each.reason for each in await world.status.due_settlements()} == {"off_1": None, "off_2": "thanks"}


async def test_many_orders_go_in_many_steps(world: World) -> None:
    for n in range(120):
        await world.accept(hers(1, order_id=f"A-{n}", number=str(n), customer={**ANNA, "id": None if n % 2 else "c-4711"}))
    assert await world.status.forget_customer("demo", HERS) == Forgotten(orders=120, bodies=120)
    assert await left_of(world) == []


def snapshot(version: int, customer: dict[str, Any] | None, **more: Any) -> OrderEvent:
    body = envelope(order(version, customer=customer, **more), f"2026-11-20T10:{version:02d}:00Z")
    event = translate(body, UTC)
    assert isinstance(event, OrderEvent)
    return event


def test_after_it_any_order_of_arrival_ends_alike() -> None:
    chance = random.Random(4)
    known = forget(fold(fold(None, snapshot(3, ANNA)), snapshot(5, {**ANNA, "id": None})))
    assert known.customer is None
    people: list[dict[str, Any]] = [ANNA, {"id": None, "name": "Anna"}]
    later = [snapshot(version, people[version % 2], url=f"https://shop.example/{version}") for version in range(1, 9)]
    ends: set[str] = set()
    for _ in range(40):
        state: OrderState = known
        for event in chance.sample(later, len(later)) + chance.choices(later, k=3):
            state = fold(state, event)
        ends.add(repr(state))
    assert len(ends) == 1
    for event in later[:4]:
        known = fold(known, event)
    assert (known.customer, known.head.url) == (None, None), "none of these is newer"


@pytest.mark.parametrize(
    ("told", "theirs"),
    [
        (Customer("c-4711", "other@example.com"), True),
        (Customer("c-1", "anna.demo@example.com"), False),
        (Customer(None, "ANNA.demo@example.com"), True),
        (Customer(None, "other@example.com", "+48601234567"), False),
        (Customer(None, None, "601234567"), True),
        (Customer(None, "a***@example.com"), False),
        (Customer(None), False),
    ],
)
def test_whose_an_order_is(told: Customer, theirs: bool) -> None:
    assert is_person(told, HERS) is theirs


@pytest.mark.parametrize(
    ("body", "speaks"),
    [
        ({"note": " Anna.Demo@Example.com "}, True),
        ({"tel": "601-234-567"}, True),
        ({"buyer": {"id": "c-4711"}}, True),
        ({"customer_id": "c-4711"}, True),
        ({"items": [{"id": "c-4711"}]}, False),
        ({"id": "A-1"}, True),
        ({"data": {"order": {"id": "A-1"}}}, True),
        ({"line_items": [{"id": "A-1", "sku": "A-1"}]}, False),
        ({"order_number": "A-1"}, True),
        ({"customer": {"email": "other@example.com"}, "quantity": 7}, False),
        ([[[["anna.demo@example.com"]]]], True),
    ],
)
def test_what_an_unread_body_speaks_of(body: Any, speaks: bool) -> None:
    traces = Traces(frozenset({"c-4711"}), frozenset({"anna.demo@example.com"}), frozenset({"+48601234567"}), frozenset({"A-1"}))
    assert speaks_of(json.dumps(body).encode(), traces) is speaks


EMAIL = b'"anna.demo@example.com"'


@pytest.mark.parametrize(
    "body", [b"email=anna.demo@example.com&x=1", b'{"email": ' + EMAIL, b"[" * 9000 + EMAIL, b"[" * 90 + EMAIL + b"]" * 90]
)
def test_what_is_no_json_is_looked_through_too(body: bytes) -> None:
    assert speaks_of(body, Traces(emails=frozenset({"anna.demo@example.com"})))
    assert not speaks_of(body, Traces(emails=frozenset({"other@example.com"})))
