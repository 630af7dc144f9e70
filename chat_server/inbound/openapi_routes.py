"""Every call of the HTTP door as the OpenAPI document tells it: one row each; the commands' rows follow from their tables.

A test compares these rows with the routes that the application really has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chat_server.errors import Code
from chat_server.inbound import answers as a
from chat_server.inbound import answers_orders as ao
from chat_server.inbound import answers_panel as ap
from chat_server.inbound import answers_products as c
from chat_server.inbound import payloads as p
from chat_server.inbound.agent_commands import AGENT
from chat_server.inbound.commands import Command, Repeat
from chat_server.inbound.openapi_examples import EXAMPLES
from chat_server.inbound.shopper_commands import SHOPPER

JSON, TEXT, HTML, SCRIPT = "application/json", "text/plain", "text/html", "text/javascript"
ANYWHERE = (Code.INTERNAL, Code.UNAVAILABLE)
OF_A_SHOPPER = (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NOT_FOUND, *ANYWHERE)
OF_A_COMMAND = (*OF_A_SHOPPER, Code.CONFLICT, Code.TOO_LARGE, Code.RATE_LIMITED)
FORM = {"type": "object", "properties": {name: {"type": "string"} for name in ("email", "password", "csrf", "next")}}


@dataclass(frozen=True, slots=True)
class Answer:
    """One status: what it means, the types of its body (several: any of them), or the media type where it is no JSON."""

    text: str
    types: tuple[type, ...] = ()
    media: str = JSON
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `refusals` are answered as `Error`, each under the status of its code."""

    method: str
    path: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    refusals: tuple[Code, ...] = ()
    body: type | dict[str, Any] | None = None
    media: tuple[str, ...] = (JSON,)
    parameters: tuple[str, ...] = ()
    security: tuple[str, ...] = ()
    example: dict[str, Any] | None = None
    optional: frozenset[str] = field(default_factory=frozenset)
    """fields of the body that may be left out here"""


URLENCODED = "application/x-www-form-urlencoded"
_SIGN_IN = Answer("Sign in first.", media=TEXT, headers=("Location",))
_FORM_PAGE = {200: Answer("The page.", media=HTML), 302: _SIGN_IN}
_PAGE = _FORM_PAGE | {403: Answer("It is for supervisors.", media=HTML)}
_GONE = {404: Answer("There is none.", media=HTML)}


def _form(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in ("csrf", *names)}}


SHOPPERS, AGENTS = ("visitor", "inbox"), ("session", "csrf")
_SHOPPER_ANSWERS: dict[str, tuple[type, ...]] = {
    "sync": (a.ShopperSynced,), "send_message": (a.Sent,), "set_typing": (a.Done,), "accept_offer": (a.Accepted,),
    "undo_offer": (a.Accepted,),
}  # fmt: skip
_SHOPPER_ANSWERS |= {"list_orders": (ao.Ordered,), "open_order": (ao.Opened,), "find_order": (ao.Opened,), "forget_order": (a.Done,)}
_AGENT_ANSWERS: dict[str, tuple[type, ...]] = {
    "sync": (a.Home, ap.ThreadSynced), "set_availability": (a.Done,), "reply": (a.Sent,), "add_note": (a.Sent,),
    "set_typing": (a.Done,), "invite": (a.Invited,),
    "find_orders": (ao.FoundOrders,), "explain_order": (ao.Explained,), "unbind_order": (a.Done,), "make_offer": (a.Sent,),
}  # fmt: skip


