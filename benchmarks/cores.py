"""Which core runs what, and what each process used: the numbers of /proc, so that a run can say whether it measured the server.

Linux only. Must not change anything but the affinity of processes that the benchmark started.
"""

from __future__ import annotations

import os
import platform
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BUSY = (0, 1, 2, 5, 6)
"""columns of /proc/stat that are work: user, nice, system, irq, softirq"""


_NICE = -10


@contextmanager
def on(core: int) -> Iterator[None]:
    """Processes that are started inside run on this core, before others where we may say so; afterwards this one is as it was."""
    cores, nice = os.sched_getaffinity(0), os.getpriority(os.PRIO_PROCESS, 0)
    settle(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, nice)


def settle(core: int) -> None:
    """This process stays on the core, and before other load of the machine where we may say so."""
    os.sched_setaffinity(0, {core})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    prefer(os.getpid())


def prefer(pid: int) -> None:
    """The session of this process goes before others too, where the kernel shares out by sessions and we may say so."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(f"{_NICE}")


def pair() -> tuple[int, int]:
    """A core for the server and another one for the client; the same one where there is only one, and then figures say little."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]


def family(first: int) -> list[int]:
    """The process and everything that it and its children started."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [first]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_s(pids: list[int]) -> float:
    """User and system seconds of these processes until now."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / _TICK


def rss_kb(pids: list[int]) -> int:
    """Resident memory of these processes."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE for pid in pids) // 1024


def machine_s() -> float:
    """Seconds of work of all cores until now."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = file.readline().split()[1:]
    return sum(int(fields[at]) for at in _BUSY) / _TICK


@dataclass(frozen=True, slots=True)
class Used:
    """Shares of one core: 1.0 is a whole core. `other` is everything that is neither the server nor the client."""

    seconds: float
    server: float
    client: float
    other: float


class Meter:
    """Starts at its making; `read` tells what was used since."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self._began = time.perf_counter(), cpu_s(pids), time.process_time(), machine_s()

    def read(self) -> Used:
        wall, server, client, machine = self._began
        seconds = time.perf_counter() - wall
        used, own = cpu_s(self._pids) - server, time.process_time() - client
        other = max(0.0, machine_s() - machine - used - own)
        return Used(seconds, used / seconds, own / seconds, other / seconds)


def machine() -> dict[str, str | int]:
    """What a reader must know to compare figures."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    python = f"{platform.python_version()}{'' if optimised() else ', built without optimisations'}"
    return {"cpu": model, "cores": os.cpu_count() or 0, "system": platform.platform(), "python": python}


def optimised() -> bool:
    """Whether this Python was built with profile-guided optimisation; pure Python takes a third more time on one that was not."""
    return "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "")
