"""The fast lane: what is told to many is encoded once and written once a turn; commands skip the library's packet objects.

The wire is Socket.IO to the letter, and whatever is not hot goes through python-socketio. It decides nothing about who
may see what: that is the announcer's. Every walk passes here.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import engineio
import orjson
import socketio
import structlog
from engineio.async_socket import AsyncSocket
from engineio.packet import MESSAGE, Packet
from socketio.packet import ACK, EVENT

from chat_server.core.model import Json
from chat_server.errors import ClientError
from chat_server.outbound.lane_engine import TICK_S, Engine, translated
from chat_server.outbound.lane_log import UNREADABLE, LibraryLog
from chat_server.outbound.lane_outbox import frame, framed

SLOW = 4008
REQUEST = "aiohttp.request"
MOST_ATTACHMENTS = 16
NAMESPACE_S = 10.0
"""in which a connection must have named a namespace"""
log = structlog.get_logger("lane")


class Compact:
    """orjson in the shape that the library expects of a `json` module; what orjson refuses goes the standard library's way."""

    @staticmethod
    def loads(text: str) -> Any:
        """Raises ValueError."""
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            try:
                return json.loads(text)
            except RecursionError as error:
                raise ValueError("nested too deeply") from error

    @staticmethod
    def dumps(value: object, **_options: object) -> str:
        """Compact already."""
        try:
            return orjson.dumps(value).decode()
        except TypeError:  # half a surrogate pair, an integer of more than 64 bits
            return json.dumps(value, separators=(",", ":"))


class Room(dict[str, str]):
    """Who is in a room. The library makes each a two-way map, and asks only its list of all for the other way."""

    __slots__ = ()

    @property
    def _fwdm(self) -> Room:
        return self


class Manager(socketio.AsyncManager):  # type: ignore[misc]  # the library has no types
    """The library's own, with smaller rooms: most have one browser in them."""

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """As the library does it, which takes a room that is there already."""
        known = self.rooms.get(namespace, {})
        if room is not None and sid in known.get(None, ()):
            known.setdefault(room, Room())
        super().basic_enter_room(sid, namespace, room, eio_sid)


class Threshold:
    """Ends connections that name no namespace in time. One timer: the wait is constant, so the list is in order."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: deque[tuple[float, str]] = deque()

    def later(self, eio_sid: str) -> None:
        """Look whether it is in by then."""
        due = asyncio.get_running_loop().time() + NAMESPACE_S
        self._waiting.append((due, eio_sid))
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_at(due, self._look)

    def _look(self) -> None:
        loop, engine = asyncio.get_running_loop(), self._server.eio
        while self._waiting and self._waiting[0][0] <= loop.time():
            _, eio_sid = self._waiting.popleft()
            socket = engine.sockets.get(eio_sid)
            if socket is not None and not socket.closed and not self._server.inside(eio_sid):
                engine.end(socket, engine.reason.TRANSPORT_CLOSE)
                socket.queue.abort()
        if self._waiting:
            loop.call_at(max(self._waiting[0][0], loop.time() + TICK_S), self._look)


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """python-socketio on our engine: the same server to namespaces and to clients.

    `knock(environ)` raises ClientError for a connection that is not to be.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(client_manager=Manager(), json=Compact, async_handlers=False, **options)
        self.logger = self.eio.logger = self.said = LibraryLog()
        self.eio.hot = self._command
        self.eio.farewell = self._farewell
        self.knock: Callable[[dict[str, Any]], None] = lambda _environ: None
        self._threshold = Threshold(self)

    def _engineio_server_class(self) -> type[engineio.AsyncServer]:
        return Engine

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        """A packet that makes no sense is counted and dropped; the library would log a trace of each. Doors answer for their own
        failures, so what is raised here comes from reading. Attachments, which no command takes, do not pile up."""
        try:
            await super()._handle_eio_message(eio_sid, data)
        except UNREADABLE:
            self._binary_packet.pop(eio_sid, None)
            self.said.refuse()
        waiting = self._binary_packet.get(eio_sid)
        if waiting is not None and waiting.attachment_count > MOST_ATTACHMENTS:
            del self._binary_packet[eio_sid]
            self.said.refuse()

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> bool:
        """The environ repeats the request in some 30 entries, and the library keeps it while the connection lives: we keep the request."""
        try:
            self.knock(environ)
        except ClientError:
            return False
        await super()._handle_eio_connect(eio_sid, environ)
        self.environ[eio_sid] = {REQUEST: environ[REQUEST]}
        self._threshold.later(eio_sid)
        return True

    def inside(self, eio_sid: str) -> bool:
        """Whether the connection has named a namespace."""
        return any(self.manager.sid_from_eio_sid(eio_sid, each) is not None for each in list(self.manager.get_namespaces()))

    async def _handle_connect(self, eio_sid: str, namespace: str, data: object) -> None:
        """The connect handlers of namespaces are given all of it."""
        kept: dict[str, Any] = {REQUEST: self.environ[eio_sid][REQUEST]}
        self.environ[eio_sid] = translated(kept[REQUEST])
        try:
            await super()._handle_connect(eio_sid, namespace, data)
        finally:
            if eio_sid in self.environ:
                self.environ[eio_sid] = kept

    def _farewell(self, socket: AsyncSocket) -> Iterator[Packet]:
        """`closing` in every namespace of the connection."""
        for namespace in list(self.manager.get_namespaces()):
            if self.manager.sid_from_eio_sid(socket.sid, namespace) is not None:
                told = ["closing", {"code": SLOW, "retry": True}]
                yield Packet(MESSAGE, self.packet_class(EVENT, namespace=namespace, data=told).encode())

    async def _command(self, socket: AsyncSocket, text: str) -> bool:
        """`42/namespace,id["event",body]` to the namespace's `trigger_event`, its answer as ack. False: anything else, not touched."""
        comma = text.find(",", 3, 40)
        bracket = text.find("[", comma, comma + 12)
        namespace, number = text[2:comma], text[comma + 1 : bracket]
        handler = self.namespace_handlers.get(namespace)
        if handler is None or comma < 0 or bracket < 0 or not (number.isascii() and number.isdigit()) or number[0] == "0" != number:
            return False
        sid = self.manager.sid_from_eio_sid(socket.sid, namespace)
        if namespace in self.handlers or socket.sid in self._binary_packet or not self.manager.is_connected(sid, namespace):
            return False
        try:
            arguments = orjson.loads(text[bracket:])
        except orjson.JSONDecodeError:
            return False
        if len(arguments) != 2:
            return False
        try:
            answer = await handler.trigger_event(arguments[0], sid, arguments[1])
            if not socket.closed:
                await self._acknowledge(socket, namespace, number, answer)
        except Exception:  # outermost guard of a command, as the library has it: no ack, and the connection goes on
            log.exception("command failed", namespace=namespace)
        return True

    async def _acknowledge(self, socket: AsyncSocket, namespace: str, number: str, answer: object) -> None:
        data = [] if answer is None else list(answer) if isinstance(answer, tuple) else [answer]
        try:
            body = orjson.dumps(data)
        except TypeError:  # what orjson does not know, above all binary parts
            await self._send_packet(socket.sid, self.packet_class(ACK, namespace=namespace, id=int(number), data=data))
        else:
            socket.queue.write(frame(b"43%b,%b%b" % (namespace.encode(), number.encode(), body)))


