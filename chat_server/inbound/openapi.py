"""The OpenAPI 3.1 document of the HTTP door, made from the payload and answer types themselves, so that the two cannot differ.

What is told of each call stands in openapi_routes.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec

from chat_server.errors import HTTP_STATUS, Code
from chat_server.inbound import answers as a
from chat_server.inbound import payloads as p
from chat_server.inbound.openapi_examples import DURABLE, ERROR
from chat_server.inbound.openapi_routes import JSON, OPERATIONS, Answer, Operation

REF = "#/components/schemas/{name}"
SAFE_TEXT = {"type": "string", "minLength": 1}


class Problem(a.Closed):
    """The `error` of a refusal."""

    code: Code
    message: str
    retry_after_ms: int | msgspec.UnsetType = msgspec.UNSET
    seq: int | msgspec.UnsetType = msgspec.UNSET
    """the head, with `stale`"""


class Error(a.Closed):
    """Any call that was not done."""

    ok: bool
    error: Problem


def _parameter(name: str, place: str, text: str, schema: dict[str, Any], required: bool = True) -> dict[str, Any]:
    return {"name": name, "in": place, "description": text, "required": required, "schema": schema}


def _whole(name: str, text: str, most: int = 10**15 - 1) -> dict[str, Any]:
    return _parameter(name, "query", text, {"type": "integer", "minimum": 0, "maximum": most}, required=False)


PARAMETERS: dict[str, dict[str, Any]] = {
    "id": _parameter("id", "path", "A conversation; a shopper may say `current`.", {**SAFE_TEXT, "maxLength": 64}),
    "key": _parameter(
        "Idempotency-Key", "header",
        "Names this request: sent again with the same key, it is done once. Where a message has a `client_id`, this is it.",
        {"type": "string", "pattern": p.KEY},
    ),
    "after": _whole("after", "The last seq that is known."),
    "epoch": _whole("epoch", "Its epoch; without, the current one."),
    "wait": _whole("wait", "Seconds to wait for news; more than 25 are 25."),
    "view": _parameter("view", "query", "Which conversations.", {"enum": ["resolved"]}),
    "q": _parameter("q", "query", "What to look for.", {"type": "string", "maxLength": 500}),
    "conversation": _parameter("conversation", "query", "Answer in the language of this conversation.", {**SAFE_TEXT, "maxLength": 64}),
    "source_id": _parameter("source_id", "path", "The source's id, which is a secret of the shop.", SAFE_TEXT),
    "token": _parameter("token", "query", "The turn's token.", {"type": "string"}),
    "source": _parameter("source", "query", "A source by its handle.", {**SAFE_TEXT, "maxLength": 64}),
    "one_source": _parameter("source", "query", "Only this source, by its handle.", {**SAFE_TEXT, "maxLength": 64}, required=False),
    "one_order": _parameter("order", "query", "Only this order.", {**SAFE_TEXT, "maxLength": 128}, required=False),
    "before": _parameter("before", "query", "Only what came before; an ISO 8601 time.", {"type": "string"}, required=False),
    "delivery": _parameter("delivery", "query", "A stored webhook.", {**SAFE_TEXT, "maxLength": 200}),
    "digest": _parameter("digest", "query", "A webhook that could not be read.", {**SAFE_TEXT, "maxLength": 64}),
    "act": _parameter("act", "path", "What to do.", {"enum": ["replay", "read", "drop", "decide", "rebuild", "call"]}),
    "name": _parameter("name", "path", "A file of the widget's build.", SAFE_TEXT),
}  # fmt: skip
SECURITY = {
    "visitor": {"type": "http", "scheme": "bearer", "description": "The visitor token that `sync` or the beacon answered."},
    "inbox": {"type": "apiKey", "in": "header", "name": "X-Shopbell-Key", "description": "The inbox's public key."},
    "session": {"type": "apiKey", "in": "cookie", "name": "shopbell_session", "description": "Behind https it begins with `__Host-`."},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "The session's own, from the console's page."},
}  # fmt: skip
HEADERS = {
    "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 1}},
    "Location": {"description": "Where to go on.", "required": True, "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long it may be kept.", "required": True, "schema": {"type": "string"}},
}


@cache
def document() -> dict[str, Any]:
    """The document; a constant of the process."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shopbell", "version": "1", "description": "The HTTP side of the wire: every command of the sockets, and more."},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": SECURITY,
            "parameters": PARAMETERS,
            "headers": HEADERS,
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{operation.method}{operation.path.translate(str.maketrans('/{}.', '____')).rstrip('_')}",
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": {
            **{str(status): _response(answer) for status, answer in operation.answers.items()},
            **_refused(operation.refusals),
        },
    }
    if operation.parameters:
        told["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters]
    if operation.body is not None:
        schema = operation.body if isinstance(operation.body, dict) else {"$ref": REF.format(name=_name(operation))}
        content: dict[str, Any] = {"schema": schema}
        if operation.example is not None:
            content["example"] = operation.example
        told["requestBody"] = {"required": True, "content": dict.fromkeys(operation.media, content)}
    if operation.security:
        told["security"] = [{name: [] for name in operation.security}]
    return told


def _name(operation: Operation) -> str:
    """Under which name the body's schema stands; a body with a field that may be missing here is one of its own."""
    assert isinstance(operation.body, type)
    return f"{operation.body.__name__}Body" if operation.optional else operation.body.__name__


def _response(answer: Answer) -> dict[str, Any]:
    refs = [{"$ref": REF.format(name=each.__name__)} for each in answer.types]
    schema: dict[str, Any] = {} if answer.media != JSON else {"type": "object"}
    if refs:
        schema = refs[0] if len(refs) == 1 else {"anyOf": refs}
    content: dict[str, Any] = {"schema": schema}
    if answer.types == (a.Durable,):
        content["example"] = DURABLE
    told: dict[str, Any] = {"description": answer.text, "content": {answer.media: content}}
    if answer.headers:
        told["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in answer.headers}
    return told


def _refused(codes: Iterable[Code]) -> dict[str, Any]:
    by_status: dict[int, list[Code]] = {}
    for code in codes:
        by_status.setdefault(HTTP_STATUS[code], []).append(code)
    found: dict[str, Any] = {}
    for status, some in sorted(by_status.items()):
        told: dict[str, Any] = {
            "description": " or ".join(f"`{code.value}`" for code in some),
            "content": {JSON: {"schema": {"$ref": REF.format(name="Error")}, "example": ERROR}},
        }
        if status in (429, 500, 503):
            told["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
        found[str(status)] = told
    return found


def _schemas() -> dict[str, Any]:
    payloads = [each.body for each in OPERATIONS if isinstance(each.body, type)]
    told = [type_ for each in OPERATIONS for answer in each.answers.values() for type_ in answer.types]
    _, schemas = msgspec.json.schema_components([*dict.fromkeys([*payloads, *told, Error])], ref_template=REF)
    for operation in OPERATIONS:
        if operation.optional and isinstance(operation.body, type):
            whole = schemas[operation.body.__name__]
            left = [name for name in whole["required"] if name not in operation.optional]
            schemas[_name(operation)] = {**whole, "required": left, "title": _name(operation)}
    for operation in OPERATIONS:
        if operation.optional and isinstance(operation.body, type):
            schemas.pop(operation.body.__name__, None)
    for name, schema in schemas.items():
        if "ok" in schema.get("properties", {}) and name != "Receipt":
            schema["properties"]["ok"] = {"const": name != "Error"}
    return schemas
