"""Faults of the server processes: kill -9, SIGTERM as a deploy sends it, SIGSTOP."""

from __future__ import annotations

import asyncio
import random

from tests.faults.ground import pause, resume
from tests.faults.scene import Fault, Scene


async def kill(scene: Scene) -> None:
    """kill -9 of some node in the middle of its work; it starts again at once."""
    for _ in scene.rounds():
        node = scene.some_node()
        await asyncio.to_thread(node.kill)
        scene.injected += 1
        await asyncio.to_thread(node.start)
        await scene.work(0.5, 2.0)


async def deploy(scene: Scene) -> None:
    """SIGTERM, an orderly end, and a start; one node after the other, as a rolling deploy does it."""
    for number in scene.rounds():
        node = scene.ground.servers[number % len(scene.ground.servers)]
        await asyncio.to_thread(node.stop)
        scene.injected += 1
        code = node.child.ended() if node.child else None
        if code != 0:
            scene.findings.append(f"the server ended with {code}")
        await asyncio.to_thread(node.start)
        await scene.work()


async def stand_still(scene: Scene) -> None:
    """SIGSTOP of some node for a while: it looks alive, and nothing moves; every fourth time for longer than it may hold a lock."""
    for number in scene.rounds(1):
        node = scene.some_node()
        pause(node)
        await asyncio.sleep(random.uniform(1.5, 5.0) if number % 4 else 13.0)
        resume(node)
        scene.injected += 1
        await scene.work()


AS_DEPLOYED = {"SHOPBELL_DRAIN_S": "1"}
FAULTS = (
    Fault("kill -9 of a node", kill, short=2, full=50),
    Fault("SIGTERM deploy", deploy, short=1, full=20, env=AS_DEPLOYED),
    Fault("SIGSTOP of a node", stand_still, short=1, full=10),
    Fault("kill -9 of a node", kill, short=1, full=50, stands="many", patience_s=240),
    Fault("SIGTERM deploy", deploy, short=2, full=20, stands="many", env=AS_DEPLOYED, patience_s=90),
    Fault("SIGSTOP of a node", stand_still, short=1, full=10, stands="many"),
)
