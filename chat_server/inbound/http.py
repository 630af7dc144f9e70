"""The HTTP door: the beacon, the facts of a conversation, health, metrics, the bot's order query, the widget's files.

Walk c comes in here. The commands' twins stand in http_commands.py. Every JSON answer has the shape of docs/wire.md.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web

from chat_server.core.inbox import Inbox
from chat_server.core.model import Json
from chat_server.errors import HTTP_STATUS, ClientError, Code
from chat_server.flows import handoff, messages, orders, people, visits
from chat_server.flows.context import Context, not_found
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import identity, inbox_for, turn_of
from chat_server.inbound.beacon import report_of
from chat_server.inbound.http_commands import visitor_of
from chat_server.inbound.limits import Limits
from chat_server.inbound.openapi import document
from chat_server.inbound.waiters import Waiters

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LONGEST_WAIT = 25
HASH = re.compile(r"-[0-9A-Za-z]{8,}\.")
FILE = re.compile(r"^[a-zA-Z0-9._-]+\.(js|css|map|svg|woff2)$")
log = structlog.get_logger("http")


def errors(inboxes: dict[str, Inbox]) -> Any:
    """Middleware: refusals as JSON, CORS for the shops' pages, and the headers that every answer carries."""
    allowed = frozenset(origin for inbox in inboxes.values() for origin in inbox.origins)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except ClientError as error:
            response = refusal(error)
        except web.HTTPRequestEntityTooLarge:
            response = refusal(ClientError(Code.TOO_LARGE, "The body is too large."))
        except web.HTTPException as error:
            response = error if error.status < 400 or not request.path.startswith("/v1/") else no_such_call(error)
        except ConnectionError:
            if request.transport is None or request.transport.is_closing():
                raise  # the client went in the middle of its body: nobody waits for an answer, and nothing is wrong here
            log.exception("request failed", path=request.path)
            response = refusal(ClientError(Code.INTERNAL, "Something went wrong here.", retry_after_ms=1000))
        except Exception:  # outermost guard: a bug answers `internal` and is logged with its trace
            log.exception("request failed", path=request.path)
            response = refusal(ClientError(Code.INTERNAL, "Something went wrong here.", retry_after_ms=1000))
        origin = request.headers.get("Origin")
        if origin in allowed and request.path.startswith("/v1/") and not request.path.startswith("/v1/agent/"):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Vary"] = "Origin"
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response

    return middleware


