"""docs/proactive.md against the code: every reason, class, condition, stage and default; and its examples are read."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from chat_server.core.order_news import STAGES, OrderMessage, Unsaid
from chat_server.core.order_news_reading import parse_order_messages
from chat_server.core.policy import MessageClass, Policy
from chat_server.core.proactive import Reason
from chat_server.core.triggers import Rule, parse_rules
from chat_server.core.triggers_reading import LEAVES

PAGE = (Path(__file__).parents[2] / "docs" / "proactive.md").read_text("utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """First cell (without ticks) to the other cells, of the tables under a header row that starts with `heading`."""
    found: dict[str, list[str]] = {}
    for table in re.findall(rf"^\| {heading} \|.*\n\|[ -|]+\n((?:\|.*\n)+)", PAGE, flags=re.MULTILINE):
        for line in table.splitlines():
            first, *others = [cell.strip() for cell in line.strip("|").split(" | ")]
            found[first.strip("` ")] = others
    return found


def test_every_reason_is_told_in_words() -> None:
    assert set(rows("reason")) == {reason.value for reason in Reason}
    for unsaid in Unsaid:
        assert f"`{unsaid.value}`" in PAGE


def test_classes_conditions_and_stages_are_those_of_the_code() -> None:
    assert list(rows("class")) == [class_.value for class_ in MessageClass]
    assert set(rows("condition")) == set(LEAVES)
    listed = re.search(r"^Stages: (.*?)\.$", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert tuple(re.findall(r"`(\w+)`", listed[1])) == STAGES


def test_budgets_have_the_defaults_that_the_page_tells() -> None:
    told = {key: cells[0] for key, cells in rows("key").items() if key in {field.name for field in fields(Policy)}}
    default = Policy()
    del told["hold_out_percent"]  # a rule has one of the same name and default
    assert told.pop("quiet") == '""'
    assert default.quiet is None
    assert {key: int(value) for key, value in told.items()} == {key: getattr(default, key) for key in told}
    assert len(told) == len(fields(Policy)) - 2


def test_the_examples_are_read() -> None:
    rules: list[Rule] = []
    messages: list[OrderMessage] = []
    for example in re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL):
        inbox = tomllib.loads(example)["inbox"]
        rules += parse_rules(inbox.get("triggers", []))
        messages += parse_order_messages(inbox.get("order_messages", [])).values()
    assert [rule.id for rule in rules] == ["stuck-checkout", "same-product", "size-guide", "how-was-it"]
    assert [message.stage for message in messages] == ["delayed"]
