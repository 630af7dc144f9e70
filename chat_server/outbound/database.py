"""The one writer of a room, and its readers. Nothing else opens a transaction there.

Writes that wait together share one commit (group commit): each runs in a savepoint of its own, and its caller is answered only
after COMMIT. `write_each` goes further: what waits for the same work is loaded, decided and saved together. Walk a is made fast here.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection

from chat_server.errors import ClientError, Code
from chat_server.outbound.engines import WRITE_LOCK, Postgres, is_away, transactions

A = TypeVar("A")
T = TypeVar("T")
BATCH = 256
Each = Callable[[Connection, Sequence[Any]], Sequence[Any]]
log = structlog.get_logger("database")


@dataclass(slots=True)
class _Waiting:
    future: asyncio.Future[Any]
    work: Callable[[Connection], Any] | None = None
    each: Each | None = None
    item: Any = None
    result: Any = None
    error: BaseException | None = None


class _Alone(Exception):
    """The only unit of a transaction failed by itself: the transaction is rolled back, no savepoint was needed."""


class Database:
    """`await write(work)` and `await read(work)`; `work` is sync, gets a Connection and must not keep it."""

    def __init__(self, url: str, lock: int = WRITE_LOCK) -> None:
        """`lock`: what the writers of all nodes hold on PostgreSQL, one at a time."""
        self._transactions = transactions(url, lock)
        self.shared = self._transactions.shared
        self._inbox: queue.SimpleQueue[list[_Waiting] | None] = queue.SimpleQueue()
        self._pending: deque[_Waiting] = deque()
        self._busy = False
        """the writer has a batch, or will be handed one at the end of this turn of the loop"""
        self._closed = self._dead = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer and return its result after COMMIT.

        What `work` raises is raised here and its own changes are rolled back, not those of its neighbours.
        A database that is away, hangs or is full, and a commit that fails, is `unavailable`: the client may try again.
        """
        result: T = await self._wait(_Waiting(asyncio.get_running_loop().create_future(), work=work))
        return result

    async def write_each(self, each: Callable[[Connection, Sequence[A]], Sequence[T | Exception]], item: A) -> T:
        """Run `each(connection, items)` for all items that wait for the same function, together, and return this item's result.

        `each` answers one result (or exception, to be raised here) for each item, in their order, and must have left nothing of an
        item that it refuses. When it raises, every item is run again alone, so that it is heard by the one it concerns.
        """
        result: T = await self._wait(_Waiting(asyncio.get_running_loop().create_future(), each=each, item=item))
        return result

    async def _wait(self, waiting: _Waiting) -> Any:
        if self._closed:
            raise ClientError(Code.UNAVAILABLE, "The server is shutting down.", retry_after_ms=1000)
        self._pending.append(waiting)
        if not self._busy:
            self._busy = True
            waiting.future.get_loop().call_soon(self._hand)
        return await waiting.future

    def _hand(self) -> None:
        """Give the writer everything that has come in meanwhile: one batch at a time, so that waiting makes batches and not queues."""
        batch = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
        self._busy = bool(batch)
        if batch and self._dead:
            self._refuse(batch)
        elif batch:
            self._inbox.put(batch)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a snapshot of its own, beside the writer."""
        try:
            return await self._transactions.read(work)
        except Exception as error:
            raise _told(error) from error

    async def at_length(self, work: Callable[[Connection], T]) -> T:
        """A write that may take its time (migrations, a restore): without the limits for one statement and for waiting for the lock."""
        if not isinstance(self._transactions, Postgres):
            return await self.write(work)
        try:
            return await self._transactions.at_length(work)
        except Exception as error:
            raise _told(error) from error

    @property
    def alive(self) -> bool:
        """The writer still takes work."""
        return self._thread.is_alive() and not self._closed

    def _run(self) -> None:
        batch: list[_Waiting] | None = None
        try:
            while (batch := self._inbox.get()) is not None:
                self._answer(self._commit(_units(batch)))
        except BaseException:  # the last guard of the thread: whoever waits for it is told, instead of waiting for ever
            log.critical("the writer died", exc_info=True)
            self._closed = self._dead = True
            self._refuse(batch or [])
        finally:
            self._transactions.writer_closed()

    def _refuse(self, batch: list[_Waiting]) -> None:
        for waiting in batch:
            waiting.error = _unavailable()
        if batch:
            self._answer(batch)

    def _commit(self, units: list[list[_Waiting]]) -> list[_Waiting]:
        """One transaction for all units; a group that fails as a whole is taken apart. Answers all in the order in which they were done."""
        apart: list[list[_Waiting]] = []
        alone = len(units) == 1

        def work(connection: Connection) -> None:
            for unit in units:
                if _unit(connection, unit, savepoint=not alone):
                    continue
                if len(unit) > 1:
                    apart.extend([waiting] for waiting in unit)
                if alone:
                    raise _Alone

        try:
            self._transactions.write(work)
        except _Alone:
            pass
        except Exception as error:  # noqa: BLE001  not one of ours: the database failed, and so did the whole batch
            log.error("commit failed", error=str(getattr(error, "orig", None) or error or type(error).__name__), units=len(units))
            for unit in units:
                for waiting in unit:
                    waiting.error = _unavailable()
            return [waiting for unit in units for waiting in unit]
        again = {id(waiting) for unit in apart for waiting in unit}
        done = [waiting for unit in units for waiting in unit if id(waiting) not in again]
        return done + (self._commit(apart) if apart else [])

    def _answer(self, batch: list[_Waiting]) -> None:
        def settle() -> None:
            for waiting in batch:
                if waiting.future.done():
                    continue
                if waiting.error is not None:
                    waiting.future.set_exception(waiting.error)
                else:
                    waiting.future.set_result(waiting.result)
            loop.call_soon(self._hand)  # after those who were just answered, who may have more to write

        loop = batch[0].future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    async def close(self) -> None:
        """Finish what waits, then close."""
        self._closed = True
        while self._pending:
            self._hand()
        self._inbox.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join, 10.0)
        await self._transactions.close()


def _units(batch: list[_Waiting]) -> list[list[_Waiting]]:
    """What is run as one: each write by itself, and all that wait for the same `each` together, where the first of them stood."""
    units: list[list[_Waiting]] = []
    groups: dict[Each, list[_Waiting]] = {}
    for waiting in batch:
        if waiting.each is None:
            units.append([waiting])
        elif waiting.each in groups:
            groups[waiting.each].append(waiting)
        else:
            units.append([waiting])
            groups[waiting.each] = units[-1]
    return units


def _unit(connection: Connection, unit: list[_Waiting], *, savepoint: bool) -> bool:
    """Run one unit; False when it failed: one member is told why, of several each is to be run again alone."""
    first = unit[0]
    point = connection.begin_nested() if savepoint else None
    try:
        if first.each is not None:
            outcomes = first.each(connection, [waiting.item for waiting in unit])
            for waiting, outcome in zip(unit, outcomes, strict=True):
                if isinstance(outcome, Exception):
                    waiting.error = outcome
                else:
                    waiting.result = outcome
        elif first.work is not None:
            first.result = first.work(connection)
        if point is not None:
            point.commit()
    except Exception as error:
        if connection.invalidated:
            raise
        if point is not None and point.is_active:
            point.rollback()
        if len(unit) == 1:
            first.error = _told(error)
        return False
    return True


def _told(error: Exception) -> Exception:
    """What the caller is told: a database that is away is `unavailable`; anything else is theirs as it is."""
    return _unavailable() if is_away(error) else error


def _unavailable() -> ClientError:
    return ClientError(Code.UNAVAILABLE, "The database did not answer.", retry_after_ms=1000)