def commands(
    door: str, rows: Mapping[str, Command[Any]], told: Mapping[str, tuple[type, ...]], security: tuple[str, ...]
) -> list[Operation]:
    """The rows of a table of commands."""
    found = []
    for name, row in rows.items():
        refusals = (*OF_A_COMMAND, Code.STALE) if name == "reply" else OF_A_COMMAND
        roles = f" Roles: {', '.join(sorted(row.may))}." if row.may else ""
        found.append(
            Operation(
                "post",
                f"/v1/{door}/{name}",
                door,
                f"{name.replace('_', ' ').capitalize()}. On a repeat: {row.repeat.value}.{roles}",
                {200: Answer("Done.", told.get(name, (a.Durable,)))},
                refusals,
                row.payload,
                parameters=() if row.repeat is Repeat.HARMLESS else ("key",),
                security=security,
                example=EXAMPLES[door, name],
                optional=frozenset({"client_id"} if row.repeat is Repeat.CLIENT_ID else ()),
            )
        )
    return found


OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/healthz", "process", "The process runs", {200: Answer("It does.", (a.Health,))}),
    Operation(
        "get", "/readyz", "process", "Ready for traffic",
        {200: Answer("Ready.", (a.Readiness,)), 503: Answer("Draining, or without its database.", (a.Readiness,))},
    ),
    Operation("get", "/metrics", "process", "Counters, Prometheus text", {200: Answer("Counters.", media=TEXT)}),
    Operation("get", "/openapi.json", "process", "This document", {200: Answer("OpenAPI 3.1.", media=JSON)}),
    Operation("get", "/widget/loader.js", "widget", "The loader", {200: Answer("A script.", media=SCRIPT, headers=("Cache-Control",))}),
    Operation(
        "get", "/widget/{name}", "widget", "A built file by its name",
        {
            200: Answer("The file.", media="*/*", headers=("Cache-Control",)), 404: Answer("No such file.", media=TEXT),
            302: Answer("Gone with a deploy; the one of today.", media=TEXT, headers=("Location", "Cache-Control")),
        },
        parameters=("name",),
    ),
    Operation(
        "post", "/v1/visits", "shopper", "The loader's beacon: what the browser saw; answers what to show",
        {200: Answer("Taken.", (a.Beaconed,))},
        (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_LARGE, Code.RATE_LIMITED, *ANYWHERE),
        p.Beacon, media=(JSON, TEXT), example=EXAMPLES["http", "visits"],
    ),
    Operation(
        "post", "/v1/conversations/{id}/messages", "shopper", "Send a message, once: `send_message` under the conversation's address",
        {200: Answer("Stored.", (a.Sent,))}, OF_A_COMMAND, p.PostMessage, parameters=("id", "key"), security=SHOPPERS,
        example=EXAMPLES["http", "messages"],
    ),
    Operation(
        "get", "/v1/conversations/{id}/facts", "shopper", "Facts after a cursor, in order of seq; waits for news if asked to",
        {200: Answer("Facts.", (a.Facts,))}, (*OF_A_SHOPPER, Code.RATE_LIMITED), parameters=("id", "after", "epoch", "wait"),
        security=SHOPPERS,
    ),
    *commands("shopper", SHOPPER, _SHOPPER_ANSWERS, SHOPPERS),
    *commands("agent", AGENT, _AGENT_ANSWERS, AGENTS),
    Operation(
        "get", "/v1/agent/conversations", "agent", "Resolved conversations, newest first",
        {200: Answer("At most 100 rows.", (a.Resolved,))}, (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.FORBIDDEN, *ANYWHERE),
        parameters=("view",), security=("session",),
    ),
    Operation(
        "get", "/v1/agent/conversations/{id}/panel", "agent", "The panel of one conversation",
        {200: Answer("The panel.", (ap.PanelAlone,))},
        (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NOT_FOUND, *ANYWHERE), parameters=("id",), security=("session",),
    ),
    Operation(
        "get", "/v1/agent/products", "agent", "Products by the beginnings of their words; without `q` the latest. Roles: who may reply",
        {200: Answer("At most 20.", (c.ProductsFound,))},
        (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NOT_FOUND, *ANYWHERE),
        parameters=("q", "conversation"), security=("session",),
    ),
    Operation(
        "post", "/webhooks/{source_id}", "shop", "Order events of the shop, signed; the body's shape is the source's own",
        {200: Answer("Taken, known before, or of no interest.", (a.Receipt,))},
        (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.NOT_FOUND, Code.TOO_LARGE, *ANYWHERE), {}, parameters=("source_id",),
        example=EXAMPLES["http", "webhook"],
    ),
    Operation(
        "get", "/internal/bot/orders", "bot", "The orders of the conversation that a turn's token names",
        {200: Answer("Orders.", (a.BotOrders,))}, (Code.UNAUTHENTICATED, Code.NOT_FOUND, *ANYWHERE), parameters=("token",),
    ),
    Operation(
        "get", "/internal/bot/products", "bot", "What a sentence of the conversation that a turn's token names speaks of",
        {200: Answer("At most 3.", (c.BotProducts,))}, (Code.BAD_REQUEST, Code.UNAUTHENTICATED, Code.NOT_FOUND, *ANYWHERE),
        parameters=("token", "q"),
    ),
    Operation("get", "/", "console", "To the console", {302: Answer("Onward.", media=TEXT, headers=("Location",))}),
    Operation(
        "get", "/console", "console", "The console",
        {200: Answer("The page.", media=HTML), 302: Answer("Sign in first.", media=TEXT, headers=("Location",))}, security=("session",),
    ),
    Operation(
        "get", "/console/login", "console", "The form",
        {200: Answer("The page.", media=HTML), 302: Answer("Signed in already.", media=TEXT, headers=("Location",))},
    ),
    Operation(
        "post", "/console/login", "console", "Sign in",
        {
            303: Answer("Signed in.", media=TEXT, headers=("Location",)), 401: Answer("E-mail or password is wrong.", media=HTML),
            403: Answer("The form was open for too long.", media=HTML), 429: Answer("Too many tries.", media=HTML),
        },
        (Code.BAD_REQUEST, Code.TOO_LARGE), FORM, media=("application/x-www-form-urlencoded",),
    ),
    Operation(
        "post", "/console/logout", "console", "Sign out: the session and all its sockets end",
        {303: Answer("Signed out.", media=TEXT, headers=("Location",))}, (Code.BAD_REQUEST, Code.FORBIDDEN, Code.TOO_LARGE),
        {"type": "object", "properties": {"csrf": {"type": "string"}}}, media=("application/x-www-form-urlencoded",), security=("session",),
    ),
    Operation(
        "get", "/console/sources", "console", "The sources of the inbox, for supervisors", _PAGE,
        parameters=("one_source", "one_order", "before"), security=("session",),
    ),
    Operation(
        "get", "/console/sources/webhook", "console", "A stored webhook, with what leads to a person covered", _PAGE | _GONE,
        (Code.BAD_REQUEST,), parameters=("source", "delivery"), security=("session",),
    ),
    Operation(
        "post", "/console/sources/webhook", "console", "The same in full, which is logged", _FORM_PAGE | _GONE,
        (Code.BAD_REQUEST, Code.FORBIDDEN, Code.TOO_LARGE), _form("source", "delivery"), media=(URLENCODED,), security=("session",),
    ),
    Operation(
        "get", "/console/sources/letter", "console", "A webhook that could not be read", _PAGE | _GONE,
        (Code.BAD_REQUEST,), parameters=("source", "digest"), security=("session",),
    ),
    Operation(
        "post", "/console/sources/{act}", "console", "What a supervisor does about a source; the page then says what came of it",
        {303: Answer("Done.", media=TEXT, headers=("Location",)), 302: _SIGN_IN} | _GONE,
        (Code.BAD_REQUEST, Code.FORBIDDEN, Code.TOO_LARGE, *ANYWHERE),
        _form("source", "delivery", "digest", "contradiction", "verdict", "order", "offer"), media=(URLENCODED,),
        parameters=("act",), security=("session",),
    ),
)  # fmt: skip
