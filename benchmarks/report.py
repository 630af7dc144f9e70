"""What a measurement prints and keeps: a table for people, JSON for machines. Judges only whether the client was the limit."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import cores
from tools.places import ROOT

FOLDER = ROOT / ".shopbell" / "benchmarks"
CLIENT_MOST = 0.6
"""share of a core above which the client may have been the limit"""


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of sorted values; nan when there are none."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")


def median(values: Sequence[float]) -> float:
    """nan when there are none."""
    return statistics.median(values) if values else float("nan")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their heads; the first is text, the others are figures."""
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])

    return "\n".join([line(head), "  ".join("-" * width for width in widths), *map(line, rows)])


def client_verdict(shares: Mapping[str, float]) -> str:
    """One line about the client's share of its core, for each server."""
    told = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    over = [name for name, share in shares.items() if share > CLIENT_MOST]
    warning = f" — THE CLIENT MAY HAVE BEEN THE LIMIT for {', '.join(over)}: read those as 'at least'" if over else ""
    return f"client's core: {told}{warning}"


def keep(name: str, figures: Mapping[str, Any], path: Path | None = None) -> Path:
    """Writes the JSON and answers where."""
    target = path or FOLDER / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    whole = {"benchmark": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": cores.machine(), **figures}
    target.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    if not cores.optimised():
        print("this Python was built without --enable-optimizations: with one that was, ours takes about a sixth less CPU")
    return target
