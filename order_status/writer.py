"""What this room asks of the database: one writer that app.py hands in. All rooms of a process share it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from order_status.store import Connection

T = TypeVar("T")


class Writer(Protocol):
    """The single writer. `write` runs `work` in a transaction and returns after COMMIT; what `work` raises rolls it back, and is raised."""

    async def write(self, work: Callable[[Connection], T]) -> T: ...

    async def read(self, work: Callable[[Connection], T]) -> T: ...
