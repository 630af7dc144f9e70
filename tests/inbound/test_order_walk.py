"""Walk b and the late half of walk e without sockets: signed webhooks in, the order room, the loop, words to the shopper."""

import itertools
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chat_server import inbox_file
from chat_server.core.model import Json
from chat_server.core.order_news_reading import in_languages, parse_order_messages
from chat_server.flows import proactive, visits
from chat_server.inbound.order_facts import OrderFacts
from chat_server.outbound.orders import ShopOrders
from order_status import DeliveryConfig, OrderStatus
from order_status.shops.standard_webhooks import sign
from tests.flows.world import QUIET, World, inbox
from tests.order_status.world import NOW, SECRET, SOURCE, envelope, iso, order, parcel

MESSAGES = parse_order_messages(tomllib.loads(inbox_file.BUILT_IN.read_text())["order_messages"])


class Walk(World):
    """A world whose orders are the real ones."""

    async def begin(self) -> None:
        self.clock.now = NOW
        self.status = OrderStatus(self.database, [SOURCE], [], self.clock, [DeliveryConfig("demo", "Europe/Warsaw", "PL")])
        self.context = replace(self.context, orders=ShopOrders(self.status))
        self._deliveries = itertools.count(1)

    async def webhook(self, data: Json, *, kind: str = "order.updated") -> str:
        body = envelope(data, iso(self.clock.now), kind)
        receipt = await self.status.ingest(SOURCE.id, sign(SECRET, f"msg_{next(self._deliveries)}", self.clock.now, body), body)
        assert receipt.status == 200, receipt
        return str(receipt.body["outcome"])

    async def later(self, seconds: float = 21) -> None:
        """The debounce is over, and the loop comes by."""
        self.clock.forward(seconds=seconds)
        await OrderFacts(self.status, self.context).step()

    async def spoken(self, visitor_id: str) -> list[str]:
        """Sources of the shop's messages, in order; each beacon reports what it showed."""
        visitor = await self.store.read(lambda tx: tx.people.visitor(visitor_id))
        assert visitor is not None
        answer = await visits.beacon(self.context, visitor, QUIET)
        if answer["nudge"]:
            await proactive.seen(self.context, visitor, answer["nudge"]["message_id"])
        return [fact.message.sender.id for fact in self.ears.told if fact.message is not None]


@pytest.fixture
async def walk(database_url: str) -> AsyncIterator[Walk]:
    made = Walk(database_url, inbox(order_messages=MESSAGES))
    await made.begin()
    yield made
    await made.database.close()


async def test_from_placed_to_delivered_each_is_told_once(walk: Walk) -> None:
    visitor = await walk.visitor("c-7", locale="pl")
    steps = ["preparing", "shipped", "out_for_delivery", "delivered"]
    for version, stage in enumerate(steps, start=1):
        at = iso(walk.clock.now)
        for _ in range(2):
            await walk.webhook(order(version, parcel(stage, at)))
        await walk.later()
        await walk.spoken(visitor.id)
        walk.clock.forward(hours=9)
    assert await walk.spoken(visitor.id) == ["order:placed", "order:shipped", "order:out_for_delivery", "order:delivered"]
    first = walk.ears.told[0].message
    assert first is not None
    assert first.parts[0]["text"].startswith("Dziękujemy! Mamy Twoje zamówienie 1001.")
    assert first.parts[1]["order"]["number"] == "1001"


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
async def test_in_any_order_nothing_is_said_twice_and_nothing_untrue(walk: Walk, places: tuple[int, ...]) -> None:
    visitor = await walk.visitor("c-7", seen=False)
    snapshots = [order(number + 1, parcel(stage)) for number, stage in enumerate(("shipped", "out_for_delivery", "delivered"))]
    for place in (*places, *reversed(places)):
        await walk.webhook(snapshots[place])
        await walk.later()
    for _ in range(4):
        await walk.spoken(visitor.id)
        walk.clock.forward(minutes=2)
    assert await walk.spoken(visitor.id) == ["order:delivered"]


