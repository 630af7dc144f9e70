"""The benchmarks run and say what they should, in tiny counts: what they measure here means nothing."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.places import ROOT

pytestmark = pytest.mark.starts


def run(name: str, folder: Path, *words: str) -> tuple[str, dict[str, Any]]:
    """In a process of its own, because a benchmark takes a core for itself."""
    kept = folder / "figures.json"
    command = [sys.executable, "-m", f"benchmarks.{name}", *words, "--json", str(kept)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(kept.read_text())


def test_messages(tmp_path: Path) -> None:
    shown, figures = run("messages", tmp_path, "--pairs", "2", "--runs", "1", "--seconds", "0.3", "--only", "ours,node,plain")
    assert list(figures["servers"]) == ["ours", "node", "plain"]
    for server in figures["servers"].values():
        [closed], [half] = server["closed"], server["half"]
        assert closed["acks_per_s"] > 0
        assert closed["deliveries_per_s"] == pytest.approx(closed["acks_per_s"], rel=0.5)
        assert half["rate"] == pytest.approx(closed["acks_per_s"] / 2, rel=0.5)
    assert "client's core" in shown


def test_idle(tmp_path: Path) -> None:
    counts = ("--runs", "1", "--sockets", "20", "--many", "20", "--seconds", "1", "--slice", "1")
    shown, figures = run("idle", tmp_path, "--only", "ours", *counts)
    assert [len(runs) for runs in figures["memory"].values()] == [1]
    assert [beat["lost"] for beat in figures["heartbeat"].values()] == [0]
    assert "KB each" in shown


def test_overdue(tmp_path: Path) -> None:
    """Seeded, so these figures are always the same: more late parcels than by the ETA alone, fewer false alarms than after 5 days."""
    shown, figures = run("overdue", tmp_path, "--shops", "1", "--parcels", "600")
    ours, eta = figures["ways"]["ours"], figures["ways"]["carrier's ETA alone"]
    assert ours["late"] == eta["late"] > 10
    assert ours["told_before_asked"] > eta["told_before_asked"]
    assert ours["false_of_1000_on_time"] < figures["ways"]["5 days after the order"]["false_of_1000_on_time"]
    assert "hours early" in shown


def test_storm(tmp_path: Path) -> None:
    shown, figures = run("storm", tmp_path, "--only", "node", "--runs", "1", "--clients", "20")
    [restart] = figures["servers"]["node"]["restart"]
    assert 0 <= restart["half_back_s"] <= restart["all_back_s"] < 60
    assert "all back" in shown


def test_orders(tmp_path: Path) -> None:
    """It ends with an error when any effect is missing or there twice, so that its end says that there is none."""
    counts = ("--runs", "1", "--posts", "200", "--rate", "100", "--seconds", "2", "--pairs", "2", "--chat", "10")
    shown, figures = run("orders", tmp_path, *counts)
    assert list(figures["capacity"]) == ["hmac", "ours"]
    assert figures["outcomes"] == {"200 accepted": 130, "200 duplicate": 60, "401": 10}
    assert figures["storm"]["chat_during_p99_ms"] > 0
    assert "every effect exactly once" in shown
