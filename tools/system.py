"""Programs that come from the system: found on PATH, or installed by apt as root on Debian, else named with their command."""

from __future__ import annotations

import os
import shutil

from tools.command import CommandFailed, run
from tools.places import give_up, say

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The browser of the browser tests."""
    return find_chromium() or _installed("chromium", _CHROMIUM, "the browser tests")


def find_chromium() -> str | None:
    """Its path, or None; installs nothing."""
    return _first(_CHROMIUM)


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


def _first(names: tuple[str, ...]) -> str | None:
    return next((path for path in map(shutil.which, names) if path), None)
