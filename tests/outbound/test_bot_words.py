"""Each answer, title and topic of the bot exists in every language it speaks, and each name that its actions use exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml

from chat_server.core.bot_turn import SPOKEN, understands

BOT = Path(__file__).resolve().parents[2] / "bot"
LANGUAGES = ("en", "pl")
CATCH_ALL = "en"
LEAST, LEAST_OUT_OF_SCOPE = 40, 100

Responses = dict[str, list[dict[str, Any]]]


def responses() -> Responses:
    found: Responses = {}
    for path in sorted((BOT / "domain").glob("*.yml")):
        found |= yaml.safe_load(path.read_text(encoding="utf-8")).get("responses", {})
    return found


def core() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((BOT / "domain/core.yml").read_text(encoding="utf-8"))
    return loaded


def examples(language: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((BOT / "data" / language).glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            found[block["intent"]] = [line[2:] for line in block["examples"].splitlines()]
    return found


def gaps(found: Responses) -> list[str]:
    """What is missing, doubled, or differs in its blanks between languages."""
    complaints = []
    for name, variations in found.items():
        by_language: dict[str, str] = {}
        for variation in variations:
            conditions = variation.get("condition") or [{"type": "slot", "name": "language", "value": CATCH_ALL}]
            if len(conditions) != 1 or conditions[0]["name"] != "language" or conditions[0]["value"] in by_language:
                complaints.append(f"{name}: condition {conditions}")
            by_language[conditions[0]["value"]] = variation.get("text") or ""
        complaints += [f"{name}: no {language}" for language in LANGUAGES if not by_language.get(language)]
        blanks = {language: {field for _, field, *_ in Formatter().parse(text) if field} for language, text in by_language.items()}
        if len({frozenset(fields) for fields in blanks.values()}) > 1:
            complaints.append(f"{name}: blanks {blanks}")
    return complaints


def test_every_answer_speaks_every_language() -> None:
    assert gaps(responses()) == []


@pytest.mark.parametrize(
    "planted",
    [
        {"utter_x": [{"text": "only English"}]},
        {"utter_x": [{"condition": [{"type": "slot", "name": "language", "value": "pl"}], "text": "no catch-all"}]},
        {"utter_x": [{"text": "{a}"}, {"condition": [{"type": "slot", "name": "language", "value": "pl"}], "text": "{b}"}]},
        {"utter_x": [{"text": "x"}, {"text": "x"}, {"condition": [{"type": "slot", "name": "language", "value": "pl"}], "text": "y"}]},
    ],
)
def test_a_planted_gap_is_found(planted: Responses) -> None:
    assert gaps(planted) != []


def test_every_name_that_the_actions_use_exists() -> None:
    known = {name.removeprefix("utter_") for name in responses()}
    used: set[str] = set()
    patterns: list[str] = []
    for path in (BOT / "actions").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "words" and node.args:
                match node.args[0]:
                    case ast.Constant(value=str(name)):
                        used.add(name)
                    case ast.JoinedStr(values=values):
                        patterns.append("".join(re.escape(str(v.value)) if isinstance(v, ast.Constant) else "[a-z_]+" for v in values))
    assert used <= known
    assert len(used) > 20
    assert len(patterns) >= 5
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, name) for name in known)] == []


def test_every_stage_of_an_order_has_its_words() -> None:
    headlines = set(re.findall(r"`([a-z_]+)`", _wire_line("`headline`: the order's one word"))) - {"headline"}
    assert len(headlines) == 16
    names = set(responses())
    assert {f"utter_order_{headline}" for headline in headlines} | {f"utter_stage_{headline}" for headline in headlines} <= names
    shipment = (
        "preparing packed shipped in_transit out_for_delivery delivery_failed ready_for_pickup delivered returning returned_to_sender"
    )
    assert {f"utter_stage_{stage}" for stage in [*shipment.split(), "lost", "cancelled"]} <= names
    assert {f"utter_{what}_{case}" for what in ("cancel", "change", "address", "return") for case in _cases()} <= names


def test_the_chat_server_asks_it_in_its_languages_only() -> None:
    turn = ast.parse((BOT / "actions/turn.py").read_text(encoding="utf-8"))
    (spoken,) = (
        ast.literal_eval(each.value) for each in turn.body if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "LANGUAGES"
    )
    assert spoken == SPOKEN == LANGUAGES
    assert [understands(locale) for locale in ("pl-PL", "en_GB", "EN", "uk", "te-IN", "")] == [True, True, True, False, False, False]


def test_every_intent_has_a_rule_examples_and_if_it_can_be_proposed_a_title() -> None:
    intents = set(core()["intents"])
    rules = yaml.safe_load((BOT / "data/rules.yml").read_text(encoding="utf-8"))["rules"]
    assert sorted(rule["steps"][0]["intent"] for rule in rules) == sorted(intents)
    assert {rule["steps"][1]["action"] for rule in rules} | {"action_validate_slot_mappings"} == set(core()["actions"])
    unproposed = {"greet", "thanks", "goodbye", "affirm", "bot_challenge", "out_of_scope", "nlu_fallback"}
    assert {f"utter_title_{intent}" for intent in intents - unproposed} <= set(responses())
    for language in LANGUAGES:
        assert set(examples(language)) == intents - {"nlu_fallback"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_examples_and_no_two_intents_share_one(language: str) -> None:
    found = examples(language)
    few = {intent: len(rows) for intent, rows in found.items() if len(rows) < (LEAST_OUT_OF_SCOPE if intent == "out_of_scope" else LEAST)}
    assert few == {}
    rows = [row for intent in found.values() for row in intent]
    assert sorted({row for row in rows if rows.count(row) > 1}) == []


def _wire_line(start: str) -> str:
    wire = (BOT.parent / "docs/wire.md").read_text(encoding="utf-8")
    return next(line for line in wire.splitlines() if line.startswith(start))


def _cases() -> tuple[str, ...]:
    return ("early", "packed", "moving", "arrived", "closed")
