"""The engine under the lane: python-engineio's server with another queue, another WebSocket session and one timer for all pings.

It overrides what a connection costs, never what is on the wire; each override tells its reason. Every walk passes here.
"""

from __future__ import annotations

import asyncio
import math
import socket as sockets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import aiohttp
import engineio
import structlog
from aiohttp import WSMsgType, web
from engineio import packet
from engineio.async_drivers import aiohttp as driver
from engineio.async_socket import AsyncSocket
from engineio.exceptions import SocketIsClosedError, UnknownPacketError

from chat_server.outbound.lane_outbox import Cork, Outbox

USER_TIMEOUT_MS = 20_000
TICK_S = 0.05
log = structlog.get_logger("lane")
LOOK_S = 1.0
GRACE_S = 1.0
ENDED = ("Session is disconnected", "cannot access local variable 'r' where it is not associated with a value")
"""what the library raises where a session is not there any more"""
Hot = Callable[[AsyncSocket, str], Awaitable[bool]]
Farewell = Callable[[AsyncSocket], Iterable[packet.Packet]]


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """`hot(socket, packet)` takes a text packet from a WebSocket, or says no: then the library receives it.

    `farewell(socket)` makes the packets that tell a slow reader why it is cut off.
    """

    def __init__(self, **options: Any) -> None:
        self.cork = Cork()
        super().__init__(**{**options, "monitor_clients": False})  # its task wakes up for each socket; Pulse watches them all
        self.pulse = Pulse(self)
        self.hot: Hot | None = None
        self.farewell: Farewell = lambda _socket: []
        self.slow_closed = 0
        self._looking = False
        # The driver's own session keeps two tasks, a queue and two futures for each socket; its POST may end with the first segment.
        self._async: dict[str, Any] = {**self._async, "websocket": Session, "translate_request": translated}
        self._closing: set[asyncio.Task[None]] = set()

    async def handle_request(self, *args: Any, **kwargs: Any) -> Any:
        """A request to a session that has just ended is a bad one; the library lets errors of its own out, before and after its look."""
        try:
            return await super().handle_request(*args, **kwargs)
        except (KeyError, UnboundLocalError) as error:
            if error.args[0] not in ENDED:
                raise
            return web.json_response("Session is disconnected", status=400)

    def create_queue(self, *args: Any, **kwargs: Any) -> Outbox:
        """The library's queue is read by a task of each socket, which writes packet by packet."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(LOOK_S, self._look)
        return Outbox(self.cork)

    def start_background_task(self, target: Any, *args: Any, **kwargs: Any) -> Any:
        """The library sleeps in a task of each socket until its next ping."""
        if getattr(target, "__func__", None) is AsyncSocket._send_ping:
            self.pulse.later(target.__self__)
            return None
        return super().start_background_task(target, *args, **kwargs)

    def slow(self, socket: AsyncSocket) -> None:
        """The reader is too far behind: it is told, and the connection ends, before its queue takes the memory of the others."""
        self.slow_closed += 1
        socket.queue.shut(self.farewell(socket))
        asyncio.get_running_loop().call_later(GRACE_S, self._cut, socket)

    def _cut(self, socket: AsyncSocket) -> None:
        if not socket.closed:
            self.end(socket, self.reason.TRANSPORT_ERROR)
        socket.queue.abort()

    def _look(self) -> None:
        """Over all sockets: who is behind without anything new being written, and who is closed (polling clients that never came back)."""
        for sid, socket in list(self.sockets.items()):
            if socket.closed and not socket.queue.attached:
                self.sockets.pop(sid, None)
            elif not socket.queue.is_shut and socket.queue.overfull():
                self.slow(socket)
        self._looking = bool(self.sockets)
        if self._looking:
            asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def end(self, socket: AsyncSocket, reason: str) -> None:
        """Close without waiting; the namespaces are told."""
        task = asyncio.ensure_future(socket.close(wait=False, abort=True, reason=reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class Body:
    """The body of a POST. The library asks once for all of it, where the stream gives what has come so far."""

    __slots__ = ("_content",)

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content = content

    async def read(self, length: int) -> bytes:
        """Exactly so many bytes; EOFError when the sender stops before."""
        return await self._content.readexactly(length) if length else b""


def translated(request: web.Request) -> dict[str, Any]:
    """The library's environ of a request, with a body that is read to its end."""
    environ: dict[str, Any] = driver.translate_request(request)
    if request.method == "POST":
        environ["wsgi.input"] = Body(request.content)
    return environ


