"""How one write transaction and one snapshot run: on SQLite in threads through the driver, on PostgreSQL over asyncpg.

Both hand the same synchronous work a SQLAlchemy Connection, so that there is one store code. A database that cannot be reached,
hangs or is full raises one of `AWAY`. Used by database.py alone.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from asyncpg.exceptions import InterfaceError as AsyncpgInterfaceError
from asyncpg.exceptions import PostgresError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool, QueuePool

T = TypeVar("T")
READERS = 4
DURABLE = {"synchronous_commit": "on", "idle_in_transaction_session_timeout": "10s"}
"""whatever the server or the role says: what is acknowledged is on disk"""
WRITE_LOCK = 0x53686F7062656C6C
"""the advisory lock of PostgreSQL that every write transaction of every node holds (docs/decisions/0016); orders have the next one"""
LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
COMMON: dict[str, Any] = {
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
    "hide_parameters": True,  # of a statement that fails: they tell of people, and its error is logged
}
PATIENCE_S = 5.0
"""the longest that one statement may take, a connection may need, or a transaction may stand idle"""
AWAY = (OSError, TimeoutError, PoolTimeout, PostgresError, AsyncpgInterfaceError)
OURS = (IntegrityError, ProgrammingError, DataError)
"""what the driver says of a statement, and not of the server"""


def is_away(error: BaseException) -> bool:
    """The database could not do it now: nobody's fault, and worth another try."""
    return isinstance(error, AWAY) or (isinstance(error, DBAPIError) and (error.connection_invalidated or not isinstance(error, OURS)))


class Transactions(Protocol):
    """`write` is called in the writer's thread only, `read` in the event loop."""

    shared: bool
    """whether other processes may write to the same database"""

    def write(self, work: Callable[[Connection], None]) -> None: ...
    async def read(self, work: Callable[[Connection], T]) -> T: ...
    def writer_closed(self) -> None: ...
    async def close(self) -> None: ...


def transactions(url: str, lock: int) -> Transactions:
    """For `sqlite:///path` or `postgresql://user:password@host:port/name`."""
    if url.startswith("sqlite:///"):
        return Sqlite(Path(url.removeprefix("sqlite:///")))
    return Postgres(url, lock)


def sqlite_engine(path: Path, *, writes: bool) -> Engine:
    """An engine that leaves BEGIN to us (pysqlite would begin late) and commits durably: WAL, `synchronous=FULL`."""
    pool: dict[str, Any] = {"poolclass": NullPool} if writes else {"poolclass": QueuePool, "pool_size": READERS, "max_overflow": 0}
    engine = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 5.0}, **COMMON, **pool)

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(path: Path) -> None:
    """WAL for good, before anybody else connects: two connections that switch at once get "locked", whatever the timeout."""
    connection = sqlite3.connect(path, timeout=5.0)
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


class Sqlite:
    """One file, one process that writes to it."""

    shared = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_ahead(path)
        self._writer = sqlite_engine(path, writes=True)
        self._readers = sqlite_engine(path, writes=False)
        self._pool = ThreadPoolExecutor(READERS, "reader")
        self._connection: Connection | None = None

    def write(self, work: Callable[[Connection], None]) -> None:
        connection = self._connection = self._connection or self._writer.connect()
        try:
            with connection.begin():
                work(connection)
        finally:
            # SQLAlchemy lets go of a transaction whose COMMIT failed; the driver still has it open.
            raw: Any = connection.connection.dbapi_connection
            if raw.in_transaction:
                raw.rollback()

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._readers.connect() as connection, connection.begin():
            return work(connection)

    def writer_closed(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._writer.dispose()

    async def close(self) -> None:
        self._pool.shutdown(wait=True)
        self._readers.dispose()


class Postgres:
    """One database, any number of processes. The writer's thread has a loop of its own; reads run on the caller's."""

    shared = True

    def __init__(self, url: str, lock: int) -> None:
        self._lock = {"lock": lock}
        self._url = make_url(url).set(drivername="postgresql+asyncpg")
        self._loop = asyncio.new_event_loop()
        self._writer = self._engine(1, {**DURABLE, "lock_timeout": "4s"})
        self._readers = self._engine(READERS, {"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on"})

    def _engine(self, size: int, settings: dict[str, str]) -> AsyncEngine:
        told = {"application_name": "shopbell", "tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "2"}
        arguments = {"timeout": PATIENCE_S, "command_timeout": PATIENCE_S, "server_settings": {**told, "jit": "off", **settings}}
        return create_async_engine(self._url, pool_size=size, max_overflow=0, pool_timeout=PATIENCE_S, connect_args=arguments, **COMMON)

    def write(self, work: Callable[[Connection], None]) -> None:
        self._loop.run_until_complete(self._write(work))

    async def _write(self, work: Callable[[Connection], None]) -> None:
        try:
            connection = await self._locked()
        except Exception as error:
            if not is_away(error):
                raise
            connection = await self._locked()  # the pool's connection was an old one: nothing has been done with it
        try:
            await connection.run_sync(work)
            await connection.commit()
        except BaseException:
            await connection.invalidate() if connection.invalidated else await connection.rollback()
            raise
        finally:
            await connection.close()

    async def _locked(self) -> AsyncConnection:
        connection = await self._writer.connect()
        try:
            await connection.execute(LOCK, self._lock)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._readers.connect() as connection:
            return await connection.run_sync(work)

    async def at_length(self, work: Callable[[Connection], T]) -> T:
        """A write without time limits, on a connection of its own."""
        told = {"command_timeout": None, "server_settings": {"application_name": "shopbell", "synchronous_commit": "on"}}
        engine = create_async_engine(self._url, poolclass=NullPool, connect_args={"timeout": PATIENCE_S, **told}, **COMMON)
        async with engine.begin() as connection:
            await connection.execute(LOCK, self._lock)
            return await connection.run_sync(work)

    def writer_closed(self) -> None:
        self._loop.run_until_complete(self._writer.dispose())
        self._loop.close()

    async def close(self) -> None:
        await self._readers.dispose()
