"""Composition root: builds every adapter, mounts every door, starts and ends the background tasks.

The only file that knows everyone, and with __main__ the only one that reads the wall clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import jwt
import structlog
from aiohttp import web
from engineio.payload import Payload
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from chat_server.errors import InvalidConfiguration
from chat_server.flows.bot_watch import BotWatch
from chat_server.flows.clocks import Clocks
from chat_server.flows.context import Context
from chat_server.flows.handoff import tell_presence
from chat_server.inbound.agent_socket import AgentDoor
from chat_server.inbound.console_pages import ConsolePages, own_origin
from chat_server.inbound.http import Http, errors
from chat_server.inbound.http_commands import HttpCommands
from chat_server.inbound.limits import Limits
from chat_server.inbound.order_facts import OrderFacts
from chat_server.inbound.peer import Peers
from chat_server.inbound.shopper_socket import ShopperDoor
from chat_server.inbound.sockets import Connections
from chat_server.outbound.announcer import Announcer
from chat_server.outbound.bot import RasaBot
from chat_server.outbound.database import Database
from chat_server.outbound.lane import Lane, Server
from chat_server.outbound.migrations import migrate
from chat_server.outbound.orders import ShopOrders
from chat_server.outbound.store import Store
from chat_server.settings import Settings
from order_status import ActionConfig, OrderStatus, SourceConfig
from order_status import migrate as migrate_orders

log = structlog.get_logger("app")
SHUTDOWN = 4001
DRAIN_S = 0.25
TURN_TOKEN_FOR = timedelta(seconds=60)


def now() -> datetime:
    """The clock that everything is handed."""
    return datetime.now(UTC)


class Shopbell:
    """One process: settings in, a web application out. Build it inside a running event loop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.inboxes = {each.inbox.id: each.inbox for each in settings.inboxes}
        self.database = Database(settings.database)
        self.sio = self._socketio()
        self.announcer = Announcer(Lane(self.sio))
        self.woken = asyncio.Event()
        actions = [ActionConfig(**each.action) for each in settings.inboxes if each.action is not None]
        sources = [SourceConfig(**source) for each in settings.inboxes for source in each.sources]
        try:
            self.orders = OrderStatus(self.database, sources, actions, now)
        except ValueError as error:
            raise InvalidConfiguration(str(error)) from None
        self.http = aiohttp.ClientSession()
        self.bot = RasaBot(self.http, settings.bot_url, settings.bot_token, now) if settings.bot_url else None
        self.watch = BotWatch(self.bot.state if self.bot else None)
        self.context = Context(
            store=Store(self.database),
            announcer=self.announcer,
            clock=now,
            inboxes=self.inboxes,
            bot=self.bot,
            bot_state=lambda: self.watch.state,
            orders=ShopOrders(self.orders),
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
            command=settings.commands_per_minute,
        )
        self.connections = Connections(self.context, self.announcer.socket, self._admit)

    def _socketio(self) -> Server:
        own = own_origin(self.settings.public_url, self.settings.port)
        allowed = frozenset(origin for inbox in self.inboxes.values() for origin in inbox.origins)
        Payload.max_decode_packets = 512  # a burst over polling: 16, the library's default, loses the rest
        return Server(
            async_mode="aiohttp",
            cors_allowed_origins=lambda origin, _environ: origin is None or origin in allowed or own(origin),
            max_http_buffer_size=262_144,
            http_compression=False,
            logger=False,
            engineio_logger=False,
        )

    def turn_token(self, conversation_id: str) -> str:
        """Names a conversation for the bot's actions, for a minute."""
        claims = {"sub": conversation_id, "aud": "bot-turn", "exp": now() + TURN_TOKEN_FOR}
        return jwt.encode(claims, self.settings.bot_actions_secret, algorithm="HS256")

    def _admit(self, environ: dict[str, Any]) -> None:
        self.limits.take("handshake", self.limits.peers.of_handshake(environ))

    def ready(self) -> bool:
        """Takes traffic: neither draining nor without its writer."""
        return not self.connections.draining and self.database.alive

    async def metrics(self) -> str:
        """Gauges of this process and the numbers of the webhooks, as Prometheus text. Source ids are secrets: the inbox stands for them."""
        registry = CollectorRegistry()
        sockets = Gauge("shopbell_sockets", "Connected sockets.", ["namespace"], registry=registry)
        for namespace, count in self.connections.counts.items():
            sockets.labels(namespace).set(count)
        webhooks = Gauge("shopbell_webhooks", "Webhooks since the beginning.", ["inbox", "kind", "outcome"], registry=registry)
        for source in await self.orders.health():
            outcomes = {"accepted": source["accepted"], "duplicate": source["duplicates"]}
            outcomes |= {name: sum(source[name].values()) for name in ("refused", "ignored", "unknown")}
            for outcome, count in outcomes.items():
                webhooks.labels(source["inbox_id"], source["kind"], outcome).inc(count)
        return generate_latest(registry).decode()

    def web_app(self) -> web.Application:
        """Everything mounted; the background runs from start-up to clean-up."""
        settings, context, limits = self.settings, self.context, self.limits
        app = web.Application(middlewares=[errors(self.inboxes)], client_max_size=300_000)
        pages = ConsolePages(context, limits, settings.widget_dist, settings.public_url, self.connections.signed_out)
        own = own_origin(settings.public_url, settings.port)
        http = Http(context, limits, settings.widget_dist, settings.bot_actions_secret, self.ready, self.metrics)
        twins = HttpCommands(context, limits, pages.cookie, own)
        self.sio.register_namespace(ShopperDoor(context, limits, self.connections))
        self.sio.register_namespace(AgentDoor(context, self.connections, pages.cookie, own))
        self.sio.attach(app)
        app.add_routes([*http.routes(), *twins.routes(), *pages.routes(), *self.orders.routes()])
        app.cleanup_ctx.append(self._background)
        app.on_shutdown.append(self._drain)
        return app

    async def _background(self, _app: web.Application) -> AsyncIterator[None]:
        await self.database.write(migrate)
        await self.database.write(migrate_orders)
        await self.context.store.write(lambda tx: tx.jobs.release())  # one process, one database: no lease outlives it
        clocks = Clocks(self.context, self.woken)
        jobs: list[Coroutine[Any, Any, None]] = [
            clocks.run(),
            self.connections.run(),
            OrderFacts(self.orders, self.context).run(),
            self.watch.run(self.inboxes, lambda inbox_id: tell_presence(self.context, inbox_id)),
        ]
        tasks = [asyncio.create_task(job) for job in jobs]
        for task in tasks:
            task.add_done_callback(_died)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await clocks.idle()
        await self.orders.health()  # what was counted in memory is written down
        await self.http.close()
        await self.database.close()

    async def _drain(self, _app: web.Application) -> None:
        """SIGTERM: not ready any more, no handshakes; everyone is told to come back, then closed through the engine."""
        self.connections.draining = True
        self.announcer.everyone("drain", {"in_ms": round(DRAIN_S * 1000)})
        self.announcer.everyone("closing", {"code": SHUTDOWN, "retry": True})
        await asyncio.sleep(DRAIN_S)
        for socket in list(self.sio.eio.sockets.values()):
            await socket.close(wait=False)
        await asyncio.sleep(0.1)


def _died(task: asyncio.Task[None]) -> None:
    """A background loop must not end by itself; if it does, everybody shall know."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("background task died", exc_info=task.exception())


async def web_app(settings: Settings) -> web.Application:
    """The application of one process."""
    return Shopbell(settings).web_app()
