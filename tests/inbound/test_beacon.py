"""What a page may tell about itself, and what it may not: facts of orders, shapes that break readers, card numbers."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from chat_server.errors import ClientError, Code
from chat_server.inbound import payloads as p
from chat_server.inbound.beacon import report_of


def report(kind: str, data: dict[str, Any]) -> Any:
    beacon = {
        "key": "pk",
        "page": {"url": "https://shop.example/"},
        "activities": [{"id": "a-1234567", "kind": kind, "ago_ms": 0, "data": data}],
    }
    return report_of(p.parse_json(json.dumps(beacon).encode(), p.Beacon))


def deep(levels: int) -> Any:
    return {"x": deep(levels - 1)} if levels else 1


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("order", {"order_id": "A-1", "number": "1", "stage": "delayed"}),
        ("anything", {}),
        ("track", {"name": "x", "properties": {"nested": {"a": 1}}}),
        ("track", {"name": "x", "properties": {str(n): n for n in range(21)}}),
        ("track", {"name": "x", "properties": ["a"]}),
        ("page_view", deep(5)),
        ("scroll", {"depth": float("nan")}),
        ("scroll", {"depth": float("inf"), "half": "\ud83d"}),
    ],
)
def test_refused(kind: str, data: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        report(kind, data)
    assert refused.value.code is Code.BAD_REQUEST


def test_card_numbers_do_not_come_in_with_behaviour() -> None:
    told = report("search", {"term": "4111 1111 1111 1111"})
    assert told.activities[0].data == {"term": "•••• 1111"}


def test_a_token_in_the_address_of_a_page_is_not_kept() -> None:
    token = jwt.encode({"order": "A-1", "purpose": "order"}, "a secret of thirty-two letters or more", algorithm="HS256")
    url = f"https://shop.example/orders/mail/{token}?utm=mail"
    seen = p.ActivityIn("activity-1", "page_view", 0, {"url": url, "title": "Order"})
    made = report_of(p.Beacon("pk", p.Page(url, "Order", url), activities=[seen]))
    assert token not in str(made)
    assert made.page["url"] == "https://shop.example/orders/mail/…?utm=mail"
    assert made.activities[0].data["url"] == made.page["referrer"] == made.page["url"]
