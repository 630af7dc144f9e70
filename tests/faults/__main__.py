"""`make faults`: every fault at its full count, one after the other; a table at the end, JSON and failed histories in a folder.

`python -m tests.faults [--only WORD…] [--times N] [--seconds S] [--results FOLDER]` runs a part; earlier parts stay in the table.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults import report
from tests.faults.catalogue import FAULTS, NODES, Grounds
from tests.faults.ground import Ground
from tests.faults.scene import Fault, Result, keep, play
from tests.faults.singles import SINGLES
from tests.guard import GUARD
from tests.postgres import Postgres
from tests.processes import Databases, DataFolders
from tests.redis_server import RedisServer

MOST_S = 1800.0
"""the longest that one fault may take"""


class Backends:
    """PostgreSQL and Redis, started when the first fault needs them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._started: tuple[Postgres, Databases, RedisServer] | None = None

    def get(self) -> tuple[Postgres, Databases, RedisServer]:
        if self._started is None:
            postgres = Postgres()
            postgres.start()
            redis = RedisServer(self._home)
            redis.start()
            self._started = postgres, Databases(postgres, self._home), redis
        return self._started

    def end(self) -> None:
        if self._started is not None:
            postgres, _, redis = self._started
            redis.end()
            postgres.end()


async def run(fault: Fault, grounds: Grounds, backends: Backends, times: int, most_s: float, results: Path) -> Result:
    """One fault; what breaks the run itself is a verdict too."""
    ground: Ground = grounds.one(fault) if fault.stands == "one" else grounds.many(fault, *backends.get(), count=NODES)
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(MOST_S):
            result = await play(fault, ground, times, most_s=most_s)
    except Exception as error:  # noqa: BLE001  outermost guard: one run that breaks must not hide the others
        seconds = asyncio.get_running_loop().time() - began
        result = Result(fault.name, fault.stands, 0, {}, {"the run": [repr(error)]}, seconds)
    if not result.passed:
        keep(result, ground, results)
    return replace(result, history=None)


def chosen(words: list[str]) -> list[Fault]:
    """Faults whose name and ground hold every word of one of the given ones; those for the short run only stay out."""
    full = [fault for fault in FAULTS if fault.full]
    if not words:
        return full
    return [fault for fault in full if any(word.lower() in f"{fault.name} ({fault.stands})".lower() for word in words)]


def main() -> int:
    """0 when every check of every fault passed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Faults against real processes, at full counts.")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="faults whose name has one of these words")
    parser.add_argument("--seconds", type=float, default=900.0, help="begin no further injection of a fault after so long")
    parser.add_argument("--times", type=int, default=0, help="how often, instead of the full count")
    parser.add_argument(
        "--results", type=Path, default=Path(".shopbell") / "faults", help="folder for JSON, and for histories of failed runs"
    )
    args = parser.parse_args()
    args.results.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="shopbell-faults-"))
    GUARD.remove(str(home))
    grounds, backends = Grounds(home, DataFolders(home)), Backends(home)
    saved = args.results / "faults.json"
    results = report.load(saved)
    new: list[Result] = []
    try:
        for fault in chosen(args.only):
            print(f"· {fault.name} ({fault.stands})", flush=True)
            new.append(asyncio.run(run(fault, grounds, backends, args.times or fault.full, args.seconds, args.results)))
            print(f"  {report.verdict(new[-1])}, {new[-1].seconds:.0f} s", flush=True)
            report.save(report.together(results, new), saved)
        for single in SINGLES:
            if args.only and not any(word.lower() in single.name.lower() for word in args.only):
                continue
            print(f"· {single.name}", flush=True)
            new.append(asyncio.run(single.run(grounds, args.times or single.full)))
            print(f"  {report.verdict(new[-1])}, {new[-1].seconds:.0f} s", flush=True)
            report.save(report.together(results, new), saved)
    finally:
        backends.end()
    print(report.table(report.together(results, new)))
    return 0 if all(each.passed for each in new) else 1


if __name__ == "__main__":
    raise SystemExit(main())
