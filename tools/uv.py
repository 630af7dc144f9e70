"""Finds uv on PATH, else brings it from PyPI into `.tools/uv`, by the pin in requirements-uv.txt."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools.command import CommandFailed, run
from tools.places import ROOT, TOOLS, give_up, say
from tools.system import apt_install

_HOME = TOOLS / "uv"
_PINS = ROOT / "tools" / "requirements-uv.txt"


def uv() -> str:
    """The path of a uv that works."""
    found = shutil.which("uv")
    if found:
        return found
    own = _HOME / "bin" / "uv"
    if not own.exists():
        say("· uv is not on PATH: installing it into .tools/")
        _install(own)
    return str(own)


def new_environment(folder: Path, python: str, *, cwd: Path = ROOT) -> None:
    """An empty environment for a Python (a path or a wish like ">=3.11"); half of an old one may lie there. Raises CommandFailed."""
    shutil.rmtree(folder, ignore_errors=True)
    run([uv(), "venv", "-q", "--no-project", "--python", python, folder], cwd=cwd, seconds=300)


def _install(own: Path) -> None:
    try:
        _in_environment()
    except CommandFailed as first:
        # Debian ships Python without ensurepip; pip alone can fill a folder, else the missing package is installed.
        try:
            run([sys.executable, "-m", "pip", "install", "-q", "--require-hashes", "-r", _PINS, "--target", _HOME], seconds=300)
        except CommandFailed:
            if not apt_install("python3-venv"):
                give_up(f"uv cannot be installed. Install uv, or python3-venv: `sudo apt-get install python3-venv`.\n{first}")
            _in_environment()
    if not own.exists():
        give_up(f"uv did not arrive in {os.path.relpath(own, ROOT)}; install it by hand: `pipx install uv`")


def _in_environment() -> None:
    shutil.rmtree(_HOME, ignore_errors=True)
    run([sys.executable, "-m", "venv", _HOME], seconds=120)
    run([_HOME / "bin" / "python", "-m", "pip", "install", "-q", "--require-hashes", "-r", _PINS], seconds=300)
