"""One fault under load: the ground, the crowd on it, the fault so many times, healing, and the verdict of every check.

A fault is a function of the scene; whatever it breaks it mends again, unless its name says that it is for good.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Literal

from tests.faults.checks import verdicts
from tests.faults.crowd import Crowd
from tests.faults.ground import Ground
from tests.faults.history import History
from tests.faults.proxy import Proxy
from tests.processes import ChatServer

Stands = Literal["one", "many"]


@dataclass
class Scene:
    """What a fault may touch. `injected` counts what was truly done; `findings` is what the fault itself saw go wrong."""

    ground: Ground
    crowd: Crowd
    times: int
    proxies: list[Proxy] = field(default_factory=list)
    until: float = math.inf
    injected: int = 0
    findings: list[str] = field(default_factory=list)

    def rounds(self, first: int = 0) -> Iterator[int]:
        """Numbers from `first`, as many as there are to be injections, or until the time is over: the table tells how many there were."""
        for number in range(first, first + self.times):
            if monotonic() > self.until:
                return
            yield number

    async def work(self, least_s: float = 0.3, most_s: float = 1.2) -> None:
        """Let the load run for a while, of no round length."""
        await asyncio.sleep(random.uniform(least_s, most_s))

    def some_node(self) -> ChatServer:
        return random.choice(self.ground.servers)


async def in_turn(scene: Scene, *runs: Callable[[Scene], Awaitable[None]]) -> None:
    """Several faults one after the other, each `times` times; counted as one."""
    for run in runs:
        await run(scene)
    scene.injected //= len(runs)


@dataclass(frozen=True)
class Fault:
    """`short` and `full`: how often, in the tests and in `make faults`. `people` is the crowd: bot, person, second."""

    name: str
    run: Callable[[Scene], Awaitable[None]]
    short: int
    full: int
    stands: Stands = "one"
    proxied: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, int] = field(default_factory=dict)
    program: str = "chat_server"
    """the module that is started"""
    patience_s: float = 60.0
    """how long answers may take once the fault has gone: a lease of a dead node must run out"""


@dataclass
class Result:
    """What one fault came to. `verdicts`: findings of each check; all empty is a pass."""

    fault: str
    stands: str
    injected: int
    operations: dict[str, int]
    verdicts: dict[str, list[str]]
    seconds: float
    history: History | None = None

    @property
    def passed(self) -> bool:
        return not any(self.verdicts.values())


@asynccontextmanager
async def staged(fault: Fault, ground: Ground, times: int) -> AsyncIterator[Scene]:
    """The scene with everyone online; all gone afterwards."""
    proxies: list[Proxy] = []
    crowd: Crowd | None = None
    try:
        await ground.start()
        if fault.proxied:
            proxies = [Proxy(server.stack.ports.chat) for server in ground.servers]
            for proxy in proxies:
                await proxy.start()
        crowd = Crowd(ground, (lambda: [proxy.url for proxy in proxies]) if proxies else None)
        await crowd.enter(**fault.people)
        yield Scene(ground, crowd, times, proxies)
    finally:
        if crowd is not None:
            await crowd.leave()
        for proxy in proxies:
            await proxy.end()
        await ground.end()


async def play(fault: Fault, ground: Ground, times: int, *, within: float | None = None, most_s: float = math.inf) -> Result:
    """The whole run, its history in the result. `within`: other than a heartbeat and 5 s, for a machine that has other work as well.

    `most_s`: after so long no further injection is begun.
    """
    began = asyncio.get_running_loop().time()
    async with staged(fault, ground, times) as scene:
        scene.crowd.history.within = within or scene.crowd.history.within
        scene.until = monotonic() + most_s
        scene.crowd.start()
        await scene.work(0.5, 1.0)
        await fault.run(scene)
        history = await scene.crowd.settle(fault.patience_s)
        found = verdicts(history)
        found["the fault itself"] = [*scene.findings, *(f"a message was refused: {code}" for code in scene.crowd.refused())]
        found["the fault itself"] += [] if scene.injected or not times else ["never injected"]
        found["the fault itself"] += _unanswered(scene)
        seconds = asyncio.get_running_loop().time() - began
        return Result(fault.name, fault.stands, scene.injected, history.counts(), found, seconds, history)


def _unanswered(scene: Scene) -> list[str]:
    """Outboxes that did not come to an end: nobody is to stay unheard."""
    return [f"{each.view.client} still has {len(each.outbox.waiting)} to send" for each in scene.crowd.people if each.outbox.waiting]


def keep(result: Result, ground: Ground, folder: Path) -> None:
    """History and logs of a run that failed, to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{result.fault}-{result.stands}".replace(" ", "-")
    if result.history is not None:
        result.history.save(folder / f"{name}.json")
    for server in ground.servers:
        log = server.stack.data / "chat.log"
        if log.exists():
            (folder / f"{name}-{server.stack.ports.chat}.log").write_bytes(log.read_bytes())
