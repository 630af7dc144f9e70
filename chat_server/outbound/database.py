"""The one writer of a database, and its readers. All rooms of a process share it; nothing else opens a transaction.

Writes that wait together share one commit (group commit): each runs in its own savepoint inside `BEGIN IMMEDIATE`, and its
caller is answered only after COMMIT. On SQLite everything runs in a thread of its own through the driver itself.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from chat_server.errors import ClientError, Code

T = TypeVar("T")
BATCH = 256
log = structlog.get_logger("database")


@dataclass(slots=True)
class _Waiting:
    work: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    result: Any = None
    error: BaseException | None = None


def sqlite_engine(path: Path, *, pooled: bool) -> Engine:
    """An engine that leaves BEGIN to us (pysqlite would begin late) and commits durably: WAL, `synchronous=FULL`."""
    pool = {"poolclass": QueuePool, "pool_size": 4, "max_overflow": 0} if pooled else {"poolclass": NullPool}
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 5.0}, **pool)

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if pooled else "BEGIN IMMEDIATE")

    return engine


def _write_ahead(path: Path) -> None:
    """WAL for good, before anybody else connects: two connections that switch at once get "locked", whatever the timeout."""
    connection = sqlite3.connect(path, timeout=5.0)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


class Database:
    """`await write(work)` and `await read(work)`; `work` is sync, gets a Connection and must not keep it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        _write_ahead(path)
        self._inbox: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = sqlite_engine(path, pooled=False)
        self._readers = sqlite_engine(path, pooled=True)
        self._pool = ThreadPoolExecutor(4, "reader")
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._closed = False
        self._thread.start()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in the writer and return its result after COMMIT.

        What `work` raises is raised here and its own changes are rolled back, not those of its neighbours.
        A commit that fails is `unavailable`: nothing was stored, the client may try again.
        """
        if self._closed:
            raise ClientError(Code.UNAVAILABLE, "The server is shutting down.", retry_after_ms=1000)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(work, loop.create_future())
        self._inbox.put(waiting)
        result: T = await asyncio.shield(waiting.future)
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a snapshot of its own, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._readers.connect() as connection, connection.begin():
            return work(connection)

    @property
    def alive(self) -> bool:
        """The writer still takes work."""
        return self._thread.is_alive() and not self._closed

    def _run(self) -> None:
        batch: list[_Waiting] = []
        try:
            connection = self._writer.connect()
            while batch := self._next():
                self._commit(connection, batch)
                self._answer(batch)
            connection.close()
        except BaseException:  # the last guard of the thread: whoever waits for it is told, instead of waiting for ever
            log.critical("the writer died", exc_info=True)
            self._closed = True
            self._refuse(batch)

    def _next(self) -> list[_Waiting]:
        """Everything that waits, at least one; empty at the end."""
        head = self._inbox.get()
        if head is None:
            return []
        batch = [head]
        while len(batch) < BATCH and not self._inbox.empty():
            following = self._inbox.get()
            if following is None:
                self._inbox.put(None)
                break
            batch.append(following)
        return batch

    def _refuse(self, batch: list[_Waiting]) -> None:
        while not self._inbox.empty():
            following = self._inbox.get()
            if following is not None:
                batch.append(following)
        for waiting in batch:
            waiting.error = ClientError(Code.UNAVAILABLE, "The write could not be stored.", retry_after_ms=1000)
        if batch:
            self._answer(batch)

    def _commit(self, connection: Connection, batch: list[_Waiting]) -> None:
        try:
            with connection.begin():
                for waiting in batch:
                    self._one(connection, waiting)
        except SQLAlchemyError as error:
            log.error("commit failed", error=str(getattr(error, "orig", error)), writes=len(batch))
            # SQLAlchemy lets go of a transaction whose COMMIT failed; the driver still has it open.
            connection.connection.rollback()
            for waiting in batch:
                waiting.error = ClientError(Code.UNAVAILABLE, "The write could not be stored.", retry_after_ms=1000)

    @staticmethod
    def _one(connection: Connection, waiting: _Waiting) -> None:
        savepoint = connection.begin_nested()
        try:
            waiting.result = waiting.work(connection)
            savepoint.commit()
        except Exception as error:  # noqa: BLE001  handed to the caller, whole: one bad write must not fail its neighbours
            if savepoint.is_active:
                savepoint.rollback()
            waiting.error = error

    @staticmethod
    def _answer(batch: list[_Waiting]) -> None:
        def settle() -> None:
            for waiting in batch:
                if waiting.future.done():
                    continue
                if waiting.error is not None:
                    waiting.future.set_exception(waiting.error)
                else:
                    waiting.future.set_result(waiting.result)

        loop = batch[0].future.get_loop()
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle)

    async def close(self) -> None:
        """Finish what waits, then close."""
        self._closed = True
        self._inbox.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join, 10.0)
        self._pool.shutdown(wait=True)
        self._writer.dispose()
        self._readers.dispose()
