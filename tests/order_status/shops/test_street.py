"""All kinds end to end: a webhook of each is taken once, carriers find the order by its number, and whatever comes first waits."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chat_server.outbound.database import Database
from order_status import Receipt
from tests.order_status.shops import bodies
from tests.order_status.shops.bodies import BIG, NUMBER, PLAIN_NUMBER
from tests.order_status.shops.street import Street
from tests.order_status.world import envelope, iso, order, parcel

EACH: list[tuple[str, Any, str | None]] = [
    ("shopify", bodies.shopify_order(), str(BIG)),
    ("woocommerce", bodies.woo_order(), "727"),
    ("saleor", bodies.saleor_order(), "T3JkZXI6MQ=="),
    ("shopware", bodies.shopware_event(), "0189f8c2f3a8710bbd1d6d4bd0c6b7aa"),
    ("native", bodies.acp_order(), "ord_1"),
    ("aftership", bodies.aftership_update(), None),
    ("easypost", bodies.easypost_event(), None),
    ("shippo", bodies.shippo_update(bodies.shippo_status("TRANSIT", "2026-11-20T09:45:00Z")), None),
    ("inpost", bodies.inpost_event(), None),
]
CARRIERS: list[tuple[str, Any]] = [
    ("aftership", bodies.aftership_update(bodies.checkpoint("Delivered", "2026-11-20T10:50:00", place="Łódź, PL"))),
    ("easypost", bodies.easypost_event(bodies.detail("delivered", "2026-11-20T09:50:00Z"), status="delivered")),
    ("shippo", bodies.shippo_update(bodies.shippo_status("DELIVERED", "2026-11-20T09:50:00Z"))),
    ("inpost", bodies.inpost_event("delivered", "2026-11-20 10:50:00 +0100")),
]
SHIPPED = order(1, parcel("shipped", tracking_number=NUMBER))


@pytest.fixture
async def street(tmp_path: Path, database_url: str) -> AsyncIterator[Street]:
    """On each of the two databases."""
    if database_url.startswith("sqlite"):
        yield Street(tmp_path / "street.db")
        return
    database = Database(database_url)
    yield Street(tmp_path / "street.db", writer=database)
    await database.close()


async def told_natively(street: Street, data: dict[str, Any]) -> None:
    body = envelope(data, iso(street.clock.now))
    await street.takes("native", json.loads(body))


@pytest.mark.parametrize(("kind", "document", "order_id"), EACH)
async def test_a_webhook_of_each_kind_is_taken_once(street: Street, kind: str, document: object, order_id: str | None) -> None:
    await street.takes(kind, document)
    assert await street.post(kind, document) == Receipt(200, {"ok": True, "outcome": "duplicate"})
    if order_id is not None:
        assert (await street.view(order_id))["order_id"] == order_id
    numbers = await street.count(kind)
    assert (numbers["accepted"], numbers["duplicates"]) == (1, 1)
    assert numbers["waiting"] == ({} if order_id else {"parcel": 1})


@pytest.mark.parametrize(("kind", "document"), CARRIERS)
async def test_a_carriers_word_finds_its_order_by_the_number(street: Street, kind: str, document: object) -> None:
    await told_natively(street, SHIPPED)
    assert await street.heard() == ["shipped"]
    await street.takes(kind, document)
    assert await street.heard() == ["delivered"]
    view = await street.view()
    assert (view["headline"], view["source_id"]) == ("delivered", street.sources["native"].id)
    assert await street.told(days=1) == []
    assert (await street.count(kind))["waiting"] == {}


@pytest.mark.parametrize(("kind", "document"), CARRIERS)
async def test_a_carriers_word_for_an_unknown_parcel_waits_for_its_order(street: Street, kind: str, document: object) -> None:
    await street.takes(kind, document)
    assert await street.heard() == []
    await told_natively(street, order(1))
    await told_natively(street, order(2, parcel("preparing")))
    assert await street.heard() == ["placed"]
    await told_natively(street, SHIPPED | {"version": 3})
    assert await street.heard() == ["delivered"]
    assert (await street.view())["headline"] == "delivered"


async def test_four_tellers_of_one_delivery_are_one_word(street: Street) -> None:
    await told_natively(street, SHIPPED)
    await street.told(minutes=1)
    for kind, document in CARRIERS:
        await street.takes(kind, document)
    assert await street.heard() == ["delivered"]
    scans = [scan for scan in (await street.view())["shipments"][0]["scans"] if scan["stage"] == "delivered"]
    assert len(scans) == 1


async def test_a_new_number_of_a_parcel_keeps_the_old_one(street: Street) -> None:
    await told_natively(street, SHIPPED)
    await told_natively(street, order(2, parcel("shipped", tracking_number="OTHER-1")))
    await street.takes("inpost", bodies.inpost_event("delivered", "2026-11-20 10:50:00 +0100"))
    assert (await street.view())["headline"] == "delivered"


async def test_one_number_in_two_orders_tells_both(street: Street) -> None:
    await told_natively(street, SHIPPED)
    await street.takes("inpost", bodies.inpost_event("delivered", "2026-11-20 10:50:00 +0100"))
    await told_natively(street, SHIPPED | {"order_id": "A-1002"})
    assert [(await street.view(ident))["headline"] for ident in ("A-1001", "A-1002")] == ["delivered", "delivered"]


async def test_a_number_that_is_used_again_leaves_the_older_order_alone(street: Street) -> None:
    await told_natively(street, SHIPPED)
    street.clock.pass_(days=121)
    late = iso(street.clock.now)
    await street.takes("inpost", bodies.inpost_event("returned_to_sender", late.replace("T", " ").replace("Z", " +0000")))
    assert (await street.view())["headline"] == "shipped"
    assert (await street.count("inpost"))["waiting"] == {"parcel": 1}


async def test_a_carriers_new_day_is_a_delay(street: Street) -> None:
    await told_natively(street, order(1, parcel("shipped", tracking_number=NUMBER, promised="2026-11-23")))
    await street.told(minutes=1)
    await street.takes("easypost", bodies.easypost_event(est_delivery_date="2026-11-25T00:00:00Z"))
    (change,) = await street.told(minutes=1)
    assert (change.stage, change.effect_key) == ("delayed", "shipment:s-1/delayed/2026-11-25")
    assert change.order["shipments"][0]["eta"] == "2026-11-25"


async def test_a_test_of_a_carrier_is_kept_and_told_to_nobody(street: Street) -> None:
    await told_natively(street, SHIPPED)
    await street.told(minutes=1)
    await street.takes("easypost", bodies.easypost_event(bodies.detail("delivered", "2026-11-20T09:50:00Z"), mode="test"))
    assert [change.silent for change in await street.told(minutes=1)] == [True]
    await street.takes("shopify", bodies.shopify_order(test=True))
    assert await street.heard() == []


async def test_a_contradiction_of_a_carrier_waits_in_silence(street: Street) -> None:
    await told_natively(street, order(1, parcel("delivered", "2026-11-20T09:50:00Z", tracking_number=NUMBER)))
    await street.told(minutes=1)
    for shipment_id in (49, 50):
        await street.takes("inpost", bodies.inpost_event("sent_from_source_branch", "2026-11-20 10:55:00 +0100", shipment_id=shipment_id))
    assert await street.heard() == []
    assert (await street.view())["headline"] == "delivered"
    assert (await street.count("inpost"))["contradictions"] == 1


async def test_parts_of_a_shopify_order_wait_for_it(street: Street) -> None:
    refund = bodies.shopify_refund()
    event = bodies.shopify_event("out_for_delivery")
    await street.takes("shopify", refund, "refunds/create")
    await street.takes("shopify", event, "fulfillment_events/create")
    await street.takes("shopify", bodies.shopify_fulfillment(), "fulfillments/create")
    assert (await street.count("shopify"))["waiting"] == {"order": 3}
    await street.takes("shopify", bodies.shopify_order(), "orders/create")
    view = await street.view(str(BIG))
    assert [(each["id"], each["stage"]) for each in view["shipments"]] == [("4000000000000000001", "out_for_delivery")]
    assert [(each["id"], each["amount"]) for each in view["adjustments"]] == [("890088186047892319", 1200)]
    (change,) = await street.told(minutes=1)
    assert {effect.key for effect in change.effects} == {
        "order/placed",
        "adjustment:890088186047892319/refunded",
        "shipment:4000000000000000001/shipped",
        "shipment:4000000000000000001/out_for_delivery/1",
    }


async def test_a_shopify_parcel_is_followed_by_its_carrier_too(street: Street) -> None:
    await street.takes("aftership", bodies.aftership_update(bodies.checkpoint("AvailableForPickup", "2026-11-20T10:50:00")))
    await street.takes("shopify", bodies.shopify_fulfillment(tracking_number=PLAIN_NUMBER.lower()))
    await street.takes("shopify", bodies.shopify_order())
    assert (await street.view(str(BIG)))["headline"] == "ready_for_pickup"


async def test_connecting_a_shop_with_old_orders_is_silent(street: Street) -> None:
    old = {"date_created": "2026-11-01T10:00:00", "date_created_gmt": "2026-11-01T09:00:00", "date_paid_gmt": "2026-11-01T09:01:00"}
    await street.takes("woocommerce", bodies.woo_order("refunded", refunds=[{"id": 9, "total": "-141.00"}], **old))
    assert await street.heard() == []
    assert (await street.view("727"))["headline"] == "refunded"


async def test_text_that_a_database_refuses_is_cleaned(street: Street) -> None:
    await street.takes("shopify", bodies.shopify_order(name="#10\x0001", email="a\x00@example.com"))
    assert (await street.view(str(BIG)))["number"] == "1001"


async def test_unknown_statuses_are_counted(street: Street) -> None:
    await street.takes("inpost", bodies.inpost_event("teleported"))
    await street.takes("shopify", bodies.shopify_order(financial_status="bartered"))
    assert (await street.count("inpost"))["unknown"] == {"shipment:teleported": 1}
    assert (await street.count("shopify"))["unknown"] == {"payment:bartered": 1}


async def test_known_topics_that_are_not_taken_are_200_and_counted(street: Street) -> None:
    assert await street.post("shopify", {"id": 1}, "customers/update") == Receipt(200, {"ok": True, "outcome": "ignored"})
    assert (await street.post("shopify", {"id": 1}, "orders/updated")).status == 400
    numbers = await street.count("shopify")
    assert (numbers["ignored"], numbers["refused"]) == ({"customers/update": 1}, {"malformed": 1})


async def test_a_bad_signature_is_401_for_each_kind(street: Street) -> None:
    for kind, document, _ in EACH:
        if kind != "inpost":
            receipt = (
                await street.post(kind, document, secret="another secret of another shop") if kind not in ("native", "saleor") else None
            )
            receipt = receipt or await street.status.ingest(street.sources[kind].id, {}, b"{}")
            assert (receipt.status, receipt.body["error"]["code"]) == (401, "unauthenticated"), kind
