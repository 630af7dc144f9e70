"""The table of `make faults`: fault, times injected, operations by outcome, verdict of each check; JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.faults.checks import CHECKS
from tests.faults.scene import Result

HEAD = ("fault", "on", "times", "ok", "failed", "unknown", "verdict of each check", "s")
GROUND = {"one": "SQLite", "many": "PostgreSQL, Redis"}


def table(results: Sequence[Result]) -> str:
    """Markdown. A check that passed is not named when all did."""
    lines = [f"| {' | '.join(HEAD)} |", f"| {' | '.join('---' for _ in HEAD)} |"]
    return "\n".join([*lines, *map(_row, results)])


def _row(result: Result) -> str:
    told = result.operations
    counts = [str(told.get(name, 0)) for name in ("ok", "fail", "unknown")]
    cells = [
        result.fault,
        GROUND.get(result.stands, result.stands),
        str(result.injected),
        *counts,
        verdict(result),
        f"{result.seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def verdict(result: Result) -> str:
    """ "all 11 pass", or the checks that failed with how much they found."""
    failed = [f"**{name}: {len(found)}**" for name, found in result.verdicts.items() if found]
    if failed:
        return ", ".join(failed)
    checks = sum(name in CHECKS for name in result.verdicts)
    return f"all {checks} pass" if checks > 1 else "pass"


def save(results: Sequence[Result], path: Path) -> None:
    """Machine-readable: the same, with the first findings of each check that failed."""
    rows = [
        {
            "fault": each.fault,
            "stands": each.stands,
            "injected": each.injected,
            "operations": each.operations,
            "seconds": round(each.seconds, 1),
            "verdicts": {name: found[:20] for name, found in each.verdicts.items()},
        }
        for each in results
    ]
    path.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def load(path: Path) -> list[Result]:
    """What an earlier run has saved, so that the full counts may be run in pieces."""
    if not path.exists():
        return []
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [Result(row["fault"], row["stands"], row["injected"], row["operations"], row["verdicts"], row["seconds"]) for row in rows]


def together(old: Sequence[Result], new: Sequence[Result]) -> list[Result]:
    """The newest run of each fault, in the order of the first."""
    found = {(each.fault, each.stands): each for each in old}
    found |= {(each.fault, each.stands): each for each in new}
    return list(found.values())
