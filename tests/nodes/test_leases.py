"""Jobs, the orders' outbox and presence, shared by processes on one PostgreSQL: one does it, and a dead one's share goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from chat_server.core.model import Agent, Availability, Job, Role
from chat_server.flows.clocks import LEASE, Clocks
from chat_server.inbound.order_facts import HELD, OrderFacts
from chat_server.outbound.database import Database
from chat_server.outbound.migrations import migrate
from chat_server.outbound.store import Store
from tests.flows.world import NOON, World, inbox
from tests.postgres import Postgres

Fleet = Callable[[str], Store]


@pytest.fixture
async def url(postgres: Postgres) -> str:
    made = postgres.database()
    database = Database(made)
    await database.write(migrate)
    await database.close()
    return made


@pytest.fixture
async def fleet(url: str) -> AsyncIterator[Fleet]:
    """A process by name: a store on a connection of its own."""
    databases: list[Database] = []

    def start(name: str) -> Store:
        databases.append(Database(url))
        return Store(databases[-1], name)

    yield start
    for database in databases:
        await database.close()


def job(key: str, conversation: str | None = None) -> Job:
    return Job(key, "kind", NOON, {"conversation": conversation} if conversation else {})


async def claimed(store: Store, seconds: float = 0, limit: int = 32) -> list[str]:
    now = NOON + timedelta(seconds=seconds)
    return [each.key for each in await store.write(lambda tx: tx.jobs.claim(now, now + LEASE, limit))]


async def test_each_job_is_claimed_by_one(fleet: Fleet) -> None:
    stores = [fleet(name) for name in "abcd"]
    await stores[0].write(lambda tx: tx.jobs.add(job(f"j{n:02}") for n in range(40)))
    claims = await asyncio.gather(*(claimed(store, limit=5) for store in stores for _ in range(3)))
    keys = [key for claim in claims for key in claim]
    assert sorted(keys) == [f"j{n:02}" for n in range(40)]


async def test_jobs_of_a_conversation_stay_with_one_process(fleet: Fleet) -> None:
    a, b = fleet("a"), fleet("b")
    await a.write(lambda tx: tx.jobs.add([job("one", "cnv_1"), job("two", "cnv_1"), job("three", "cnv_2")]))
    assert await claimed(a, limit=1) == ["one"]
    assert await claimed(b) == ["three"], "the second job of cnv_1 waits for who has the first"
    assert await claimed(a) == ["two"]
    await a.write(lambda tx: tx.jobs.done("one", "ok", NOON))
    await a.write(lambda tx: tx.jobs.again("two", NOON))
    assert await claimed(b) == ["two"], "free again for anybody"


async def test_the_share_of_a_dead_process_is_taken_over_and_not_given_back(fleet: Fleet) -> None:
    dead, other = fleet("dead"), fleet("other")
    await dead.write(lambda tx: tx.jobs.add([job("one", "cnv_1"), job("two", "cnv_1")]))
    assert await claimed(dead) == ["one", "two"]
    assert await claimed(other, LEASE.total_seconds() - 1) == []
    assert await claimed(other, LEASE.total_seconds() + 1) == ["one", "two"]
    late = NOON + 2 * LEASE
    assert await dead.write(lambda tx: tx.jobs.renew(["one", "two"], late)) == set(), "it slept, and wakes up too late"
    await dead.write(lambda tx: tx.jobs.again("one", late))
    assert await other.write(lambda tx: tx.jobs.renew(["one", "two"], late)) == {"one", "two"}
    assert await other.write(lambda tx: tx.jobs.done("one", "ok", NOON)) is True
    assert await dead.write(lambda tx: tx.jobs.done("one", "ok", NOON)) is False


async def test_a_process_that_ends_gives_back_at_once(fleet: Fleet) -> None:
    a, b = fleet("a"), fleet("b")
    await a.write(lambda tx: tx.jobs.add([job("one", "cnv_1")]))
    assert await claimed(a) == ["one"]
    await a.write(lambda tx: tx.jobs.give_back())
    assert await claimed(b, 1) == ["one"]


async def test_one_process_has_a_role_until_it_dies(fleet: Fleet) -> None:
    a, b = fleet("a"), fleet("b")

    async def hold(store: Store, seconds: float) -> bool:
        now = NOON + timedelta(seconds=seconds)
        return await store.write(lambda tx: tx.jobs.hold("role", now, now + HELD))

    assert [await hold(a, 0), await hold(b, 1), await hold(a, 15), await hold(b, 30)] == [True, False, True, False]
    assert await hold(b, 36) is True
    assert await hold(a, 37) is False
    assert await claimed(a, 10**6) == [], "a role is no job"


async def test_an_agent_is_there_while_any_process_sees_them(fleet: Fleet) -> None:
    a, b = fleet("a"), fleet("b")
    agent = Agent("agt_1", "demo", "Agent", "a@shop.example", Role.AGENT, Availability.ONLINE, 4)
    await a.write(lambda tx: tx.people.put_agent(agent, "-", NOON))

    async def connected(seconds: float = 0) -> bool:
        found = await b.read(lambda tx: tx.people.agent("agt_1", NOON + timedelta(seconds=seconds)))
        return found is not None and found.connected

    assert not await connected()
    for store in (a, b, a):
        await store.write(lambda tx: tx.people.agents_seen(["agt_1"], NOON))
    await a.write(lambda tx: tx.people.agents_seen(["agt_1"], None))
    assert await connected()
    assert not await connected(46), "a process that died sees nobody"
    await b.write(lambda tx: tx.people.agents_seen(["agt_1"], None))
    assert not await connected()


class Outbox:
    """The orders' outbox, by number: everything is due until it was taken."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self.asked = 0

    async def look(self, limit: int = 50) -> int:
        return 0

    async def due_changes(self, limit: int = 50) -> list[Any]:
        self.asked += 1
        return []

    async def taken(self, change_ids: object) -> None: ...

    async def due_settlements(self, limit: int = 50) -> list[Any]:
        return []

    async def settlements_taken(self, ids: object) -> None: ...


