"""The loop that takes the order room's outbox: acted upon first, taken then; one bad row holds up no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chat_server.core.model import Json
from chat_server.flows import offers
from chat_server.inbound.order_facts import ROLE, TOGETHER, OrderFacts
from chat_server.outbound.store import Store
from order_status import Effect, OfferSettled, StageChanged
from tests.flows.world import NOON, World, inbox, late, order
from tests.two_databases import sqlite_url


@dataclass
class Outbox:
    """The order room's outbox, as a list; what is taken is gone."""

    changes: list[StageChanged] = field(default_factory=list)
    settlements: list[OfferSettled] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    refuses: bool = False

    async def look(self, limit: int = 50) -> int:
        return 0

    async def due_changes(self, limit: int = 50) -> Sequence[StageChanged]:
        if self.refuses:
            raise RuntimeError("planted")
        return self.changes[:limit]

    async def taken(self, change_ids: Sequence[str]) -> None:
        self.changes = [each for each in self.changes if not set(each.change_ids) & set(change_ids)]

    async def due_settlements(self, limit: int = 50) -> Sequence[OfferSettled]:
        return self.settlements[:limit]

    async def settlements_taken(self, ids: Sequence[str]) -> None:
        self.settlements = [each for each in self.settlements if each.id not in ids]


def changed(stage: str, view: Json, *, number: str = "1", customer: str | None = "c-1", at: datetime = NOON) -> StageChanged:
    effect = Effect(f"shipment:s-1:{stage}", "shipment:s-1", stage, at)
    return StageChanged(
        f"chg_{number}", (f"chg_{number}",), "demo", "src", view["order_id"], view["number"], customer, "en", (effect,), stage, effect.key,
        at, at + timedelta(hours=24), False, view,
    )  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(sqlite_url(tmp_path), inbox())
    yield made
    await made.database.close()


async def test_a_change_becomes_a_message_and_is_taken(world: World) -> None:
    await world.visitor("c-1")
    outbox = Outbox([changed("shipped", order("shipped"))])
    assert await OrderFacts(outbox, world.context).step()
    assert world.ears.texts() == ["A-1 shipped"]
    assert outbox.changes == []
    assert not await OrderFacts(outbox, world.context).step()


async def test_handed_out_again_it_says_nothing_twice(world: World) -> None:
    await world.visitor("c-1")
    change = changed("shipped", order("shipped"))
    for _ in range(3):
        await OrderFacts(Outbox([change]), world.context).step()
    assert world.ears.texts() == ["A-1 shipped"]


async def test_guests_silent_facts_and_unknown_inboxes_are_taken_without_a_word(world: World) -> None:
    await world.visitor("c-1")
    outbox = Outbox(
        [
            changed("shipped", order(), number="1", customer=None),
            replace(changed("shipped", order(), number="2"), silent=True),
            replace(changed("shipped", order(), number="3"), inbox_id="gone"),
        ]
    )
    assert await OrderFacts(outbox, world.context).step()
    assert (outbox.changes, world.ears.told) == ([], [])


async def test_a_bad_row_stays_and_holds_up_no_other(world: World) -> None:
    await world.visitor("c-1")
    bad = changed("shipped", {**order(order_id="A-9"), "measures": [{"at": "nonsense", "text": {}}]}, number="9")
    outbox = Outbox([bad, changed("shipped", order("shipped"))])
    assert await OrderFacts(outbox, world.context).step()
    assert world.ears.texts() == ["A-1 shipped"]
    assert outbox.changes == [bad]
    assert not await OrderFacts(outbox, world.context).step(), "nothing taken: the loop pauses"


async def test_a_settlement_reaches_the_conversation_once(world: World) -> None:
    visitor = await world.visitor("c-1")
    await OrderFacts(Outbox([changed("delayed", late())]), world.context).step()
    message = world.ears.told[-1].message
    assert message is not None
    offer = message.parts[-1]["offer"]["id"]
    world.shop.answers = [("pending", None, None)]
    await offers.accept(world.context, visitor, offer)
    await world.work_off()
    outbox = Outbox(settlements=[OfferSettled("set_1", "demo", offer, "refused", "sold out", NOON)] * 2)
    assert await OrderFacts(outbox, world.context).step()
    assert outbox.settlements == []
    told = [fact.data["state"] for fact in world.ears.told if fact.kind == "offer_settled"]
    assert told == ["accepted", "pending", "refused"]


async def test_the_loop_outlives_an_outbox_that_cannot_be_read(world: World) -> None:
    await world.visitor("c-1")
    outbox = Outbox([changed("shipped", order("shipped"))], refuses=True)
    task = asyncio.create_task(OrderFacts(outbox, world.context, poll_s=0.01).run())
    await asyncio.sleep(0.05)
    assert world.ears.told == []
    outbox.refuses = False
    async with asyncio.timeout(5):
        await world.ears.heard.wait()
    assert world.ears.texts() == ["A-1 shipped"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_wake_hint_saves_the_wait(world: World) -> None:
    await world.visitor("c-1")
    outbox = Outbox()
    task = asyncio.create_task(OrderFacts(outbox, world.context, poll_s=60).run())
    await asyncio.sleep(0.05)
    outbox.changes.append(changed("shipped", order("shipped")))
    outbox.wake.set()
    async with asyncio.timeout(5):
        await world.ears.heard.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_loses_the_outbox_stops_after_the_rows_in_hand(world: World) -> None:
    await world.visitor("c-1")
    other = Store(world.database, "other")

    class Slow(Outbox):
        """While the first rows are taken, so much time goes by that another process has the outbox."""

        async def taken(self, change_ids: Sequence[str]) -> None:
            await super().taken(change_ids)
            world.clock.forward(seconds=30)
            now = world.clock()
            assert await other.write(lambda tx: tx.jobs.hold(ROLE, now, now + timedelta(seconds=20)))

    numbers = [f"A-{n}" for n in range(100, 101 + TOGETHER)]
    outbox = Slow([changed("shipped", order("shipped", order_id=each), number=each) for each in numbers])
    facts = OrderFacts(outbox, world.context)
    assert await facts.step()
    assert [change.number for change in outbox.changes] == numbers[TOGETHER:]
    assert not [text for text in world.ears.texts() if numbers[-1] in text]
    assert not await facts.step()
