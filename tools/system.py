"""Programs that come from the system: found on PATH, or installed by apt as root on Debian, else named with their command."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tools.command import CommandFailed, run
from tools.places import give_up, say

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_REDIS = ("redis-server", "valkey-server")
_DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


def chromium() -> str:
    """The browser of the browser tests."""
    return find_chromium() or _installed("chromium", _CHROMIUM, "the browser tests")


def find_chromium() -> str | None:
    """Its path, or None; installs nothing."""
    return _first(_CHROMIUM)


def postgres() -> Path:
    """The folder of PostgreSQL's programs: initdb, postgres, psql. Tests start a private one; a server of the system is left alone."""
    found = find_postgres()
    if found is None and apt_install("postgresql"):
        found = find_postgres()
    return found or give_up("PostgreSQL is missing (the tests of several nodes). Install it: `sudo apt-get install postgresql`")


def find_postgres() -> Path | None:
    """Its folder, or None; installs nothing. Debian keeps the programs of each version away from PATH; the newest is taken."""
    on_path = shutil.which("initdb")
    kept = sorted(_DEBIAN_POSTGRES.glob("*/bin/initdb"), key=lambda path: _number(path.parent.parent.name), reverse=True)
    places = [path.parent for path in [*([Path(on_path).resolve()] if on_path else []), *kept]]
    return next((place for place in places if all((place / name).exists() for name in ("initdb", "postgres", "psql"))), None)


def redis_server() -> str:
    """The hints between several nodes, in the tests."""
    return find_redis_server() or _installed("redis-server", _REDIS, "the tests of several nodes")


def find_redis_server() -> str | None:
    """Its path, or None; installs nothing."""
    return _first(_REDIS)


def apt_install(package: str) -> bool:
    """True when apt could install it: only as root on a system that has apt."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say(f"· installing {package} with apt")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run([apt, "update", "-q"], env=quiet, seconds=300)
        run([apt, "install", "-y", "-q", "--no-install-recommends", package], env=quiet, seconds=900)
    except CommandFailed as error:
        say(f"  apt could not: {error}")
        return False
    return True


def _installed(package: str, names: tuple[str, ...], purpose: str) -> str:
    if apt_install(package):
        found = _first(names)
        if found:
            return found
    give_up(f"{package} is missing ({purpose}). Install it: `sudo apt-get install {package}`")


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0


def _first(names: tuple[str, ...]) -> str | None:
    return next((path for path in map(shutil.which, names) if path), None)
