"""The bot's own Python 3.10 environment, its trained model, and the two processes it runs as.

A machine without Python 3.10 can do without the bot: `environment` then says why instead of failing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.command import CommandFailed, run
from tools.places import BOT, BOT_PYTHON, TOOLS
from tools.stamp import digest, done, mark
from tools.uv import new_environment, uv

_PINS = BOT / "requirements.txt"
_STAMP = BOT / ".venv" / ".synced"
_NOT_FOUND = TOOLS / "no-python-3.10"
_ASK_AGAIN_AFTER_S = 3600


class NoBot(Exception):
    """The bot cannot run here; the text tells the person why and what would help."""


def python() -> str:
    """A Python 3.10 that uv finds or fetches. The working folder matters: bot/.python-version names the version."""
    program = uv()
    _forget_the_shim()
    try:
        return run([program, "python", "find", "--no-project"], cwd=BOT, seconds=30).strip()
    except CommandFailed:
        pass
    if _NOT_FOUND.exists() and time.time() - _NOT_FOUND.stat().st_mtime < _ASK_AGAIN_AFTER_S:
        raise NoBot(_MISSING)
    try:
        run([program, "python", "install", "-q"], cwd=BOT, seconds=180)
        return run([program, "python", "find", "--no-project"], cwd=BOT, seconds=30).strip()
    except CommandFailed:
        mark(_NOT_FOUND, "")
        raise NoBot(_MISSING) from None


_MISSING = "there is no Python 3.10 on this machine and none could be fetched; install it (`uv python install 3.10`) and start again"


def _forget_the_shim() -> None:
    """pyenv's shim, when it started us, tells all our children to use our own version of Python; the bot needs another one."""
    if os.environ.get("PYENV_DIR"):
        os.environ.pop("PYENV_VERSION", None)
        os.environ.pop("PYENV_DIR")


def ready() -> bool:
    """True when the environment stands as the pins say."""
    return BOT_PYTHON.exists() and done(_STAMP, digest([_PINS]))


def environment(log: Path | None = None, runner: Callable[..., object] = run) -> None:
    """bot/.venv as bot/requirements.txt says. `runner` has the face of command.run. Raises NoBot."""
    if ready():
        return
    found = python()
    program = uv()
    try:
        if not BOT_PYTHON.exists():
            new_environment(BOT / ".venv", found, cwd=BOT)
        runner(
            [program, "pip", "sync", "-q", "--require-hashes", "--compile-bytecode", "--python", BOT_PYTHON, _PINS],
            cwd=BOT,
            seconds=1800,
            log=log,
        )
    except CommandFailed as error:
        raise NoBot(f"the bot's packages could not be installed: {error}") from error
    mark(_STAMP, digest([_PINS]))


def train(log: Path | None = None, runner: Callable[..., object] = run) -> None:
    """The model of today's data; bot/train.py does nothing when it stands already. Raises NoBot."""
    try:
        runner(["nice", "-n", "10", BOT_PYTHON, "train.py"], cwd=BOT, env=QUIET, seconds=1800, log=log)
    except CommandFailed as error:
        raise NoBot(f"the bot's model could not be trained: {error}") from error


# Rasa tells its makers that it was used, unless told not to; TensorFlow greets in red letters.
QUIET: Mapping[str, str] = {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
