"""The servers that are measured: ours, Node's socket.io, python-socketio as it comes. Each starts on its core and connects pairs.

Ours is the real server with everything on its path; only its limits of requests are raised. Folders are temporary.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks import cores, shops
from benchmarks.load import Load, Receiver, Sender, Tally
from benchmarks.wire import Json, Refused, Socket
from tests.postgres import Postgres
from tests.processes import Process
from tests.redis_server import RedisServer
from tools import keys, node
from tools.child import Child
from tools.command import run
from tools.places import PYTHON, ROOT
from tools.ports import free_ports
from tools.stack import Ports, Stack
from tools.stamp import digest, done, mark

T = TypeVar("T")
PEER = ROOT / "benchmarks" / "peer"
NAMES = "which servers, by commas: ours (on SQLite), postgresql, workers (two on one port, PostgreSQL and Redis), node, plain"
START_S = 60
AT_ONCE = 50
UNLIMITED = {
    "SHOPBELL_MESSAGES_PER_MINUTE": "1000000",
    "SHOPBELL_COMMANDS_PER_MINUTE": "1000000",
    "SHOPBELL_HANDSHAKES_PER_MINUTE": "1000000",
    "SHOPBELL_HANDSHAKES_PER_SECOND": "1000000",
    "SHOPBELL_DRAIN_S": "0",
    "SHOPBELL_LOG": "error",
}


@dataclass
class Server:
    """One server process (or group), started on `core`. `start` and `stop` may follow each other; the port stays."""

    name: str
    core: int
    folder: Path
    port: int = 0
    child: Child | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> Sequence[str | Path]:
        """What is run."""
        raise NotImplementedError

    ready = "/"

    def start(self) -> None:
        """Returns when it answers."""
        self.port = self.port or free_ports(1)[0]
        with cores.on(self.core):
            self.child = Process(self.name, self.command(), env=self.environment, log=self.folder / f"{self.name}.log")
        try:
            self.child.wait_for(f"http://127.0.0.1:{self.port}{self.ready}", START_S)
        except BaseException:
            self.child.end()
            raise
        for pid in self.pids:
            cores.prefer(pid)

    def stop(self) -> None:
        if self.child is not None:
            self.child.end()
            self.child = None

    @property
    def pids(self) -> list[int]:
        """Of the running server, with whatever it started."""
        assert self.child is not None
        return cores.family(self.child.pid)

    async def pairs(self, count: int, tally: Tally) -> Load:
        """`count` pairs that have said hello and can speak."""
        found = await gathered([partial(self.pair, number, tally) for number in range(count)])
        return Load([sender for sender, _ in found], [receiver for _, receiver in found], tally)

    async def pair(self, number: int, tally: Tally) -> tuple[Sender, Receiver]:
        """One pair."""
        about: Json = {"pair": number}
        sender, receiver = Sender("/", about, tally), Receiver("/", about)
        receiver.sender = sender
        for each in (receiver, sender):
            await each.open(self.port)
            await each.call("sync", {})
        return sender, receiver

    async def visitor(self, memory: dict[str, str] | None = None) -> Socket:
        """One client that is connected and synced, and then says nothing. `memory`: what its browser keeps over reconnects."""
        found = Socket("/", {"pair": "idle"})
        await found.open(self.port)
        await found.call("sync", {})
        return found


class NodePeer(Server):
    """Node's socket.io; installs its packages when they are missing."""

    def command(self) -> Sequence[str | Path]:
        return [program("node"), PEER / "server.mjs", str(self.port)]


class PlainPeer(Server):
    """python-socketio as it comes."""

    def command(self) -> Sequence[str | Path]:
        return [PYTHON, PEER / "plain.py", str(self.port)]


