"""The shops of a measurement: an inbox file each, one agent each, and that agent's session, so that no login is measured.

Writes to an empty database before the server starts; must not be used on any other.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from chat_server.core.model import Agent, Availability, Role
from chat_server.flows.context import new_id
from chat_server.flows.people import token_hash
from chat_server.outbound.database import Database
from chat_server.outbound.migrations import migrate
from chat_server.outbound.store import Store, Tx

_INBOX = """\
[inbox]
id = "shop{number}"
key = "pk_shop{number}"
name = "Shop {number}"
origins = ["http://127.0.0.1:9"]
locales = ["en"]
timezone = "Europe/Warsaw"
currency = "PLN"
capacity = 50
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """One shop's way in: the widget's key, and the agent's session."""

    key: str
    token: str
    csrf: str


def furnish(inboxes: Path, database: str, count: int) -> list[Seat]:
    """`count` shops. The passwords are no passwords: nobody signs in here."""
    inboxes.mkdir(parents=True)
    for number in range(count):
        (inboxes / f"shop{number}.toml").write_text(_INBOX.format(number=number), encoding="utf-8")
    seats = [Seat(f"pk_shop{number}", secrets.token_urlsafe(32), secrets.token_urlsafe(24)) for number in range(count)]
    asyncio.run(_people(database, seats))
    return seats


async def _people(url: str, seats: list[Seat]) -> None:
    now = datetime.now(UTC)

    def work(tx: Tx) -> None:
        for number, seat in enumerate(seats):
            mail = f"agent{number}@shop.example"
            agent = Agent(new_id("agt"), f"shop{number}", f"Agent {number}", mail, Role.AGENT, Availability.ONLINE, 50)
            tx.people.put_agent(agent, "none", now)
            tx.people.add_session(token_hash(seat.token), agent.id, seat.csrf, now)

    database = Database(url)
    try:
        await database.write(migrate)
        await Store(database).write(work)
    finally:
        await database.close()
