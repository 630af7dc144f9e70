"""Reads the database of a run into the history: conversations with their facts and messages, bot turns, effects of order events."""

from __future__ import annotations

import json
from typing import Any

from tests.faults.ground import Ground
from tests.faults.history import History, Sight, Stored
from tests.faults.person import written
from tests.faults.shop import STAGE


async def read(ground: Ground, history: History) -> None:
    """Everything that the checks ask of the database, replacing what was read before."""
    history.stored = await conversations(ground)
    turns = await ground.rows("SELECT payload FROM jobs WHERE kind = 'bot_turn'")
    history.turns = [(payload["conversation"], payload["trigger_seq"]) for payload in (_json(row["payload"]) for row in turns)]
    effects = await ground.rows(f"SELECT order_id, stage FROM order_changes WHERE stage = '{STAGE}'")
    history.effects = [f"order:{row['order_id']}:{row['stage']}" for row in effects]


async def conversations(ground: Ground) -> list[Stored]:
    """All conversations, with their facts in the order of `seq`."""
    found = {each.id: each for each in await heads(ground)}
    columns = "conversation_id, seq, id, client_id, type, sender_kind, sender_id, parts"
    for row in await ground.rows(f"SELECT {columns} FROM messages"):
        found[row["conversation_id"]].facts.append(_message(row))
    for row in await ground.rows("SELECT conversation_id, seq, kind FROM facts"):
        found[row["conversation_id"]].facts.append(Sight(row["conversation_id"], row["seq"], row["kind"]))
    for each in found.values():
        each.facts.sort(key=lambda fact: fact.seq)
    return list(found.values())


async def heads(ground: Ground) -> list[Stored]:
    """How far each conversation has come; without its facts."""
    rows = await ground.rows("SELECT id, inbox_id, visitor_id, seq, created_at FROM conversations ORDER BY created_at, id")
    return [Stored(row["id"], row["inbox_id"], row["visitor_id"], row["seq"], created=row["created_at"]) for row in rows]


async def unfinished(ground: Ground) -> int:
    """Turns and news that are still due: somebody will yet speak."""
    jobs = await ground.rows("SELECT count(*) AS n FROM jobs WHERE done_at IS NULL AND kind IN ('bot_turn', 'assign_queue')")
    news = await ground.rows("SELECT count(*) AS n FROM order_changes WHERE taken_at IS NULL")
    return int(jobs[0]["n"]) + int(news[0]["n"])


def _message(row: dict[str, Any]) -> Sight:
    sender = {"kind": row["sender_kind"], "id": row["sender_id"]}
    message = {"type": row["type"], "sender": sender, "parts": _json(row["parts"]), "client_id": row["client_id"]}
    return Sight(row["conversation_id"], row["seq"], "message_created", 0.0, row["id"], *written(message))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str | bytes) else value
