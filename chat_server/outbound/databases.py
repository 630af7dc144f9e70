"""A writer for each room: what shoppers and agents write never waits for a transaction of a shop's storm. Walks a and b.

SQLite: a file for each room, because a file has one writer. PostgreSQL: one database, and a lock and connections for each room.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from chat_server.errors import InvalidConfiguration
from chat_server.outbound.database import Database
from chat_server.outbound.engines import WRITE_LOCK
from chat_server.outbound.migrations import migrate
from order_status import Mixed, lives_in, move
from order_status import migrate as migrate_orders

ORDERS_LOCK = WRITE_LOCK + 1


class Databases:
    """`chat`: conversations and all that belongs to them; `orders`: what shops send, and what became of it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.chat = Database(url)
        self.orders = Database(orders_url(url), ORDERS_LOCK)

    @property
    def alive(self) -> bool:
        return self.chat.alive and self.orders.alive

    async def migrate(self, *, server: bool) -> None:
        """The tables of all rooms, as this version wants them. What an older version kept in one SQLite file moves at a server's start.

        Raises InvalidConfiguration when it cannot, or when it would have to beside a server that may run.
        """
        await self.chat.at_length(migrate)
        await self.orders.at_length(migrate_orders)
        if self.chat.shared or not await asyncio.to_thread(lives_in, _path(self._url)):
            return
        if not server:
            raise InvalidConfiguration("DATABASE_URL: this is a database of an older version; start the server once first")
        await self.chat.at_length(migrate_orders)
        try:
            await asyncio.to_thread(move, _path(self._url), _path(orders_url(self._url)))
        except Mixed:
            apart = _path(orders_url(self._url)).name
            told = f"{_path(self._url)} and {apart} both have orders: an older version ran in between"
            raise InvalidConfiguration(f"DATABASE_URL: {told}; move {apart} aside to go on with what that version had") from None

    async def close(self) -> None:
        await self.orders.close()
        await self.chat.close()


def orders_url(url: str) -> str:
    """Where the orders are that belong to this database."""
    if not url.startswith("sqlite:///"):
        return url
    path = _path(url)
    return f"sqlite:///{path.with_stem(path.stem + '-orders')}"


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
