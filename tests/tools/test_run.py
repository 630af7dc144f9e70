"""`make run` as a person sees it: addresses and logins, a quick second start, one Ctrl-C for everything, plain words in trouble."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.child import answers
from tools.places import ROOT
from tools.ports import free_ports, is_free

pytestmark = pytest.mark.starts
_RUNNING: list["Run"] = []


class Run:
    """`python -m tools.run` without the bot, on free ports, with its output in a file."""

    def __init__(self, folder: Path, ports: list[int] | None = None) -> None:
        self.chat, self.shop = ports or free_ports(2)
        self.data = folder / "data"
        self._output = folder / f"output-{time.monotonic_ns()}"
        self._began = time.monotonic()
        env = {
            **os.environ,
            "SHOPBELL_DATA": str(self.data),
            "SHOPBELL_PORT": str(self.chat),
            "DEMO_PORT": str(self.shop),
            "SHOPBELL_BOT": "off",
        }
        with self._output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"], cwd=ROOT, env=env, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        _RUNNING.append(self)

    @property
    def output(self) -> str:
        return self._output.read_text()

    def until(self, word: str, seconds: float = 120) -> float:
        """Waits until the word is printed; returns the seconds since the start."""
        deadline = time.monotonic() + seconds
        while word not in self.output and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert word in self.output, self.output
        return time.monotonic() - self._began

    def until_chat_answers(self, seconds: float = 120) -> float:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answers(f"http://127.0.0.1:{self.chat}/healthz"):
                return time.monotonic() - self._began
            time.sleep(0.02)
        raise AssertionError(self.output)

    def end(self, number: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture(autouse=True, scope="module")
def _none_left() -> Iterator[None]:
    """Ends what a failed test left behind."""
    yield
    for run in _RUNNING:
        run.end()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A first start, so that the folder has its database, secrets and logins."""
    run = Run(tmp_path_factory.mktemp("run"))
    run.until("Ctrl-C ends everything")
    yield run
    run.end()


def test_it_prints_addresses_and_logins_and_nothing_secret(started: Run) -> None:
    assert f"http://127.0.0.1:{started.shop}" in started.output
    assert f"http://127.0.0.1:{started.chat}/console" in started.output
    assert re.search(r"agent@demo\.example +password \S{8,}", started.output)
    assert re.search(r"supervisor@demo\.example +password \S{8,}", started.output)
    assert "whsec_" not in started.output
    assert answers(f"http://127.0.0.1:{started.chat}/widget/loader.js")


def test_a_taken_port_is_named_before_anything_starts(started: Run, tmp_path: Path) -> None:
    [free] = free_ports(1)
    other = Run(tmp_path, [started.chat, free])
    assert other.process.wait(30) != 0
    assert f"port {started.chat} is taken" in other.output
    assert "SHOPBELL_PORT=" in other.output
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_everything(started: Run, number: signal.Signals) -> None:
    again = _again(started)
    again.until("Ctrl-C ends everything")
    assert re.findall(r"password (\S+)", again.output) == re.findall(r"password (\S+)", started.output)
    assert again.end(number) == 0
    assert "Everything has ended." in again.output
    assert is_free(again.chat)
    assert is_free(again.shop)


def test_a_second_start_prepares_nothing_again(started: Run) -> None:
    """Then it takes a few seconds; the limit is wide, because other tests run at the same time."""
    again = _again(started)
    assert again.until_chat_answers() < 30
    again.end()
    assert "· " not in again.output, "every step of preparation says what it does"


def _again(run: Run) -> Run:
    """The same folder and ports, after the run before has ended."""
    run.end()
    return Run(run.data.parent, [run.chat, run.shop])


def test_the_death_of_one_ends_all_and_names_it(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.until("Ctrl-C ends everything")
    os.kill(_child(run.process.pid, "examples.demo_shop"), signal.SIGKILL)
    assert run.process.wait(30) == 1
    assert "shop ended by itself with -9" in run.output
    assert is_free(run.chat)


def _child(pid: int, word: str) -> int:
    """The child process with this word in its command."""
    numbers = " ".join(file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/children")).split()
    return next(int(number) for number in numbers if word in Path(f"/proc/{number}/cmdline").read_text())
