"""The OrderView of docs/wire.md, and who gets which orders."""

import re
from pathlib import Path

from tests.order_status.world import World, order, parcel

WIRE = Path(__file__).resolve().parents[2] / "docs" / "wire.md"


async def test_the_view_is_whole(world: World) -> None:
    await world.accept(
        order(
            1,
            parcel(
                "in_transit",
                carrier="inpost",
                tracking_number="630",
                tracking_url="https://track.example/630",
                item_ids=["1"],
                promised="2026-11-23",
                eta="2026-11-25T14:00:00+01:00",
                reason="strike",
                scans=[{"stage": "shipped", "at": "2026-11-20T09:20:00Z", "place": "Łódź"}],
            ),
            payment={"status": "paid"},
            url="https://shop.example/orders/1001",
            adjustments=[{"id": "r-1", "kind": "refund", "status": "completed", "amount": 1200, "at": "2026-11-20T09:40:00Z"}],
            measures=[{"id": "m-1", "text": {"en": "No delivery fee"}, "worth": 1200, "at": "2026-11-20T09:41:00Z"}],
        ),
        at="2026-11-20T09:59:00.250Z",
    )
    assert await world.view() == {
        "order_id": "A-1001",
        "number": "1001",
        "source_id": "src_1",
        "headline": "shipped",
        "placed_at": "2026-11-20T09:12:00.000Z",
        "locale": "pl",
        "currency": "PLN",
        "total": 14100,
        "url": "https://shop.example/orders/1001",
        "delayed": True,
        "expected": "2026-11-25T13:00:00.000Z",
        "usually": None,
        "payment": "paid",
        "items": [{"id": "1", "product_id": None, "name": "Lamp", "quantity": 1, "unit_price": 12900, "url": None, "image_url": None}],
        "shipments": [
            {
                "id": "s-1",
                "carrier": "inpost",
                "tracking_number": "630",
                "tracking_url": "https://track.example/630",
                "item_ids": ["1"],
                "stage": "in_transit",
                "promised": "2026-11-23",
                "eta": "2026-11-25T13:00:00.000Z",
                "basis": "eta",
                "usually": None,
                "delayed": True,
                "overdue": None,
                "reason": "strike",
                "corrections": [],
                "scans": [
                    {"stage": "shipped", "at": "2026-11-20T09:20:00.000Z", "place": "Łódź"},
                    {"stage": "in_transit", "at": "2026-11-20T09:30:00.000Z", "place": None},
                ],
            }
        ],
        "adjustments": [{"id": "r-1", "kind": "refund", "status": "completed", "amount": 1200, "at": "2026-11-20T09:40:00.000Z"}],
        "measures": [{"id": "m-1", "text": {"en": "No delivery fee"}, "worth": 1200, "at": "2026-11-20T09:41:00.000Z"}],
        "timeline": [
            {"at": "2026-11-20T09:12:00.000Z", "entity": "order", "stage": "placed", "note": None},
            {"at": "2026-11-20T09:20:00.000Z", "entity": "shipment:s-1", "stage": "shipped", "note": "Łódź"},
            {"at": "2026-11-20T09:30:00.000Z", "entity": "shipment:s-1", "stage": "in_transit", "note": "strike"},
            {"at": "2026-11-20T09:40:00.000Z", "entity": "adjustment:r-1", "stage": "refund_completed", "note": None},
            {"at": "2026-11-20T09:41:00.000Z", "entity": "measure:m-1", "stage": "measure", "note": None},
            {"at": "2026-11-20T09:59:00.250Z", "entity": "payment", "stage": "paid", "note": None},
        ],
        "updated_at": "2026-11-20T09:59:00.250Z",
    }


async def test_the_view_has_the_fields_of_the_wire(world: World) -> None:
    section = WIRE.read_text(encoding="utf-8").partition("## OrderView")[2].partition("`headline`")[0]
    named = re.sub(r"\[\{[^]]*\}\]", "", section)
    await world.accept(order(1, parcel("shipped")))
    view = await world.view()
    assert set(re.findall(r"\w+", named)) == set(view)
    shipment = re.search(r"shipments: \[\{(.*?), scans:", section)
    assert shipment is not None
    assert {*re.findall(r"\w+", shipment[1]), "scans"} == set(view["shipments"][0])


async def test_a_customer_gets_their_own_orders_newest_first_and_at_most_twenty(world: World) -> None:
    for day in range(1, 23):
        await world.accept(order(1, order_id=f"A-{day}", number=str(day), placed_at=f"2026-10-{day:02d}T10:00:00Z"))
    await world.accept(order(1, order_id="B-1", customer={"id": "c-8"}))
    await world.accept(order(1, order_id="G-1", customer={"email": "c7@example.com"}))
    assert [view["number"] for view in await world.status.orders("demo", "c-7")] == [str(day) for day in range(22, 2, -1)]
    assert [view["order_id"] for view in await world.status.orders("demo", "c-8")] == ["B-1"]
    for inbox, customer in (("other", "c-7"), ("demo", ""), ("demo", "c-9")):
        assert await world.status.orders(inbox, customer) == []


async def test_one_order_by_its_id(world: World) -> None:
    await world.accept(order(1))
    assert (await world.view())["number"] == "1001"
    assert await world.status.order("demo", "1001") is None
    assert await world.status.order("other", "A-1001") is None


async def test_an_order_that_changes_hands_belongs_to_the_newest_customer(world: World) -> None:
    await world.accept(order(2, customer={"id": "c-8"}))
    await world.accept(order(1, customer={"id": "c-7"}))
    await world.accept(order(3, customer=None))
    await world.accept(order(4, customer={"name": "Demo customer B"}))
    assert await world.status.orders("demo", "c-7") == []
    assert len(await world.status.orders("demo", "c-8")) == 1
