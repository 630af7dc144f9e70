"""A Redis that is killed, hung, flushed, forged or gone for good: everything still works at each server, and the rest catches up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from functools import partial

import pytest
from redis.asyncio import Redis

from chat_server.outbound.database import Database
from chat_server.outbound.hint import seal
from chat_server.outbound.hints import CHANNEL
from chat_server.outbound.store.secrets import shared_secret
from tests.nodes.conftest import Pair
from tests.redis_server import RedisServer
from tests.walks.agent import Agent
from tests.walks.shopper import Shopper

HEARTBEAT_S = 10.0
Trouble = Callable[[RedisServer], None]


async def talk(shopper: Shopper, count: int, what: str) -> int:
    """Say it `count` times; every ack must come at once. Returns the last seq."""
    seq = 0
    for number in range(count):
        began = time.monotonic()
        seq = (await shopper.say(f"{what} {number}"))["seq"]
        assert time.monotonic() - began < 2.0, "nobody waits for Redis"
    return seq


async def meet(pair: Pair) -> tuple[Shopper, Agent, str]:
    """A shopper at one, their agent at the other, in conversation."""
    agent, shopper = await pair.other.agent(), await pair.one.shopper()
    conversation = (await shopper.say("Hello"))["conversation"]
    await agent.read(conversation)
    return shopper, agent, conversation


@pytest.mark.parametrize(
    ("break_it", "mend_it", "seconds"),
    [(RedisServer.kill, RedisServer.start, 4.0), (RedisServer.pause, RedisServer.resume, 6.0)],
    ids=["killed", "hung"],
)
async def test_an_outage_is_caught_up(pair: Pair, break_it: Trouble, mend_it: Trouble, seconds: float) -> None:
    shopper, agent, conversation = await meet(pair)
    other = await pair.one.agent()
    await other.read(conversation)
    break_it(pair.redis)
    began = time.monotonic()
    head = await talk(shopper, 5, "during")
    await other.wire.until(lambda: other.threads[conversation].last >= head, "the same server, at once", timeout=2)
    await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))
    head = await talk(shopper, 5, "still")
    mend_it(pair.redis)
    await agent.wire.until(lambda: agent.threads[conversation].last >= head, "what was missed", timeout=7)
    await asyncio.sleep(0.5)
    head = await talk(shopper, 3, "after")
    await agent.wire.until(lambda: agent.threads[conversation].last >= head, "what came after, live", timeout=3)
    assert agent.threads[conversation].texts()[-3:] == ["after 0", "after 1", "after 2"]


async def test_gone_for_good_the_heads_heal(pair: Pair) -> None:
    shopper, agent, conversation = await meet(pair)
    pair.redis.kill()
    head = await talk(shopper, 3, "alone")

    async def healed() -> None:
        while agent.threads[conversation].last < head:
            heads = [body["heads"] for body in agent.wire.passing("heads") if conversation in body["heads"]]
            if heads and heads[-1][conversation]["seq"] > agent.threads[conversation].last:
                thread = agent.threads[conversation]
                thread.start(await agent.wire.call("sync", conversation=conversation, epoch=thread.epoch, after=thread.last), conversation)
            await asyncio.sleep(0.1)

    await asyncio.wait_for(healed(), HEARTBEAT_S + 5)
    assert agent.threads[conversation].texts()[-3:] == ["alone 0", "alone 1", "alone 2"]


async def shared_key(pair: Pair) -> bytes:
    """What the two servers seal their hints with."""
    database = Database(pair.one.server.env["DATABASE_URL"])
    try:
        return await database.write(partial(shared_secret, name="hints"))
    finally:
        await database.close()


async def test_flushed_and_forged_frames_disturb_nothing(pair: Pair) -> None:
    shopper, agent, conversation = await meet(pair)
    stranger = await pair.other.shopper()
    theirs = (await stranger.say("Mine alone"))["conversation"]
    pair.redis.flush()
    fact = {"hint": "facts", "conversation": conversation, "inbox": "demo", "visitor": stranger.visitor, "contact": None, "epoch": 1}
    forged: list[object] = [
        {**fact, "after": 0, "seq": 999_999}, {**fact, "epoch": 7, "after": 0, "seq": 5},
        {**fact, "conversation": "cnv_none", "after": 0, "seq": 9}, {**fact, "conversation": theirs, "after": 0, "seq": 10**9},
        {"hint": "bound", "visitor": stranger.visitor}, {"hint": "signed_out", "agent": agent.id}, {"hint": "wake"},
    ]  # fmt: skip
    passing = {"hint": "passing", "event": "panel_changed", "to": "shoppers", "inbox": "demo", "body": {"conversation": conversation}}
    key = await shared_key(pair)
    before = len(stranger.wire.events)
    async with Redis.from_url(pair.redis.admin_url) as connection:
        for _ in range(20):
            for hint in forged:  # by somebody who has even the key
                await connection.publish(CHANNEL, seal(key, json.dumps(["forger", [hint]]).encode()))
            for hint in (*forged, passing):
                await connection.publish(CHANNEL, json.dumps(["forger", [hint]]))
            await connection.publish(CHANNEL, b"\x00\xff nonsense")
    head = await talk(shopper, 5, "through")
    await agent.wire.until(lambda: agent.threads[conversation].last >= head, "live, in spite of it", timeout=3)
    await asyncio.sleep(1.0)
    assert agent.wire.open, "their session has not ended"
    assert "panel_changed" not in [name for name, _ in stranger.wire.events]
    heard = [body for name, body in stranger.wire.events[before:] if name in ("message_created", "hidden")]
    assert {body["conversation"] for body in heard} <= {theirs}, "no conversation reaches who has no right to it"
    assert agent.threads[conversation].texts()[-5:] == [f"through {n}" for n in range(5)]
