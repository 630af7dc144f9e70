"""The shop's webhooks: the whole order each time, signed, with growing versions, kept until they are taken, once each. Walk b."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from examples.demo_shop import outbox as outbox_module
from tests.demo_shop.shop import DECLINED, Receiver, Shop, open_shop

FIELDS = {
    "order_id", "number", "version", "placed_at", "locale", "currency", "total", "test", "notify", "customer", "status", "payment", "items",
    "shipments", "adjustments", "measures",
}  # fmt: skip


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits until something is true, or fails."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110  (what is waited for happens in another program, as far as the test knows)
            await asyncio.sleep(0.02)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "SCHEDULE", (0.05, 0.05, 0.05, 0.05))


async def test_an_order_is_told_whole_and_without_what_is_the_shops_own(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.sign_in("customer-a")
        order_id = await shopper.buy("p-03", locale="pl", name="Customer A", email="customer-a@example.com")
    await until(lambda: len(shop.receiver.got) == 1)
    webhook_id, event = shop.receiver.got[0]
    order = event["data"]
    assert webhook_id.startswith("msg_")
    assert (set(event), event["type"]) == ({"type", "timestamp", "data"}, "order.updated")
    assert set(order) == FIELDS
    assert order["order_id"] == order_id == "A-1001"
    assert order["customer"] == {"id": "customer-a", "email": "customer-a@example.com", "phone": None, "name": "Customer A"}
    assert (order["status"], order["payment"], order["total"], order["locale"]) == (
        "confirmed",
        {"status": "paid", "reason": None},
        6390,
        "pl",
    )
    assert order["items"] == [
        {
            "id": "1", "product_id": "p-03", "name": "Kubek emaliowany Kopla", "quantity": 1, "unit_price": 4900,
            "url": "http://shop.test/pl/p/kopla-mug", "image_url": "http://shop.test/static/products/kopla-mug.svg",
        }
    ]  # fmt: skip
    (parcel,) = order["shipments"]
    assert (parcel["stage"], parcel["item_ids"], parcel["promised"]) == ("preparing", ["1"], parcel["eta"])
    assert datetime.fromisoformat(parcel["promised"]).date() > datetime.now(UTC).date()


async def test_every_move_is_a_newer_whole_order(shop: Shop) -> None:
    async with shop.shopper() as office:
        page = await office.post("/backoffice/place", {"who": "customer-b", "locale": "en"})
        base = page.path
        for stage in ("packed", "shipped", "in_transit"):
            await office.post(f"{base}/move", {"shipment": "s-1", "stage": stage})
        await office.post(f"{base}/delay", {"shipment": "s-1", "eta": "2099-01-04", "reason": "Heavy snow on the way"})
        await office.post(f"{base}/measure")
        await office.post(f"{base}/refund", {"amount": "1000"})
    await until(lambda: len(shop.receiver.got) == 7)
    told = sorted(shop.receiver.orders(), key=lambda order: order["version"])
    assert [order["version"] for order in told] == [2, 3, 4, 5, 6, 7, 8]
    assert [order["shipments"][0]["stage"] for order in told] == ["preparing", "packed", "shipped", "in_transit"] + ["in_transit"] * 3
    last = told[-1]
    assert last["shipments"][0]["eta"] == "2099-01-04" > last["shipments"][0]["promised"]
    assert [scan["stage"] for scan in last["shipments"][0]["scans"]] == ["packed", "shipped", "in_transit"]
    assert set(last["measures"][0]) == {"id", "text", "worth", "at"}
    assert [(a["kind"], a["status"], a["amount"]) for a in last["adjustments"]] == [("refund", "completed", 1000)]


async def test_a_split_order_has_two_parcels_with_all_lines_once(shop: Shop) -> None:
    async with shop.shopper() as office:
        base = (await office.post("/backoffice/place", {"who": "guest"})).path
        await office.post(f"{base}/split", {"shipment": "s-1"})
        await office.post(f"{base}/move", {"shipment": "s-2", "stage": "shipped"})
        refused = await office.post(f"{base}/split", {"shipment": "s-2"})
        assert "Nothing was changed or sent." in refused.text
        assert "a parcel has left already" in (await office.post(f"{base}/cancel")).text
    await until(lambda: len(shop.receiver.got) == 3)
    last = max(shop.receiver.orders(), key=lambda order: order["version"])
    assert [(s["id"], s["item_ids"], s["stage"]) for s in last["shipments"]] == [
        ("s-1", ["1", "2"], "preparing"),
        ("s-2", ["3"], "shipped"),
    ]


async def test_cancelled_orders_stop(shop: Shop) -> None:
    async with shop.shopper() as office:
        base = (await office.post("/backoffice/place", {"who": "customer-a"})).path
        await office.post(f"{base}/cancel")
        for action, fields in (("cancel", {}), ("journey", {}), ("move", {"shipment": "s-1", "stage": "packed"})):
            assert "Not possible" in (await office.post(f"{base}/{action}", fields)).text
    await until(lambda: len(shop.receiver.got) == 2)
    assert shop.receiver.orders()[-1]["status"] == "cancelled"


async def test_a_declined_card_is_told_too(shop: Shop) -> None:
    async with shop.shopper() as shopper:
        await shopper.post("/en/cart/add", {"product": "p-03"})
        form = {
            "name": "Guest",
            "email": "g@example.com",
            "street": "ul. Lipowa 3",
            "postcode": "30-001",
            "city": "Kraków",
            "delivery": "courier",
        }
        await shopper.post("/en/checkout", form)
        await shopper.post("/en/checkout/payment", DECLINED, 422)
    await until(lambda: len(shop.receiver.got) == 1)
    order = shop.receiver.orders()[0]
    assert order["payment"] == {"status": "failed", "reason": "The bank declined the card"}
    assert order["customer"]["id"].startswith("guest-")


async def test_failures_are_retried_under_the_same_id(shop: Shop) -> None:
    shop.receiver.answers = [503, 500, 429]
    async with shop.shopper() as office:
        await office.post("/backoffice/place", {"who": "customer-a"})
    await until(lambda: shop.site.outbox.waiting() == 0)
    assert len(shop.receiver.got) == 1
    log = shop.log()
    assert [row["status"] for row in reversed(log)] == [503, 500, 429, 200]
    assert {row["webhook_id"] for row in log} == {shop.receiver.got[0][0]}


async def test_a_refused_body_is_given_up_at_once(shop: Shop) -> None:
    shop.receiver.answers = [400]
    async with shop.shopper() as office:
        await office.post("/backoffice/place", {"who": "customer-a"})
    await until(lambda: shop.site.outbox.waiting() == 0)
    assert [(row["status"], row["state"]) for row in shop.log()] == [(400, "given_up")]


async def test_duplicate_bad_signature_and_shuffle(shop: Shop) -> None:
    async with shop.shopper() as office:
        base = (await office.post("/backoffice/place", {"who": "customer-a"})).path
        await office.post(f"{base}/move", {"shipment": "s-1", "stage": "packed"})
        await until(lambda: len(shop.receiver.got) == 2)
        await office.post(f"{base}/repeat")
        await until(lambda: len(shop.receiver.got) == 3)
        last = max(shop.receiver.got, key=lambda pair: pair[1]["data"]["version"])
        assert shop.receiver.got[2] == last
        await office.post(f"{base}/spoil")
        await until(lambda: shop.receiver.refused == 1)
        await office.post(f"{base}/shuffle")
        await until(lambda: len(shop.receiver.got) == 5)
        assert {order["version"] for order in shop.receiver.orders()[3:]} == {2, 3}
        assert not {shop.receiver.got[3][0], shop.receiver.got[4][0]} & {pair[0] for pair in shop.receiver.got[:3]}
        assert shop.receiver.refused == 1
        assert ">401<" in await office.get("/backoffice/log")


@pytest.mark.thorough
async def test_a_shuffled_journey_sends_five_versions_once_each(shop: Shop) -> None:
    async with shop.shopper() as office:
        base = (await office.post("/backoffice/place", {"who": "customer-a"})).path
        await until(lambda: len(shop.receiver.got) == 1)
        await office.post(f"{base}/journey")
    await until(lambda: len(shop.receiver.got) == 6)
    versions = [order["version"] for order in shop.receiver.orders()[1:]]
    assert sorted(versions) == [3, 4, 5, 6, 7]
    stages = {order["version"]: order["shipments"][0]["stage"] for order in shop.receiver.orders()}
    assert [stages[version] for version in sorted(versions)] == ["packed", "shipped", "in_transit", "out_for_delivery", "delivered"]


async def test_nothing_is_lost_while_the_chat_server_is_down(tmp_path: Path, receiver: Receiver) -> None:
    """Placed with nobody listening, kept through a restart of the shop, and sent once when somebody listens."""
    async with open_shop(tmp_path, receiver, shopbell_internal_url="http://127.0.0.1:9") as shop, shop.shopper() as office:
        await office.post("/backoffice/place", {"who": "customer-a"})
        await until(lambda: len(shop.log()) >= 1)
        assert shop.log()[0]["status"] == 0
        assert shop.site.outbox.waiting() == 1 + len(shop.site.catalogue.products)
    async with open_shop(tmp_path, receiver) as again, again.shopper() as office:
        await office.post("/backoffice/hurry")
        await until(lambda: len(receiver.got) == 1 and again.site.outbox.waiting() == 0)
        assert len(receiver.products) == len(again.site.catalogue.products), "what waited was not told twice"
        assert [order["order_id"] for order in again.site.store.orders()] == ["A-1001"]
    assert receiver.orders()[0]["order_id"] == "A-1001"


async def test_order_and_webhook_are_saved_together(shop: Shop) -> None:
    async with shop.shopper() as office:
        await office.post("/backoffice/place", {"who": "customer-a"})
    order = shop.site.store.order("A-1001")
    assert order is not None

    def save_an_old_version() -> None:
        with shop.site.store.transaction():
            shop.site.outbox.put_order(order)
            shop.site.store.save_order(order)

    with pytest.raises(RuntimeError):
        save_an_old_version()
    with sqlite3.connect(shop.site.settings.data / "shop.sqlite3") as other:
        assert [json.loads(body)["data"]["version"] for (body,) in other.execute("SELECT body FROM outbox WHERE subject = 'A-1001'")] == [2]
    other.close()
