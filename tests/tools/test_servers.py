"""The private PostgreSQL and Redis of the tests: fresh, stopped, hung, healed, and gone when the run that started them is killed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis import exceptions as redis_errors

from tests.guard import descendants
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.tools.test_child import gone
from tools.places import ROOT
from tools.ports import free_ports, is_free

pytestmark = pytest.mark.starts


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    with Redis.from_url(redis_server.url, socket_timeout=0.5) as connection:
        yield connection
    redis_server.heal()


def test_each_database_is_fresh_and_a_copy_has_everything(postgres: Postgres) -> None:
    first, second = (url.rpartition("/")[2] for url in (postgres.database(), postgres.database()))
    postgres.sql("CREATE TABLE parcel (id int); INSERT INTO parcel VALUES (7)", first)
    copied = postgres.database(first)
    assert postgres.sql("SELECT id FROM parcel", copied.rpartition("/")[2]) == "7"
    with pytest.raises(subprocess.CalledProcessError):
        postgres.sql("SELECT id FROM parcel", second)
    postgres.drop(copied)
    name = copied.rpartition("/")[2]
    assert postgres.sql(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == "0"


def test_a_database_that_is_given_back_is_empty_for_the_next_one(postgres: Postgres) -> None:
    template = postgres.database().rpartition("/")[2]
    postgres.sql("CREATE TABLE shop (id serial PRIMARY KEY); CREATE TABLE parcel (id serial, shop int REFERENCES shop)", template)
    postgres.sql("CREATE TABLE chat_version (word text); INSERT INTO chat_version VALUES ('kept')", template)
    first = postgres.database(template)
    name = first.rpartition("/")[2]
    postgres.sql("INSERT INTO shop DEFAULT VALUES; INSERT INTO parcel (shop) VALUES (1)", name)
    postgres.give_back(first)
    assert postgres.database(template) == first
    assert postgres.sql("SELECT (SELECT count(*) FROM shop), (SELECT count(*) FROM parcel), word FROM chat_version", name) == "0|0|kept"
    assert postgres.sql("INSERT INTO shop DEFAULT VALUES RETURNING id", name) == "1"
    assert postgres.database(template) != first


def test_postgres_is_as_durable_as_in_production_and_listens_on_loopback_alone(postgres: Postgres) -> None:
    settings = {name: postgres.sql(f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit", "listen_addresses")}
    assert settings == {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": "127.0.0.1"}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgres_comes_back_with_what_was_committed(postgres: Postgres, mode: str) -> None:
    name = postgres.database().rpartition("/")[2]
    postgres.sql("CREATE TABLE parcel (id int)", name)
    postgres.stop(mode)
    with pytest.raises(subprocess.CalledProcessError):
        postgres.sql("SELECT 1")
    postgres.start()
    assert postgres.sql("SELECT count(*) FROM parcel", name) == "0"


def test_a_paused_postgres_answers_nothing_until_it_is_resumed(postgres: Postgres) -> None:
    postgres.pause()
    with pytest.raises(subprocess.TimeoutExpired):
        postgres.sql("SELECT 1", seconds=0.5)
    postgres.resume()
    assert postgres.sql("SELECT 1") == "1"


def test_whatever_a_test_left_the_next_database_is_there(postgres: Postgres) -> None:
    postgres.pause()
    assert postgres.database()
    postgres.stop()
    assert postgres.database()


def test_redis_keeps_nothing_over_a_kill(redis_server: RedisServer, redis: Redis) -> None:
    redis.set("shopbell:word", "kept")
    redis_server.kill()
    with pytest.raises(redis_errors.ConnectionError):
        redis.get("shopbell:word")
    redis_server.start()
    assert redis.get("shopbell:word") is None


def test_a_paused_redis_answers_nothing_until_it_is_resumed(redis_server: RedisServer, redis: Redis) -> None:
    redis.set("shopbell:word", "kept")
    redis_server.pause()
    with pytest.raises(redis_errors.TimeoutError):
        redis.get("shopbell:word")
    redis_server.resume()
    assert redis.get("shopbell:word") == b"kept"
    redis_server.flush()
    assert redis.get("shopbell:word") is None


def test_the_product_s_user_of_redis_may_do_its_own_things_only(redis: Redis) -> None:
    assert redis.publish("shopbell:hints", "[]") == 0
    for word in (["PUBLISH", "other", "x"], ["SET", "other", "x"], ["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"]):
        with pytest.raises(redis_errors.NoPermissionError):
            redis.execute_command(*word)  # type: ignore[no-untyped-call]  # the library's one call without types


_RUN = """
import sys, time
from pathlib import Path
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.tools.test_child import gone
postgres, redis = Postgres(), RedisServer(Path(sys.argv[1]))
postgres.start()
redis.start()
postgres.pause()
print(postgres.url("x").rpartition(":")[2].partition("/")[0], redis.url.rpartition(":")[2].partition("/")[0], flush=True)
time.sleep(60)
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A temporary folder that another user may pass through; pytest's own is for us alone."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_run_leaves_no_process_and_no_folder(open_folder: Path, tmp_path: Path, number: signal.Signals) -> None:
    """The hardest case: nothing of the run's own code runs any more, and PostgreSQL stands still."""
    env = {**os.environ, "TMPDIR": str(open_folder), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", _RUN, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT, env=env, text=True) as run:
        assert run.stdout is not None
        ports = [int(word) for word in run.stdout.readline().split()]
        assert len(ports) == 2
        started = descendants([run.pid])
        run.send_signal(number)
        run.wait(20)
    until = time.monotonic() + 20
    while time.monotonic() < until and not all(map(gone, started)):
        time.sleep(0.05)
    assert all(map(gone, started))
    assert all(map(is_free, ports))
    assert not list(open_folder.glob("shopbell-pg-*"))


def test_free_ports_are_none_that_an_outgoing_connection_gets() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(map(is_free, ports))
    first = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if first.exists():
        assert max(ports) < int(first.read_text().split()[0])
