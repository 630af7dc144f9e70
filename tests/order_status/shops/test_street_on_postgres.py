"""The same street on PostgreSQL, through the writer that the product hands in: what waits, what is found by its number, what is counted."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chat_server.outbound.database import Database
from order_status import OrderStatus, migrate
from tests.order_status.shops import bodies
from tests.order_status.shops.bodies import BIG, NUMBER
from tests.order_status.shops.street import Street
from tests.postgres import Postgres


@pytest.fixture
async def here(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path / "unused.db")
    database = Database(postgres.database())
    await database.write(migrate)
    street.status = OrderStatus(database, list(street.sources.values()), [], street.clock)
    yield street
    await database.close()


async def test_parts_and_carriers_words_wait_and_are_found(here: Street) -> None:
    await here.takes("inpost", bodies.inpost_event("delivered", "2026-11-20 10:50:00 +0100"))
    await here.takes("shopify", bodies.shopify_refund(), "refunds/create")
    await here.takes("shopify", bodies.shopify_event("out_for_delivery"), "fulfillment_events/create")
    await here.takes("shopify", bodies.shopify_order())
    assert await here.heard() == ["refunded"]
    await here.takes("shopify", bodies.shopify_fulfillment(tracking_number=NUMBER))
    assert await here.heard() == ["delivered"]
    assert (await here.post("shopify", bodies.shopify_fulfillment(tracking_number=NUMBER))).body["outcome"] == "duplicate"
    await here.takes("easypost", bodies.easypost_event(bodies.detail("lost", "2026-11-20T09:55:00Z", "lost"), est_delivery_date=None))
    view = await here.view(str(BIG))
    assert (view["headline"], [each["stage"] for each in view["shipments"]]) == ("delivered", ["delivered"])
    assert (await here.count("shopify"))["waiting"] == {"order": 2}
    assert (await here.count("inpost"))["waiting"] == {"parcel": 1}
    assert (await here.count("easypost"))["unknown"] == {"shipment:lost": 1}


async def test_text_that_a_database_refuses_is_cleaned(here: Street) -> None:
    await here.takes("shopify", bodies.shopify_order(name="#10\x0001", email="a\x00@example.com"))
    assert (await here.view(str(BIG)))["number"] == "1001"
