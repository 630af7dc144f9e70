"""A database is restored from a backup that is older than what browsers remember: they start afresh, and nothing is mixed."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import StartServer
from tests.processes import ChatServer
from tests.walks.stage import Stage
from tools.command import run

FILES = ("shopbell-orders.sqlite3", "shopbell.sqlite3")


def backup(server: ChatServer, folder: Path) -> None:
    for name in FILES:
        with closing(sqlite3.connect(server.stack.data / name)) as live, closing(sqlite3.connect(folder / name)) as copy:
            live.backup(copy)


def restore(server: ChatServer, folder: Path) -> str:
    """As docs/operations.md says it."""
    server.stop()
    for name in FILES:
        for suffix in ("-wal", "-shm"):
            (server.stack.data / (name + suffix)).unlink(missing_ok=True)
        (server.stack.data / name).write_bytes((folder / name).read_bytes())
    told = run([*server.stack.chat(), "restored"], env=server.env, seconds=60)
    server.start()
    return told


async def test_a_browser_that_remembers_more_than_the_backup_starts_afresh(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server()
    stage, copy = Stage(server), tmp_path / "copy"
    copy.mkdir()
    shopper = await stage.shopper()
    ack = await shopper.say("Before the backup")
    await shopper.has(4)
    backup(server, copy)
    for number in range(3):
        await shopper.say(f"Lost {number}")
    await shopper.has(7)
    remembered = {"conversation": ack["conversation"], "epoch": shopper.thread.epoch, "after": shopper.thread.last}
    await shopper.wire.close()
    assert "1 conversations begin anew" in await asyncio.to_thread(restore, server, copy)

    again = await stage.shopper(token=shopper.token)
    for number in range(3):
        await again.say(f"New {number}")
    await again.has(7)
    answer = await again.wire.call("sync", **remembered)
    assert (answer["reset"], answer["start"], answer["complete"]) == (True, 0, True)
    assert answer["epoch"] != remembered["epoch"]
    assert {fact["epoch"] for fact in answer["facts"]} == {answer["epoch"]}
    assert again.thread.texts()[0] == "Before the backup"
    assert not [text for text in again.thread.texts() if text.startswith("Lost")]

    await again.wire.close()
    assert "1 conversations begin anew" in await asyncio.to_thread(restore, server, copy)
    last = await stage.shopper(token=shopper.token)
    assert last.thread.epoch not in (remembered["epoch"], answer["epoch"])
    await stage.clear()
