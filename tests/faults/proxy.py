"""A TCP proxy between clients and one node, with which connections are cut, reset, stalled in one direction, or lose what goes one way.

It knows nothing of what passes. Connections that are made during a stall are stalled too.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Literal

Way = Literal["up", "down"]
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Listens on a free port of loopback and passes everything on to `port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flows: dict[Way, asyncio.Event] = {"up": asyncio.Event(), "down": asyncio.Event()}
        self._losing: set[Way] = set()
        for flow in self._flows.values():
            flow.set()
        self.url = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=65536)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def end(self) -> None:
        assert self._server is not None
        self._server.close()
        self.reset()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def cut(self) -> None:
        """Every connection is closed, in good manners (FIN)."""
        for writer in list(self._writers):
            writer.close()

    def reset(self) -> None:
        """Every connection is torn down (RST); what was on its way is lost."""
        for writer in list(self._writers):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def stall(self, way: Way) -> None:
        """Nothing moves in this direction, and nothing is lost: "up" is from client to node."""
        self._flows[way].clear()

    def lose(self, way: Way) -> None:
        """What goes in this direction is swallowed. The streams are spoilt: `heal` resets them."""
        self._losing.add(way)

    def heal(self) -> None:
        for flow in self._flows.values():
            flow.set()
        if self._losing:
            self._losing.clear()
            self.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._writers |= ends
        pumps = [asyncio.create_task(self._pump("up", reader, back)), asyncio.create_task(self._pump("down", there, writer))]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers -= ends
            for pump in pumps:
                pump.cancel()
            for each in ends:
                each.close()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._flows[way].wait()
                if way in self._losing:
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            return
