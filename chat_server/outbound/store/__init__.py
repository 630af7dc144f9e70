"""SQL of the chat server, one file per group of tables, bound to one transaction by `Tx`. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection

from chat_server.outbound.database import Database, Each
from chat_server.outbound.store.answers import Answers
from chat_server.outbound.store.bindings import Bindings
from chat_server.outbound.store.conversations import Conversations
from chat_server.outbound.store.erasure import Erasure
from chat_server.outbound.store.jobs import Jobs
from chat_server.outbound.store.offers import Offers
from chat_server.outbound.store.people import People
from chat_server.outbound.store.proactive import Proactive
from chat_server.outbound.store.visits import Visits

A = TypeVar("A")
T = TypeVar("T")


class Tx:
    """The store inside one transaction. `node` is the process: what it holds and whom it sees is kept under its name."""

    def __init__(self, connection: Connection, node: str = "") -> None:
        self.connection = connection
        self.conversations = Conversations(connection)
        self.people = People(connection, node)
        self.jobs = Jobs(connection, node)
        self.proactive = Proactive(connection)
        self.visits = Visits(connection)
        self.offers = Offers(connection)
        self.answers = Answers(connection)
        self.bindings = Bindings(connection)
        self.erasure = Erasure(connection)


class Store:
    """The database as flows see it: `write` and `read` with a Tx."""

    def __init__(self, database: Database, node: str = "") -> None:
        self._database = database
        self._node = node
        self._each: dict[Callable[[Tx, Sequence[Any]], Sequence[Any]], Each] = {}

    async def write(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in the single writer; returns after COMMIT (see Database.write)."""
        return await self._database.write(lambda connection: work(Tx(connection, self._node)))

    async def write_each(self, each: Callable[[Tx, Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        """Run `each` once for all items that wait for it (see Database.write_each)."""
        if each not in self._each:
            self._each[each] = lambda connection, items: each(Tx(connection, self._node), items)
        return await self._database.write_each(self._each[each], item)

    async def at_length(self, work: Callable[[Tx], T]) -> T:
        """A write that may take its time (see Database.at_length)."""
        return await self._database.at_length(lambda connection: work(Tx(connection, self._node)))

    async def read(self, work: Callable[[Tx], T]) -> T:
        """Run `work` on a snapshot."""
        return await self._database.read(lambda connection: work(Tx(connection, self._node)))
