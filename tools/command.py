"""Runs a program to its end, quietly: what it printed is shown only when it failed.

For programs that stay (servers), see child.py.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.places import ROOT


class CommandFailed(Exception):
    """The program ended with an error or not in time; the text tells which and shows the end of its output."""


def run(
    argv: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None, seconds: float = 1800, log: Path | None = None
) -> str:
    """Returns the output. `env` is added to the environment; `log` gets the output as well, while the program runs."""
    words = [str(word) for word in argv]
    try:
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("w") as file:
                code = subprocess.run(
                    words,
                    cwd=cwd,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    timeout=seconds,
                    check=False,
                ).returncode
            output = log.read_text(errors="replace")
        else:
            ended = subprocess.run(
                words,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
                text=True,
                errors="replace",
            )
            code, output = ended.returncode, ended.stdout
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"`{' '.join(words)}` did not end within {seconds:.0f} s") from None
    except OSError as error:
        raise CommandFailed(f"`{' '.join(words)}` cannot start: {error}") from error
    if code != 0:
        raise CommandFailed(f"`{' '.join(words)}` ended with {code}:\n{tail(output)}")
    return output


def tail(text: str, lines: int = 25) -> str:
    """The last lines of a log, for a failure's message."""
    return "\n".join(text.rstrip().splitlines()[-lines:])
