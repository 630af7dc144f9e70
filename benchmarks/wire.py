"""A Socket.IO client over a WebSocket, cut down to what a measurement needs, so that the client is not what is measured.

Frames are read and written as bytes; only the answers of `call` are parsed. Knows the wire format and nothing of the product.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from itertools import count
from typing import Any

from picows import WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

Json = dict[str, Any]
_ADDRESSES = count()
_PER_ADDRESS = 2_000
"""connections from one client address, far below the ports that one address has"""


class Refused(Exception):
    """The server does not let this client in, or closed before it did. `code` and `retry_after_ms` as it told them, if it did."""

    def __init__(self, text: str, retry_after_ms: int | None = None, code: int | None = None) -> None:
        super().__init__(text)
        self.retry_after_ms, self.code = retry_after_ms, code


class Socket(WSListener):
    """One connection in one namespace. A subclass hears acks of what it wrote itself, and events, as raw packets."""

    def __init__(self, namespace: str, auth: Json) -> None:
        self.prefix = "" if namespace == "/" else f"{namespace},"
        self._hello = f"40{self.prefix}{json.dumps(auth)}".encode()
        self._ack_from = 2 + len(self.prefix)
        self._calls: dict[int, asyncio.Future[Json]] = {}
        self.numbers = count()
        self.connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gone = asyncio.Event()
        self.transport: WSTransport | None = None

    async def open(self, port: int, headers: Mapping[str, str] | None = None, *, host: str = "127.0.0.1", seconds: float = 30) -> None:
        """Connects and enters the namespace. Raises Refused or OSError; then nothing is left open."""
        address = f"127.0.0.{1 + (next(_ADDRESSES) // _PER_ADDRESS) % 200}"

        def bound(_address: object) -> socket.socket:
            plain = socket.socket()
            plain.setblocking(False)
            plain.bind((address, 0))
            return plain

        try:
            async with asyncio.timeout(seconds):
                await ws_connect(
                    lambda: self,
                    f"ws://{host}:{port}/socket.io/?EIO=4&transport=websocket",
                    socket_factory=bound,
                    extra_headers=dict(headers or {}),
                    websocket_handshake_timeout=seconds,
                )
                await self.connected
        except (WSError, TimeoutError) as error:
            self.close()
            raise Refused(f"{type(error).__name__}: {error}") from None
        except BaseException:
            self.close()
            raise

    async def call(self, event: str, body: Json, seconds: float = 20) -> Json:
        """Sends a command and answers its parsed ack."""
        number = next(self.numbers)
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._calls[number] = answer
        self.write(f"42{self.prefix}{number}{json.dumps([event, body])}".encode())
        async with asyncio.timeout(seconds):
            return await answer

    def write(self, packet: bytes) -> None:
        """One packet as one frame. Nothing happens on a closed connection."""
        if self.transport is not None:
            self.transport.send(WSMsgType.TEXT, packet)

    def close(self) -> None:
        """Ends the connection without a word."""
        if self.transport is not None:
            self.transport.disconnect(False)

    def on_ack(self, number: int, packet: bytes) -> None:
        """The ack of a packet that the subclass wrote with this number."""

    def on_event(self, packet: bytes) -> None:
        """An event of the server."""

    def on_gone(self) -> None:
        """The connection has ended."""

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        packet = frame.get_payload_as_bytes()
        kind = packet[:2]
        if kind == b"42":
            self.on_event(packet)
        elif kind == b"43":
            at = packet.index(b"[", self._ack_from)
            number = int(packet[self._ack_from : at])
            if self._calls and (answer := self._calls.pop(number, None)) is not None:
                if not answer.done():
                    answer.set_result(json.loads(packet[at:])[0])
            else:
                self.on_ack(number, packet)
        elif packet == b"2":
            transport.send(WSMsgType.TEXT, b"3")
        elif packet[:1] == b"0":
            transport.send(WSMsgType.TEXT, self._hello)
        elif kind == b"40" and not self.connected.done():
            self.connected.set_result(None)
        elif kind == b"44" and not self.connected.done():
            body = json.loads(packet[packet.index(b"{") :])
            told = body.get("data")
            told = told if isinstance(told, dict) else {}
            wait = told.get("error", {}).get("retry_after_ms")
            self.connected.set_exception(Refused(str(body.get("message")), wait, told.get("code")))

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.transport = None
        self.gone.set()
        if not self.connected.done():
            self.connected.set_exception(Refused("closed before the namespace was entered"))
            self.connected.exception()  # it is known to somebody, even when nobody waits for it any more
        for answer in self._calls.values():
            if not answer.done():
                answer.set_exception(Refused("closed before the ack"))
                answer.exception()
        self.on_gone()
