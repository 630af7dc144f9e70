"""The OpenAPI document tells what the door really does: every path is a route, and its schemas judge bodies as the door does."""

from __future__ import annotations

from typing import Any

import aiohttp
import jsonschema
import pytest

from chat_server.errors import ClientError
from chat_server.inbound import payloads as p
from chat_server.inbound.openapi import document
from tests.processes import ChatServer

PAGE = {"url": "https://shop.example/"}
BODIES: list[tuple[str, type, Any, bool]] = [
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE}, True), ("Beacon", p.Beacon, {"key": "pk"}, False),
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE, "more": 1}, False), ("Beacon", p.Beacon, {"key": "", "page": PAGE}, False),
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE, "seen": ["x"] * 21}, False),
    ("PostMessage", p.PostMessage, {"text": "x"}, True), ("PostMessage", p.PostMessage, {"text": "x" * 4001}, False),
    ("PostMessage", p.PostMessage, {"parts": []}, False), ("PostMessage", p.PostMessage, {"client_id": "x"}, False),
    ("PostMessage", p.PostMessage, {"parts": [{"type": "text", "text": "x"}]}, True),
]  # fmt: skip


async def test_the_document_is_served_and_every_path_answers(server: ChatServer, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{server.url}/openapi.json") as response:
        assert await response.json() == document()
    for path, operations in document()["paths"].items():
        for method in operations:
            body = b"" if method == "post" else None
            async with http.request(method, server.url + path.replace("{id}", "current"), data=body) as response:
                assert response.status not in (404, 405, 500), (method, path)


@pytest.mark.parametrize(("name", "kind", "body", "good"), BODIES)
def test_its_schemas_judge_as_the_door_does(name: str, kind: type, body: Any, good: bool) -> None:
    schemas = document()["components"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": schemas}
    assert jsonschema.Draft202012Validator(schema).is_valid(body) is good
    try:
        p.parse(body, kind)
        taken = True
    except ClientError:
        taken = False
    assert taken is good
