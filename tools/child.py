"""A server process that a tool or a test starts, watches and ends, with everything that it started itself.

Each child leads a process group of its own: Ctrl-C at the terminal reaches only us, and we end the group, politely first.
Its output goes to a log file; lines that `show` wants are printed as well, with the child's name before them.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.command import tail
from tools.places import ROOT


class NotReady(Exception):
    """The process ended or did not answer in time; the text has the end of its log."""


class Child:
    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        log: Path,
        cwd: Path = ROOT,
        user: str | None = None,
        show: Callable[[str], bool] = lambda line: False,
        print_line: Callable[[str], None] = print,
    ) -> None:
        self.name, self._log, self._show, self._print = name, log, show, print_line
        log.parent.mkdir(parents=True, exist_ok=True)
        self._file = log.open("w", errors="replace")
        self._process = subprocess.Popen(
            [str(word) for word in argv],
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
            **(_as(user) if user else {}),
        )
        self._reader = threading.Thread(target=self._copy, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> int | None:
        """The exit code, or None while it runs. A negative code is the signal that ended it."""
        return self._process.poll()

    def log_tail(self) -> str:
        return tail(self._log.read_text(errors="replace"))

    def wait_for(self, url: str, seconds: float, accept: Callable[[int, bytes], bool] = lambda status, body: status == 200) -> None:
        """Waits until the URL answers as wanted. Raises NotReady at the deadline, or as soon as the process ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            code = self.ended()
            if code is not None:
                raise NotReady(f"{self.name} ended with {code}:\n{self.log_tail()}")
            if answers(url, accept):
                return
            time.sleep(0.1)
        raise NotReady(f"{self.name} did not answer at {url} within {seconds:.0f} s:\n{self.log_tail()}")

    def send(self, number: int) -> None:
        """A signal to the whole group; nothing when it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def end(self, seconds: float = 10) -> None:
        """Asks the group to end, insists after `seconds`, and returns when the process is gone. May be called twice."""
        if self._file.closed:
            return
        if self.ended() is None:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.send(signal.SIGKILL)
        self._process.wait()
        self._reader.join(2)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()
        self._file.close()

    def _copy(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if self._file.closed:
                return
            self._file.write(line)
            self._file.flush()
            if self._show(line):
                self._print(f"{self.name:>7} | {line.rstrip()}")


def _as(user: str) -> Mapping[str, Any]:
    """What makes Popen start the process as another user, with nothing of our groups. Only root may."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


def answers(url: str, accept: Callable[[int, bytes], bool] = lambda status, body: status == 200) -> bool:
    """One GET. Any trouble on the way is a no."""
    try:
        with _DIRECT.open(url, timeout=2) as response:
            return accept(response.status, response.read())
    except urllib.error.HTTPError as error:
        return accept(error.code, error.read())
    except (OSError, ValueError):
        return False


# Processes on this machine are asked directly, whatever proxy the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
