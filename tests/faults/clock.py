"""Clock jumps, by the clock that the server is handed: an hour forward, half an hour back, seconds either way, and the end of a day."""

from __future__ import annotations

import random

from tests.faults.scene import Fault, Scene

JUMPS = (3600, 1800, 3607, 3595, 7200, 3590)
"""seconds that the clock is off, one after the other; it ends ahead of all of them, so that nothing is due only later"""
AHEAD = 7300


async def jump(scene: Scene) -> None:
    """Leases, due rows, presence and limits live by this clock; order and delivery must not."""
    for number in scene.rounds():
        _set(scene, JUMPS[number % len(JUMPS)] + random.random())
        scene.injected += 1
        await scene.work(0.3, 1.0)
    _set(scene, AHEAD)
    await scene.work()


def _set(scene: Scene, seconds: float) -> None:
    for server in scene.ground.servers:
        new = server.stack.data / "clock.new"
        new.write_text(str(seconds), encoding="ascii")
        new.replace(server.stack.data / "clock")


FAULTS = (Fault("clock jumps", jump, short=6, full=60, program="tests.faults.clocked"),)
