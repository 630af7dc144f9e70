"""The door half of walk b: what is answered to a webhook, what is stored, and what is only counted."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select

from order_status import OrderStatus, Receipt, SourceConfig, Writer
from order_status.shops.standard_webhooks import sign
from order_status.tables import changes, deliveries, metadata, orders
from tests.order_status.world import NOW, OLD_SECRET, SECRET, SOURCE, SqliteWriter, World, envelope, iso, order, parcel

A = TypeVar("A")
T = TypeVar("T")


async def rows(world: World) -> dict[str, int]:
    """How many rows each table holds, without the counts."""

    def work(conn: Connection) -> dict[str, int]:
        tables = [table for table in metadata.sorted_tables if table.name not in ("order_counts", "order_secrets")]
        return {table.name: conn.execute(select(func.count()).select_from(table)).scalar_one() for table in tables}

    return {name: n for name, n in (await world.writer.read(work)).items() if n}


async def test_an_accepted_event_is_stored_raw_with_its_order_and_its_news(world: World) -> None:
    body = envelope(order(1), iso(NOW))
    assert await world.status.ingest("src_1", sign(SECRET, "msg_1", NOW, body), body) == Receipt(200, {"ok": True, "outcome": "accepted"})
    assert await rows(world) == {"order_deliveries": 1, "order_orders": 1, "order_changes": 1, "order_watches": 1}

    def work(conn: Connection) -> tuple[bytes, str, str]:
        delivery = conn.execute(select(deliveries)).one()
        return delivery.body, delivery.order_id, conn.execute(select(orders.c.customer_id)).scalar_one()

    assert await world.writer.read(work) == (body, "A-1001", "c-7")
    assert world.status.wake.is_set()


async def test_the_same_delivery_again_is_a_duplicate_whatever_it_holds(world: World) -> None:
    await world.send(order(1), delivery="msg_x")
    world.status.wake.clear()
    before = await rows(world)
    assert await world.send(order(1), delivery="msg_x") == Receipt(200, {"ok": True, "outcome": "duplicate"})
    assert await world.send(order(2, parcel("shipped")), delivery="msg_x") == Receipt(200, {"ok": True, "outcome": "duplicate"})
    assert await rows(world) == before
    assert not world.status.wake.is_set()
    assert (await world.numbers())["duplicates"] == 2


async def test_the_same_delivery_id_of_another_source_is_another_delivery(world: World) -> None:
    await world.send(order(1), delivery="msg_x")
    assert (await world.send(order(2, parcel("shipped")), delivery="msg_x", source="src_2")).body["outcome"] == "accepted"


async def test_deliveries_at_the_same_time_are_stored_once(world: World) -> None:
    receipts = await asyncio.gather(*[world.send(order(1), delivery="msg_x") for _ in range(10)])
    assert sorted(receipt.body["outcome"] for receipt in receipts) == ["accepted"] + ["duplicate"] * 9


async def test_a_bad_signature_is_401_and_leaves_only_a_number(world: World) -> None:
    body = envelope(order(1), iso(NOW))
    good = sign(SECRET, "msg_1", NOW, body)
    hostile = [
        {},
        {**good, "webhook-signature": "v1,AAAA"},
        {**good, "webhook-timestamp": "x"},
        sign(SECRET, "msg_1", NOW.replace(hour=9), body),
    ]
    for headers in hostile:
        receipt = await world.status.ingest("src_1", headers, body)
        assert (receipt.status, receipt.body["error"]["code"]) == (401, "unauthenticated")
    assert (await world.status.ingest("src_1", good, body + b" ")).status == 401
    assert await rows(world) == {}
    assert (await world.numbers())["refused"] == {"bad_header": 1, "bad_signature": 2, "no_signature": 1, "too_old": 1}
    assert (await world.status.ingest("src_1", good, body)).status == 200


async def test_the_secret_of_another_source_does_not_open_this_one(tmp_path: Path) -> None:
    world = World(tmp_path / "shop.db", source=replace(SOURCE, secrets=(OLD_SECRET,)))
    body = envelope(order(1), iso(NOW))
    assert (await world.status.ingest("src_1", sign(SECRET, "msg_1", NOW, body), body)).status == 401
    assert (await world.status.ingest("src_1", sign(OLD_SECRET, "msg_1", NOW, body), body)).status == 200


async def test_a_malformed_body_is_400_with_its_reason_and_may_be_sent_again_mended(world: World) -> None:
    receipt = await world.send(order(1, colour="red"), delivery="msg_x")
    message = "Object contains unknown field `colour` - at `$.data`"
    assert receipt == Receipt(400, {"ok": False, "error": {"code": "bad_request", "message": message}})
    assert await rows(world) == {"order_dead_letters": 1}
    assert (await world.send(order(1), delivery="msg_x")).body["outcome"] == "accepted"
    assert (await world.numbers())["refused"] == {"malformed": 1}


async def test_a_body_may_have_256_kilobytes(world: World) -> None:
    for size, status in ((256 * 1024, 200), (256 * 1024 + 1, 413)):
        body = envelope(order(1), iso(NOW))
        body += b" " * (size - len(body))
        receipt = await world.status.ingest("src_1", sign(SECRET, f"msg_{size}", NOW, body), body)
        assert receipt.status == status
    assert receipt.body["error"]["code"] == "too_large"
    assert (await world.numbers())["refused"] == {"too_large": 1}


async def test_an_unknown_source_is_404(world: World) -> None:
    receipt = await world.send(order(1), source="src_9")
    assert (receipt.status, receipt.body["error"]["code"]) == (404, "not_found")
    assert await rows(world) == {}


async def test_known_topics_that_are_not_taken_are_200_and_counted(world: World) -> None:
    for kind in ("contact.updated", "contact.updated"):
        assert await world.send({"id": "c-7"}, kind=kind) == Receipt(200, {"ok": True, "outcome": "ignored"})
    assert (await world.numbers())["ignored"] == {"contact.updated": 2}
    assert await rows(world) == {}
    assert not world.status.wake.is_set()


async def test_a_settled_offer_is_handed_out_until_it_is_taken_and_counts_once(world: World) -> None:
    assert (await world.send({"offer_id": "off_1", "status": "done"}, kind="offer.settled")).body["outcome"] == "accepted"
    assert world.status.wake.is_set()
    assert (await world.send({"offer_id": "off_1", "status": "refused", "reason": "late"}, kind="offer.settled")).body[
        "outcome"
    ] == "accepted"
    assert (await world.send({"offer_id": "off_2", "status": "refused", "reason": "late"}, kind="offer.settled")).status == 200
    due = await world.status.due_settlements()
    assert sorted((each.inbox_id, each.offer_id, each.status, each.reason, each.at) for each in due) == [
        ("demo", "off_1", "done", None, NOW),
        ("demo", "off_2", "refused", "late", NOW),
    ]
    await world.status.settlements_taken([each.id for each in due])
    assert await world.status.due_settlements() == []


async def test_numbers_and_the_last_event(world: World) -> None:
    await world.accept(order(1))
    world.clock.pass_(hours=1)
    await world.accept(order(2))
    world.clock.pass_(hours=1)
    await world.send(order(3, x=1))
    assert await world.numbers() == {
        "source_id": "src_1",
        "inbox_id": "demo",
        "kind": "native",
        "accepted": 2,
        "duplicates": 0,
        "contradictions": 0,
        "replayed": 0,
        "unfolded": 0,
        "put_off": 0,
        "waiting": {},
        "ignored": {},
        "refused": {"malformed": 1},
        "unknown": {},
        "last_event": NOW.replace(hour=11),
    }


async def test_refusals_are_written_at_most_once_a_second(world: World) -> None:
    writes = 0
    write = world.writer.write

    async def counting(work: Callable[[Connection], T]) -> T:
        nonlocal writes
        writes += 1
        return await write(work)

    world.writer.write = counting  # type: ignore[method-assign]  # to see how often the real one is used
    for _ in range(500):
        await world.status.ingest("src_1", {}, b"{}")
        world.clock.pass_(milliseconds=10)
    assert writes <= 5
    assert (await world.numbers())["refused"] == {"no_signature": 500}


async def test_too_many_unknown_values_are_counted_together(world: World) -> None:
    for n in range(103):
        await world.accept(order(n, parcel(f"odd_{n:03d}")))
    unknown = (await world.numbers())["unknown"]
    assert len(unknown) == 101
    assert unknown["other"] == 3


class Failing:
    """A database that is away."""

    async def write(self, work: Callable[[Connection], T]) -> T:
        raise ConnectionError("away")

    async def write_each(self, each: Callable[[Connection, Sequence[A]], Sequence[T]], item: A) -> T:
        raise ConnectionError("away")

    async def read(self, work: Callable[[Connection], T]) -> T:
        raise ConnectionError("away")


class FailsAtCommit(SqliteWriter):
    async def write(self, work: Callable[[Connection], T]) -> T:
        with self.engine.begin() as conn:
            work(conn)
            raise ConnectionError("the power went")


@pytest.mark.parametrize("broken", ["away", "at commit"])
async def test_nothing_is_acknowledged_that_was_not_stored(tmp_path: Path, broken: str) -> None:
    world = World(tmp_path / "shop.db")
    writer: Writer = Failing() if broken == "away" else FailsAtCommit(tmp_path / "shop.db")
    status = OrderStatus(writer, [SOURCE], [], world.clock)
    body = envelope(order(1), iso(NOW))
    with pytest.raises(ConnectionError):
        await status.ingest("src_1", sign(SECRET, "msg_1", NOW, body), body)
    assert await rows(world) == {}
    assert not status.wake.is_set()
    assert (await world.status.ingest("src_1", sign(SECRET, "msg_1", NOW, body), body)).body["outcome"] == "accepted"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        (replace(SOURCE, kind="telepathy"), "kind"),
        (replace(SOURCE, id=""), "id"),
        (replace(SOURCE, secrets=()), "secret"),
        (replace(SOURCE, secrets=("whsec_c2hvcnQ=",)), "24 bytes"),
        (replace(SOURCE, secrets=(SECRET, "plain text!")), "base64"),
        (replace(SOURCE, timezone="Middle/Earth"), "time zone"),
        (replace(SOURCE, timezone="../etc/passwd"), "time zone"),
    ],
)
def test_a_source_that_cannot_work_is_refused_at_the_start(world: World, source: SourceConfig, word: str) -> None:
    with pytest.raises(ValueError, match=word) as error:
        OrderStatus(world.writer, [source], [], world.clock)
    assert "plain text" not in str(error.value)
    with pytest.raises(ValueError, match="one id"):
        OrderStatus(world.writer, [SOURCE, SOURCE], [], world.clock)


async def test_every_effect_of_an_order_reaches_the_outbox_once(world: World) -> None:
    for version in range(1, 6):
        await world.accept(order(version, parcel("shipped", f"2026-11-20T09:3{version}:00Z")))

    def work(conn: Connection) -> list[str]:
        return list(conn.execute(select(changes.c.effect_key).order_by(changes.c.effect_key)).scalars())

    assert await world.writer.read(work) == ["order/placed", "shipment:s-1/shipped"]
