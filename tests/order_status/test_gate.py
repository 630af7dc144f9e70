"""Groups at a gate: whole, in turn, bounded, and whoever goes away leaves nothing behind."""

import asyncio

from order_status.gate import Gate


async def test_what_came_meanwhile_goes_together_and_in_its_order() -> None:
    gate, inside = Gate(3), list[int]()
    go = [asyncio.Event() for _ in range(6)]

    async def one(number: int) -> None:
        async with gate:
            inside.append(number)
            await go[number].wait()

    tasks = [asyncio.create_task(one(number)) for number in range(6)]
    await asyncio.sleep(0.01)
    assert inside == [0]
    go[0].set()
    await asyncio.sleep(0.01)
    assert inside == [0, 1, 2, 3]
    go[1].set()
    go[2].set()
    await asyncio.sleep(0.01)
    assert inside == [0, 1, 2, 3], "the group is not over"
    for each in go:
        each.set()
    await asyncio.gather(*tasks)
    assert inside == [0, 1, 2, 3, 4, 5]


async def test_who_is_cancelled_holds_nobody_up() -> None:
    gate = Gate(2)

    async def stay(until: asyncio.Event) -> None:
        async with gate:
            await until.wait()

    first, never = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(stay(until)) for until in (first, never, never)]
    await asyncio.sleep(0.01)
    tasks[1].cancel()  # while it waits
    await asyncio.sleep(0.01)
    first.set()
    await asyncio.sleep(0.01)
    tasks[2].cancel()  # while it is inside
    late = asyncio.create_task(stay(first))
    late_too = asyncio.create_task(stay(first))
    late_too.cancel()  # before it began
    await asyncio.wait_for(late, 1)
    await asyncio.gather(*tasks, late_too, return_exceptions=True)
    await asyncio.wait_for(stay(first), 1)


async def test_who_is_cancelled_in_the_turn_in_which_it_is_let_in() -> None:
    gate, first = Gate(1), asyncio.Event()

    async def stay() -> None:
        async with gate:
            await first.wait()

    inside = asyncio.create_task(stay())
    waiting = asyncio.create_task(stay())
    await asyncio.sleep(0.01)
    first.set()
    inside.add_done_callback(lambda _: waiting.cancel())
    await asyncio.gather(inside, waiting, return_exceptions=True)
    await asyncio.wait_for(stay(), 1)
