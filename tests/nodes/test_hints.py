"""Hints between two servers over a real Redis, and what a Redis that is slow, gone or lying does to them: hints are lost, nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

import pytest
from redis.asyncio import Redis

from chat_server.outbound import hints as bus
from chat_server.outbound.hint import Bound, Facts, Hint, Passing, Refused, SignedOut, Wake, encode, pack, seal, unpack
from chat_server.outbound.hints import CHANNEL, Hints
from tests.redis_server import RedisServer

FACTS = Facts("cnv_1", "demo", "vis_1", None, 1, 4, 5)
TYPING = Passing(
    "typing_changed", "agents", "demo", {"conversation": "cnv_1", "who": {"kind": "visitor", "id": "vis_1", "name": ""}, "typing": True}
)


KEY = b"of all servers of one database"


@dataclass
class Node:
    """One end of the bus, and what it heard."""

    hints: Hints
    heard: list[Hint] = field(default_factory=list)
    listening: int = 0

    async def has(self, *expected: Hint) -> None:
        await until(lambda: self.heard == list(expected), f"{expected}, heard {self.heard}")


async def until(condition: Callable[[], object], what: str, seconds: float = 12.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        await asyncio.sleep(0.02)


Join = Callable[[str], Node]


@pytest.fixture
async def join(redis_server: RedisServer) -> AsyncIterator[Join]:
    redis_server.heal()
    running: list[asyncio.Task[None]] = []

    def start(name: str) -> Node:
        def take(hints: Sequence[Hint]) -> None:
            node.heard.extend(hints)

        def resubscribed() -> None:
            node.listening += 1

        async def key() -> bytes:
            return KEY

        node = Node(Hints(redis_server.url, name, key, take, resubscribed))
        running.append(asyncio.create_task(node.hints.run()))
        return node

    yield start
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    redis_server.heal()


async def pair(join: Join) -> tuple[Node, Node]:
    one, other = join("one"), join("other")
    await until(lambda: one.listening and other.listening, "two subscriptions")
    return one, other


async def forge(redis: RedisServer, *frames: bytes, key: bytes = KEY) -> None:
    """Frames as somebody who has the key would send them."""
    async with Redis.from_url(redis.admin_url) as connection:
        for frame in frames:
            await connection.publish(CHANNEL, seal(key, frame))


async def test_what_one_tells_the_other_hears_in_order_and_not_itself(join: Join) -> None:
    one, other = await pair(join)
    told: list[Hint] = [FACTS, TYPING, Bound("vis_1"), SignedOut("agt_1"), Wake()]
    for hint in told:
        one.hints.publish(hint)
    await other.has(*told)
    assert one.heard == []
    assert one.hints.counts["published"] == len(told) == other.hints.counts["received"]


async def test_every_passing_event_has_a_body_of_its_own(join: Join) -> None:
    one, other = await pair(join)
    bodies: dict[str, dict[str, object]] = {
        "typing_changed": TYPING.body,
        "queue_moved": {"conversation": "cnv_1", "position": 2},
        "presence_changed": {"agent": {"id": "agt_1", "name": "A", "availability": "away", "load": 1, "capacity": 4}},
        "inbox_changed": {"online": True, "bot": "ready", "promised_minutes": None},
        "panel_changed": {"conversation": "cnv_1"},
        "order_changed": {"order_id": "A-1"},
    }
    names: tuple[Any, ...] = get_args(get_type_hints(Passing)["event"])
    assert set(names) == set(bodies)
    told = [Passing(name, "agents", "demo", bodies[name]) for name in names]
    for hint in told:
        one.hints.publish(hint)
    await other.has(*told)


async def test_hints_of_one_turn_travel_together(join: Join, redis_server: RedisServer) -> None:
    one, other = await pair(join)
    async with Redis.from_url(redis_server.admin_url) as admin:
        before = (await admin.info("commandstats")).get("cmdstat_publish", {"calls": 0})["calls"]
        for seq in range(200):
            one.hints.publish(Facts("cnv_1", "demo", "vis_1", None, 1, seq, seq + 1))
        await until(lambda: len(other.heard) == 200, "200 hints")
        after = (await admin.info("commandstats"))["cmdstat_publish"]["calls"]
    assert after - before == 1
    assert [hint.seq for hint in other.heard if isinstance(hint, Facts)] == list(range(1, 201))


async def test_who_can_write_to_redis_and_has_no_key_tells_nobody_anything(join: Join, redis_server: RedisServer) -> None:
    one, other = await pair(join)
    good = pack("forger", [encode(FACTS), encode(TYPING)])
    await forge(redis_server, good, key=b"another key")
    async with Redis.from_url(redis_server.admin_url) as connection:
        sealed = seal(KEY, good)
        for frame in (good, b"", sealed[:15], sealed[:-1], sealed + b" ", b"\x00" * 16 + good, sealed.replace(b"demo", b"second")):
            await connection.publish(CHANNEL, frame)
    await until(lambda: other.hints.counts["refused"] == 8, "8 refused")
    one.hints.publish(FACTS)
    await other.has(FACTS)


async def test_a_forged_frame_is_dropped_and_counted(join: Join, redis_server: RedisServer) -> None:
    _, other = await pair(join)
    good = pack("forger", [encode(FACTS)])
    bodies = b'{"hint":"passing","event":"typing_changed","to":"agents","inbox":"demo","body":%b}'
    await forge(
        redis_server, b"", b"{", b"null", b"\xff\xfe", b'"x"', b"[]", b'["x"]', b'["x",{}]', b'["x",[],[]]', b"[" * 100_000,
        b'["",[]]', b'["x",[' + b"1," * 300 + b"1]]", b'["x",["' + b"x" * 2_000_000 + b'"]]', good + b" x",
    )  # fmt: skip
    frames = other.hints.counts["refused"]
    await until(lambda: other.hints.counts["refused"] == 14, f"14 refused, have {frames}")
    for each in (
        b'{"hint":"everyone"}', b'{"hint":"facts"}', b'{"hint":"bound","visitor":5}', b'{"hint":"bound","visitor":"x","room":"everyone"}',
        bodies % b"{}", bodies % b'{"conversation":"c","who":{"kind":"shop","id":"x","name":"x"},"typing":true}', bodies % b'"x"',
        b'{"hint":"passing","event":"closing","to":"shoppers","inbox":"demo","body":{"code":4003,"retry":false}}',
    ):  # fmt: skip
        await forge(redis_server, b'["forger",[' + each + b"," + encode(FACTS) + b"]]")
    await other.has(*[FACTS] * 8)
    assert other.hints.counts["refused"] == 22


async def test_over_an_outage_hints_wait_and_passing_events_do_not(
    join: Join, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus, "FRESH_S", 0.2)
    one, other = await pair(join)
    redis_server.kill()
    one.hints.publish(TYPING)
    one.hints.publish(FACTS)
    await asyncio.sleep(1.0)
    redis_server.start()
    await until(lambda: one.listening == 2 and other.listening == 2, "both listen again")
    one.hints.publish(Bound("vis_2"))
    await until(lambda: Bound("vis_2") in other.heard, "what came after")
    assert TYPING not in other.heard
    assert one.hints.counts["dropped"] >= 1
    assert one.hints.counts["reconnects"] >= 2


@pytest.mark.parametrize("seconds", [1.5, 6.0])
async def test_a_redis_that_hangs_holds_nobody_up(join: Join, redis_server: RedisServer, seconds: float) -> None:
    one, other = await pair(join)
    redis_server.pause()
    began = time.monotonic()
    for seq in range(1_000):
        one.hints.publish(Facts("cnv_1", "demo", "vis_1", None, 1, seq, seq + 1))
    assert time.monotonic() - began < bus.PATIENCE_S, "telling never waits"
    longest = 0.0
    while time.monotonic() < began + seconds:
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert longest < bus.PATIENCE_S, "the loop goes on"
    redis_server.resume()
    if seconds > 4:  # who publishes again first is not heard by who subscribes again later: the heads heal that
        await until(lambda: other.listening >= 2, "a subscription that was silent for so long is made anew")
        one.hints.publish(FACTS)
        await until(lambda: FACTS in other.heard, "what is told from then on")
    else:
        await until(lambda: {hint.seq for hint in other.heard if isinstance(hint, Facts)} == set(range(1, 1_001)), "all hints, late")


async def test_the_oldest_hints_go_when_too_many_wait(join: Join, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus, "QUEUED", 50)
    one, other = await pair(join)
    redis_server.kill()
    await until(lambda: one.hints.counts["reconnects"] > 0, "the loss is seen")
    for seq in range(120):
        one.hints.publish(Facts("cnv_1", "demo", "vis_1", None, 1, seq, seq + 1))
    redis_server.start()
    await until(lambda: one.hints.counts["published"] == 50, "50 sent")
    await asyncio.sleep(0.2)
    assert one.hints.counts["dropped"] == 70
    heard = [hint.seq for hint in other.heard if isinstance(hint, Facts)]  # who listens again later than the other sends hears fewer
    assert heard == list(range(121 - len(heard), 121)), "of the newest 50"


async def test_flushed_is_nothing(join: Join, redis_server: RedisServer) -> None:
    one, other = await pair(join)
    redis_server.flush()
    one.hints.publish(FACTS)
    await other.has(FACTS)


def test_a_hint_that_cannot_be_said_is_refused_where_it_is_made() -> None:
    for body in ({"conversation": "\ud800"}, {"conversation": "x" * 5_000}):
        with pytest.raises(Refused):
            encode(Passing("panel_changed", "agents", "demo", body))
    node, hints, bad = unpack(pack("x", [encode(Passing("panel_changed", "agents", "demo", {"conversation": "x" * 99}))]))
    assert (node, hints, bad) == ("x", [], 1)
