"""What the Socket.IO library says, in our log: a line and a trace for its own failures, nothing for what a client may cause.

Its line for each packet would hold what people write, and a trace for each packet that nobody can read would fill a disk for anybody
who asks. Those are counted.
"""

from __future__ import annotations

import sys

import structlog

log = structlog.get_logger("lane")
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, EOFError)
"""what the library raises while it reads a packet that makes no sense"""


class LibraryLog:
    """In the place of the library's loggers. `unreadable` counts packets and requests that made no sense."""

    def __init__(self) -> None:
        self.unreadable = 0

    def refuse(self) -> None:
        """One more packet that made no sense."""
        self.unreadable += 1

    def debug(self, message: str, *args: object) -> None:
        """Nothing: a line for each packet."""

    info = debug
    warning = debug

    def error(self, message: str, *args: object) -> None:
        """Once for each kind of bad request, by the library itself."""
        log.info("library", said=message)

    def exception(self, message: str, *args: object) -> None:
        """A failure, with its trace; a POST that cannot be read, or whose sender went in the middle of it, is none."""
        if message == "post request handler error" and isinstance(sys.exc_info()[1], (*UNREADABLE, ConnectionError)):
            self.refuse()
        else:
            log.exception("library", said=message)
