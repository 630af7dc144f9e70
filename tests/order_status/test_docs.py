"""docs/orders.md against the code: its examples are taken, its samples sign what we verify, its tables are the ones in use."""

import json
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from order_status.news import FRESH, TELLING
from order_status.shops.native import Malformed, translate
from order_status.shops.standard_webhooks import Verified, sign, verify
from order_status.stages import ADJUSTMENT_KINDS, ADJUSTMENT_RANK, ORDER_RANK, PAYMENTS, SHIPMENT_RANK
from tests.order_status.world import SECRET

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "orders.md").read_text(encoding="utf-8")
BODY = '{"name":"Łódź"}'


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def row(start: str) -> list[str]:
    """The words in code style in the second cell of a table's row."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return re.findall(r"`(\w+)`", line.split("|")[2])


def python_sample() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec("\n".join(blocks("python")), names)  # our own page
    return names


def test_the_examples_are_taken() -> None:
    examples = [json.loads(block) for block in blocks("json")]
    assert [example["type"] for example in examples] == ["order.updated", "offer.accepted", "offer.settled"]
    for example in (examples[0], examples[2]):
        assert not isinstance(translate(json.dumps(example).encode(), ZoneInfo("UTC")), Malformed)


def test_the_tables_of_values_are_the_ones_in_use() -> None:
    assert row("`status`") == list(ORDER_RANK)
    assert set(row("`payment.status`")) == PAYMENTS
    assert row("`shipments[].stage`, `scans[].stage`") == list(SHIPMENT_RANK)
    assert set(row("`adjustments[].kind`")) == ADJUSTMENT_KINDS
    assert set(row("`adjustments[].status`")) == set(ADJUSTMENT_RANK)


def test_the_table_of_stages_that_speak_is_the_one_in_use() -> None:
    table = PAGE.partition("| stage | told when |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| `(\w+)` \| .* \| (.*) \|$", table, flags=re.MULTILINE)
    assert [stage for stage, _ in told] == [stage for stage in TELLING if stage != "paid"]
    for stage, until in told:
        if stage in FRESH:
            hours = int(FRESH[stage].total_seconds() // 3600)
            assert until == (f"{hours // 24} days" if hours > 72 else f"{hours} h"), stage


def test_the_python_sample_signs_and_verifies() -> None:
    sample = python_sample()
    headers = sample["signed_headers"](SECRET, BODY.encode())
    assert isinstance(verify(headers, BODY.encode(), [SECRET], datetime.now(UTC)), Verified)
    ours = sign(SECRET, "off_1", datetime.now(UTC), BODY.encode())
    assert sample["verified"](SECRET, ours, BODY.encode())
    assert not sample["verified"](SECRET, ours, b"x")
    assert not sample["verified"](SECRET, {**ours, "webhook-timestamp": str(int(time.time()) - 301)}, BODY.encode())
    assert not sample["verified"](SECRET, {}, BODY.encode())


def test_the_node_sample_signs() -> None:
    (sample,) = blocks("javascript")
    script = f"{sample}\nconsole.log(JSON.stringify(signedHeaders({json.dumps(SECRET)}, {json.dumps(BODY)})))"
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    out = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True, timeout=30).stdout
    assert isinstance(verify(json.loads(out), BODY.encode(), [SECRET], datetime.now(UTC)), Verified)


def test_the_php_sample_signs() -> None:
    (sample,) = blocks("php")
    script = f"{sample}\necho implode(\"\\n\", signed_headers('{SECRET}', '{BODY}'));"
    php = shutil.which("php")
    if php is None:
        pytest.skip("no PHP here")
    out = subprocess.run([php, "-r", script], capture_output=True, text=True, check=True, timeout=30).stdout
    headers = dict(line.split(": ", 1) for line in out.splitlines())
    assert isinstance(verify(headers, BODY.encode(), [SECRET], datetime.now(UTC)), Verified)
