"""`--workers N`: N processes on one port of one machine. The parent starts them, starts again what dies, and serves nothing itself.

SIGTERM and SIGINT are passed on and waited for; SIGHUP puts a fresh process in the place of each, one after the other.
"""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence

import structlog

START_S = 60.0
"""in which a process must be ready"""
STOP_S = 15.0
"""after which a process that does not end is killed"""
STEADY_S = 30.0
"""a process that lived so long may die without delay for the next"""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0
log = structlog.get_logger("workers")


class Workers:
    """`command` starts one process: it writes a line to stdout when it is ready, and ends when its standard input does."""

    def __init__(self, command: Sequence[str], count: int) -> None:
        self._command = command
        self._count = count
        self._serving: dict[int, Process] = {}
        self._fresh: dict[int, Process] = {}
        """ready to take the place of the one that serves"""
        self._alive: set[Process] = set()
        self._stopping = asyncio.Event()
        self._rolling = asyncio.Lock()
        self._places = [asyncio.Lock() for _ in range(count)]
        """held while somebody takes a place"""
        self._served = [asyncio.Event() for _ in range(count)]

    async def run(self, ready: Callable[[], None]) -> None:
        """Until SIGTERM or SIGINT, and all have ended; a second signal kills them. `ready` is called when all serve for the first time."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        rolls: set[asyncio.Task[None]] = set()

        def roll() -> None:
            task = asyncio.create_task(self._roll())
            rolls.add(task)
            task.add_done_callback(rolls.discard)

        loop.add_signal_handler(signal.SIGHUP, roll)
        places = [asyncio.create_task(self._keep(place)) for place in range(self._count)]
        announced = asyncio.create_task(self._announce(ready))
        await asyncio.gather(*places)
        announced.cancel()
        await asyncio.gather(announced, *rolls, return_exceptions=True)
        await asyncio.gather(*(self._end(process) for process in list(self._alive)))

    async def _announce(self, ready: Callable[[], None]) -> None:
        for event in self._served:
            await event.wait()
        ready()

    def _stop(self) -> None:
        number = signal.SIGKILL if self._stopping.is_set() else signal.SIGTERM
        if not self._stopping.is_set():
            asyncio.get_running_loop().call_later(STOP_S, self._kill)
        self._stopping.set()
        for process in self._alive:
            _send(process, number)

    def _kill(self) -> None:
        """Who has not ended by now hangs."""
        for process in self._alive:
            log.error("a worker did not end and is killed", pid=process.pid)
            _send(process, signal.SIGKILL)

    async def _keep(self, place: int) -> None:
        """One place of the N: whoever holds it is replaced when it ends, after a pause that grows."""
        failures, loop = 0, asyncio.get_running_loop()
        while not self._stopping.is_set():
            since = loop.time()
            process = await self._next(place)
            code = await self._gone(process) if process is not None else None
            if self._stopping.is_set():
                return
            if place in self._fresh:
                continue
            failures = 0 if loop.time() - since > STEADY_S else failures + 1
            pause = min(LONGEST_PAUSE_S, SHORTEST_PAUSE_S * 2 ** min(failures, 10))
            log.error("a worker died", worker=place, code=code, lived_s=round(loop.time() - since, 1), again_in_s=pause)
            try:
                await asyncio.wait_for(self._stopping.wait(), pause)
            except TimeoutError:
                continue

    async def _next(self, place: int) -> Process | None:
        """Who holds the place from now on; None when the machine has no room for a process."""
        async with self._places[place]:
            process = self._fresh.pop(place, None)
            if process is None:
                process = await self._start()
                if process is None:
                    return None
                if await _is_ready(process):
                    self._served[place].set()
                else:
                    _send(process, signal.SIGKILL)
            self._serving[place] = process
            return process

    async def _roll(self) -> None:
        """A fresh process for each place. One that does not become ready ends the roll, and the old ones go on."""
        if not all(each.is_set() for each in self._served):
            log.error("not all workers have served yet: nothing is replaced")
            return
        async with self._rolling:
            for place in range(self._count):
                if self._stopping.is_set() or not await self._replace(place):
                    return
                log.info("replaced", worker=place)

    async def _replace(self, place: int) -> bool:
        async with self._places[place]:
            fresh = await self._start()
            if fresh is None or not await _is_ready(fresh):
                log.error("a fresh worker is not ready; the old ones go on", worker=place)
                if fresh is not None:
                    await self._end(fresh)
                return False
            self._fresh[place] = fresh
            await self._end(self._serving[place])
            return True

    async def _start(self) -> Process | None:
        try:
            process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, start_new_session=True)
        except OSError as error:
            log.error("a worker could not be started", error=str(error))
            return None
        self._alive.add(process)
        if self._stopping.is_set():
            _send(process, signal.SIGTERM)
        return process

    async def _gone(self, process: Process) -> int:
        code = await process.wait()
        self._alive.discard(process)
        return code

    async def _end(self, process: Process) -> None:
        """Politely, then by force."""
        _send(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(self._gone(process), STOP_S)
        except TimeoutError:
            _send(process, signal.SIGKILL)
            await self._gone(process)


async def _is_ready(process: Process) -> bool:
    assert process.stdout is not None, "it was made with a pipe"
    try:
        return bool(await asyncio.wait_for(process.stdout.readline(), START_S))
    except TimeoutError:
        return False


def _send(process: Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except ProcessLookupError:
        pass
