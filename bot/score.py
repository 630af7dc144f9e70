"""Measures the trained model on rows that it was not trained on: the project's own (tests/*.jsonl), and any that are named.

`bot/.venv/bin/python bot/score.py [--failures] [rows.jsonl …]`; a row is `{"text", "intent"}`. Intents of other label sets are mapped
(LABELS). An answer is right, wrong (another intent is answered), or a fallback (the bot asks back or says that it cannot).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train import HERE, MODELS, fingerprint

ASKS_BACK = frozenset({"nlu_fallback", "out_of_scope"})
LABELS = {
    "change_shipping_address": {"change_address"},
    "set_up_shipping_address": {"change_address"},
    "check_cancellation_fee": {"cancel_order"},
    "check_invoice": {"invoice"},
    "check_payment_methods": {"payment_methods"},
    "check_refund_policy": {"get_refund", "return_order"},
    "contact_customer_service": {"contact_human_agent"},
    "create_account": {"account"},
    "delivery_options": {"delivery"},
    "delivery_period": {"delivery"},
    "edit_account": {"account"},
    "get_invoice": {"invoice"},
    "newsletter_subscription": {"newsletter"},
    "registration_problems": {"account"},
    "switch_account": {"account"},
}


@dataclass
class Score:
    """Counts of one file."""

    right: int = 0
    wrong: int = 0
    fallback: int = 0
    beyond: int = 0
    beyond_caught: int = 0
    failures: list[str] = field(default_factory=list)
    confusions: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, text: str, wanted: str, got: str, confidence: float) -> None:
        if wanted == "out_of_scope":
            self.beyond += 1
            self.beyond_caught += got in ASKS_BACK
            missed = got not in ASKS_BACK
        elif got in LABELS.get(wanted, {wanted}):
            self.right += 1
            missed = False
        else:
            self.fallback += got in ASKS_BACK
            self.wrong += got not in ASKS_BACK
            missed = True
        if missed:
            self.confusions[wanted, got] += 1
            self.failures.append(f"{confidence:.2f}  {wanted} -> {got}: {text}")

    def line(self) -> str:
        within = self.right + self.wrong + self.fallback
        shares = "  ".join(f"{name} {count / within:.3f}" for name, count in self._within()) if within else "nothing in scope"
        beyond = f"  out-of-scope recall {self.beyond_caught / self.beyond:.3f} ({self.beyond})" if self.beyond else ""
        return f"{within} rows  {shares}{beyond}"

    def _within(self) -> tuple[tuple[str, int], ...]:
        return ("right", self.right), ("wrong", self.wrong), ("fallback", self.fallback)


async def score(parse: Any, rows: Iterable[dict[str, str]]) -> Score:
    result = Score()
    for row in rows:
        intent = (await parse(row["text"]))["intent"]
        result.add(row["text"], row["intent"], intent["name"] or "nlu_fallback", intent["confidence"])
    return result


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="more rows")
    parser.add_argument("--failures", action="store_true", help="print each row that was not right")
    chosen = parser.parse_args()
    files = [*sorted((HERE / "tests").glob("*.jsonl")), *(path.resolve() for path in chosen.files)]
    parse = _model(MODELS / f"{fingerprint()}.tar.gz")
    for path in files:
        result = await score(parse, (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line))
        print(f"{path.name}: {result.line()}")
        print("   most often: " + ", ".join(f"{wanted} -> {got} {count}" for (wanted, got), count in result.confusions.most_common(6)))
        if chosen.failures:
            print("\n".join(f"   {failure}" for failure in result.failures))


def _model(path: Path) -> Any:
    """The parser of a model file; Rasa is imported here because it takes seconds."""
    if not path.exists():
        raise SystemExit("bot: no model for this data; run train.py first")
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.chdir(HERE)
    from rasa.core.agent import Agent
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    return Agent.load(str(path)).parse_message


if __name__ == "__main__":
    asyncio.run(main())