class Pulse:
    """Sends the pings and misses the pongs of all sockets, by one timer. Both lists are in order, because both waits are constant."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pings: deque[tuple[float, AsyncSocket]] = deque()
        self._pongs: deque[tuple[float, AsyncSocket]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def later(self, socket: AsyncSocket) -> None:
        """A ping after the interval."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._engine.ping_interval
        self._pings.append((due, socket))
        if self._timer is not None and self._timer.when() > due:  # it waits for a pong only
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(due, self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now, engine = loop.time(), self._engine
        while self._pings and self._pings[0][0] <= now:
            _, socket = self._pings.popleft()
            if socket.closing or socket.closed:
                self._gone(socket)
                continue
            socket.last_ping = math.inf  # a ping is out; the library's own look at the clock shall not judge it
            socket.queue.pong_due = now + engine.ping_timeout
            socket.queue.put_nowait(packet.Packet(packet.PING))
            self._pongs.append((socket.queue.pong_due, socket))
        while self._pongs and self._pongs[0][0] <= now:
            due, socket = self._pongs.popleft()
            if socket.closing or socket.closed:
                self._gone(socket)
            elif socket.last_ping and socket.queue.pong_due == due:
                engine.end(socket, engine.reason.PING_TIMEOUT)
                self._gone(socket)
        upcoming = min((waits[0][0] for waits in (self._pings, self._pongs) if waits), default=None)
        self._timer = None if upcoming is None else loop.call_at(max(upcoming, now + TICK_S), self._tick)

    def _gone(self, socket: AsyncSocket) -> None:
        """Closed, or silent: the library keeps such a connection until it has read nothing for an interval and a timeout."""
        socket.queue.abort()
        self._engine.sockets.pop(socket.sid, None)


class Session:
    """One WebSocket, in the shape of the library's drivers: made with the socket's handler and the server, called with the environ.

    The library's handler is not called: it starts a task that reads the queue and waits for each packet in a task under a timer.
    """

    def __init__(self, handler: Any, engine: Engine) -> None:
        self._socket: AsyncSocket = handler.__self__
        self._engine = engine

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        request: web.Request = environ["aiohttp.request"]
        ws = web.WebSocketResponse(max_msg_size=self._engine.max_http_buffer_size, compress=False)
        socket = self._socket
        try:
            await ws.prepare(request)
        except ConnectionError:  # gone before we answered: nobody to log about
            await self._abandoned()
            return ws
        if socket.connected and not await self._upgrade(ws):
            return ws
        socket.connected = socket.upgraded = True
        transport = request.transport
        environ.clear()  # the frames above us hold it until the end, and nobody reads it any more
        try:
            if transport is not None:
                forget_unacknowledged(transport)
                socket.queue.attach(transport, partial(self._engine.slow, socket))
                await self._read(ws)
        finally:
            socket.queue.flush()
            await ws.close()
            await socket.close(wait=False, abort=True, reason=self._engine.reason.TRANSPORT_CLOSE)
        return ws

    async def _abandoned(self) -> None:
        """No WebSocket came about. A connection that polls goes on, one that began here is over."""
        if not self._socket.connected:
            await self._socket.close(wait=False, abort=True, reason=self._engine.reason.TRANSPORT_ERROR)

    async def _upgrade(self, ws: web.WebSocketResponse) -> bool:
        """From polling: probe, end the open poll, wait for `upgrade`. Packets are held meanwhile and follow in order."""
        socket = self._socket
        socket.upgrading = True
        try:
            if await self._text(ws) != "2probe":
                return False
            await ws.send_str("3probe")
            socket.queue.put_nowait(packet.Packet(packet.NOOP))
            return await self._text(ws) == "5" and not socket.upgraded
        finally:
            socket.upgrading = False

    @staticmethod
    async def _text(ws: web.WebSocketResponse) -> str | None:
        message = await ws.receive()
        return message.data if message.type is WSMsgType.TEXT else None

    async def _read(self, ws: web.WebSocketResponse) -> None:
        """Until the connection ends. One packet after the other: the next is taken when the last is answered."""
        socket, engine, hot = self._socket, self._engine, self._engine.hot
        while True:
            message = await ws.receive()
            data: Any = message.data
            if message.type is WSMsgType.TEXT:
                if data == "3":
                    socket.schedule_ping()
                    continue
                if data.startswith("42") and hot is not None and await hot(socket, data):
                    continue
            elif message.type is not WSMsgType.BINARY:
                return
            if not await receive(engine, socket, data):
                return


async def receive(engine: Engine, socket: AsyncSocket, data: str | bytes) -> bool:
    """The library's own way for one packet; False when the connection is over. What cannot be read ends it, a failing handler does not."""
    try:
        received = packet.Packet(encoded_packet=data)
    except ValueError:
        return False
    try:
        await socket.receive(received)
    except (UnknownPacketError, IndexError):  # a type of packet that there is not
        pass
    except SocketIsClosedError:
        return False
    except Exception:  # outermost guard of the read loop, as the library has it: a packet that makes no sense is logged and dropped
        log.exception("packet dropped")
    return True


def forget_unacknowledged(transport: asyncio.Transport) -> None:
    """The kernel drops a connection whose peer acknowledges nothing for 20 s (Linux; elsewhere the missing pong does)."""
    option, raw = getattr(sockets, "TCP_USER_TIMEOUT", None), transport.get_extra_info("socket")
    if option is not None and raw is not None and raw.family != sockets.AF_UNIX:
        raw.setsockopt(sockets.IPPROTO_TCP, option, USER_TIMEOUT_MS)
