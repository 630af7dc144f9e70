"""The OpenAPI document tells what the door does: every route and command, nothing else, and its schemas judge as the door does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import msgspec
import pytest
from aiohttp import web
from openapi_spec_validator import OpenAPIV31SpecValidator

from chat_server import settings
from chat_server.app import Shopbell
from chat_server.core.model import FactKind
from chat_server.errors import HTTP_STATUS, ClientError, Code
from chat_server.inbound import answers, openapi_routes
from chat_server.inbound import payloads as p
from chat_server.inbound.agent_commands import AGENT
from chat_server.inbound.commands import Command, Repeat
from chat_server.inbound.openapi import document
from chat_server.inbound.openapi_examples import CLIENT_ID, EXAMPLES
from chat_server.inbound.shopper_commands import SHOPPER
from tests.processes import ChatServer

PAGE = {"url": "https://shop.example/"}
BODIES: list[tuple[str, type, Any, bool]] = [
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE}, True), ("Beacon", p.Beacon, {"key": "pk"}, False),
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE, "more": 1}, False), ("Beacon", p.Beacon, {"key": "", "page": PAGE}, False),
    ("Beacon", p.Beacon, {"key": "pk", "page": PAGE, "seen": ["x"] * 21}, False),
    ("PostMessage", p.PostMessage, {"text": "x"}, True), ("PostMessage", p.PostMessage, {"text": "x" * 4001}, False),
    ("PostMessage", p.PostMessage, {"parts": []}, False), ("PostMessage", p.PostMessage, {"client_id": "x"}, False),
    ("PostMessage", p.PostMessage, {"parts": [{"type": "text", "text": "x"}]}, True),
    ("Rate", p.Rate, {"conversation": "c", "score": 6}, False), ("Rate", p.Rate, {"conversation": "c", "score": 5}, True),
    ("Assign", p.Assign, {"conversation": "c", "agent": None}, True), ("Assign", p.Assign, {"conversation": "c"}, False),
]  # fmt: skip
UNTOLD = {("get", "/console/{}"), ("*", "/webhooks/{}"), ("options", "/v1/{}")}
UNTOLD |= {(method, "/socket.io/") for method in ("get", "post", "options")}
"""pages that say that there is none, other methods, preflight, and the socket's own transport"""


async def served(server: ChatServer, folder: Path) -> set[tuple[str, str]]:
    """Method and path of every route of the application, as the router has them; a table's `{command}` is its rows."""
    shopbell = Shopbell(settings.load({**server.stack.chat_env(), "SHOPBELL_DATA": str(folder)}))
    routes = list(shopbell.web_app().router.routes())
    await shopbell.http.close()
    await shopbell.databases.close()
    return {route for each in routes if each.method != "HEAD" for route in expanded(each)}


def expanded(route: web.AbstractRoute) -> Iterator[tuple[str, str]]:
    assert route.resource is not None
    path = route.resource.canonical
    tables: dict[str, Any] = {"/v1/shopper/{command}": SHOPPER, "/v1/agent/{command}": AGENT}
    for name in tables.get(path, [""]):
        yield route.method.lower(), shape(path.replace("{command}", name))


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


async def test_every_route_and_command_is_told_and_nothing_else(server: ChatServer, tmp_path: Path) -> None:
    told = {(method, shape(path)) for path, operations in document()["paths"].items() for method in operations}
    real = await served(server, tmp_path)
    assert (real - told, told - real) == (UNTOLD, set())


def test_the_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []
    broken = {**document(), "paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    assert list(OpenAPIV31SpecValidator(broken).iter_errors()) != [], "the validator sees what is wrong"


async def test_the_document_is_served_and_every_call_answers_as_it_says(server: ChatServer, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{server.url}/openapi.json") as response:
        assert await response.json() == document()
    for path, operations in document()["paths"].items():
        for method, told in operations.items():
            body = b"" if method == "post" else None
            address = server.url + re.sub(r"\{[^}]*\}", "current", path)
            async with http.request(method, address, data=body, allow_redirects=False) as response:
                assert str(response.status) in told["responses"], (method, path, response.status)


@pytest.mark.parametrize(("name", "kind", "body", "good"), BODIES)
def test_its_schemas_judge_as_the_door_does(name: str, kind: type, body: Any, good: bool) -> None:
    assert valid(body, {"$ref": f"#/components/schemas/{name}"}) is good
    try:
        p.parse(body, kind)
        taken = True
    except ClientError:
        taken = False
    assert taken is good


def valid(body: Any, schema: dict[str, Any]) -> bool:
    return bool(jsonschema.Draft202012Validator({**schema, "components": document()["components"]}).is_valid(body))


@pytest.mark.parametrize(("door", "rows"), [("shopper", SHOPPER), ("agent", AGENT)])
def test_every_command_is_told_as_its_row_has_it(door: str, rows: dict[str, Command[Any]]) -> None:
    for name, row in rows.items():
        told = document()["paths"][f"/v1/{door}/{name}"]["post"]
        keyed = {"$ref": "#/components/parameters/key"} in told.get("parameters", [])
        assert keyed is (row.repeat is not Repeat.HARMLESS), name
        assert all(role in told["summary"] for role in row.may), name
        content = told["requestBody"]["content"]["application/json"]
        assert valid(content["example"], content["schema"]), name
        p.parse({**content["example"], **({"client_id": CLIENT_ID} if row.repeat is Repeat.CLIENT_ID else {})}, row.payload)
        assert set(told["responses"]) >= {"200", "400", "401", "403", "404", "409", "413", "429", "500", "503"}, name
    assert {name for where, name in EXAMPLES if where == door} == set(rows)


def test_the_other_examples_are_what_their_calls_take() -> None:
    p.parse(EXAMPLES["http", "visits"], p.Beacon)
    p.parse(EXAMPLES["http", "messages"], p.PostMessage)


def test_names_that_stand_twice_agree() -> None:
    assert set(answers.FactName.__args__) == {kind.value for kind in FactKind} | {"hidden"}  # type: ignore[attr-defined]  # a Literal has them
    for operation in openapi_routes.OPERATIONS:
        clash = {HTTP_STATUS[code] for code in operation.refusals} & set(operation.answers)
        assert clash <= {503}, operation.path


def test_every_refusal_is_an_error_of_the_document() -> None:
    for code in Code:
        assert valid(ClientError(code, "No.", retry_after_ms=1).body(), {"$ref": "#/components/schemas/Error"})
    assert valid(ClientError(Code.STALE, "No.", seq=3).body(), {"$ref": "#/components/schemas/Error"})
    assert not valid({"ok": True, "error": {"code": "internal", "message": ""}}, {"$ref": "#/components/schemas/Error"})
    assert not valid({"ok": False, "error": {"code": "other", "message": ""}}, {"$ref": "#/components/schemas/Error"})
    assert msgspec.json.encode(document())
