"""A private PostgreSQL for tests: a cluster in a temporary folder, on a free port of loopback, as durable as in production.

PostgreSQL refuses root, so as root its processes run as an unprivileged user. Must not touch a server of the system.
"""

import contextlib
import getpass
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import pytest

from tests.guard import GUARD, descendants
from tools.child import Child
from tools.ports import free_ports
from tools.system import find_postgres

START_S = 60
_EMPTY = """
SET session_replication_role = replica;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT oid::regclass AS name, relkind FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname NOT LIKE '%version' LOOP
        IF each.relkind = 'r' THEN EXECUTE format('DELETE FROM %s', each.name); ELSE PERFORM setval(each.name, 1, false); END IF;
    END LOOP;
END $$
"""
_MODES = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class Postgres:
    """`database()` answers the URL of an empty database. What a test stopped or paused runs again at the next `database()`."""

    def __init__(self) -> None:
        found = find_postgres()
        if found is None:
            pytest.fail("PostgreSQL is missing: `make test` installs it, or `sudo apt-get install postgresql`")
        self._programs = found
        self._user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="shopbell-pg-"))
        GUARD.remove(str(self._folder))
        if self._user:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, pwd.getpwnam(self._user).pw_gid)
        self._superuser, self._password = f"tests_{secrets.token_hex(4)}", secrets.token_hex(16)
        [self._port] = free_ports(1)
        self._numbers = count(1)
        self._spare: dict[str, list[str]] = {}
        """databases of each template that were given back"""
        self._made_from: dict[str, str] = {}
        self._child: Child | None = None
        self._paused: list[int] = []
        self._make_cluster()

    def url(self, database: str) -> str:
        return f"postgresql://{self._superuser}:{self._password}@127.0.0.1:{self._port}/{database}"

    def database(self, template: str = "template1") -> str:
        """The URL of a new database: empty, or a copy of another one that nobody is connected to."""
        self.heal()
        if self._spare.get(template):
            return self.url(self._spare[template].pop())
        name = f"{template if template != 'template1' else 'db'}_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        self._made_from[name] = template
        return self.url(name)

    def give_back(self, url: str) -> None:
        """The copy of a template without rows: emptied, it is the next one's. Ten times as fast as `drop`, which waits for a checkpoint."""
        name = url.rpartition("/")[2]
        self.heal()
        self.sql(_EMPTY, name)
        self._spare.setdefault(self._made_from[name], []).append(name)

    def drop(self, url: str) -> None:
        """Throws a database away, together with whoever is connected to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres", seconds: float = 60) -> str:
        """Statements by the superuser; answers the rows, one a line, columns parted by |. Raises CalledProcessError, TimeoutExpired."""
        words = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", statement]
        words[0] = str(self._programs / "psql")
        return subprocess.run(words, check=True, capture_output=True, text=True, timeout=seconds).stdout.strip()

    def start(self) -> None:
        """Returns when it takes connections; a database that crashed has recovered then."""
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            "shared_buffers": "32MB",
            "max_wal_size": "512MB",
            "max_connections": 200,
            "fsync": "on",
            "synchronous_commit": "on",
            "jit": "off",
        }
        words: list[str | Path] = [self._programs / "postgres", "-D", self._data]
        words += [f"--{name}={value}" for name, value in options.items()]
        self._child = Child("postgres", words, env={}, log=self._log, cwd=self._folder, user=self._user)
        GUARD.watch(self._child.pid)
        self._wait_until_ready(self._child)

    def stop(self, mode: str = "fast") -> None:
        """ "fast" as an operator restarts it: open transactions are rolled back; "immediate" like a crash: it recovers at the start."""
        child, self._child = self._child, None
        if child is None:
            return
        self._continue()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, _MODES[mode])
        until = time.monotonic() + START_S
        while child.ended() is None and time.monotonic() < until:
            time.sleep(0.02)
        child.end()
        GUARD.forget(child.pid)

    def restart(self, mode: str = "fast") -> None:
        self.stop(mode)
        self.start()

    def pause(self) -> None:
        """SIGSTOP for all its processes: connections stay open and nothing answers."""
        # The first process stands still before its children are counted: it forks no more.
        assert self._child is not None
        os.kill(self._child.pid, signal.SIGSTOP)
        self._paused = descendants([self._child.pid])
        for pid in self._paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        self._continue()

    def heal(self) -> None:
        """Runs again, whatever a test left."""
        self._continue()
        if self._child is not None and self._child.ended() is not None:
            self.stop()
        if self._child is None:
            self.start()

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def end(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "postgres.log"

    def _continue(self) -> None:
        paused, self._paused = self._paused, []
        for pid in paused:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _make_cluster(self) -> None:
        password = self._folder / "password"
        password.write_text(self._password, encoding="utf-8")
        words: list[str | Path] = [self._programs / "initdb", "-D", self._data, "-U", self._superuser, "--pwfile", password]
        words += ["-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"]
        made = Child("initdb", words, env={}, log=self._folder / "initdb.log", cwd=self._folder, user=self._user)
        until = time.monotonic() + START_S
        while made.ended() is None and time.monotonic() < until:
            time.sleep(0.02)
        code = made.ended()
        made.end()
        if code != 0:
            pytest.fail(f"initdb ended with {code}:\n{made.log_tail()}")

    def _wait_until_ready(self, child: Child) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until and child.ended() is None:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.sql("SELECT 1")
                return
            time.sleep(0.05)
        tail = child.log_tail()
        self.stop("immediate")
        pytest.fail(f"PostgreSQL did not start:\n{tail}")


def _unprivileged() -> str | None:
    """Who runs the server when we are root; None: ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    pytest.fail(f"PostgreSQL refuses {getpass.getuser()}, and there is no user postgres or nobody")
