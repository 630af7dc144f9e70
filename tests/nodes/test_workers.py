"""`--workers N`: N processes behind one port; what dies comes back, SIGHUP replaces them without a gap, SIGTERM ends them all."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from pathlib import Path

import aiohttp

from tests.conftest import StartServer
from tests.postgres import Postgres
from tests.processes import TEST_INBOX, ChatServer, Databases, Process, new_nodes
from tests.redis_server import RedisServer
from tests.walks.stage import Stage
from tests.walks.wire import eventually
from tools.places import PYTHON, ROOT


def children(pid: int) -> set[int]:
    """Processes that this one started."""
    return {int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def alive(pids: set[int]) -> set[int]:
    """Those that still run. An orphan that ended counts as gone although nobody may have asked for its exit code."""

    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    return {pid for pid in pids if runs(pid)}


async def several(server: ChatServer, count: int) -> Process:
    """Starts the server with its workers; returns the parent."""
    command: list[str | Path] = [PYTHON, "-m", "chat_server", "--workers", str(count)]
    parent = Process("workers", command, env=server.env, log=server.stack.data / "chat.log")
    server.child = parent
    await asyncio.to_thread(parent.wait_for, f"{server.url}/readyz", 60)

    async def all_serve() -> bool:
        return f"with {count} processes" in server.log()

    await eventually(all_serve, "all workers", 60)
    return parent


async def test_several_processes_on_one_port(databases: Databases, redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.heal()
    url = databases.fresh()
    databases.copy_secrets(tmp_path / "node-1")
    (server,) = new_nodes(1, tmp_path, database=url, redis=redis_server, inbox=TEST_INBOX, env={})
    parent = await several(server, 3)
    stage = Stage(server)
    try:
        first = children(parent.pid)
        assert len(first) == 3
        agent = await stage.agent()
        shoppers = [await stage.shopper() for _ in range(9)]
        for shopper in shoppers:
            await agent.heard("message_created", (await shopper.say("Hello"))["conversation"])

        victim = next(iter(first))
        os.kill(victim, signal.SIGKILL)

        async def replaced() -> bool:
            return len(children(parent.pid)) == 3 and victim not in children(parent.pid)

        await eventually(replaced, "another one in its place", 20)
        assert len(children(parent.pid) & first) == 2, "the others go on"

        before = children(parent.pid)
        refusals = 0
        os.kill(parent.pid, signal.SIGHUP)
        async with aiohttp.ClientSession() as http:
            for _ in range(600):
                try:
                    async with http.get(f"{server.url}/healthz", headers={"Connection": "close"}) as response:
                        refusals += response.status != 200
                except aiohttp.ClientConnectionError:
                    refusals += 1
                if len(children(parent.pid)) == 3 and not children(parent.pid) & before:
                    break
                await asyncio.sleep(0.1)
        assert not children(parent.pid) & before, "all are fresh"
        assert refusals <= 3, "somebody always listens"
        newcomer = await stage.shopper()
        assert (await newcomer.say("After the roll"))["ok"] is True
    finally:
        for each in stage._shoppers:
            await each.close()
        last = children(parent.pid)
        await asyncio.to_thread(parent.end, 20)
    assert parent.ended() == 0
    assert alive(last) == set()
    for person in stage._agents:
        await person.close()
    await stage.shop.close()


async def test_workers_end_with_a_parent_that_was_killed(databases: Databases, redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.heal()
    (server,) = new_nodes(1, tmp_path, database=databases.fresh(), redis=redis_server, inbox=TEST_INBOX, env={})
    parent = await several(server, 2)
    orphans = children(parent.pid)
    os.kill(parent.pid, signal.SIGKILL)

    async def gone() -> bool:
        return not alive(orphans)

    # The workers write to the parent's log: it is closed when they have ended.
    await eventually(gone, "the workers to end", 30)
    await asyncio.to_thread(parent.end)


def test_workers_need_postgresql_and_redis(start_server: StartServer, postgres: Postgres, tmp_path: Path) -> None:
    (tmp_path / "inbox.toml").write_text(
        '[inbox]\nid = "demo"\nkey = "pk"\nname = "Shop"\norigins = ["https://shop.example"]\nlocales = ["en"]\n', encoding="utf-8"
    )
    mine = {"SHOPBELL_INBOXES": str(tmp_path), "SHOPBELL_DATA": str(tmp_path), "REDIS_URL": ""}
    for database, count in (("", "2"), (postgres.database(), "2"), ("", "0")):
        ended = subprocess.run(
            [PYTHON, "-m", "chat_server", "--workers", count], cwd=ROOT, env={**os.environ, **mine, "DATABASE_URL": database},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr.startswith("--workers: ")) == (2, True), ended.stderr
