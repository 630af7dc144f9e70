"""The HTTP twins of the socket: every command of both tables as a POST, with the same body, rights, limits and errors.

`Idempotency-Key` makes what is durable safe to send again. Walks a, d and e over HTTP; nothing is decided here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from chat_server.core.model import Agent, Json, Visitor
from chat_server.errors import ClientError, Code
from chat_server.flows import agents, people
from chat_server.flows.context import Context, not_found
from chat_server.flows.once import Request, once
from chat_server.inbound import payloads as p
from chat_server.inbound.agent_commands import AGENT
from chat_server.inbound.agent_socket import signed_in
from chat_server.inbound.auth import authorize, inbox_for
from chat_server.inbound.commands import Command, Repeat
from chat_server.inbound.limits import Limits
from chat_server.inbound.shopper_commands import SHOPPER, Shopper

Who = TypeVar("Who")
SEEN_EVERY = timedelta(seconds=10)
"""how often a call counts as the heartbeat of a shopper without a socket"""


async def visitor_of(context: Context, request: web.Request) -> Visitor:
    """Who asks: the inbox's key, the visitor's token, from a page of the shop. Being here counts as being seen."""
    inbox = inbox_for(context.inboxes, request.headers.get("X-Shopbell-Key", ""), request.headers.get("Origin"))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    found = await people.find(context, inbox, token) if scheme.lower() == "bearer" and token else None
    if found is None:
        raise ClientError(Code.UNAUTHENTICATED, "Send a visitor token: Authorization: Bearer …")
    if found.last_seen_at < context.clock() - SEEN_EVERY:
        await context.store.write(lambda tx: tx.people.seen([found.id], context.clock()))
    return found


class HttpCommands:
    """POST /v1/shopper/{command} and POST /v1/agent/{command}, and the message twin of old."""

    def __init__(self, context: Context, limits: Limits, cookie: str, own_origin: Callable[[str], bool]) -> None:
        self._context = context
        self._limits = limits
        self._cookie = cookie
        self._own_origin = own_origin

    def routes(self) -> list[web.RouteDef]:
        """What this door serves."""
        return [
            web.post("/v1/shopper/{command}", self.shopper),
            web.post("/v1/agent/{command}", self.agent),
            web.post("/v1/conversations/{id}/messages", self.post_message),
        ]

    async def shopper(self, request: web.Request) -> web.Response:
        """A command of the shopper's table."""
        command = _row(SHOPPER.get(request.match_info["command"]))
        visitor = await self._visitor(request, command)
        told, key = _told(command, request, p.parse_object(await request.read()))
        address = self._limits.peers.of(request.remote, request.headers.get("X-Forwarded-For"))
        return await self._answer(command, Shopper(visitor, address=address), visitor.id, told, key)

    async def agent(self, request: web.Request) -> web.Response:
        """A command of the agent's table."""
        command = _row(AGENT.get(request.match_info["command"]))
        csrf = request.headers.get("X-CSRF-Token", "")
        token = request.cookies.get(self._cookie)
        agent = await signed_in(self._context, token, csrf, request.headers.get("Origin"), self._own_origin)
        authorize(agent, command.name)
        told, key = _told(command, request, p.parse_object(await request.read()))
        await self._seen(agent)
        return await self._answer(command, agent, agent.id, told, key)

    async def post_message(self, request: web.Request) -> web.Response:
        """`send_message` under the address of its conversation."""
        command = SHOPPER["send_message"]
        visitor = await self._visitor(request, command)
        p.parse_json(body := await request.read(), p.PostMessage)
        wanted = request.match_info["id"]
        place = {} if wanted == "current" else {"conversation": wanted}
        told, key = _told(command, request, {**p.parse_object(body), **place})
        return await self._answer(command, Shopper(visitor), visitor.id, told, key)

    async def _visitor(self, request: web.Request, command: Command[Shopper]) -> Visitor:
        visitor = await visitor_of(self._context, request)
        for bucket in command.limits:
            self._limits.take(bucket, visitor.id)
        return visitor

    async def _seen(self, agent: Agent) -> None:
        """An agent without a socket is here as long as they ask for something."""
        await self._context.store.write(lambda tx: tx.people.agents_seen([agent.id], self._context.clock()))
        if not agent.connected:
            await agents.after_routing(self._context, agent.inbox_id)

    async def _answer(self, command: Command[Who], who: Who, principal: str, told: Any, key: str | None) -> web.Response:
        if command.answer_of is None or key is None:
            answer: Json | None = await command.flow(self._context, who, told)
        else:
            digest = hashlib.sha256(command.name.encode() + b"\n" + msgspec.json.encode(told)).hexdigest()
            request = Request(principal, key, digest)
            answer = await once(self._context, request, command.answer_of, lambda context: command.flow(context, who, told))
        return web.json_response({"ok": True, **(answer or {})})


def _row(command: Command[Who] | None) -> Command[Who]:
    if command is None:
        raise not_found("command")
    return command


def _told(command: Command[Any], request: web.Request, body: Json) -> tuple[Any, str | None]:
    """The body as its payload, and the key. Where a message has an id of its own, the key is that id."""
    if command.repeat is Repeat.HARMLESS:
        return p.parse(body, command.payload), None
    key: str = p.parse(request.headers.get("Idempotency-Key", ""), p.Key)
    if command.repeat is Repeat.CLIENT_ID:
        if body.get("client_id", key) != key:
            raise ClientError(Code.BAD_REQUEST, "Idempotency-Key and `client_id` are one and the same.")
        body = {**body, "client_id": key}
    return p.parse(body, command.payload), key
