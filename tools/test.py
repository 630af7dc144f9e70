"""What the Makefile asks for beside `run`: prepares what a command needs, runs its steps, tells what failed.

A step that fails does not hide the next ones; the exit code is 1 if any did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tools import bot, environment, node, system
from tools.places import BOT, BOT_PYTHON, PYTHON, ROOT, WIDGET, give_up, say
from tools.uv import uv

_SIDE_BY_SIDE = ("-n", "2", "--dist", "worksteal")
MODULES = {
    "faults": "tests.faults",
    "fuzz": "tests.contracts",
    "bench-messages": "benchmarks.messages",
    "bench-idle": "benchmarks.idle",
    "bench-storm": "benchmarks.storm",
    "bench-overdue": "benchmarks.overdue",
    "bench-orders": "benchmarks.orders",
}
"""Commands that are one module: what each means and which options it takes stands there."""


def main(words: Sequence[str]) -> None:
    if len(words) != 1 or words[0] not in (*COMMANDS, *MODULES):
        give_up(f"usage: python3 -m tools.test {'|'.join((*COMMANDS, *MODULES))}")
    [word] = words
    failed = COMMANDS[word]() if word in COMMANDS else alone(word)
    if failed:
        give_up(f"failed: {', '.join(failed)}")


def everything() -> list[str]:
    _prepare_servers()
    system.chromium()
    try:
        say("· preparing the bot")
        bot.environment()
        bot.train()
    except bot.NoBot as reason:
        give_up(f"the bot is needed for all tests (`make test-fast` does without): {reason}")
    return _steps(
        ("tests", _pytest("-m", "not bot and not browser", *_SIDE_BY_SIDE)),
        ("tests of bot and browser", _pytest("-m", "bot or browser")),
        ("tests of the widget", _npm("test")),
    )


def fast() -> list[str]:
    environment.prepare(tests=True)
    node.packages()
    node.build()
    wanted = "not starts and not bot and not browser and not thorough"
    return _steps(("fast tests", _pytest("-m", wanted, "--ignore=tests/house", "--hypothesis-profile=fast", *_SIDE_BY_SIDE)))


def check() -> list[str]:
    environment.prepare(tests=True)
    node.packages()
    return _steps(
        ("ruff", _run(PYTHON, "-m", "ruff", "check", ".")),
        ("mypy", _run(PYTHON, "-m", "mypy")),
        ("widget", _npm("run", "check")),
        ("house rules", _pytest("tests/house", "-q")),
    )


def alone(word: str) -> list[str]:
    _prepare_servers()
    return _steps((word, _run(PYTHON, "-m", MODULES[word])))


def bench() -> list[str]:
    _prepare_servers()
    steps = [(word, _run(PYTHON, "-m", module, "--short")) for word, module in MODULES.items() if word.startswith("bench-")]
    try:
        bot.environment()
        bot.train()
        steps.append(("bot", _run(BOT_PYTHON, "score.py", cwd=BOT, env=dict(bot.QUIET))))
    except bot.NoBot as reason:
        say(f"The bot is not measured: {reason}")
    return _steps(*steps)


def _prepare_servers() -> None:
    environment.prepare(tests=True)
    system.postgres()
    system.redis_server()
    node.packages()
    node.build()


COMMANDS: dict[str, Callable[[], list[str]]] = {"all": everything, "fast": fast, "check": check, "bench": bench}


def _steps(*steps: tuple[str, Callable[[], int]]) -> list[str]:
    failed, times = [], []
    for name, step in steps:
        say(f"— {name}")
        began = time.monotonic()
        if step() != 0:
            failed.append(name)
        times.append(f"{name} {time.monotonic() - began:.0f} s{' FAILED' if name in failed else ''}")
    say("— " + " · ".join(times))
    return failed


def _pytest(*words: str) -> Callable[[], int]:
    return _run(PYTHON, "-m", "pytest", *words)


def _npm(*words: str) -> Callable[[], int]:
    return _run("npm", *words, cwd=WIDGET)


def _run(*words: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> Callable[[], int]:
    # Steps find uv and node by PATH, wherever they came from.
    path = os.pathsep.join([str(Path(uv()).parent), node.programs()])
    together = {**os.environ, "PATH": path, **(env or {})}
    return lambda: subprocess.run([str(word) for word in words], cwd=cwd, env=together, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    main(sys.argv[1:])
