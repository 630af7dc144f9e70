"""Ends what a test run started, also when the run itself was killed and could end nothing: one small process beside each run.

It reads the run's wishes from a pipe; when the pipe closes, whoever is still on its list is killed with all children, and the
temporary folders go. Must not import the product or pytest: it starts as a plain script.
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable


class Guard:
    """`watch` a process that leads a group of its own, `forget` it when it has ended, `remove` a folder at the end."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def watch(self, pid: int) -> None:
        self._tell(f"watch {pid}")

    def forget(self, pid: int) -> None:
        self._tell(f"forget {pid}")

    def remove(self, folder: str) -> None:
        self._tell(f"remove {folder}")

    def _tell(self, line: str) -> None:
        with self._lock:
            if self._process is None:
                # A session of its own: Ctrl-C at the terminal does not reach it.
                self._process = subprocess.Popen([sys.executable, "-S", __file__], stdin=subprocess.PIPE, text=True, start_new_session=True)
                atexit.register(self._process.communicate)
            assert self._process.stdin is not None
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()


GUARD = Guard()


def descendants(of: Iterable[int]) -> list[int]:
    """Children, their children and so on; the given processes first, each parent before its children."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [(int(pid), int(parent)) for pid, parent in (line.split() for line in listed.splitlines())]
    found = list(of)
    for known in found:
        found += [pid for pid, parent in pairs if parent == known and pid not in found]
    return found


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: list[int] = []
    folders: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "watch":
            watched.append(int(rest))
        elif word == "forget" and int(rest) in watched:
            watched.remove(int(rest))
        elif word == "remove":
            folders.append(rest)
    for pid in descendants(watched):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