async def test_one_process_works_the_outbox_off_and_the_others_wake_it(url: str) -> None:
    worlds = [World(url, inbox()) for _ in range(2)]
    for world, name in zip(worlds, "ab", strict=True):
        world.store = Store(world.database, name)
        world.use(inbox())
    outboxes = [Outbox(), Outbox()]
    told: list[str] = []
    first, second = (
        OrderFacts(outbox, world.context, lambda: told.append("elsewhere"), 0.01) for outbox, world in zip(outboxes, worlds, strict=True)
    )
    await first.step()
    await second.step()
    assert [outbox.asked for outbox in outboxes] == [1, 0]
    second.hinted()
    assert not outboxes[1].wake.is_set(), "a hint is for who works it off"
    first.hinted()
    assert outboxes[0].wake.is_set()
    outboxes[1].wake.set()
    running = asyncio.create_task(second.run())
    await asyncio.sleep(0.1)
    assert told == ["elsewhere"]
    for world in worlds:
        world.clock.forward(seconds=HELD.total_seconds() + 1)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if outboxes[1].asked:
            break
    assert outboxes[1].asked, "the first is silent: the second takes over"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    for world in worlds:
        await world.database.close()


async def test_leases_are_renewed_while_a_job_takes_its_time(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat_server.flows.clocks.RENEW_S", 0.05)
    world = World(url, inbox())
    world.store = Store(world.database, "a")
    world.use(inbox())
    other = Store(world.database, "b")
    clocks, began, go = Clocks(world.context, asyncio.Event(), 0.01), asyncio.Event(), asyncio.Event()

    async def slow(_job: Job) -> str:
        began.set()
        await go.wait()
        return "ok"

    clocks._kinds["kind"] = slow
    await world.store.write(lambda tx: tx.jobs.add([Job("one", "kind", world.clock(), {"conversation": "cnv_1"})]))
    running = asyncio.create_task(clocks.run())
    await asyncio.wait_for(began.wait(), 5)
    for _ in range(4):
        world.clock.forward(seconds=LEASE.total_seconds() / 2)
        await asyncio.sleep(0.2)
    assert await other.write(lambda tx: tx.jobs.claim(world.clock(), world.clock() + LEASE, 9)) == []
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    finishing = asyncio.create_task(clocks.finish(0.05))
    await asyncio.wait_for(finishing, 5)
    left = await other.write(lambda tx: tx.jobs.claim(world.clock(), world.clock() + LEASE, 9))
    assert [each.key for each in left] == ["one"], "what could not end is free for others at once"
    await world.database.close()
