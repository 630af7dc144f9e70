"""The handshake limit of one process, and who waits over HTTP: both bounded, both tell when to come back."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from chat_server.errors import ClientError, Code
from chat_server.inbound.gate import LONGEST_MS, Gate
from chat_server.inbound.waiters import MOST, OF_ONE, Waiters


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def refusal(gate: Gate) -> int | None:
    """retry_after_ms, or None when it was let in."""
    try:
        gate.enter()
    except ClientError as error:
        return error.retry_after_ms if error.code is Code.RATE_LIMITED else -1
    return None


def test_a_seconds_worth_enters_at_once_and_then_so_many_a_second() -> None:
    time = Time()
    gate = Gate(200, time)
    assert [refusal(gate) for _ in range(200)] == [None] * 200
    assert refusal(gate) is not None
    time.now += 0.1
    assert sum(refusal(gate) is None for _ in range(100)) in (19, 20)
    time.now += 60
    assert sum(refusal(gate) is None for _ in range(1_000)) == 200, "rest is not saved up"


def test_the_refused_are_given_places_in_a_line() -> None:
    time = Time()
    gate = Gate(250, time)
    waits = [wait for _ in range(5_000) if (wait := refusal(gate)) is not None]
    assert len(waits) == 4_750 == gate.refused
    assert all(later > earlier - 510 for earlier, later in pairwise(waits))
    assert waits[0] < 600
    assert 18_500 < max(waits) < LONGEST_MS + 551


def test_everybody_is_back_in_time() -> None:
    """5,000 at once, each coming back when told: all in within 25 s."""
    time = Time()
    gate, due, entered_at = Gate(250, time), [100.0] * 5_000, 0.0
    while due:
        time.now = min(due)
        due.remove(time.now)
        wait = refusal(gate)
        if wait is None:
            entered_at = time.now
        else:
            due.append(time.now + wait / 1000)
    assert entered_at - 100 < 25


async def test_waiting_is_bounded_and_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    waiters = Waiters()
    with waiters.watching("cnv_1", "vis_1") as waiter:
        waiting = asyncio.create_task(waiter.wait(20))
        await asyncio.sleep(0)
        waiters.news("cnv_2")
        await asyncio.sleep(0.05)
        assert not waiting.done()
        waiters.news("cnv_1")
        await asyncio.wait_for(waiting, 1)
        opened = [waiters.watching("cnv_1", "vis_1") for _ in range(OF_ONE)]
        for each in opened[:-1]:
            each.__enter__()
        with pytest.raises(ClientError) as refused:
            opened[-1].__enter__()
        assert refused.value.code is Code.RATE_LIMITED
        monkeypatch.setattr("chat_server.inbound.waiters.MOST", OF_ONE)
        with pytest.raises(ClientError) as full, waiters.watching("cnv_9", "vis_9"):
            pass
        assert full.value.code is Code.UNAVAILABLE
        for each in opened[:-1]:
            each.__exit__(None, None, None)
    assert len(waiters) == 0
    assert MOST > 1_000


async def test_at_the_end_nobody_waits() -> None:
    waiters = Waiters()
    with waiters.watching("cnv_1", "vis_1") as waiter:
        waiting = asyncio.create_task(waiter.wait(20))
        await asyncio.sleep(0)
        waiters.release()
        await asyncio.wait_for(waiting, 1)
        await asyncio.wait_for(waiter.wait(20), 1)
