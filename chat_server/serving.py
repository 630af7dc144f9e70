"""One process from start to end: its port, its signals, and a stop that a proxy sees and no client loses anything by.

SIGTERM or SIGINT: not ready at once, the port stays open for a moment, then everyone is sent away in order, and the exit code is 0.
A second signal ends at once, unless there is a parent: it may come from both, and the parent knows when to use force.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable

import structlog
from aiohttp import web

from chat_server.app import Shopbell
from chat_server.errors import InvalidConfiguration
from chat_server.settings import Settings

HANDLERS_S = 1.0
"""how long HTTP requests in hand may take at the end"""
log = structlog.get_logger("serving")


async def serve(settings: Settings, *, shared_port: bool = False, ready: Callable[[], None] = lambda: None) -> None:
    """Until a signal. `shared_port`: other processes listen on the same port, and `stdin` ends when the parent does."""
    stopping = asyncio.Event()
    _on_signals(stopping, at_once=not shared_port)
    if shared_port:
        await _watch_parent(stopping)
    server = Shopbell(settings)
    runner = web.AppRunner(server.web_app(), access_log=None, handle_signals=False, shutdown_timeout=HANDLERS_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, reuse_port=shared_port or None, backlog=1024)
        try:
            await site.start()
        except OSError as error:
            raise InvalidConfiguration(f"SHOPBELL_PORT: cannot listen on {settings.host}:{settings.port}: {error.strerror}") from None
        if not shared_port:
            sys.stderr.write(f"Shopbell listens on http://{settings.host}:{settings.port}\n")
        gc.collect()
        gc.freeze()  # what stands now stays until the end: later collections need not go through it
        ready()
        await stopping.wait()
        server.stop_taking()
        if not shared_port:
            await asyncio.sleep(settings.drain_s)
        await site.stop()
        await server.drain()
    finally:
        await runner.cleanup()
    log.info("ended", flow="serving")


def _on_signals(stopping: asyncio.Event, *, at_once: bool) -> None:
    def stop() -> None:
        if stopping.is_set() and at_once:
            os._exit(1)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)


async def _watch_parent(stopping: asyncio.Event) -> None:
    """A parent that was killed cannot say so: its end of our standard input closes."""

    class Watch(asyncio.Protocol):
        def connection_lost(self, _error: Exception | None) -> None:
            stopping.set()

    await asyncio.get_running_loop().connect_read_pipe(Watch, sys.stdin)
