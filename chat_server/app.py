"""Composition root: builds every adapter, mounts every door, starts and ends the background tasks.

The only file that knows everyone, and with __main__ the only one that reads the wall clock.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
import jwt
import structlog
from aiohttp import web
from engineio.payload import Payload

from chat_server import metrics
from chat_server.drain import Drain
from chat_server.errors import ClientError, InvalidConfiguration
from chat_server.flows.bot_watch import BotWatch
from chat_server.flows.clocks import Clocks
from chat_server.flows.context import Context
from chat_server.flows.handoff import tell_presence
from chat_server.inbound.agent_socket import AgentDoor
from chat_server.inbound.console_pages import ConsolePages, own_origin
from chat_server.inbound.console_sources import ConsoleSources
from chat_server.inbound.gate import Gate
from chat_server.inbound.http import Http, errors
from chat_server.inbound.http_commands import HttpCommands
from chat_server.inbound.limits import Limits
from chat_server.inbound.order_facts import OrderFacts
from chat_server.inbound.peer import Peers
from chat_server.inbound.products import ProductsDoor
from chat_server.inbound.shopper_socket import ShopperDoor
from chat_server.inbound.sockets import Connections
from chat_server.inbound.waiters import Waiters
from chat_server.outbound.announcer import Announcer, Ears
from chat_server.outbound.bot import RasaBot
from chat_server.outbound.databases import Databases
from chat_server.outbound.hints import Hints
from chat_server.outbound.lane import Lane, Server
from chat_server.outbound.news import News
from chat_server.outbound.orders import ShopOrders
from chat_server.outbound.store import Store
from chat_server.outbound.store.secrets import shared_secret
from chat_server.settings import Settings
from order_status import ActionConfig, DeliveryConfig, OrderStatus, SourceConfig

log = structlog.get_logger("app")
JOBS_S = 3.0
"""how long jobs that run may take at the end; another process, or the next start, takes up the rest"""
TURN_TOKEN_FOR = timedelta(seconds=60)


def now() -> datetime:
    """The clock that everything is handed."""
    return datetime.now(UTC)


class Shopbell:
    """One process: settings in, a web application out. Build it inside a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.node = secrets.token_hex(8)
        self.inboxes = {each.inbox.id: each.inbox for each in settings.inboxes}
        self.databases = Databases(settings.database)
        self.sio = self._socketio()
        self.lane = Lane(self.sio)
        self.announcer = Announcer(self.lane)
        self.woken = asyncio.Event()
        actions = [ActionConfig(**each.action) for each in settings.inboxes if each.action is not None]
        sources = [SourceConfig(**source) for each in settings.inboxes for source in each.sources]
        deliveries = [DeliveryConfig(**each.delivery) for each in settings.inboxes]
        try:
            self.orders = OrderStatus(self.databases.orders, sources, actions, now, deliveries)
        except ValueError as error:
            raise InvalidConfiguration(str(error)) from None
        self.http = aiohttp.ClientSession()
        self.bot = RasaBot(self.http, settings.bot_url, settings.bot_token, now) if settings.bot_url else None
        self.watch = BotWatch(self.bot.state if self.bot else None)
        self.context = Context(
            store=Store(self.databases.chat, self.node),
            announcer=self.announcer,
            clock=now,
            inboxes=self.inboxes,
            bot=self.bot,
            bot_state=lambda: self.watch.state,
            orders=ShopOrders(self.orders),
            catalogue=self.orders.catalogue,
            wake=self.woken.set,
            turn_token=self.turn_token,
        )
        self.limits = Limits(
            now,
            Peers(settings.proxies),
            message=settings.messages_per_minute,
            beacon=settings.beacons_per_minute,
            login=settings.logins_per_minute,
            handshake=settings.handshakes_per_minute,
            connection=2 * settings.handshakes_per_minute,
            facts=settings.handshakes_per_minute,
            command=settings.commands_per_minute,
        )
        self.sio.knock = self._knock
        self.gate = Gate(settings.handshakes_per_second, time.monotonic)
        self.waiters = Waiters()
        self.news: News | None = None
        self.hints: Hints | None = None
        if settings.several:
            self._share()
        self.connections = Connections(
            self.context,
            self.announcer.socket,
            self.sio.enter_room,
            self._admit,
            self.announcer.signed_out,
            self.news.compare if self.news else None,
        )
        self.order_facts = OrderFacts(self.orders, self.context, self.announcer.wake)
        self.announcer.listen(
            Ears(self.waiters.news, self.connections.bound, self.connections.session_ended, self.order_facts.hinted),
        )
        self.doors: list[ShopperDoor | AgentDoor] = []

    def _share(self) -> None:
        """There may be other servers: hints to them and from them."""
        self.news = News(self.context.store.read, self.announcer.here)
        key = partial(self.databases.chat.write, partial(shared_secret, name="hints"))
        self.hints = Hints(self.settings.redis_url, self.node, key, self.announcer.take, lambda: self.connections.resubscribed())
        self.announcer.join(self.hints, self.news)

    def _socketio(self) -> Server:
        own = own_origin(self.settings.public_url, self.settings.port)
        allowed = frozenset(origin for inbox in self.inboxes.values() for origin in inbox.origins)
        Payload.max_decode_packets = 512  # a burst over polling: 16, the library's default, loses the rest
        return Server(
            async_mode="aiohttp",
            cors_allowed_origins=lambda origin, _environ: origin is None or origin in allowed or own(origin),
            max_http_buffer_size=262_144,
            http_compression=False,
            transports=["websocket"] if self.settings.several else ["polling", "websocket"],  # a poll may meet another server
            logger=False,
            engineio_logger=False,
        )

    def turn_token(self, conversation_id: str) -> str:
        """Names a conversation for the bot's actions, for a minute."""
        claims = {"sub": conversation_id, "aud": "bot-turn", "exp": now() + TURN_TOKEN_FOR}
        return jwt.encode(claims, self.settings.bot_actions_secret, algorithm="HS256")

    def _admit(self, environ: dict[str, Any]) -> None:
        """The address first: one alone must not use up what the process takes on of all."""
        self.limits.take("handshake", self.limits.peers.of_handshake(environ))
        self.gate.enter()

    def _knock(self, environ: dict[str, Any]) -> None:
        """A connection, before it names a namespace. Twice as many as handshakes: who is over theirs is told so in a handshake's answer."""
        self.limits.take("connection", self.limits.peers.of_handshake(environ))

    def ready(self) -> bool:
        """Takes traffic: neither draining nor without its writer."""
        return not self.connections.draining and self.databases.alive

    async def metrics(self) -> str:
        """Counters and gauges of this process, and the numbers of the webhooks."""
        counts = {
            "shopbell_handshakes_refused": ("Handshakes over the limit of the process.", self.gate.refused),
            "shopbell_unreadable": ("Packets and requests to the sockets that made no sense.", self.lane.unreadable),
            "shopbell_slow_closed": ("Connections closed because they read too slowly.", self.lane.slow_closed),
        }
        return metrics.text(self.connections.counts, await self.orders.health(), self.hints.counts if self.hints else {}, counts)

    def web_app(self) -> web.Application:
        """Everything mounted; the background runs from start-up to clean-up."""
        settings, context, limits = self.settings, self.context, self.limits
        app = web.Application(middlewares=[errors(self.inboxes)], client_max_size=300_000)
        pages = ConsolePages(context, limits, settings.widget_dist, settings.public_url, self.connections.signed_out)
        sources = ConsoleSources(context, pages, self.orders.operations, self.orders.health)
        own = own_origin(settings.public_url, settings.port)
        http = Http(context, limits, settings.widget_dist, settings.bot_actions_secret, self.ready, self.metrics, self.waiters)
        products = ProductsDoor(context, pages.cookie, settings.bot_actions_secret)
        twins = HttpCommands(context, limits, pages.cookie, own)
        self.doors = [ShopperDoor(context, limits, self.connections), AgentDoor(context, self.connections, pages.cookie, own)]
        for door in self.doors:
            self.sio.register_namespace(door)
        self.sio.attach(app)
        app.add_routes([*http.routes(), *twins.routes(), *sources.routes(), *pages.routes(), *products.routes(), *self.orders.routes()])
        app.cleanup_ctx.append(self._background)
        return app

    async def _background(self, _app: web.Application) -> AsyncIterator[None]:
        await self.databases.migrate(server=True)
        if not self.databases.chat.shared:
            await self.context.store.write(lambda tx: tx.jobs.release())  # one process, one database: no lease outlives it
        clocks = Clocks(self.context, self.woken)
        sharing = _started(*(each.run() for each in (self.news, self.hints) if each is not None))
        tasks = _started(
            clocks.run(),
            self.connections.run(),
            self.order_facts.run(),
            self.orders.run(),
            self.watch.run(self.inboxes, lambda inbox_id: tell_presence(self.context, inbox_id)),
        )
        yield
        await _ended(tasks)
        try:
            await clocks.finish(JOBS_S)
            await self.connections.leave()
            await self.orders.health()  # what was counted in memory is written down
        except ClientError as error:
            log.warning("the database was away at the end", flow="end", reason=error.code.value)
        if self.hints is not None:
            await self.hints.finish(0.5)
        await _ended(sharing)
        await self.http.close()
        await self.databases.close()

    def stop_taking(self) -> None:
        """Not ready from now on: handshakes are refused, and nobody waits over HTTP any more."""
        self.connections.draining = True
        self.waiters.release()

    async def drain(self) -> None:
        """Send every connection away in order."""
        await Drain(self.sio, self.announcer.socket, lambda: {sid for door in self.doors for sid in door.busy}).run()


def _started(*jobs: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(job) for job in jobs]
    for task in tasks:
        task.add_done_callback(_died)
    return tasks


async def _ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _died(task: asyncio.Task[None]) -> None:
    """A background loop must not end by itself; if it does, everybody shall know."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("background task died", exc_info=task.exception())
