"""The table says what a run came to, and results of several parts stand in one table."""

from __future__ import annotations

from pathlib import Path

from tests.faults.checks import CHECKS
from tests.faults.report import load, save, table, together
from tests.faults.scene import Result

OPERATIONS = {"ok": 12, "fail": 1, "unknown": 2}
PASSED = Result("kill -9 of a node", "one", 50, OPERATIONS, {name: [] for name in CHECKS}, 61.4)
FAILED = Result("Redis hung", "many", 10, OPERATIONS, {"lost": ["a", "b"], "once": []}, 9.6)


def test_a_row_names_what_failed_and_only_that() -> None:
    assert table([PASSED, FAILED]).splitlines()[2:] == [
        f"| kill -9 of a node | SQLite | 50 | 12 | 1 | 2 | all {len(CHECKS)} pass | 61 |",
        "| Redis hung | PostgreSQL, Redis | 10 | 12 | 1 | 2 | **lost: 2** | 10 |",
    ]


def test_parts_of_several_runs_stand_together_the_newest_of_each(tmp_path: Path) -> None:
    save([PASSED, FAILED], tmp_path / "faults.json")
    again = Result("Redis hung", "many", 3, OPERATIONS, {"lost": []}, 1.0)
    found = together(load(tmp_path / "faults.json"), [again])
    assert [(each.fault, each.injected, each.passed) for each in found] == [("kill -9 of a node", 50, True), ("Redis hung", 3, True)]
    assert load(tmp_path / "none.json") == []
