"""Faults of what the servers lean on: the bot, the disk, Redis, PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import random
import re
import resource

import redis.asyncio

from tests.faults.ground import everyone
from tests.faults.rasa import Mood
from tests.faults.scene import Fault, Scene, in_turn
from tests.postgres import Postgres
from tests.redis_server import RedisServer

CHANNEL, SEAL = "shopbell:hints", 16
_REFUSED = re.compile(r'^shopbell_hints_total\{outcome="refused"\} ([\d.e+]+)$', re.MULTILINE)
GARBAGE = (b"", b"\x00\xff", b"{", b"[", b"null", b"[" * 5000, b'{"a": 1}', b"x" * 300_000)


async def _mood(scene: Scene, mood: Mood, seconds: float) -> None:
    for _ in scene.rounds():
        scene.ground.bot.mood = mood
        await asyncio.sleep(seconds)
        scene.ground.bot.mood = "well"
        scene.injected += 1
        await scene.work()


async def bot_slow(scene: Scene) -> None:
    """Every answer comes after the time that is allowed for it."""
    await _mood(scene, "slow", 3.0)


async def bot_garbage(scene: Scene) -> None:
    """Anything but what Rasa sends."""
    await _mood(scene, "garbage", 1.5)


async def bot_silent(scene: Scene) -> None:
    """200 and nothing in it."""
    await _mood(scene, "silent", 1.0)


async def bot_failing(scene: Scene) -> None:
    """500 with a trace."""
    await _mood(scene, "error", 1.0)


async def bot_halting(scene: Scene) -> None:
    """Half an answer, then a reset."""
    await _mood(scene, "halting", 1.0)


async def bot_down(scene: Scene) -> None:
    """Nobody listens; then it is back."""
    for _ in scene.rounds():
        await scene.ground.bot.stop()
        await asyncio.sleep(random.uniform(0.5, 4.0))
        await scene.ground.bot.start()
        scene.injected += 1
        await scene.work()


async def disk_full(scene: Scene) -> None:
    """No file of the server may grow or be written beyond its first page: every commit fails while it lasts."""
    for _ in scene.rounds():
        await _files(scene, 4096)
        await asyncio.sleep(random.uniform(0.5, 2.0))
        await _files(scene, resource.RLIM_INFINITY)
        scene.injected += 1
        await scene.work()


async def _files(scene: Scene, most: int) -> None:
    for pid in everyone(scene.ground.servers):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _redis(scene: Scene) -> RedisServer:
    assert scene.ground.redis is not None
    return scene.ground.redis


async def _redis_killed(scene: Scene, seconds: float) -> None:
    for _ in scene.rounds():
        await asyncio.to_thread(_redis(scene).kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(_redis(scene).start)
        scene.injected += 1
        await scene.work()


async def redis_killed_4(scene: Scene) -> None:
    await _redis_killed(scene, 4.0)


async def redis_killed_20(scene: Scene) -> None:
    await _redis_killed(scene, 20.0)


async def redis_hung(scene: Scene) -> None:
    """SIGSTOP: connections stand and nothing answers."""
    for _ in scene.rounds():
        _redis(scene).pause()
        await asyncio.sleep(random.uniform(3.0, 6.0))
        _redis(scene).resume()
        scene.injected += 1
        await scene.work()


async def redis_flushed(scene: Scene) -> None:
    """Everything in it is gone, and every connection is cut, over and over."""
    async with redis.asyncio.Redis.from_url(_redis(scene).admin_url) as admin:
        for _ in scene.rounds():
            await admin.flushall()
            for kind in ("pubsub", "normal"):
                await admin.client_kill_filter(_type=kind, skipme=True)
            scene.injected += 1
            await scene.work()


async def redis_gone(scene: Scene) -> None:
    """For good: the heads in the heartbeat carry everything, within a heartbeat and 5 s."""
    await asyncio.to_thread(_redis(scene).kill)
    scene.injected += 1
    await scene.work(2.0, 3.0)


async def redis_forged(scene: Scene) -> None:
    """Frames that no server sent: noise, real ones twice, and made-up hints about real conversations."""
    async with redis.asyncio.Redis.from_url(_redis(scene).admin_url) as admin, admin.pubsub() as listening:
        await listening.subscribe(CHANNEL)
        for _ in scene.rounds():
            for noise in GARBAGE:
                await admin.publish(CHANNEL, noise)
            for _ in range(20):
                heard = await listening.get_message(ignore_subscribe_messages=True, timeout=0.2)
                if heard:
                    for frame in _forged(heard["data"]):
                        await admin.publish(CHANNEL, frame)
            scene.injected += 1
            await scene.work()
    if not await _refused(scene):
        scene.findings.append("no server has refused a forged frame")


async def _refused(scene: Scene) -> float:
    """Frames that the servers took for forged, all together."""
    total = 0.0
    for url in scene.ground.urls:
        async with scene.crowd.http.get(f"{url}/metrics") as answer:
            total += sum(map(float, _REFUSED.findall(await answer.text())))
    return total


def _forged(frame: bytes) -> list[bytes]:
    """A real frame in disguises: from another server, half of it, with other numbers, for other readers, with words of ours."""
    found = [frame, frame[: len(frame) // 2], frame.replace(b'"seq":', b'"seq":9'), frame.replace(b'"epoch":1', b'"epoch":7')]
    seal, body = frame[:SEAL], frame[SEAL:]
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):  # one of ours
        return found
    for old, new in ((b'"inbox":"demo"', b'"inbox":"second"'), (b"vis_", b"vis_0"), (b'"typing_changed"', b'"message_created"')):
        found += [sealed + body.replace(old, new) for sealed in (seal, bytes(SEAL), b"")]
    if isinstance(told, list) and told:
        more = (["forged", *told[1:]], [*told, {"event": "closing", "body": {"code": 4003}}])
        found += [seal + json.dumps(each).encode() for each in more]
    return found


def _postgres(scene: Scene) -> Postgres:
    assert scene.ground.postgres is not None
    return scene.ground.postgres


async def postgres_restarted(scene: Scene) -> None:
    """By an operator, and as after a crash, in turn."""
    for number in scene.rounds():
        await asyncio.to_thread(_postgres(scene).restart, ("fast", "immediate")[number % 2])
        scene.injected += 1
        await scene.work(1.0, 3.0)


async def postgres_hung(scene: Scene) -> None:
    """SIGSTOP of all its processes."""
    for _ in scene.rounds():
        await asyncio.to_thread(_postgres(scene).pause)
        await asyncio.sleep(random.uniform(2.0, 8.0))
        await asyncio.to_thread(_postgres(scene).resume)
        scene.injected += 1
        await scene.work(1.0, 3.0)


async def bot_in_every_mood(scene: Scene) -> None:
    """One after the other; for the short run."""
    await in_turn(scene, bot_down, bot_slow, bot_garbage, bot_silent, bot_failing, bot_halting)


async def redis_in_every_trouble(scene: Scene) -> None:
    """One after the other; for the short run."""
    await in_turn(scene, redis_killed_4, redis_hung, redis_flushed, redis_forged)


TALKERS = {"bot": 6, "person": 1, "second": 1}
FAULTS = (
    Fault("bot in every mood", bot_in_every_mood, short=1, full=0, people=TALKERS),
    Fault("bot down", bot_down, short=0, full=20, people=TALKERS),
    Fault("bot slow", bot_slow, short=0, full=10, people=TALKERS),
    Fault("bot talks garbage", bot_garbage, short=0, full=20, people=TALKERS),
    Fault("bot silent", bot_silent, short=0, full=10, people=TALKERS),
    Fault("bot failing", bot_failing, short=0, full=10, people=TALKERS),
    Fault("bot stops in mid-answer", bot_halting, short=0, full=10, people=TALKERS),
    Fault("disk full", disk_full, short=2, full=20),
    Fault("Redis in every trouble", redis_in_every_trouble, short=1, full=0, stands="many"),
    Fault("Redis killed for 4 s", redis_killed_4, short=0, full=10, stands="many"),
    Fault("Redis killed for 20 s", redis_killed_20, short=0, full=3, stands="many"),
    Fault("Redis hung", redis_hung, short=0, full=10, stands="many"),
    Fault("Redis flushed", redis_flushed, short=0, full=20, stands="many"),
    Fault("Redis forged", redis_forged, short=0, full=20, stands="many"),
    Fault("Redis gone for good", redis_gone, short=1, full=1, stands="many"),
    Fault("PostgreSQL restarted", postgres_restarted, short=1, full=10, stands="many"),
    Fault("PostgreSQL hung", postgres_hung, short=1, full=10, stands="many"),
)
