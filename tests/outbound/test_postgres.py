"""PostgreSQL that is restarted, hangs, or is written to by others: nothing is lost, and everybody is told."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest
from sqlalchemy import Connection, text

from chat_server.errors import ClientError, Code
from chat_server.outbound.database import Database
from tests.postgres import Postgres


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    made = Database(postgres.database())
    await made.write(lambda c: c.execute(text("CREATE TABLE counted (n INTEGER)")) and None)
    await made.write(lambda c: c.execute(text("INSERT INTO counted VALUES (0)")) and None)
    yield made
    postgres.heal()
    await made.close()


def count_on(connection: Connection, pause_s: float = 0.0) -> int:
    """Read, think, write what was read and one more: wrong as soon as two of them overlap."""
    found = connection.execute(text("SELECT n FROM counted")).scalar_one()
    time.sleep(pause_s)
    connection.execute(text("UPDATE counted SET n = :n"), {"n": found + 1})
    return int(found) + 1


async def counted(database: Database) -> int:
    return await database.read(lambda c: c.execute(text("SELECT n FROM counted")).scalar_one())


async def test_two_processes_never_decide_on_what_the_other_has_changed(postgres: Postgres, database: Database) -> None:
    other = Database(postgres.url(str(await database.read(lambda c: c.execute(text("SELECT current_database()")).scalar_one()))))
    slowly = partial(count_on, pause_s=0.005)
    answers = await asyncio.gather(*(each.write(slowly) for _ in range(40) for each in (database, other)))
    assert sorted(answers) == list(range(1, 81))
    assert await counted(other) == 80
    await other.close()


async def test_after_a_restart_the_next_write_goes_through(postgres: Postgres, database: Database) -> None:
    assert await database.write(count_on) == 1
    postgres.restart()
    assert await database.write(count_on) == 2
    postgres.restart("immediate")
    assert await database.write(count_on) == 3
    assert await patiently(database) == 3


async def patiently(database: Database) -> int:
    """A reader's connection was cut: it is told so, and asks again."""
    with contextlib.suppress(ClientError):
        return await counted(database)
    return await counted(database)


async def test_a_database_that_is_gone_is_unavailable(postgres: Postgres, database: Database) -> None:
    postgres.stop()
    for ask in (database.write(count_on), counted(database)):
        with pytest.raises(ClientError) as refused:
            await ask
        assert refused.value.code is Code.UNAVAILABLE
    assert database.alive, "it comes back by itself"
    postgres.start()
    assert await database.write(count_on) == 1


async def test_a_database_that_hangs_is_unavailable_in_time(postgres: Postgres, database: Database) -> None:
    postgres.pause()
    began = time.monotonic()
    with pytest.raises(ClientError) as refused:
        await database.write(count_on)
    assert refused.value.code is Code.UNAVAILABLE
    assert time.monotonic() - began < 25
    postgres.resume()
    assert await database.write(count_on) in (1, 2), "what was under way when it hung may have been committed"


async def test_a_neighbour_that_stands_still_in_its_transaction_does_not_stop_the_others(postgres: Postgres, database: Database) -> None:
    name = str(await database.read(lambda c: c.execute(text("SELECT current_database()")).scalar_one()))
    stuck = Database(postgres.url(name))
    hanging = asyncio.ensure_future(stuck.write(partial(count_on, pause_s=14)))
    await asyncio.sleep(0.3)
    began = time.monotonic()
    while isinstance((await asyncio.gather(database.write(count_on), return_exceptions=True))[0], ClientError):
        assert time.monotonic() - began < 30
    assert time.monotonic() - began < 13
    with pytest.raises(ClientError):
        await hanging
    assert await counted(database) == 1
    await stuck.close()