class Lane:
    """The way to the clients. Never waits; what cannot be delivered is healed by the reader's cursor."""

    def __init__(self, sio: Server) -> None:
        self._sio = sio
        self._last: tuple[str, Json | None, bytes] = ("", None, b"")

    @property
    def slow_closed(self) -> int:
        """Readers that were cut off since the start, because they had fallen behind."""
        count: int = self._sio.eio.slow_closed
        return count

    @property
    def unreadable(self) -> int:
        """Packets and requests since the start that made no sense."""
        count: int = self._sio.said.unreadable
        return count

    def broadcast(self, event: str, body: Json, rooms: Sequence[str], namespace: str) -> None:
        """To everyone in any of the rooms, once each; written at the end of this turn of the loop.

        Encoded once, also when the same body is told in another namespace next; so it must not be changed afterwards.
        """
        engine: Engine = self._sio.eio
        parts: list[tuple[bytes, Packet]] = []
        for _, engine_sid in self._sio.manager.get_participants(namespace, rooms):
            socket = engine.sockets.get(engine_sid)
            if socket is None or socket.closed:
                continue
            parts = parts or list(self._encoded(event, body, namespace))
            for data, packet in parts:
                if socket.queue.attached:
                    socket.queue.write(data)
                else:
                    socket.queue.put_nowait(packet)
                    if socket.queue.overfull() and not socket.queue.is_shut:
                        engine.slow(socket)

    def anyone(self, rooms: Sequence[str], namespace: str) -> bool:
        """Whether somebody here is in any of the rooms."""
        known = self._sio.manager.rooms.get(namespace, {})
        return any(known.get(room) for room in rooms)

    def _encoded(self, event: str, body: Json, namespace: str) -> Iterator[tuple[bytes, Packet]]:
        """The frame for a WebSocket, and the packet for a poll. Several where there is binary data."""
        try:
            if self._last[1] is not body or self._last[0] != event:
                self._last = event, body, orjson.dumps([event, body])
            payload = b"2%b,%b" % (namespace.encode(), self._last[2])
        except TypeError:
            encoded = self._sio.packet_class(EVENT, namespace=namespace, data=[event, body]).encode()
            for part in encoded if isinstance(encoded, list) else [encoded]:
                yield framed(packet := Packet(MESSAGE, part)), packet
        else:
            yield frame(b"4" + payload), Packet(MESSAGE, payload.decode())
