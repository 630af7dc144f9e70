"""A writer for each room: what shoppers and agents write never waits for a transaction of a shop's storm. Walks a and b.

SQLite: a file for each room, because a file has one writer. PostgreSQL: one database, and a lock and connections for each room.
"""

from __future__ import annotations

from pathlib import Path

from chat_server.outbound.database import Database
from chat_server.outbound.engines import WRITE_LOCK
from chat_server.outbound.migrations import migrate
from order_status import migrate as migrate_orders
from order_status import move

ORDERS_LOCK = WRITE_LOCK + 1


class Databases:
    """`chat`: conversations and all that belongs to them; `orders`: what shops send, and what became of it."""

    def __init__(self, url: str) -> None:
        self.chat = Database(url)
        self.orders = Database(orders_url(url), ORDERS_LOCK)

    @property
    def alive(self) -> bool:
        return self.chat.alive and self.orders.alive

    async def migrate(self) -> None:
        """The tables of all rooms, as this version wants them."""
        await self.chat.at_length(migrate)
        await self.orders.at_length(migrate_orders)
        if not self.chat.shared:
            await move(self.chat, self.orders)

    async def close(self) -> None:
        await self.orders.close()
        await self.chat.close()


def orders_url(url: str) -> str:
    """Where the orders are that belong to this database."""
    if not url.startswith("sqlite:///"):
        return url
    path = Path(url.removeprefix("sqlite:///"))
    return f"sqlite:///{path.with_stem(path.stem + '-orders')}"