async def test_a_delay_comes_with_a_way_out_at_the_next_visit(walk: Walk) -> None:
    walk.inbox = inbox(order_messages={**MESSAGES, "delayed": replace(MESSAGES["delayed"], offer="voucher")})
    walk.context = replace(walk.context, inboxes={"demo": walk.inbox})
    visitor = await walk.visitor("c-7", seen=False)
    await walk.webhook(order(1, parcel("shipped", promised="2026-11-23")))
    await walk.later()
    await walk.webhook(order(2, parcel("in_transit", promised="2026-11-23", eta="2026-11-25")))
    await walk.later()
    assert walk.ears.told == []
    assert (await walk.spoken(visitor.id))[0] == "order:delayed"
    message = walk.ears.told[0].message
    assert message is not None
    assert [part["type"] for part in message.parts] == ["text", "order_card", "offer"]
    assert "Nov 25" in message.parts[0]["text"]
    assert message.parts[1]["order"]["delayed"] is True


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("uk", "Нова дата доставки: 25 листопада."),
        ("ru", "Новая дата доставки: 25 ноября."),
        ("te", "కొత్త డెలివరీ తేదీ: నవంబర్ 25."),
        ("ar", "موعد التوصيل الجديد: 25 نوفمبر."),
    ],
)
async def test_a_delay_is_told_in_the_shoppers_language(walk: Walk, locale: str, said: str) -> None:
    walk.inbox = inbox(order_messages=in_languages(MESSAGES, ("en", locale)), locales=("en", locale))
    walk.context = replace(walk.context, inboxes={"demo": walk.inbox})
    visitor = await walk.visitor("c-7", locale=locale, seen=False)
    await walk.webhook(order(1, parcel("shipped", promised="2026-11-23")))
    await walk.later()
    await walk.webhook(order(2, parcel("in_transit", promised="2026-11-23", eta="2026-11-25")))
    await walk.later()
    assert (await walk.spoken(visitor.id))[0] == "order:delayed"
    message = walk.ears.told[0].message
    assert message is not None
    assert said in message.parts[0]["text"]


async def test_a_late_parcel_is_told_with_an_apology_and_the_next_words_time_and_then_once_more(walk: Walk) -> None:
    visitor = await walk.visitor("c-7")
    scans = [{"stage": "in_transit", "at": "2026-11-18T09:00:00Z"}, {"stage": "out_for_delivery", "at": "2026-11-19T07:00:00Z"}]
    known = parcel("delivered", "2026-11-19T09:00:00Z", id="h-1", scans=scans)
    await walk.webhook(order(1, known, order_id="H-1", notify=False))
    await walk.webhook(order(1, parcel("in_transit", promised="2026-11-23")))
    await walk.later()
    await walk.spoken(visitor.id)
    walk.clock.now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    for _ in range(3):
        await walk.later(61)
    assert await walk.spoken(visitor.id) == ["order:shipped", "order:delayed"]
    message = [fact.message for fact in walk.ears.told if fact.message is not None][1]
    assert message.parts[0]["text"].startswith(
        "Your parcel from order 1001 is running late. We are sorry. We do not have a new date yet. "
        "If nothing has changed by Nov 25, 08:01, we will write to you again."
    )
    assert message.parts[1]["order"]["delayed"] is True
    walk.clock.forward(hours=25)
    for _ in range(3):
        await walk.later(61)
    assert await walk.spoken(visitor.id) == ["order:shipped", "order:delayed", "order:still_delayed"]


async def test_a_parcel_that_moves_before_the_shopper_is_back_is_not_spoken_of_as_late(walk: Walk) -> None:
    visitor = await walk.visitor("c-7", seen=False)
    await walk.webhook(order(1, parcel("in_transit", eta="2026-11-23")))
    walk.clock.now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    for _ in range(2):
        await walk.later(61)
    assert (await walk.status.overdue("demo", "A-1001"))[0].withdrawn_at is None
    await walk.webhook(order(2, parcel("out_for_delivery", "2026-11-24T08:30:00Z", eta="2026-11-23")))
    await walk.later()
    assert (await walk.status.overdue("demo", "A-1001"))[0].withdrawn_at is not None
    assert await walk.spoken(visitor.id) == ["order:out_for_delivery"]
