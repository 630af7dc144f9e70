"""Faults that need no crowd: SQLite killed in mid-write, polling bursts. Each brings its own load and its own checks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from tests.faults import bursts, sqlite_kills
from tests.faults.catalogue import Grounds
from tests.faults.scene import Result


@dataclass(frozen=True)
class Single:
    """`short` and `full`: how often, in the tests and in `make faults`."""

    name: str
    run: Callable[[Grounds, int], Coroutine[Any, Any, Result]]
    short: int
    full: int


SINGLES = (
    Single("SQLite killed in mid-write", lambda grounds, times: sqlite_kills.run(grounds.folder(), times), short=10, full=200),
    Single("polling bursts of 17, 40, 200", lambda grounds, times: bursts.run(grounds.plain(), times), short=1, full=10),
)