def refusal(error: ClientError) -> web.Response:
    """An error as an HTTP answer."""
    headers = {"Retry-After": str(-(-error.retry_after_ms // 1000))} if error.retry_after_ms else {}
    return web.json_response(error.body(), status=HTTP_STATUS[error.code], headers=headers)


def no_such_call(error: web.HTTPException) -> web.Response:
    """A path or a method that nobody serves, in the shape of every other refusal; the status stays."""
    body = ClientError(Code.NOT_FOUND, "There is no such call.").body()
    return web.json_response(body, status=error.status, headers={name: error.headers[name] for name in ("Allow",) if name in error.headers})


class Http:
    """Handlers by route."""

    def __init__(
        self,
        context: Context,
        limits: Limits,
        dist: Path,
        secret: str,
        ready: Callable[[], bool],
        counts: Callable[[], Awaitable[str]],
        waiters: Waiters,
    ) -> None:
        self._context = context
        self._limits = limits
        self._dist = dist
        self._secret = secret
        self._ready = ready
        self._counts = counts
        self._waiters = waiters

    def routes(self) -> list[web.RouteDef]:
        """Everything but the console's pages and the webhooks."""
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.is_ready),
            web.get("/metrics", self.metrics),
            web.get("/openapi.json", self.openapi),
            web.get("/widget/loader.js", self.widget),
            web.get("/widget/{name}", self.widget),
            web.options("/v1/{rest:.*}", self.preflight),
            web.post("/v1/visits", self.beacon),
            web.get("/v1/conversations/{id}/facts", self.facts),
            web.get("/internal/bot/orders", self.bot_orders),
        ]

    async def alive(self, _request: web.Request) -> web.Response:
        """The process runs."""
        return web.json_response({"status": "ok"})

    async def is_ready(self, _request: web.Request) -> web.Response:
        """Ready for traffic; 503 while draining."""
        ready = self._ready()
        body = {"status": "ready" if ready else "draining", "bot": self._context.bot_state()}
        return web.json_response(body, status=200 if ready else 503)

    async def metrics(self, _request: web.Request) -> web.Response:
        """Prometheus text."""
        return web.Response(text=await self._counts(), content_type="text/plain")

    async def openapi(self, _request: web.Request) -> web.Response:
        """OpenAPI 3.1."""
        return web.json_response(document())

    async def widget(self, request: web.Request) -> web.StreamResponse:
        """A built file; names with a hash may be kept for ever. aiohttp serves the compressed copy beside it."""
        name = request.match_info.get("name", "loader.js")
        path = self._dist / name
        if not FILE.match(name):
            raise web.HTTPNotFound
        if not path.is_file():
            raise self._gone(name)
        hashed = HASH.search(name) is not None
        kind = {"Content-Type": "text/javascript; charset=utf-8"} if path.suffix == ".js" else {}
        return web.FileResponse(
            path,
            headers={
                **kind,
                "Cache-Control": "public, max-age=31536000, immutable" if hashed else "public, max-age=300",
                "Access-Control-Allow-Origin": "*",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )

    def _gone(self, name: str) -> web.HTTPException:
        """A page left open over a deploy asks for a file of then: it gets the one of today, by the name before the hash."""
        known: Json = json.loads((self._dist / "manifest.json").read_text()) if (self._dist / "manifest.json").is_file() else {}
        today = known.get(HASH.sub(".", name))
        if today is None or not HASH.search(name) or not (self._dist / today).is_file():
            return web.HTTPNotFound()
        return web.HTTPFound(today, headers={"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"})

    async def preflight(self, request: web.Request) -> web.Response:
        """What a shop's page may send; the origin itself is checked by the middleware and by each call."""
        headers = {
            "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
            "Access-Control-Allow-Headers": "authorization, content-type, idempotency-key, x-shopbell-key",
            "Access-Control-Max-Age": "86400",
        }
        return web.Response(status=204, headers=headers)

    async def beacon(self, request: web.Request) -> web.Response:
        """Walk c: what the browser saw; answers what it should show."""
        self._limits.take("beacon", self._limits.peers.of(request.remote, request.headers.get("X-Forwarded-For")))
        raw = await request.read()
        if len(raw) > 65_536:
            raise ClientError(Code.TOO_LARGE, "A beacon is at most 64 KB.")
        told = p.parse_json(raw, p.Beacon)
        inbox = inbox_for(self._context.inboxes, told.key, request.headers.get("Origin"))
        claims = identity(inbox, told.identity, self._context.clock().timestamp())
        hello = people.Hello(inbox, told.visitor, claims, told.locale, p.zone_of(told.timezone), told.consent)
        report = report_of(told)
        visitor, token = await people.recognise(self._context, hello)
        answer = await visits.beacon(self._context, visitor, report)
        state = await handoff.inbox_state(self._context, inbox.id)
        about = {"name": inbox.name, "color": inbox.color, "online": state["online"], "locales": list(inbox.locales)}
        return web.json_response({"ok": True, **({"visitor": token} if token else {}), **answer, "inbox": about})

    async def facts(self, request: web.Request) -> web.Response:
        """Twin of `sync`; with `wait` it answers when there is news, or empty when the time is over."""
        self._limits.take("facts", self._limits.peers.of(request.remote, request.headers.get("X-Forwarded-For")))
        visitor = await visitor_of(self._context, request)
        self._limits.take("command", visitor.id)
        after, epoch, wait = (_whole(request, name) for name in ("after", "epoch", "wait"))
        wanted = p.parse(request.match_info["id"], p.Id)

        async def look(conversation: str | None, begun: str | None) -> tuple[str, Json]:
            found, caught_up = await messages.catch_up(self._context, visitor, conversation, epoch, after, any_epoch=epoch is None)
            if found is not None and begun not in (None, found.id):  # the cursor was another conversation's
                found, caught_up = await messages.catch_up(self._context, visitor, found.id, None, None)
            if found is None:
                raise not_found("conversation")
            return found.id, {name: caught_up[name] for name in ("epoch", "start", "facts", "complete", "reset")}

        named = None if wanted == "current" else wanted
        conversation, answer = await look(named, None)
        if wait and not answer["facts"] and self._ready():
            answer = await self._news(conversation, visitor.id, partial(look, named, conversation), min(wait, LONGEST_WAIT))
        return web.json_response({"ok": True, **answer})

    async def _news(self, conversation: str, visitor_id: str, look: Callable[[], Awaitable[tuple[str, Json]]], seconds: float) -> Json:
        """What `look` finds once there is something (in `current`, also when that has become another one), or when the time is over."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        with self._waiters.watching(conversation, visitor_id) as news:
            while True:
                _, answer = await look()
                left = until - loop.time()
                if answer["facts"] or left <= 0 or self._waiters.released:
                    return answer
                await news.wait(left)

    async def bot_orders(self, request: web.Request) -> web.Response:
        """Walk a: the orders of the conversation that a turn's token names."""
        conversation = turn_of(request.query.get("token", ""), self._secret)
        return web.json_response({"ok": True, **await orders.behind(self._context, conversation)})


def _whole(request: web.Request, name: str) -> int | None:
    given = request.query.get(name)
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal()) or len(given) > 15:
        raise ClientError(Code.BAD_REQUEST, f"`{name}` is a whole number.")
    return int(given)