class Ours(Server):
    """`python -m chat_server` with a shop and an agent for each pair. `database`: a URL, or empty for SQLite in the folder."""

    ready = "/readyz"
    workers = 1

    def command(self) -> Sequence[str | Path]:
        words: list[str | Path] = [PYTHON, "-m", "chat_server"]
        return [*words, "--workers", str(self.workers)] if self.workers > 1 else words

    def prepare(self, count: int, database: str = "", more: Mapping[str, str] | None = None) -> None:
        """Inbox files, agents and their sessions. Before `start`, once."""
        self.port = free_ports(1)[0]
        secrets = keys.load_or_make(self.folder)
        inboxes = self.folder / "inboxes"
        stack = Stack(self.folder, secrets, Ports(chat=self.port), inboxes, bot=False)
        self.environment = {**stack.chat_env(), **UNLIMITED, "DATABASE_URL": database, "SHOPBELL_PUBLIC_URL": "", **(more or {})}
        self.seats = shops.furnish(inboxes, database or f"sqlite:///{self.folder / 'shopbell.sqlite3'}", count)

    async def pair(self, number: int, tally: Tally) -> tuple[Sender, Receiver]:
        """A shopper who writes in a conversation that is assigned to the shop's one agent, and that agent."""
        seat = self.seats[number]
        receiver = Receiver("/agent", {"csrf": seat.csrf})
        await receiver.open(self.port, {"Cookie": f"shopbell_session={seat.token}"})
        granted(await receiver.call("sync", {}))
        asking = Sender("/shopper", {"key": seat.key}, tally)
        await asking.open(self.port)
        granted(await asking.call("sync", {}))
        first = granted(await asking.call("send_message", {"client_id": f"first-{os.urandom(8).hex()}", "text": "Hello"}))
        conversation = first["conversation"]
        granted(await receiver.call("claim", {"conversation": conversation}))
        asking.extra = f',"conversation":"{conversation}"'
        receiver.sender = asking
        return asking, receiver

    async def visitor(self, memory: dict[str, str] | None = None) -> Socket:
        memory = {} if memory is None else memory
        found = Socket("/shopper", {"key": self.seats[0].key, **memory})
        await found.open(self.port)
        try:
            told = granted(await found.call("sync", {}))
        except (Refused, TimeoutError):
            found.close()
            raise
        if "token" in told["visitor"]:
            memory["visitor"] = told["visitor"]["token"]
        return found


class Backends:
    """PostgreSQL and Redis of this run, started when the first server asks. They are the tests' own: private, durable as in production."""

    def __init__(self, folder: Path, core: int, stack: contextlib.ExitStack) -> None:
        self._folder, self._core, self._stack = folder, core, stack
        self._postgres: Postgres | None = None

    def postgres(self) -> str:
        """The URL of a new database."""
        if self._postgres is None:
            with cores.on(self._core):
                self._postgres = Postgres()
                self._stack.callback(self._postgres.end)
                self._postgres.start()
        return self._postgres.database()

    def redis(self) -> str:
        """The URL of a new Redis."""
        folder = self._folder / "redis"
        folder.mkdir()
        redis = RedisServer(folder)
        with cores.on(self._core):
            redis.start()
        self._stack.callback(redis.end)
        return redis.url


def granted(answer: Json) -> Json:
    """The ack, when it is a yes."""
    if not answer.get("ok"):
        error = answer.get("error", {})
        raise Refused(f"refused: {error}", error.get("retry_after_ms"))
    return answer


async def gathered(makers: Sequence[Callable[[], Awaitable[T]]], at_once: int = AT_ONCE) -> list[T]:
    """All of them, a few at a time, in order."""
    gate = asyncio.Semaphore(at_once)

    async def one(make: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await make()

    return list(await asyncio.gather(*(one(make) for make in makers)))


def program(name: str) -> str:
    """node or npm, wherever the tools have it."""
    found = shutil.which(name, path=node.programs())
    assert found is not None, "node.programs() answers a path on which it is"
    return found


def install_peer() -> None:
    """benchmarks/peer/node_modules as package-lock.json says."""
    lock = digest([PEER / "package-lock.json"])
    stamp = PEER / "node_modules" / ".synced"
    if not done(stamp, lock):
        run([program("npm"), "ci", "--no-audit", "--no-fund"], cwd=PEER, env={"PATH": node.programs()}, seconds=300)
        mark(stamp, lock)


@contextlib.contextmanager
def running(servers: Sequence[Server]) -> Iterator[None]:
    """Starts all of them, and ends them whatever happens."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()
