"""Faults of the way between client and node: cut, reset, stalled or losing in one direction; tabs that are closed and opened again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from tests.faults.proxy import Proxy
from tests.faults.scene import Fault, Scene, in_turn
from tests.faults.tab import Tab


async def _each(scene: Scene, strike: Callable[[Proxy], None], least_s: float, most_s: float) -> None:
    for _ in scene.rounds():
        proxy = random.choice(scene.proxies)
        strike(proxy)
        await asyncio.sleep(random.uniform(least_s, most_s))
        proxy.heal()
        scene.injected += 1
        await scene.work()


async def cut(scene: Scene) -> None:
    """Every connection of a node is closed."""
    await _each(scene, Proxy.cut, 0.0, 0.5)


async def reset(scene: Scene) -> None:
    """Every connection of a node is torn down; what was under way is lost."""
    await _each(scene, Proxy.reset, 0.0, 0.5)


async def stall_up(scene: Scene) -> None:
    """Clients are heard by nobody for longer than they wait for an ack; then everything arrives at once."""
    await _each(scene, lambda proxy: proxy.stall("up"), 1.0, 5.0)


async def stall_down(scene: Scene) -> None:
    """Nodes are heard by nobody: what is acked does not know it, and is sent again."""
    await _each(scene, lambda proxy: proxy.stall("down"), 1.0, 5.0)


async def lose_up(scene: Scene) -> None:
    """What clients send is swallowed until the connection breaks."""
    await _each(scene, lambda proxy: proxy.lose("up"), 1.0, 5.0)


async def lose_down(scene: Scene) -> None:
    """What nodes send is swallowed until the connection breaks: acks and facts are gone."""
    await _each(scene, lambda proxy: proxy.lose("down"), 1.0, 5.0)


async def reload(scene: Scene) -> None:
    """A shopper with 30 messages waiting reloads the page, again and again, while they are being sent."""
    for _ in scene.rounds():
        old = random.choice([person for person in scene.crowd.people if isinstance(person, Tab)])
        for _ in range(30):
            old.say()
        for _ in range(3):
            await asyncio.sleep(random.uniform(0.0, 0.4))
            if old.line is not None:
                old.line.abort()
            await scene.crowd.close(old)
            old = scene.crowd.tab(old.browser)
        scene.injected += 1
        await scene.work()


async def two_tabs(scene: Scene) -> None:
    """Two tabs of one browser both send what waits in their outbox, at the same time: no tab leads."""
    tabs = [person for person in scene.crowd.people if isinstance(person, Tab)]
    for _ in scene.rounds():
        first = random.choice(tabs)
        second = scene.crowd.tab(first.browser)
        for _ in range(10):
            (first if random.random() < 0.5 else second).say()
            await asyncio.sleep(0.01)
        scene.injected += 1
        await scene.work()


async def every_trouble(scene: Scene) -> None:
    """One after the other; for the short run."""
    await in_turn(scene, cut, reset, stall_up, stall_down, lose_up, lose_down)


FAULTS = (
    Fault("connections in every trouble", every_trouble, short=1, full=0, proxied=True),
    Fault("connections cut", cut, short=0, full=50, proxied=True),
    Fault("connections reset", reset, short=0, full=50, proxied=True),
    Fault("stalled towards the node", stall_up, short=0, full=20, proxied=True),
    Fault("stalled towards the client", stall_down, short=0, full=20, proxied=True),
    Fault("lost towards the node", lose_up, short=0, full=20, proxied=True),
    Fault("lost towards the client", lose_down, short=0, full=20, proxied=True),
    Fault("reload with 30 messages waiting", reload, short=1, full=20),
    Fault("two tabs send the same", two_tabs, short=1, full=20),
    Fault("two tabs send the same", two_tabs, short=1, full=20, stands="many"),
    Fault("connections reset", reset, short=2, full=50, stands="many", proxied=True),
    Fault("stalled towards the client", stall_down, short=0, full=20, stands="many", proxied=True),
    Fault("reload with 30 messages waiting", reload, short=0, full=20, stands="many"),
)
