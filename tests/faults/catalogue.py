"""Every fault that is injected under the crowd's load. The short run of `make test` and the full one of `make faults` read this list."""

from __future__ import annotations

from pathlib import Path

from tests.faults import backends, clock, connections, deaths, slow
from tests.faults.ground import Ground, one_node, several_nodes
from tests.faults.scene import Fault
from tests.postgres import Postgres
from tests.processes import Databases, DataFolders
from tests.redis_server import RedisServer

FAULTS: tuple[Fault, ...] = (*deaths.FAULTS, *connections.FAULTS, *backends.FAULTS, *slow.FAULTS, *clock.FAULTS)
NODES = 3


class Grounds:
    """Makes the ground that a fault stands on. PostgreSQL and Redis are shared by all runs of a process; databases are not."""

    def __init__(self, home: Path, folders: DataFolders) -> None:
        self._home, self._folders = home, folders
        self._count = 0

    def folder(self) -> Path:
        """An empty one."""
        self._count += 1
        return self._home / f"folder-{self._count}"

    def plain(self) -> Ground:
        """One server, nothing special."""
        return one_node(self._folders, {})

    def one(self, fault: Fault) -> Ground:
        return one_node(self._folders, fault.env, fault.program)

    def many(self, fault: Fault, postgres: Postgres, databases: Databases, redis: RedisServer, count: int = NODES) -> Ground:
        self._count += 1
        ground = several_nodes(count, self._home / f"nodes-{self._count}", databases, redis, fault.env)
        ground.postgres = postgres
        return ground
