"""The HTTP door of the catalogue: the agents' search, and the bot's question by a turn's token. Nothing is decided here. Walk a."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from chat_server.flows import catalogue
from chat_server.flows.context import Context
from chat_server.inbound import payloads as p
from chat_server.inbound.auth import agent_of, turn_of

Question = Annotated[str, Meta(max_length=500)]


class ProductsDoor:
    """`cookie` names the console's session; `secret` signs the turns' tokens."""

    def __init__(self, context: Context, cookie: str, secret: str) -> None:
        self._context = context
        self._cookie = cookie
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        """What this door serves."""
        return [web.get("/v1/agent/products", self.search), web.get("/internal/bot/products", self.bot_products)]

    async def search(self, request: web.Request) -> web.Response:
        """Products by the beginnings of their words, for those who may send them."""
        agent = await agent_of(self._context, request.cookies.get(self._cookie), "reply")
        text = p.parse(request.query.get("q", ""), Question)
        conversation = p.parse(request.query["conversation"], p.Id) if "conversation" in request.query else None
        return web.json_response({"ok": True, **await catalogue.search(self._context, agent, text, conversation)})

    async def bot_products(self, request: web.Request) -> web.Response:
        """What a sentence speaks of, in the language of the conversation that a turn's token names."""
        conversation = turn_of(request.query.get("token", ""), self._secret)
        text = p.parse(request.query.get("q", ""), Question)
        return web.json_response({"ok": True, **await catalogue.behind(self._context, conversation, text)})
