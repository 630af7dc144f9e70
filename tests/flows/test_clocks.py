"""Jobs side by side: a kind that hangs leaves room for the others."""

from __future__ import annotations

import asyncio

from chat_server.core.conversation import BOT_TURN
from chat_server.core.model import Job
from chat_server.flows import offers
from chat_server.flows.clocks import LIMIT, ROOM_OF, Clocks
from tests.flows.world import World


async def test_a_shop_that_hangs_does_not_hold_up_the_bot(world: World) -> None:
    clocks, open_again, answered = Clocks(world.context, asyncio.Event()), asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def hang(job: Job) -> str:
        await open_again.wait()
        done.append(job.kind)
        return "done"

    async def turn(job: Job) -> str:
        done.append(job.kind)
        answered.set()
        return "done"

    clocks._kinds |= {offers.DELIVER: hang, BOT_TURN: turn}
    calls = [Job(f"call:{number}", offers.DELIVER, world.clock(), {"offer": f"off_{number}"}) for number in range(LIMIT)]
    await world.store.write(lambda tx: tx.jobs.add(calls))
    assert await clocks.step()
    assert len(clocks._held) == ROOM_OF[offers.DELIVER]
    await world.store.write(lambda tx: tx.jobs.add([Job("turn", BOT_TURN, world.clock(), {"conversation": "cnv_1"})]))
    assert await clocks.step()
    await asyncio.wait_for(answered.wait(), 10)
    assert not await clocks.step(), "there is no room for another call"
    open_again.set()
    await clocks.idle()
    while await clocks.step():
        await clocks.idle()
    assert done.count(offers.DELIVER) == LIMIT
