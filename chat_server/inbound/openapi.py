"""The OpenAPI 3.1 document of the HTTP door, made from the payload types themselves, so that the two cannot differ."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from chat_server.errors import Code
from chat_server.inbound import payloads as p

REF = "#/components/schemas/{name}"
ERROR = {
    "type": "object",
    "required": ["ok", "error"],
    "properties": {
        "ok": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"enum": [code.value for code in Code]},
                "message": {"type": "string"},
                "retry_after_ms": {"type": "integer"},
            },
        },
    },
}


def _answer(text: str) -> dict[str, Any]:
    ok = {"type": "object", "required": ["ok"], "properties": {"ok": {"const": True}}}
    refused = {"description": "Refused; see the code.", "content": {"application/json": {"schema": {"$ref": REF.format(name="Error")}}}}
    return {"200": {"description": text, "content": {"application/json": {"schema": ok}}}, "default": refused}


def _query(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": text, "schema": {"type": "integer", "minimum": 0}}


def _body(name: str, *types: str) -> dict[str, Any]:
    return {"required": True, "content": {each: {"schema": {"$ref": REF.format(name=name)}} for each in types}}


@cache
def document() -> dict[str, Any]:
    """The document; a constant of the process."""
    _, schemas = msgspec.json.schema_components([p.Beacon, p.PostMessage], ref_template=REF)
    conversation = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "An id, or `current`."}
    key = {"name": "Idempotency-Key", "in": "header", "required": True, "schema": {"type": "string", "minLength": 8, "maxLength": 64}}
    inbox = {"name": "X-Shopbell-Key", "in": "header", "required": True, "schema": {"type": "string"}}
    cursor = [
        _query("after", "The last seq that is known."),
        _query("epoch", "Its epoch."),
        _query("wait", "Seconds to wait for news, up to 25."),
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Shopbell", "version": "1", "description": "HTTP side of the wire; see docs/wire.md."},
        "paths": {
            "/healthz": {"get": {"summary": "Alive", "responses": _answer_plain("The process runs.")}},
            "/readyz": {"get": {"summary": "Ready", "responses": _answer_plain("Ready for traffic.")}},
            "/v1/visits": {
                "post": {
                    "summary": "The loader's beacon",
                    "requestBody": _body("Beacon", "application/json", "text/plain"),
                    "responses": _answer("What the loader should show."),
                }
            },
            "/v1/conversations/{id}/messages": {
                "post": {
                    "summary": "Send a message, once",
                    "parameters": [conversation, key, inbox],
                    "requestBody": _body("PostMessage", "application/json"),
                    "responses": _answer("Stored."),
                    "security": [{"visitor": []}],
                }
            },
            "/v1/conversations/{id}/facts": {
                "get": {
                    "summary": "Facts after a cursor",
                    "parameters": [conversation, inbox, *cursor],
                    "responses": _answer("In order of seq."),
                    "security": [{"visitor": []}],
                }
            },
        },
        "components": {
            "schemas": {**schemas, "Error": ERROR},
            "securitySchemes": {"visitor": {"type": "http", "scheme": "bearer"}},
        },
    }


def _answer_plain(text: str) -> dict[str, Any]:
    return {"200": {"description": text}, "503": {"description": "Not now."}}
