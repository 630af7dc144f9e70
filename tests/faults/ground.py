"""What a run stands on: chat servers as real processes, one on SQLite or several on PostgreSQL and Redis, with two inboxes.

Knows how to look into the database, whichever it is. Must not know what a fault is.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import asyncpg

from chat_server.outbound.databases import orders_url
from tests.faults.desk import Session
from tests.faults.rasa import ScriptedRasa
from tests.postgres import Postgres
from tests.processes import LOGINS, TEST_INBOX, ChatServer, Databases, DataFolders, new_nodes, new_stack
from tests.redis_server import RedisServer
from tools.places import PYTHON
from tools.ports import free_ports
from tools.stack import Stack

DEMO, SECOND = "demo", "second"
KEYS = {DEMO: "pk_test", SECOND: "pk_second"}
SECOND_AGENT = "other@second.example"
ROOMY = TEST_INBOX.replace("capacity = 4", "capacity = 50")
SECOND_INBOX = ROOMY.split("[[inbox.sources]]")[0].replace('id = "demo"', 'id = "second"').replace("pk_test", "pk_second")
UNBOUNDED = {
    f"SHOPBELL_{what}_PER_MINUTE": "100000" for what in ("MESSAGES", "BEACONS", "LOGINS", "HANDSHAKES", "COMMANDS")
}  # fmt: skip
_COPY_AGENT = """
INSERT INTO agents (id, inbox_id, name, email, password_hash, role, availability, capacity, created_at)
SELECT 'agt_00000000000000000000000000000002', 'second', 'Other', 'other@second.example', password_hash, role, availability, 500, created_at
FROM agents WHERE email = 'agent@test.example'
"""
_ROOM = "UPDATE agents SET capacity = 500"


@dataclass
class Ground:
    """`url` is that of the database. `bot` is started and stopped with the ground."""

    servers: list[ChatServer]
    url: str
    bot: ScriptedRasa
    redis: RedisServer | None = None
    postgres: Postgres | None = None

    @property
    def urls(self) -> list[str]:
        return [server.url for server in self.servers]

    @property
    def first(self) -> ChatServer:
        return self.servers[0]

    async def start(self) -> None:
        await self.execute(_COPY_AGENT)
        await self.execute(_ROOM)
        await self.bot.start()
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.servers))

    async def end(self) -> None:
        for server in self.servers:
            resume(server)
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in self.servers))
        await self.bot.stop()

    async def sign_in(self, email: str) -> Session:
        return await Session.sign_in(self.first.url, email, self.first.password(LOGINS[0]))

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer to a query, read beside the servers."""
        if self.url.startswith("sqlite"):
            return await asyncio.to_thread(self._sqlite, sql)
        connection = await asyncpg.connect(self.url, timeout=10)
        try:
            return [dict(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    async def execute(self, sql: str) -> None:
        if self.url.startswith("sqlite"):
            await asyncio.to_thread(self._sqlite, sql)
            return
        connection = await asyncpg.connect(self.url, timeout=10)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def _sqlite(self, sql: str) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=10)) as connection:
            connection.execute("ATTACH ? AS orders", (orders_url(self.url).removeprefix("sqlite:///"),))
            connection.row_factory = sqlite3.Row
            found = [dict(row) for row in connection.execute(sql).fetchall()]
            connection.commit()
            return found


@dataclass(frozen=True)
class AnotherProgram(Stack):
    """The same stack with another module as its chat server: one with a clock or a bug of ours in it."""

    program: str = "chat_server"

    def chat(self) -> list[str | Path]:
        return [PYTHON, "-m", self.program]


def pause(server: ChatServer) -> None:
    """SIGSTOP: connections stay open and nothing answers."""
    assert server.child is not None
    server.child.send(signal.SIGSTOP)


def resume(server: ChatServer) -> None:
    if server.child is not None and server.child.ended() is None:
        server.child.send(signal.SIGCONT)


def one_node(folders: DataFolders, env: Mapping[str, str], program: str = "chat_server") -> Ground:
    """One server on SQLite. Not started."""
    stack = new_stack(folders.fresh(), inbox=ROOMY)
    bot = ScriptedRasa(free_ports(1)[0])
    clock = stack.data / "clock"
    clock.write_text("0", encoding="ascii")
    told = {field.name: getattr(stack, field.name) for field in fields(Stack)} | {"inboxes": _inboxes(stack.data, stack.shop_url)}
    server = ChatServer(AnotherProgram(**told, program=program), {**UNBOUNDED, **_bot(bot), "SHOPBELL_TEST_CLOCK": str(clock), **env})
    return Ground([server], f"sqlite:///{stack.data / 'shopbell.sqlite3'}", bot)


def several_nodes(count: int, folder: Path, databases: Databases, redis: RedisServer, env: Mapping[str, str]) -> Ground:
    """Servers on a fresh PostgreSQL database and a Redis. Not started."""
    redis.heal()
    url, bot = databases.fresh(), ScriptedRasa(free_ports(1)[0])
    databases.copy_secrets(folder / "node-1")
    servers = new_nodes(count, folder, database=url, redis=redis, inbox=ROOMY, env={**UNBOUNDED, **_bot(bot), **env})
    inboxes = _inboxes(servers[0].stack.inboxes.parent, servers[0].origin)
    for server in servers:
        server.stack = replace(server.stack, inboxes=inboxes)
    return Ground(servers, url, bot, redis)


def _bot(bot: ScriptedRasa) -> dict[str, str]:
    return {"SHOPBELL_BOT_URL": bot.url, "SHOPBELL_BOT_TOKEN": "scripted", "SHOPBELL_LOG": os.environ.get("SHOPBELL_LOG", "warning")}


def _inboxes(folder: Path, origin: str) -> Path:
    home = folder / "inboxes"
    home.mkdir(parents=True, exist_ok=True)
    for name, text in ((DEMO, ROOMY), (SECOND, SECOND_INBOX)):
        (home / f"{name}.toml").write_text(text.replace("{origin}", origin), encoding="utf-8")
    return home


def everyone(servers: Sequence[ChatServer]) -> list[int]:
    """Process ids of the servers that run."""
    return [server.child.pid for server in servers if server.child is not None]
