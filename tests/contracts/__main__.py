"""`make fuzz`: requests made from the OpenAPI document, frames at the sockets, histories of the protocol; exit code 1 at a fault."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contracts.flood import Flood, rss_mb
from tests.contracts.openapi_cases import ROOM, People, run
from tests.contracts.well import alarms, people_can_talk
from tests.processes import ChatServer, DataFolders, new_stack
from tests.protocol.test_machine import QUIET, OnSqlite

WARM = 0.2
"""share of the frames after which the memory is looked at first"""
GROWTH = 1.25
"""what the memory may have become by the end, as a multiple of what it was then"""


def requests(server: ChatServer, count: int, seed: int) -> str:
    """Raises at the first answer that is not as the document says."""
    return str(run(server, count, each=60, first=seed))


def frames(server: ChatServer, count: int, seed: int) -> str:
    return asyncio.run(_frames(server, count, seed))


async def _frames(server: ChatServer, count: int, seed: int) -> str:
    assert server.child is not None
    people = await asyncio.to_thread(People, server)
    cookie = "; ".join(f"{name}={value}" for name, value in people.cookies.items())
    flood, memory = Flood(server, people.real, people.agent, cookie, seed), []
    await flood.run(round(count * WARM))
    for _ in range(4):
        memory.append(rss_mb(server.child.pid))
        await flood.run(round(count * (1 - WARM) / 4))
    await people_can_talk(server)
    memory.append(rss_mb(server.child.pid))
    assert memory[-1] < memory[0] * GROWTH, f"memory grew: {memory} MB"
    story = " → ".join(f"{each:.0f}" for each in memory)
    return f"{flood.sent.total()} frames over {flood.connections} connections ({dict(flood.sent)}); memory {story} MB"


def histories(count: int) -> str:
    """Long ones, of the state machine in tests/protocol."""
    run_state_machine_as_test(OnSqlite, settings=settings(QUIET, max_examples=count, stateful_step_count=60))
    return f"{count} of up to 60 steps"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contracts")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--histories", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    steps: list[tuple[str, Callable[[ChatServer, int, int], str], int]] = [
        ("requests", requests, told.requests), ("frames", frames, told.frames),
    ]  # fmt: skip
    failed = False
    with tempfile.TemporaryDirectory() as home:
        folders = DataFolders(Path(home))
        for name, step, count in steps:
            if count == 0:
                continue
            server = ChatServer(new_stack(folders.fresh()), extra_env=ROOM)
            server.start()
            began = time.monotonic()
            try:
                sys.stdout.write(f"{name}: {step(server, count, told.seed)} in {time.monotonic() - began:.0f} s\n")
            except (AssertionError, ExceptionGroup) as fault:
                failed = True
                sys.stdout.write(f"{name}: FAILED: {fault}\n")
            finally:
                server.stop()
            for line in alarms(server.log()):
                failed = True
                sys.stdout.write(f"{name}: in the log: {line}\n")
            sys.stdout.flush()
    if told.histories:
        sys.stdout.write(f"histories: {histories(told.histories)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
