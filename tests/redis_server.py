"""A private Redis for tests: on a free port of loopback, with the product's own user and nothing written to disk.

The rights of the user are those of deploy/redis.acl, so that a command which production would refuse fails here too.
"""

import secrets
import signal
import time
from pathlib import Path

import pytest
from redis import Redis
from redis import exceptions as redis_errors

from tests.guard import GUARD
from tools.child import Child
from tools.places import ROOT
from tools.ports import free_ports
from tools.system import find_redis_server

START_S = 20
_RIGHTS = ROOT / "deploy" / "redis.acl"


class RedisServer:
    """`url` is what the product gets, `admin_url` what a test may use to break things."""

    def __init__(self, folder: Path) -> None:
        found = find_redis_server()
        if found is None:
            pytest.fail("redis-server is missing: `make test` installs it, or `sudo apt-get install redis-server`")
        self._program, self._folder = found, folder
        self._password, self._admin = secrets.token_hex(16), secrets.token_hex(16)
        [self._port] = free_ports(1)
        self._child: Child | None = None
        self._paused = False

    @property
    def url(self) -> str:
        return f"redis://shopbell:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def admin_url(self) -> str:
        return f"redis://default:{self._admin}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Returns when it answers. Empty: it keeps nothing over a restart."""
        rights = _RIGHTS.read_text(encoding="utf-8").replace("${REDIS_PASSWORD}", self._password)
        rights = rights.replace("user default off", f"user default on >{self._admin} ~* &* +@all")
        users = self._folder / "users.acl"
        users.write_text(rights, encoding="utf-8")
        options = {"port": self._port, "bind": "127.0.0.1", "dir": self._folder, "aclfile": users, "save": "", "appendonly": "no"}
        words = [self._program, *(str(word) for name, value in options.items() for word in (f"--{name}", value))]
        self._child = Child("redis", words, env={}, log=self._folder / "redis.log", cwd=self._folder)
        GUARD.watch(self._child.pid)
        until = time.monotonic() + START_S
        while not self._answers():
            if self._child.ended() is not None or time.monotonic() > until:
                pytest.fail(f"redis-server did not start:\n{self._child.log_tail()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL; nothing when it does not run."""
        child, self._child = self._child, None
        if child is not None:
            child.send(signal.SIGKILL)
            child.end()
            GUARD.forget(child.pid)
        self._paused = False

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        assert self._child is not None
        self._child.send(signal.SIGSTOP)
        self._paused = True

    def resume(self) -> None:
        if self._child is not None and self._paused:
            self._child.send(signal.SIGCONT)
        self._paused = False

    def heal(self) -> None:
        """Runs again, whatever a test left."""
        self.resume()
        if self._child is not None and self._child.ended() is not None:
            self.kill()
        if self._child is None:
            self.start()

    def flush(self) -> None:
        """Everything in it is gone; who listens stays connected."""
        with Redis.from_url(self.admin_url) as connection:
            connection.flushall()

    def end(self) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url, socket_timeout=2) as connection:
                return bool(connection.ping())
        except (redis_errors.ConnectionError, redis_errors.TimeoutError):
            return False
