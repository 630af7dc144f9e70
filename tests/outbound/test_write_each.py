"""Writes that are decided together: one transaction, one answer for each, and a bad one heard only by the one it concerns."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from chat_server.outbound.database import Database

seen: list[list[str]] = []


@pytest.fixture
async def database(database: Database, database_url: str) -> AsyncIterator[Database]:
    await database.write(lambda c: c.execute(text("CREATE TABLE kept (word TEXT PRIMARY KEY)")) and None)
    seen.clear()
    yield database
    cleaning = Database(database_url)
    for table in ("kept",):
        await cleaning.write(partial(_drop, table=table))
    await cleaning.close()


def _drop(connection: Connection, table: str) -> None:
    connection.execute(text(f"DROP TABLE IF EXISTS {table}"))


def keep_each(connection: Connection, items: Sequence[str]) -> list[str | Exception]:
    seen.append(list(items))
    good = [item for item in items if item != "refused"]
    if good:
        connection.execute(text("INSERT INTO kept VALUES (:word)"), [{"word": word} for word in good])
    return [ValueError(item) if item == "refused" else item.upper() for item in items]


async def words(database: Database) -> list[str]:
    return await database.read(lambda c: [row[0] for row in c.execute(text("SELECT word FROM kept ORDER BY word"))])


async def together(database: Database, *items: str) -> list[object]:
    """Make these wait for the same turn, with a plain write between them."""
    gate = threading.Event()
    blocked = asyncio.ensure_future(database.write(lambda _: gate.wait(10)))
    await asyncio.sleep(0.05)
    waiting: list[asyncio.Future[object]] = [asyncio.ensure_future(database.write_each(keep_each, item)) for item in items]
    between = asyncio.ensure_future(database.write(lambda c: c.execute(text("INSERT INTO kept VALUES ('between')")) and None))
    await asyncio.sleep(0.05)
    gate.set()
    await blocked
    await between
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_what_waits_is_run_once_for_all(database: Database) -> None:
    assert await together(database, "a", "b", "c") == ["A", "B", "C"]
    assert seen == [["a", "b", "c"]]
    assert await words(database) == ["a", "b", "between", "c"]


async def test_one_alone_is_run_at_once(database: Database) -> None:
    assert await database.write_each(keep_each, "a") == "A"
    assert await words(database) == ["a"]


async def test_an_item_that_is_refused_is_told_and_the_others_stand(database: Database) -> None:
    outcomes = await together(database, "a", "refused", "b")
    assert outcomes[0] == "A"
    assert isinstance(outcomes[1], ValueError)
    assert outcomes[2] == "B"
    assert await words(database) == ["a", "b", "between"]


async def test_a_group_that_fails_is_taken_apart(database: Database) -> None:
    await database.write_each(keep_each, "there")
    outcomes = await together(database, "a", "there", "b")
    assert outcomes[0] == "A"
    assert isinstance(outcomes[1], IntegrityError)
    assert outcomes[2] == "B"
    assert seen[1:] == [["a", "there", "b"], ["a"], ["there"], ["b"]]
    assert await words(database) == ["a", "b", "between", "there"]


async def test_one_alone_that_fails_leaves_nothing(database: Database) -> None:
    await database.write_each(keep_each, "there")
    with pytest.raises(IntegrityError):
        await database.write_each(keep_each, "there")
    assert await database.write_each(keep_each, "next") == "NEXT"
    assert await words(database) == ["next", "there"]


async def test_answers_come_in_the_order_in_which_things_were_done(database: Database) -> None:
    """The announcer tells what it is told: what was decided later must not be heard first."""
    done: list[str] = []
    gate = threading.Event()
    blocked = asyncio.ensure_future(database.write(lambda _: gate.wait(10)))
    await asyncio.sleep(0.05)

    async def each(item: str) -> None:
        done.append(await database.write_each(keep_each, item))

    async def plain() -> None:
        await database.write(lambda c: c.execute(text("INSERT INTO kept VALUES ('plain')")) and None)
        done.append("plain")

    waiting = [asyncio.ensure_future(act) for act in (each("a"), plain(), each("b"))]
    await asyncio.sleep(0.05)
    gate.set()
    await asyncio.gather(blocked, *waiting)
    assert done == ["A", "B", "plain"]
