"""What this room asks of the database: one writer that app.py hands in. It is this room's alone: no other room waits for it."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from order_status.store import Connection

A = TypeVar("A")
T = TypeVar("T")


class Writer(Protocol):
    """The single writer. `write` runs `work` in a transaction and returns after COMMIT; what `work` raises rolls it back, and is raised."""

    async def write(self, work: Callable[[Connection], T]) -> T: ...

    async def write_each(self, each: Callable[[Connection, Sequence[A]], Sequence[T]], item: A) -> T:
        """Run `each(connection, items)` once for all items that wait for the same function; this item's result, after COMMIT.

        When it raises, every item is run again alone.
        """
        ...

    async def read(self, work: Callable[[Connection], T]) -> T: ...
