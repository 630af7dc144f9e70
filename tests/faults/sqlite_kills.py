"""SQLite in mid-write: a process that stores messages through the product's own flow and writer is killed again and again.

`python -m tests.faults.sqlite_kills FOLDER TIMES` is the parent of those processes: it imports everything once, then forks, so that
two hundred deaths take seconds. It prints what was sent and acked; the database, which outlives them all, is read afterwards.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import sqlite3
import sys
import traceback
import uuid
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

from chat_server.core.model import Visitor
from chat_server.errors import ClientError
from chat_server.flows.context import Context
from chat_server.flows.messages import Draft, send_message
from chat_server.flows.people import token_hash
from chat_server.outbound.database import Database
from chat_server.outbound.migrations import migrate
from chat_server.outbound.store import Store, Tx
from order_status.catalogue import Catalogue
from tests.faults.checks import each_once, nothing_invented, nothing_lost, one_order
from tests.faults.history import History, Operation, Sight, Stored
from tests.faults.scene import Result
from tests.faults.words import canary, question
from tests.flows.world import NOON, Ears, Shop, inbox
from tools.places import PYTHON, ROOT

SHOPPERS = tuple(f"vis_{number}" for number in range(8))
CHECKED = {"lost": nothing_lost, "invented": nothing_invented, "once": each_once, "order": one_order}
Line = tuple[str, ...]


def _shopper(name: str) -> Visitor:
    return Visitor(name, "demo", None, "en", None, None, NOON, NOON)


async def _prepare(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    await database.at_length(migrate)

    def work(tx: Tx) -> None:
        for name in SHOPPERS:
            tx.people.add_visitor(_shopper(name), token_hash(name))

    await Store(database).write(work)
    await database.close()


async def _write(path: Path, pipe: int, again: list[Line]) -> None:
    """Until killed: every shopper sends, first what nobody knows about, under the same client id."""
    database = Database(f"sqlite:///{path}")
    context = Context(
        store=Store(database), announcer=Ears(), clock=lambda: NOON, inboxes={"demo": inbox()}, bot=None,
        bot_state=lambda: "off", orders=Shop(), catalogue=Catalogue(database), wake=lambda: None, turn_token=str,
    )  # fmt: skip

    async def one(name: str) -> None:
        waiting = [(key, text) for _, who, key, text in again if who == name]
        while True:
            key = str(uuid.uuid4())
            key, text = waiting.pop(0) if waiting else (key, question(key, canary()) + " x" * random.randrange(200))
            _tell(pipe, "sent", name, key, text)
            try:
                ack = await send_message(context, _shopper(name), Draft(key, ({"type": "text", "text": text},)), None)
            except ClientError as error:
                _tell(pipe, "refused", name, key, error.code.value)
                continue
            _tell(pipe, "acked", name, key, ack["conversation"], str(ack["seq"]))

    await asyncio.gather(*map(one, SHOPPERS))


def _tell(pipe: int, *words: str) -> None:
    os.write(pipe, (json.dumps(words) + "\n").encode())


def _forked(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """A child that runs it and ends without cleaning up."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            asyncio.run(work())
            code = 0
        except Exception:  # noqa: BLE001  the last guard of a forked child: it must not go on as its parent
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def _killed(path: Path, again: list[Line]) -> list[Line]:
    """One life and death; what it told until then."""
    read, write = os.pipe()
    pid = _forked(lambda: _write(path, write, again))
    os.close(write)
    raw = b""
    dies = monotonic() + 20
    alive = True
    while True:
        ready, _, _ = select.select([read], [], [], max(0.0, dies - monotonic()) if alive else 5.0)
        if ready:
            piece = os.read(read, 65536)
            if not piece:
                break
            if b'"acked"' in piece and b'"acked"' not in raw:
                dies = monotonic() + random.uniform(0.0, 0.08)
            raw += piece
        if alive and monotonic() >= dies:
            os.kill(pid, signal.SIGKILL)
            alive = False
    os.close(read)
    _, status = os.waitpid(pid, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("the writer ended by itself")
    lines = raw.decode(errors="replace").split("\n")
    return [tuple(json.loads(line)) for line in lines[:-1]]


def main() -> None:
    """Prints one JSON document: the lines of every life, and what `integrity_check` said after each death."""
    path, times = Path(sys.argv[1]) / "killed.sqlite3", int(sys.argv[2])
    os.waitpid(_forked(lambda: _prepare(path)), 0)
    lives: list[list[Line]] = []
    again: list[Line] = []
    sound: list[str] = []
    for _ in range(times):
        told = _killed(path, again)
        lives.append(told)
        known = {line[2] for life in lives for line in life if line[0] == "acked"}
        again = [line for life in lives[-3:] for line in life if line[0] == "sent" and line[2] not in known]
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            sound += [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    sys.stdout.write(json.dumps({"lives": lives, "sound": sound}))


async def run(folder: Path, times: int) -> Result:
    """The verdict over all deaths."""
    began = monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(PYTHON), "-m", "tests.faults.sqlite_kills", str(folder), str(times)]
    child = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(60 + 8 * times):
            out, errors = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        return Result("SQLite killed in mid-write", "one", 0, {}, {"the run": [errors.decode()[-2000:]]}, monotonic() - began)
    told = json.loads(out)
    history = History(operations=[each for life in told["lives"] for each in _operations(life)], stored=_stored(folder))
    found = {name: check(history) for name, check in CHECKED.items()}
    found["integrity"] = [each for each in told["sound"] if each != "ok"]
    return Result("SQLite killed in mid-write", "one", len(told["lives"]), history.counts(), found, monotonic() - began, history)


def _operations(life: list[Line]) -> list[Operation]:
    found = {line[2]: Operation(line[1], line[1], "send", line[2], line[3], 0.0) for line in life if line[0] == "sent"}
    for line in life:
        if line[0] == "acked":
            each = found[line[2]]
            each.outcome, each.conversation, each.seq = "ok", line[3], int(line[4])
    return list(found.values())


def _stored(folder: Path) -> list[Stored]:
    with closing(sqlite3.connect(folder / "killed.sqlite3", timeout=10)) as connection:
        found = {
            row[0]: Stored(row[0], "demo", row[1], row[2]) for row in connection.execute("SELECT id, visitor_id, seq FROM conversations")
        }
        for conversation, seq, message, key, sender, parts in connection.execute(
            "SELECT conversation_id, seq, id, client_id, sender_kind, parts FROM messages"
        ):
            text = "\n".join(part["text"] for part in json.loads(parts) if part["type"] == "text")
            found[conversation].facts.append(Sight(conversation, seq, "message_created", 0.0, message, key, sender, text))
        for conversation, seq, kind in connection.execute("SELECT conversation_id, seq, kind FROM facts"):
            found[conversation].facts.append(Sight(conversation, seq, kind))
    for each in found.values():
        each.facts.sort(key=lambda fact: fact.seq)
    return list(found.values())


if __name__ == "__main__":
    main()
