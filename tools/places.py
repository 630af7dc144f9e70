"""Where things lie in the tree, and how a tool speaks to the person at the terminal.

Everything that the tools make stays below `.tools/` (programs), `.venv/`, `bot/.venv/` (environments) and `.shopbell/` (data).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
BOT = ROOT / "bot"
WIDGET = ROOT / "widget"
PYTHON = VENV / "bin" / "python"
BOT_PYTHON = BOT / ".venv" / "bin" / "python"


def data() -> Path:
    """The folder of `make run`: database, secrets, logs."""
    return (ROOT / os.environ.get("SHOPBELL_DATA", ".shopbell")).resolve()


def say(line: str) -> None:
    """One line for the person who waits."""
    print(line, flush=True)


def give_up(line: str) -> NoReturn:
    """Ends the tool with a reason that names what to do."""
    sys.exit(f"shopbell: {line}")
