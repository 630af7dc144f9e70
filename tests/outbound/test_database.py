"""The one writer: group commit that isolates its members, answers after COMMIT, and tells a failed commit as unavailable."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError

from chat_server.errors import ClientError, Code
from chat_server.outbound.database import Database
from chat_server.outbound.engines import Postgres, Sqlite


@pytest.fixture
async def database(database: Database, database_url: str) -> AsyncIterator[Database]:
    await database.write(lambda c: c.execute(text("CREATE TABLE kept (word TEXT PRIMARY KEY)")) and None)
    yield database
    cleaning = Database(database_url)
    for table in ("child", "kept"):
        await cleaning.write(partial(_drop, table=table))
    await cleaning.close()


def _drop(connection: Connection, table: str) -> None:
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))


def writer_of(database: Database) -> Engine:
    """Where its commits can be heard."""
    match database._transactions:
        case Sqlite() as sqlite:
            return sqlite._writer
        case Postgres() as postgres:
            return postgres._writer.sync_engine
        case _:
            raise AssertionError


def keep(connection: Connection, word: str) -> str:
    connection.execute(text("INSERT INTO kept VALUES (:word)"), {"word": word})
    return word


async def words(database: Database) -> list[str]:
    return await database.read(lambda c: [row[0] for row in c.execute(text("SELECT word FROM kept ORDER BY word"))])


async def together(database: Database, *works: Callable[[Connection], object]) -> list[object]:
    """Make these writes share one commit: they wait behind one that blocks."""
    gate = threading.Event()
    blocked = asyncio.ensure_future(database.write(lambda _: gate.wait(10)))
    await asyncio.sleep(0.05)
    waiting: list[asyncio.Future[object]] = [asyncio.ensure_future(database.write(work)) for work in works]
    await asyncio.sleep(0.05)
    gate.set()
    await blocked
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_a_write_is_there_when_it_is_answered(database: Database, database_url: str) -> None:
    assert await database.write(lambda c: keep(c, "one")) == "one"
    assert database.alive
    other = Database(database_url)
    assert await words(other) == ["one"]
    await other.close()


async def test_a_write_that_fails_does_not_hurt_its_neighbours(database: Database) -> None:
    def half(connection: Connection) -> None:
        keep(connection, "half")
        raise ValueError("planted")

    await database.write(lambda c: keep(c, "there"))
    outcomes = await together(database, lambda c: keep(c, "before"), half, lambda c: keep(c, "there"), lambda c: keep(c, "after"))
    assert outcomes[0] == "before"
    assert isinstance(outcomes[1], ValueError)
    assert isinstance(outcomes[2], IntegrityError)
    assert outcomes[3] == "after"
    assert await words(database) == ["after", "before", "there"]


async def test_writes_that_wait_share_a_commit_in_their_order(database: Database) -> None:
    commits: list[str] = []
    event.listen(writer_of(database), "commit", lambda _: commits.append("commit"))
    seen: list[int] = []

    def numbered(number: int) -> Callable[[Connection], int]:
        def work(connection: Connection) -> int:
            seen.append(number)
            keep(connection, f"{number:03d}")
            return number

        return work

    outcomes = await together(database, *(numbered(number) for number in range(50)))
    assert outcomes == list(range(50))
    assert seen == list(range(50))
    assert len(commits) == 2, "the one that blocked, and all the others"


async def test_a_commit_that_fails_is_unavailable_and_nothing_was_stored(database: Database) -> None:
    event.listen(writer_of(database), "commit", _as_driver_error, once=True)
    with pytest.raises(ClientError) as refused:
        await database.write(lambda c: keep(c, "lost"))
    assert (refused.value.code, refused.value.retry_after_ms) == (Code.UNAVAILABLE, 1000)
    assert await words(database) == []
    assert await database.write(lambda c: keep(c, "next")) == "next", "the writer goes on"
    assert await words(database) == ["next"]


def _as_driver_error(connection: Connection) -> None:
    """A commit that the database refuses: a deferred foreign key is checked only there."""
    raise IntegrityError("COMMIT", None, sqlite3.IntegrityError("planted"))


async def test_a_deferred_constraint_fails_at_commit_for_all_that_share_it(database: Database) -> None:
    await database.write(
        lambda c: c.execute(text("CREATE TABLE child (word TEXT REFERENCES kept(word) DEFERRABLE INITIALLY DEFERRED)")) and None
    )
    outcomes = await together(
        database, lambda c: keep(c, "neighbour"), lambda c: c.execute(text("INSERT INTO child VALUES ('nobody')")) and None
    )
    assert [error.code for error in outcomes if isinstance(error, ClientError)] == [Code.UNAVAILABLE] * 2
    assert await words(database) == []
    assert await database.write(lambda c: keep(c, "next")) == "next"


async def test_a_reader_sees_a_snapshot_beside_the_writer(database: Database) -> None:
    await database.write(lambda c: keep(c, "one"))
    written, read = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        keep(connection, "two")
        written.set()
        read.wait(10)

    writing = asyncio.ensure_future(database.write(slow))
    await asyncio.get_running_loop().run_in_executor(None, written.wait, 10)
    assert await words(database) == ["one"]
    read.set()
    await writing
    assert await words(database) == ["one", "two"]


async def test_a_caller_that_goes_away_does_not_take_the_write_along(database: Database) -> None:
    caller = asyncio.ensure_future(database.write(lambda c: keep(c, "stays")))
    await asyncio.sleep(0)
    caller.cancel()
    await database.write(lambda c: keep(c, "next"))
    assert await words(database) == ["next", "stays"]


async def test_closing_finishes_what_waits_and_refuses_what_follows(database: Database) -> None:
    waiting = [asyncio.ensure_future(database.write(partial(keep, word=str(number)))) for number in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*waiting) == ["0", "1", "2", "3", "4"]
    with pytest.raises(ClientError) as refused:
        await database.write(lambda c: keep(c, "late"))
    assert refused.value.code is Code.UNAVAILABLE


async def test_durable_settings(database: Database) -> None:
    def on_sqlite(connection: Connection) -> tuple[object, ...]:
        return tuple(connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys"))

    if database.shared:
        assert await database.write(lambda c: c.execute(text("SHOW synchronous_commit")).scalar()) == "on"
    else:
        assert await database.write(on_sqlite) == ("wal", 2, 1)


async def test_a_writer_that_dies_tells_its_callers_and_is_not_ready(database: Database) -> None:
    def die(_: Connection) -> None:
        raise SystemExit("planted")

    for outcome in await together(database, lambda c: keep(c, "beside it"), die, lambda c: keep(c, "behind it")):
        assert isinstance(outcome, ClientError)
        assert outcome.code is Code.UNAVAILABLE
    assert not database.alive
    with pytest.raises(ClientError) as refused:
        await asyncio.wait_for(database.write(lambda c: keep(c, "later")), 5)
    assert refused.value.code is Code.UNAVAILABLE
    assert await words(database) == []
