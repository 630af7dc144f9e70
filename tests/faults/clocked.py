"""`python -m tests.faults.clocked`: the chat server with another clock.

The file that SHOPBELL_TEST_CLOCK names says by how many seconds it is off.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chat_server import __main__ as program
from chat_server import app

OFFSET = Path(os.environ["SHOPBELL_TEST_CLOCK"])


def shifted() -> datetime:
    """The clock that everything is handed, instead of the wall clock."""
    return datetime.now(UTC) + timedelta(seconds=float(OFFSET.read_text(encoding="ascii") or 0))


if __name__ == "__main__":
    app.now = shifted
    raise SystemExit(program.main())
